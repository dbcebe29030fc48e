"""The stack files by size: each is read, passes the policies, and costs what its comment says."""

import os
import re

import pytest

from components.stack.stack_file import load_file
from costs.estimate import estimate
from costs.sources import from_event_log
from report.region import region_of
from report.simulated import ROOT
from tests.whole.conftest import Project

FOLDER = ROOT / "examples" / "stacks"
FILES = sorted(FOLDER.glob("Pulumi.*.yaml"))
COST = re.compile(r"^# Cost: about ([\d,]+) to ([\d,]+) USD a month", re.MULTILINE)


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> Project:
    return Project(tmp_path_factory.mktemp("examples") / "project", FOLDER)


def test_there_is_one_of_each_size_and_the_readme_names_all():
    assert len(FILES) >= 4
    readme = (FOLDER.parent / "README.md").read_text()
    assert all(f"(stacks/{path.name})" in readme for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_read(path):
    assert load_file(path).clusters


@pytest.mark.engine
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_passes_the_policies_and_costs_what_it_says(examples, path):
    log = examples.folder / "events.jsonl"
    stack = path.name.split(".")[1]
    options = ("--policy-pack", "policies", "--event-log", str(log))
    examples.pulumi("preview", "--stack", stack, *options, env={**os.environ, "PULUMI_DEBUG_COMMANDS": "true"})
    resources = from_event_log(log.read_text().splitlines())
    cost = estimate(resources, region_of(resources))
    said = COST.search(path.read_text())
    assert said, "the comment of the file says what it costs"
    low, high = (float(number.replace(",", "")) for number in said.groups())
    assert low == pytest.approx(cost.monthly_min_usd, rel=0.1)
    assert high == pytest.approx(cost.monthly_max_usd, rel=0.1)
