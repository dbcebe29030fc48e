"""CONTRIBUTING.md: what it tells to edit and to run is there."""

import re
import shlex

import pytest

from policies.registry import rules
from report.simulated import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FOLDERS = ("settings/", "components/", "catalog/", "policies/", "costs/", "simulator/", "tests/", "docs/", "examples/")
NAMED = sorted(
    {re.sub(r"<[^>]+>", "*", path) for path in re.findall(r"`((?:[\w.]+/)[^`\s]*)`", PAGE) if path.startswith(FOLDERS)}
)
COMMANDS = re.findall(r"^\$ (make .*)$", PAGE, re.MULTILINE)


def test_it_names_files_and_commands() -> None:
    assert len(NAMED) > 30
    assert len(COMMANDS) > 12


@pytest.mark.parametrize("path", NAMED)
def test_a_file_that_it_names_is_there(path: str) -> None:
    assert list(ROOT.glob(path.rstrip("/"))), "somebody would look for it"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_can_be_typed(command: str) -> None:
    _, target, *options = shlex.split(command, comments=True)
    assert re.search(rf"^{target}:.* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE), f"make has no {target}"
    tests = [
        word for option in options if option.startswith("TESTS=") for word in option.removeprefix("TESTS=").split()
    ]
    for word in tests:
        if word.startswith("tests/"):
            assert (ROOT / word).exists()


def test_the_rule_of_its_example_exists() -> None:
    named = re.search(r"tests/policies -n0 -k ([\w-]+)'", PAGE)
    assert named
    assert named[1] in rules(), "pytest would select no test"
