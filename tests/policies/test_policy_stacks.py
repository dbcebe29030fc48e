"""The project's own stacks, previewed by the real engine in the simulator under the pack."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.engine


def simulated(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PULUMI_DEBUG_COMMANDS": "true"}
    return subprocess.run(
        [sys.executable, "-m", "simulator", "--home", str(home), "--", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def previewed(home: Path, stack: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and findings of a preview."""
    log = home / "events.json"
    done = simulated(home, "pulumi", "preview", "--stack", stack, "--policy-pack", "policies", "--event-log", str(log))
    assert log.exists(), done.stderr + done.stdout
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert any(event.get("resourcePreEvent") for event in events), done.stderr + done.stdout
    return done.returncode, [event["policyEvent"] for event in events if "policyEvent" in event]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stacks_of_this_project_keep_every_rule(stack: str, tmp_path: Path) -> None:
    status, findings = previewed(tmp_path, stack)
    assert findings == [], "what we ship has to pass what we ask of others, and leave nothing to be decided later"
    assert status == 0


def test_a_stack_that_drops_its_protection_is_stopped_by_the_rules_that_ask_for_it(tmp_path: Path) -> None:
    off = ("pulumi", "config", "set", "--stack", "prod", "ml-platform:deletion_protection", "false")
    changed = simulated(tmp_path, *off)
    assert changed.returncode == 0, changed.stderr
    status, findings = previewed(tmp_path, "prod")
    stopped = {f["policyName"] for f in findings if f["enforcementLevel"] == "mandatory"}
    assert stopped == {"eks-deletion-protection", "rel-stateful-protected"}, "these rules and no other"
    assert status == 1
