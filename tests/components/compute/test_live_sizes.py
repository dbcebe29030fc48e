"""The sizes that a pool which is up gets when the stack file changes them."""

from types import SimpleNamespace

import pulumi
import pulumi_aws as aws
import pytest

from components.compute.live_sizes import live_sizes
from settings.compute.node_pool import NodePoolSettings
from tests.components.stacks import POOL

ZONES = {"us-west-2a": "group-a", "us-west-2b": "group-b"}
OPTS = pulumi.InvokeOptions()


@pytest.fixture
def running(monkeypatch):
    """Says how many nodes the group of zone a wants now. The group of zone b was deleted by hand."""
    wanted, asked = {"group-a": 3}, []

    def group(cluster_name, node_group_name, opts):
        asked.append(node_group_name)
        return SimpleNamespace(scaling_configs=[SimpleNamespace(desired_size=wanted[node_group_name])])

    monkeypatch.setattr(aws.eks, "get_node_groups", lambda cluster_name, opts: SimpleNamespace(names=["group-a"]))
    monkeypatch.setattr(aws.eks, "get_node_group", group)
    return asked


def pool(least, most, desired=None):
    return NodePoolSettings.model_validate(
        {**POOL, "min_per_zone": least, "max_per_zone": most, "desired_per_zone": desired}
    )


def sizes(before, now):
    return live_sizes("ml", {"system": {"sizes": before, "node_groups": ZONES}}, [pool(*now)], OPTS)


@pytest.mark.parametrize(
    ("before", "now", "size"),
    [
        ([1, 4, None], (1, 6), 3),  # what an autoscaler added stays
        ([1, 4, None], (4, 6), 4),  # EKS refuses a minimum above the present size
        ([1, 4, None], (1, 2), 2),  # and a maximum below it
        ([1, 4, 1], (1, 6, 1), 3),  # the size at creation is no news
        ([1, 4, 1], (1, 4, 2), 2),  # another one is what somebody wants
        ([1, 4, 2], (1, 4, None), 3),
    ],
)
def test_the_present_size_stays_as_far_as_the_pool_allows(running, before, now, size):
    assert sizes(before, now) == {"system": {"us-west-2a": size}}


def test_nothing_is_asked_about_a_pool_that_keeps_its_sizes(running):
    assert sizes([1, 4, None], (1, 4)) == {}
    assert live_sizes("ml", {}, [pool(1, 4)], OPTS) == {}, "a new pool, or a stack of an earlier release"
    assert running == []
