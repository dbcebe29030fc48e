"""Subnets with interfaces of nodes in them do not leave a stack that is up."""

import pulumi
import pytest

from components.core.stage import DISCOVERY_TAG
from components.network.pod_range import check_nodes_keep_their_pod_subnets
from settings.network.network_plan import plan, pod_subnets
from simulator.aws import tokens
from simulator.aws.services.launch_templates import INTERFACES
from tests.components.stacks import stage

BUILT = "100.64.0.0/16"
FIRST = plan("10.0.0.0/16", BUILT, ["us-west-2a", "us-west-2b"]).zones["us-west-2a"].pods[BUILT]


def check(cloud, pod_cidr, *, prefix="ml-platform-prod", node_is_in="pods", region="us-west-2"):
    """Checks a range against a stack with the range BUILT, and one node."""

    def program(ground):
        tags = {DISCOVERY_TAG: f"{prefix}-pods"}
        state = {"vpcId": "vpc-1", "cidrBlock": FIRST, "region": region, "tagsAll": tags}
        ground.cloud.put(tokens.SUBNET, "subnet-pods", state)
        interface = {"subnetId": f"subnet-{node_is_in}", "addresses": 48, "node": 0}
        ground.cloud.put(tokens.NODE_GROUP, "main:one", {"region": region, INTERFACES: [interface]})
        check_nodes_keep_their_pod_subnets(stage(), pod_cidr, pulumi.InvokeOptions())

    cloud.up_part(program)


@pytest.mark.parametrize("pod_cidr", [BUILT, "100.64.0.0/15", "100.64.0.0/14"])
def test_the_same_range_and_a_larger_one_keep_the_subnets(cloud, pod_cidr):
    check(cloud, pod_cidr)


@pytest.mark.parametrize("pod_cidr", ["100.64.0.0/17", "100.68.0.0/16", "100.66.0.0/15"])
def test_another_range_is_refused_while_a_node_is_in_what_goes(cloud, pod_cidr):
    with pytest.raises(pulumi.RunError) as refused:
        check(cloud, pod_cidr)
    text = str(refused.value)
    assert text.startswith(f"network.pod_cidr: {pod_cidr} takes away subnets of pods (")
    assert "subnet-pods), but nodes have network interfaces in them (1)" in text
    assert "or a larger one that begins at the same address" in text, "the way out"


@pytest.mark.parametrize(
    "elsewhere", [{"node_is_in": "private"}, {"prefix": "ml-platform-dev"}, {"region": "us-east-1"}]
)
def test_empty_subnets_and_those_of_other_stacks_may_go(cloud, elsewhere):
    check(cloud, "100.68.0.0/16", **elsewhere)


def test_subnets_of_every_zone_are_planned_ones():
    """The subnets of a zone that leaves the stack go with its nodes."""
    assert FIRST in pod_subnets(BUILT)
    assert len(pod_subnets("100.64.0.0/15")) == 16
