"""The network policies that are built, judged by the rules for those of others."""

from typing import Any

import pytest

from policies.rule import Sample, StackCase, StackRule
from settings.stack.stack import StackSettings
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack
from tests.policies.policy_harness import ALL, check_stack
from tests.report.test_network_reach import settings


def within_a_company(*zones: str) -> StackSettings:
    """A stack whose VPC is in the middle of the ranges of its company."""
    company = {"id": "tgw-0123456789abcdef0", "cidrs": ["10.0.0.0/8", "10.0.0.0/9"]}
    network: dict[str, Any] = {"zones": [*zones], "cidr": "10.20.0.0/16", "transit_gateway": company}
    ranges = {"internet": False, "ranges": [{"cidr": "10.0.0.0/8", "ports": [443]}]}
    return stack(isolation={}, network=network, teams=[{"name": "lab", "namespaces": ["lab"], "network": ranges}])


STACKS = {
    "with a mesh, doors and endpoints": settings(),
    "strict": settings("strict"),
    "within a company": within_a_company("us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d"),
}


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("name", STACKS)
def test_no_range_of_our_own_opens_what_others_close(cloud: PlatformCloud, name: str, preview: bool) -> None:
    cloud.up(STACKS[name], preview=preview)
    built = {each.urn: Sample(each.type, each.inputs) for each in cloud.custom()}
    kinds = [each.type for each in built.values()]
    assert kinds.count("kubernetes:networking.k8s.io/v1:NetworkPolicy") > 2
    assert {"aws:ec2/vpc:Vpc", "aws:eks/cluster:Cluster"} <= set(kinds)
    rule = ALL["net-policy-ranges"]
    assert isinstance(rule, StackRule)
    assert check_stack(rule, StackCase(built)) == []
