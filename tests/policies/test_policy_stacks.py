"""The real engine previews the project's own stacks in the simulator, with the policy pack."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.engine


def run_simulated(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
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


def run_preview(home: Path, stack: str) -> tuple[int, list[dict[str, Any]]]:
    """Returns exit status and findings of a preview."""
    log = home / "events.json"
    done = run_simulated(
        home, "pulumi", "preview", "--stack", stack, "--policy-pack", "policies", "--event-log", str(log)
    )
    assert log.exists(), done.stderr + done.stdout
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert any(event.get("resourcePreEvent") for event in events), done.stderr + done.stdout
    return done.returncode, [event["policyEvent"] for event in events if "policyEvent" in event]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stacks_of_this_project_keep_every_rule(stack: str, tmp_path: Path) -> None:
    status, findings = run_preview(tmp_path, stack)
    told = [each for each in findings if each["policyName"] != "k8s-chart-digest-known"]
    assert told == [], "our own stacks must pass, without rules that wait for unknown values"
    assert status == 0


def test_the_rules_about_protection_stop_a_stack_without_it(tmp_path: Path) -> None:
    turn_off = ("pulumi", "config", "set", "--stack", "prod", "ml-platform:deletion_protection", "false")
    changed = run_simulated(tmp_path, *turn_off)
    assert changed.returncode == 0, changed.stderr
    status, findings = run_preview(tmp_path, "prod")
    mandatory = {f["policyName"] for f in findings if f["enforcementLevel"] == "mandatory"}
    assert mandatory == {"eks-deletion-protection", "rel-stateful-protected"}, "these rules and no other"
    assert status == 1
