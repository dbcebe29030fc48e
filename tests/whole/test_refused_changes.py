"""Changes of a stack that is up, on the real engine: what is refused is seen in full, and tags start no node again."""

import pytest

from report.dangers import dangers, plan_from
from report.look import look
from report.preview import ending
from report.simulated import Simulated

pytestmark = pytest.mark.engine


def test_a_renamed_bucket_and_nat_gateways_that_go_are_seen_although_protection_refuses(project, tmp_path):
    project.change("dev", deletion_protection=True, network__nat="per-zone")
    project.pulumi("up", "--stack", "dev", "--yes", "--skip-preview")
    before = project.cloud("list")
    buckets = project.settings("dev")["ml-platform:storage"]["buckets"]
    project.change(
        "dev", network__nat="single", storage__buckets={f"new-{name}": each for name, each in buckets.items()}
    )
    simulated = Simulated(project.folder / ".simulator", project.folder, "203.0.113.10")
    with (tmp_path / "out.txt").open("w") as sink:
        seen = look(simulated, "dev", output=sink)
    plan = plan_from(seen)
    found = dangers(plan)
    assert seen.code != 0
    assert seen.complete, seen.stopped_at
    assert {change.op for change in seen.seen.changes} >= {"create", "delete"}
    assert found[0].opening == f"Bucket {', '.join(buckets)} deleted"
    assert any(each.opening.startswith("NatGateway network-nat-") for each in found), "the log of the first has none"
    assert plan.cost.monthly_min_usd < plan.cost_before.monthly_min_usd, "one NAT gateway less"
    assert ending("dev", seen, plan, found)[-1] == f"dev: refused by protection of {len(buckets)} resources"
    assert project.cloud("list") == before, "a look changes nothing"
    project.change("dev", network__nat="per-zone", storage__buckets=buckets)


def test_another_cost_centre_starts_no_node_of_a_node_group_again(project):
    """Runs on the stack of the test before."""
    project.change("dev", cost_center="research-2")
    groups = [
        each for each in project.preview("dev")["steps"] if each["newState"]["type"] == "aws:eks/nodeGroup:NodeGroup"
    ]
    assert groups
    for each in groups:
        before, after = each["oldState"]["inputs"]["launchTemplate"], each["newState"]["inputs"]["launchTemplate"]
        assert before == after, "a new version of the template starts the nodes again"
