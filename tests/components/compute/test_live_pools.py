"""What is known of pools that are up: the sizes that they get when the stack file changes them, and failed groups."""

from types import SimpleNamespace

import pulumi
import pulumi_aws as aws
import pytest

from components.compute.live_pools import LivePools, live_pools
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
        size = SimpleNamespace(desired_size=wanted[node_group_name])
        release = "1.35.0-20261012"
        return SimpleNamespace(scaling_configs=[size], status="ACTIVE", release_version=release)

    monkeypatch.setattr(aws.eks, "get_node_groups", lambda cluster_name, opts: SimpleNamespace(names=["group-a"]))
    monkeypatch.setattr(aws.eks, "get_node_group", group)
    return asked


def pool(least, most, desired=None):
    return NodePoolSettings.model_validate(
        {**POOL, "min_per_zone": least, "max_per_zone": most, "desired_per_zone": desired}
    )


def sizes(before, now):
    return live_pools("main", "ml", {"system": {"sizes": before, "node_groups": ZONES}}, [pool(*now)], OPTS).sizes


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
    assert running == []


@pytest.mark.parametrize(("status", "failed"), [("CREATE_FAILED", True), ("ACTIVE", False), ("DEGRADED", False)])
def test_a_group_that_failed_stops_the_run_before_its_old_one_is_deleted(monkeypatch, status, failed):
    asked = []

    def group(cluster_name, node_group_name, opts):
        asked.append(node_group_name)
        return SimpleNamespace(status=status, region="us-west-2", node_group_name=node_group_name)

    present = SimpleNamespace(names=["group-a", "group-b", "new"])
    monkeypatch.setattr(aws.eks, "get_node_groups", lambda cluster_name, opts: present)
    monkeypatch.setattr(aws.eks, "get_node_group", group)
    before = {"system": {"sizes": [1, 4, None], "node_groups": ZONES}}
    if failed:
        with pytest.raises(pulumi.RunError) as refused:
            live_pools("main", "ml", before, [pool(1, 4)], OPTS)
        assert "node group new of cluster ml is CREATE_FAILED" in str(refused.value)
        assert "aws eks delete-nodegroup --region us-west-2 --cluster-name ml --nodegroup-name new" in str(
            refused.value
        )
    else:
        assert live_pools("main", "ml", before, [pool(1, 4)], OPTS) == LivePools(names={"system"})
    assert asked == ["new"], "each question delays the preview: none about groups that the last run has recorded"


@pytest.mark.parametrize(
    ("image", "now", "refused"),
    [
        (["al2023", "20261012"], {"image_release": "20260901"}, True),
        (["al2023", "20261012"], {"image_release": "20261112"}, False),
        (["bottlerocket", "1.9.0"], {"operating_system": "bottlerocket", "image_release": "1.67.0"}, False),
        (["bottlerocket", "1.67.0"], {"operating_system": "bottlerocket", "image_release": "1.9.0"}, True),
        (["bottlerocket", "1.67.0"], {"image_release": "20261012"}, False),  # another system: another node group
        (["al2023", None], {"image_release": "20261012"}, False),
        (["al2023", None], {"image_release": "20260901"}, True),  # its nodes have 20261012, says EKS
        (["al2023", "20261012"], {}, False),
    ],
)
def test_an_image_does_not_go_back(running, image, now, refused):
    before = {"system": {"sizes": [1, 4, None], "node_groups": ZONES, "image": image}}
    settings = NodePoolSettings.model_validate({**POOL, "min_per_zone": 1, "max_per_zone": 4, **now})
    if refused:
        with pytest.raises(pulumi.RunError, match="older than"):
            live_pools("main", "ml", before, [settings], OPTS)
    else:
        live_pools("main", "ml", before, [settings], OPTS)


def test_the_groups_of_an_earlier_release_are_asked_what_nobody_has_recorded(monkeypatch):
    """Without that, the first `up` of this release could change no size: EKS would refuse a minimum above the nodes."""
    names = ["main-system-us-west-2a-0a1b2c3", "main-system-blue-us-west-2a-0a1b2c3", "theirs"]
    scaling, release = SimpleNamespace(min_size=1, max_size=4, desired_size=3), "1.35.0-20261012"

    def group(cluster_name, node_group_name, opts):
        return SimpleNamespace(
            scaling_configs=[scaling], status="ACTIVE", node_group_name=node_group_name, release_version=release
        )

    monkeypatch.setattr(aws.eks, "get_node_groups", lambda cluster_name, opts: SimpleNamespace(names=names))
    monkeypatch.setattr(aws.eks, "get_node_group", group)
    assert live_pools("main", "ml", {}, [pool(1, 4)], OPTS) == LivePools(names={"system"})
    raised = live_pools("main", "ml", {}, [pool(4, 6)], OPTS)
    assert raised.sizes == {"system": {"us-west-2a": 4}}
    older = NodePoolSettings.model_validate({**POOL, "image_release": "20260901"})
    with pytest.raises(pulumi.RunError, match="image_release 20260901 is older than 20261012"):
        live_pools("main", "ml", {}, [older], OPTS)


def test_the_group_of_a_zone_that_is_new_since_the_last_complete_run_keeps_its_nodes_too(monkeypatch):
    """Zone a was replaced by a run that failed in zone b. Its new group is in no record, and its pool is."""
    present = SimpleNamespace(names=["main-system-us-west-2a-0a1b2c3", "group-b"])
    wanted = {"main-system-us-west-2a-0a1b2c3": (3, 1), "group-b": (2, 1)}

    def group(cluster_name, node_group_name, opts):
        desired, least = wanted[node_group_name]
        scaling = SimpleNamespace(min_size=least, max_size=4, desired_size=desired)
        return SimpleNamespace(scaling_configs=[scaling], status="ACTIVE", node_group_name=node_group_name)

    monkeypatch.setattr(aws.eks, "get_node_groups", lambda cluster_name, opts: present)
    monkeypatch.setattr(aws.eks, "get_node_group", group)
    before = {"system": {"sizes": [1, 4, None], "node_groups": ZONES}}
    raised = live_pools("main", "ml", before, [pool(2, 6)], OPTS)
    assert raised.sizes == {"system": {"us-west-2a": 3, "us-west-2b": 2}}
    assert live_pools("main", "ml", before, [pool(1, 4)], OPTS) == LivePools(names={"system"})
