"""A pod range that grows on a stack that is up, where nodes with EFA run. The tests run in this order."""

import json

import pytest

from common.urns import name_of
from tests.whole.conftest import steps

pytestmark = pytest.mark.engine

UP = ("up", "--stack", "dev", "--yes", "--skip-preview")


def subnets(project):
    return {
        name_of(each["urn"]): each["id"]
        for each in project.resources()
        if each["urn"] and each["type"] == "aws:ec2/subnet:Subnet"
    }


def test_a_p5_with_efa_starts_in_the_subnet_of_pods(project):
    training = {"preset": "h100-training", "zones": ["us-west-2a"], "min_per_zone": 1}
    project.change("dev", clusters__main__pools=[project.pools("dev")[0], training])
    project.change("dev", network={"zones": ["us-west-2a", "us-west-2b"], "endpoints": {"interface": ["sts"]}})
    project.pulumi(*UP)
    (group,) = [each["id"] for each in project.resources() if "h100-training-us-west-2a" in str(each["urn"])]
    placed = json.loads(project.cloud("show", group))["subnetIds"]
    assert placed == [subnets(project)["network-pods-us-west-2a"]], "no other interface is left for pods"


def test_a_larger_pod_range_adds_subnets_and_keeps_those_that_are_there(project):
    before = subnets(project)
    project.change("dev", network__pod_cidr="100.64.0.0/15")
    preview = project.preview("dev")
    assert not steps(preview, "replace", "create-replacement", "delete", "delete-replaced"), "nodes would go"
    added = {f"network-pods-100.65.0.0-us-west-2{letter}" for letter in "ab"}
    assert steps(preview, "create") == {"network-100.65.0.0", *added}, "an association of its route table has its name"
    assert steps(preview, "update") == {"network-endpoints-pods"}, "the new addresses reach the endpoints"
    project.pulumi(*UP)
    after = subnets(project)
    assert {name: after.get(name) for name in before} == before, "no subnet was made again"
    assert set(after) - set(before) == added
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_a_range_that_moves_the_subnets_is_refused_at_preview(project):
    project.change("dev", network__pod_cidr="100.64.0.0/17")
    refused = project.simulate("pulumi", "preview", "--stack", "dev", "--non-interactive")
    assert refused.returncode != 0, "AWS refuses a block that overlaps the present one"
    assert "CidrConflict" in refused.stdout + refused.stderr
