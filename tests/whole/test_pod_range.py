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
    (group,) = [each["id"] for each in project.resources() if each["urn"].endswith("::main-h100-training-us-west-2a")]
    placed = json.loads(project.cloud("show", group))["subnetIds"]
    assert placed == [subnets(project)["network-pods-us-west-2a"]], "no other interface is left for pods"


def test_a_larger_pod_range_adds_subnets_and_keeps_those_that_are_there(project):
    before = subnets(project)
    project.change("dev", network__pod_cidr="100.64.0.0/15")
    preview = project.preview("dev")
    assert not steps(preview, "replace", "create-replacement", "delete", "delete-replaced"), "nodes would go"
    added = {f"network-pods-100.65.0.0-us-west-2{letter}" for letter in "ab"}
    assert steps(preview, "create") == {"network-100.65.0.0", *added}, "an association of its route table has its name"
    doors = {f"main-doors-{name}" for name in ("ingress-class", "internal-configuration", "internal-nlb-configuration")}
    updated = steps(preview, "update")
    policies = {name for name in updated if name.startswith("main-isolation.")}
    assert "main-isolation.research.ml-platform" in policies, "pods with the new addresses are not the internet"
    assert updated - policies == {"network-endpoints-pods", *doors}, "the new addresses reach endpoints and doors"
    project.pulumi(*UP)
    after = subnets(project)
    assert {name: after.get(name) for name in before} == before, "no subnet was made again"
    assert set(after) - set(before) == added
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_a_smaller_range_is_refused_while_nodes_are_in_what_goes(project):
    """New nodes take addresses for pods in the emptiest subnet, which is one that was added."""
    pools = project.pools("dev")
    more = {"name": "more", "instance_types": ["m7i.large"], "min_per_zone": 1}
    project.change("dev", clusters__main__pools=[*pools, more])
    project.pulumi(*UP)
    for other in ("100.64.0.0/16", "100.64.0.0/17", "100.68.0.0/16"):
        project.change("dev", network__pod_cidr=other)
        refused = project.simulate("pulumi", "preview", "--stack", "dev", "--non-interactive")
        assert refused.returncode != 0, "AWS deletes no subnet with an interface in it"
        text = " ".join((refused.stdout + refused.stderr).split())
        assert f"network.pod_cidr: {other} takes away" in text
        assert "or a larger one that begins at the same address" in text
    project.change("dev", network__pod_cidr="100.64.0.0/15")
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_a_smaller_range_is_built_when_no_node_is_in_what_goes(project):
    project.change("dev", clusters__main__pools=project.pools("dev")[:-1])
    project.pulumi(*UP)
    project.change("dev", network__pod_cidr="100.64.0.0/16")
    project.pulumi(*UP)
    assert not [name for name in subnets(project) if name.startswith("network-pods-100.65")]


def test_a_destroy_deletes_subnets_after_the_nodes_in_them(project):
    project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert not subnets(project)
