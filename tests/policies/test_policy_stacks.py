"""The real engine previews the project's own stacks in the simulator, with the policy pack."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.stack.stack_file import load_file
from report import events
from report.in_process import InProcess
from report.simulated import project_with

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


# The smallest stack file of each profile

PRIVATE = {"private_security_group_ids": ["sg-0123456789abcdef0"]}
OFFICE = {"public": True, "public_cidrs": ["203.0.113.0/24"]}
ACCOUNT = {"account_id": "123456789012"}  # the one key more that the policies ask for where data is kept
SMALLEST: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "dev": (OFFICE, {}),
    "staging": (PRIVATE, ACCOUNT),
    "prod": (PRIVATE, ACCOUNT),
}
LEFT = {
    "eks-creator-not-admin": "who creates the cluster is its first admin, until access says who else is",
    "res-account-pinned": "a stack of dev may be built in any account",
    "cost-nat-count": "staging has one NAT gateway for three zones, since the loss of a zone may stop it",
    "rel-data-class-retain": "volumes of staging go with their claims",
    "guardduty-watches-audit": "GuardDuty is often turned on for a whole organization",
    "log-audit-alarmed": "nobody knows whose mail address an alarm should have",
    "cost-budget-alarm": "nobody knows the sum, or whose mail address is told",
    "obs-cluster-measured": "observability is a choice, since it needs volumes and somebody who is told",
    "k8s-chart-digest-known": "no registry has told these digests yet",
    "net-endpoint-scoped": "policies of endpoints are a choice, since they end calls to buckets of others",
}
"""Rules that the smallest stack files break, all of them advisory there, and why no default keeps them."""


def preview_of(
    folder: Path, environment: str, production: dict[str, Any] | None = None, **settings: Any
) -> tuple[int, events.Operation, str]:
    """Previews the smallest stack of a profile in this process: exit code, what happened, what was printed.

    production: what policies/production.yaml says.
    """
    endpoint, needed = SMALLEST[environment]
    pools = [{"preset": "cpu", "name": "system", "min_per_zone": 1}]
    raw = {
        "environment": environment,
        "region": "us-west-2",
        "owner": "ml-platform-team",
        "cost_center": "research",
        "clusters": {"main": {"version": "1.35", "endpoint": endpoint, "pools": pools}},
        **needed,
        **settings,
    }
    file = folder / f"Pulumi.{environment}.yaml"
    file.write_text(yaml.safe_dump({"config": {f"ml-platform:{key}": value for key, value in raw.items()}}))
    project = project_with(file, folder / "project")
    if production:
        (project / "policies").unlink()
        shutil.copytree(ROOT / "policies", project / "policies")
        (project / "policies" / "production.yaml").write_text(yaml.safe_dump(production))
    process = InProcess(folder / "home", project, environment, load_file(file).deployer.address)
    done = process.pulumi("preview", "--policy-pack", "policies")
    return done.code, events.read(done.events), done.said


@pytest.mark.parametrize(
    ("environment", "left"),
    [
        ("dev", {"eks-creator-not-admin", "res-account-pinned"}),
        (
            "staging",
            LEFT.keys() - {"res-account-pinned", "log-audit-alarmed", "cost-budget-alarm", "obs-cluster-measured"},
        ),
        ("prod", LEFT.keys() - {"res-account-pinned", "cost-nat-count", "rel-data-class-retain"}),
    ],
)
def test_the_smallest_stack_of_each_profile_breaks_no_mandatory_rule(
    tmp_path: Path, environment: str, left: set[str]
) -> None:
    code, seen, said = preview_of(tmp_path, environment)
    assert (code, seen.mandatory) == (0, ()), said
    assert {each.policy for each in seen.findings} == left, "each that is left has a reason above"


def test_a_stack_file_sets_a_cap_and_nothing_that_is_built(tmp_path: Path) -> None:
    plain, capped = tmp_path / "plain", tmp_path / "capped"
    for folder in (plain, capped):
        folder.mkdir()
    code, seen, said = preview_of(capped, "prod", policies={"cost-monthly-cap": {"usd": 100}})
    assert (code, [each.policy for each in seen.mandatory]) == (1, ["cost-monthly-cap"]), said
    assert "above the cap of $100" in said
    assert seen.changes == preview_of(plain, "prod")[1].changes


def test_a_stack_looser_than_the_floors_is_refused_before_anything_is_planned(tmp_path: Path) -> None:
    production = {"accounts": [], "stacks": [], "floors": {"cost-monthly-cap": {"usd": 8000}}}
    code, seen, said = preview_of(tmp_path, "prod", production, policies={"cost-monthly-cap": {"usd": 9000}})
    assert (code, seen.changes) == (1, ()), said
    assert "it may be no looser than 8000. Write that; or a waiver" in said


def test_a_stack_of_dev_in_an_account_of_production_is_judged_as_prod(tmp_path: Path) -> None:
    production = {"accounts": [ACCOUNT["account_id"]], "stacks": [], "floors": {}}
    code, seen, said = preview_of(tmp_path, "dev", production, **ACCOUNT)
    assert code, said
    assert "eks-deletion-protection" in {each.policy for each in seen.mandatory}
    assert "Stack dev is judged as prod" in said
