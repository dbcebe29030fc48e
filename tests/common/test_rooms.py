"""A new top-level room is checked as the others are: pyproject.toml lists the rooms for each tool."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
ROOMS = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests"}
TOOL: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
CONTRACTS = {contract["name"]: contract for contract in TOOL["importlinter"]["contracts"]}
WITH_SCRIPTS = {"examples", "__main__.py"}
LISTS = {
    "ruff: lint.isort.known-first-party": (TOOL["ruff"]["lint"]["isort"]["known-first-party"], set()),
    "mypy: files": (TOOL["mypy"]["files"], WITH_SCRIPTS),
    "vulture: paths": (TOOL["vulture"]["paths"], {*WITH_SCRIPTS, "tests"}),
    "importlinter: root_packages": (TOOL["importlinter"]["root_packages"], set()),
    "importlinter: no room imports tests": (CONTRACTS["no room imports tests"]["source_modules"], set()),
    "importlinter: ancestors": (CONTRACTS["no module imports one that imports it"]["ancestors"], set()),
}


def test_every_folder_with_code_is_a_room():
    code = {path.relative_to(PROJECT).parts[0] for path in PROJECT.glob("[a-z]*/**/*.py")}
    assert code - {"tests", "examples"} == ROOMS, "a room without __init__.py is no package, and no tool looks at it"


@pytest.mark.parametrize("name", LISTS)
def test_each_tool_looks_at_every_room(name):
    listed, more = LISTS[name]
    assert sorted(listed) == sorted({*ROOMS, *more}), f"{name} in pyproject.toml differs from the folders"
