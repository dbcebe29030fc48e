"""What the pools come to, told from the settings alone."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.prices import on_demand_usd_per_hour
from components.stack.stack_file import load
from settings.cluster.cluster import ClusterSettings
from settings.compute.node_pool import NodePoolSettings
from settings.compute.quotas import QuotaSettings
from settings.stack.checks.quotas import mistakes
from settings.stack.checks.zones import zone_names
from settings.stack.compute_plan import ComputePlan, PoolPlan, compute_plan
from settings.stack.stack import StackSettings
from tests.settings.stacks import SOURCE, TODAY, stack

SYSTEM = {"name": "system", "instance_types": ["m5.large"], "min_per_zone": 1, "max_per_zone": 2}
P = "L-417A185B"
L4_TYPES = ["g6.xlarge", "g6.4xlarge", "g6.16xlarge", "g6.12xlarge", "g6.24xlarge", "g6.48xlarge"]


def gpu_pool(*types: str, **changes: Any) -> dict[str, Any]:
    """A managed pool of whole GPUs that starts empty, in the three zones of the network."""
    taint = {"key": "nvidia.com/gpu", "value": "true"}
    return {"name": "gpu", "instance_types": list(types), "min_per_zone": 0, "taints": [taint], **changes}


def karpenter_pool(*types: str, **changes: Any) -> dict[str, Any]:
    return gpu_pool(*types, provisioner="karpenter", operating_system="bottlerocket", **changes)


def plan(*pools: dict[str, Any], **more: Any) -> ComputePlan:
    changes = [((key,), value) for key, value in more.items()]
    settings = load(stack((("clusters", "main", "pools"), [SYSTEM, *pools]), *changes), SOURCE, TODAY)
    zones = zone_names(settings.network, settings.region)
    assert zones is not None
    return compute_plan(settings, zones)


def pool(*types: str, **changes: Any) -> PoolPlan:
    return plan(gpu_pool(*types, **changes)).pools[1]


def test_a_pool_is_counted_in_nodes_and_gpus_over_its_zones() -> None:
    found = pool("p4d.24xlarge", max_per_zone=2)
    assert found.nodes == (0, 6), "two in each of three zones"
    assert found.gpus == (0, 48), "eight a node"
    assert found.accelerator == "8 x A100 40 GB"
    assert found.taints == ("nvidia.com/gpu=true:NoSchedule",)
    assert found.slices == {"nvidia.com/gpu": 48}, "what pods ask for"


def test_a_pool_of_one_zone_is_counted_there() -> None:
    found = pool("p5.48xlarge", max_per_zone=4, zones=["us-west-2b"], efa=True)
    assert (found.zones, found.nodes) == (("us-west-2b",), (0, 4))
    assert found.efa_interfaces == 4 * 32, "all those of the type, on every node"


def test_a_node_costs_its_list_price_and_a_slice_its_share() -> None:
    layout = {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}
    found = pool("p4de.24xlarge", max_per_zone=1, sharing={"strategy": "mig", "layout": layout})
    assert found.usd_per_node_hour is not None
    assert found.usd_per_month is not None
    usd = found.usd_per_node_hour.high
    assert found.usd_per_month == pytest.approx((0, 3 * usd * 730))
    per_gpu = sum(layout[name.rpartition("mig-")[2]] * price.low for name, price in found.usd_per_slice_hour.items())
    assert per_gpu == pytest.approx(usd / 8), "the slices of a GPU carry all of it, idle memory too"
    assert found.slices == {"nvidia.com/mig-1g.10gb": 48, "nvidia.com/mig-2g.20gb": 24, "nvidia.com/mig-3g.40gb": 24}


def test_a_replica_costs_its_part_of_the_gpu() -> None:
    found = pool("p5.48xlarge", max_per_zone=1, sharing={"strategy": "time-slicing", "replicas": 2})
    assert found.usd_per_node_hour is not None
    assert found.usd_per_slice_hour["nvidia.com/gpu.shared"].low == pytest.approx(found.usd_per_node_hour.low / 16)
    assert found.sharing == "time-slicing with 2 replicas per GPU"


def test_a_limit_in_gpus_bounds_what_types_of_different_size_come_to() -> None:
    (_, found) = plan(karpenter_pool("g6.xlarge", "g6.12xlarge", max_per_zone=4, max_gpus=8)).pools
    assert found.gpus == (0, 8), "Karpenter stops there"
    assert found.nodes == (0, 8), "all of one GPU"
    assert found.usd_per_node_hour is not None
    assert found.usd_per_month is not None
    dearest = found.usd_per_node_hour.high / 4
    assert found.usd_per_month.high == pytest.approx(8 * dearest * 730), "not eight nodes of four GPUs"
    assert found.accelerator == "1 or 4 x L4 24 GB"


@given(
    nodes=st.integers(1, 6),
    gpus=st.integers(8, 30),
    types=st.lists(st.sampled_from(L4_TYPES), min_size=1, max_size=3, unique=True),
)
def test_no_mix_of_types_costs_more_than_is_said_and_some_mix_nearly_as_much(
    nodes: int, gpus: int, types: list[str]
) -> None:
    pool = NodePoolSettings(
        name="l4",
        provisioner="karpenter",
        zones=("us-west-2a",),
        min_per_zone=0,
        instance_types=tuple(types),
        max_per_zone=nodes,
        max_gpus=gpus,
    )
    prices = [price.usd for name in types if (price := on_demand_usd_per_hour(name, "us-west-2"))]
    counts = [machine.accelerator.count for machine in pool.machines if machine.accelerator]
    mixes = itertools.product(range(nodes + 1), repeat=len(types))
    dearest = max(
        sum(number * usd for number, usd in zip(mix, prices, strict=True))
        for mix in mixes
        if sum(mix) <= nodes and sum(number * count for number, count in zip(mix, counts, strict=True)) <= gpus
    )
    settings = StackSettings(
        environment="dev",
        region="us-west-2",
        owner="a",
        cost_center="b",
        clusters={"main": ClusterSettings(version="1.35", pools=(pool,))},
    )
    (found,) = compute_plan(settings, ("us-west-2a", "us-west-2b")).pools
    assert found.usd_per_month is not None
    said = found.usd_per_month.high / 730
    assert said >= dearest - 0.001, "a budget that the pool could break"
    assert said <= dearest + max(prices), "less than a node too high"


def test_hours_that_are_off_cost_nothing() -> None:
    on, off = pool("g6.xlarge"), pool("g6.xlarge", off_peak={"begins": "20:00", "hours": 10})
    assert on.usd_per_month is not None
    assert off.usd_per_month is not None
    assert off.usd_per_month.high == pytest.approx(on.usd_per_month.high * 70 / 168), "14 hours on five days"
    assert "on 70 of 168 hours a week" in off.notes


def test_spot_that_falls_back_goes_from_the_spot_price_to_the_other() -> None:
    changes = {"capacity_type": "spot", "fallback_capacity_types": ["on-demand"]}
    (_, found) = plan(karpenter_pool("g6.xlarge", **changes)).pools
    assert found.usd_per_node_hour is not None
    assert found.usd_per_node_hour.low < found.usd_per_node_hour.high
    assert found.capacity == "spot, else on-demand"
    assert any("spot prices move" in note for note in found.notes), "an estimate has to say so"


def test_a_capacity_block_is_paid_already_and_counts_against_no_quota() -> None:
    reservation = {
        "id": "cr-0123456789abcdef0",
        "kind": "capacity-block",
        "zone": "us-west-2a",
        "starts": "2027-01-11T11:30:00Z",
        "ends": "2027-01-18T11:30:00Z",
    }
    found = plan(gpu_pool("p5.48xlarge", capacity_type="reserved", reservation=reservation, max_per_zone=1))
    assert found.pools[1].usd_per_month is None, "a zero would be taken for a price"
    assert found.pools[1].zones == ("us-west-2a",), "where the block is"
    assert P not in {need.code for need in found.quotas}
    assert found.without_quota == (), "that it counts against none is known"


def test_pools_of_one_family_take_one_quota_together() -> None:
    first = gpu_pool("p4d.24xlarge", max_per_zone=1)
    needs = {need.code: need for need in plan(first, {**gpu_pool("p5.48xlarge", max_per_zone=1), "name": "h"}).quotas}
    assert needs[P].vcpus == 3 * 96 + 3 * 192
    assert needs[P].pools == ("main.gpu", "main.h")
    assert needs[P].enough is None, "nobody said what the account has"


def test_what_the_account_has_is_compared() -> None:
    pools = [gpu_pool("p4d.24xlarge", max_per_zone=1)]
    (need,) = [n for n in plan(*pools, quotas={"vcpus": {P: 288}}).quotas if n.code == P]
    assert need.enough is True, "exactly enough"
    (need,) = [n for n in plan(*pools, quotas={"vcpus": {P: 287}, "request": True}).quotas if n.code == P]
    assert need.enough is False


def test_a_way_of_buying_that_aws_names_no_quota_for_is_told() -> None:
    found = plan(gpu_pool("p6-b200.48xlarge", capacity_type="spot", max_per_zone=1))
    assert found.without_quota == ("main.gpu, spot: p6-b200.48xlarge",), "silence would be taken for enough"


def test_a_quota_that_is_too_small_is_a_mistake_with_a_way_out() -> None:
    settings = load(stack((("clusters", "main", "pools"), [SYSTEM, gpu_pool("p4d.24xlarge", max_per_zone=1)])), SOURCE)
    pools: dict[tuple[str | int, ...], NodePoolSettings] = {
        ("clusters", "main", "pools", 1): settings.clusters["main"].pools[1]
    }
    zones = ("us-west-2a", "us-west-2b", "us-west-2c")
    ((path, sentence),) = mistakes(QuotaSettings(vcpus={P: 96}), pools, zones)
    assert path == ("quotas", "vcpus", P)
    assert "main.pools[1] at their maximum take 288" in sentence, "who takes them"
    assert f"--quota-code {P} --desired-value 288" in sentence, "a command that helps"
    assert sentence.endswith("set quotas.request: true, or lower max_per_zone or max_gpus.")
    assert list(mistakes(QuotaSettings(vcpus={P: 96}, request=True), pools, zones)) == [], "AWS is asked"
    assert list(mistakes(QuotaSettings(vcpus={P: 288}), pools, zones)) == [], "the value that is advised does"


def test_every_subnet_is_told_with_its_room() -> None:
    found = plan(gpu_pool("p4d.24xlarge", max_per_zone=2, zones=["us-west-2b"]))
    by_place = {(need.zone, need.kind): need for need in found.subnets}
    assert len(by_place) == 6, "nodes and pods, in three zones"
    assert by_place["us-west-2b", "nodes"].needed == by_place["us-west-2a", "nodes"].needed + 2
    assert all(0 < need.needed <= need.room for need in found.subnets), "settings refuse what does not fit"


def test_zones_are_not_guessed() -> None:
    found = plan(gpu_pool("p4d.24xlarge"))
    assert {offer.instance_type: offer.offered for offer in found.offers} == {"m5.large": True, "p4d.24xlarge": True}
    assert "describe-instance-type-offerings --region us-west-2" in found.zones_command, "only the account can tell"
    assert "Values=m5.large,p4d.24xlarge" in found.zones_command
