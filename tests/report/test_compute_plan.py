"""The compute plan: what the pools need, from the settings alone."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.prices import on_demand_usd_per_hour
from components.stack.stack_file import load
from report.compute_plan import ComputePlan, PoolPlan, compute_plan
from settings.cluster.cluster import ClusterSettings
from settings.compute.node_pool import NodePoolSettings
from settings.compute.quotas import QuotaSettings
from settings.stack.checks.quotas import mistakes
from settings.stack.checks.zones import zone_names
from settings.stack.stack import StackSettings
from tests.settings.stacks import SOURCE, TODAY, stack

SYSTEM = {"name": "system", "instance_types": ["m5.large"], "min_per_zone": 1, "max_per_zone": 2}
P_INSTANCES_QUOTA = "L-417A185B"
L4_TYPES = ["g6.xlarge", "g6.4xlarge", "g6.16xlarge", "g6.12xlarge", "g6.24xlarge", "g6.48xlarge"]


def gpu_pool(*types: str, **changes: Any) -> dict[str, Any]:
    """Returns a managed pool of whole GPUs that starts empty, in the three zones of the network."""
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


def test_nodes_and_gpus_of_a_pool_are_summed_over_its_zones() -> None:
    pool_plan = pool("p4d.24xlarge", max_per_zone=2)
    assert pool_plan.nodes == (0, 6), "two in each of three zones"
    assert pool_plan.gpus == (0, 48), "eight a node"
    assert pool_plan.accelerator == "8 x A100 40 GB"
    assert pool_plan.taints == ("nvidia.com/gpu=true:NoSchedule",)
    assert pool_plan.slices == {"nvidia.com/gpu": 48}, "what pods ask for"


def test_a_pool_in_one_zone_is_counted_in_that_zone() -> None:
    pool_plan = pool("p5.48xlarge", max_per_zone=4, zones=["us-west-2b"], efa=True)
    assert (pool_plan.zones, pool_plan.nodes) == (("us-west-2b",), (0, 4))
    assert pool_plan.efa_interfaces == 4 * 32, "all interfaces of the type, on every node"


def test_a_node_costs_its_list_price_and_a_slice_costs_its_share() -> None:
    layout = {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}
    pool_plan = pool("p4de.24xlarge", max_per_zone=1, sharing={"strategy": "mig", "layout": layout})
    assert pool_plan.usd_per_node_hour is not None
    assert pool_plan.usd_per_month is not None
    usd = pool_plan.usd_per_node_hour.high
    assert pool_plan.usd_per_month == pytest.approx((0, 3 * usd * 730))
    per_gpu = sum(
        layout[name.rpartition("mig-")[2]] * price.low for name, price in pool_plan.usd_per_slice_hour.items()
    )
    assert per_gpu == pytest.approx(usd / 8), "the slices of a GPU carry its whole price, including unused memory"
    assert pool_plan.slices == {
        "nvidia.com/mig-1g.10gb": 48,
        "nvidia.com/mig-2g.20gb": 24,
        "nvidia.com/mig-3g.40gb": 24,
    }


def test_a_replica_costs_its_share_of_the_gpu() -> None:
    pool_plan = pool("p5.48xlarge", max_per_zone=1, sharing={"strategy": "time-slicing", "replicas": 2})
    assert pool_plan.usd_per_node_hour is not None
    assert pool_plan.usd_per_slice_hour["nvidia.com/gpu.shared"].low == pytest.approx(
        pool_plan.usd_per_node_hour.low / 16
    )
    assert pool_plan.sharing == "time-slicing with 2 replicas per GPU"


def test_a_limit_in_gpus_bounds_a_pool_with_types_of_different_size() -> None:
    (_, pool_plan) = plan(karpenter_pool("g6.xlarge", "g6.12xlarge", max_per_zone=4, max_gpus=8)).pools
    assert pool_plan.gpus == (0, 8), "Karpenter stops there"
    assert pool_plan.nodes == (0, 8), "all of one GPU"
    assert pool_plan.usd_per_node_hour is not None
    assert pool_plan.usd_per_month is not None
    dearest = pool_plan.usd_per_node_hour.high / 4
    assert pool_plan.usd_per_month.high == pytest.approx(8 * dearest * 730), "not eight nodes of four GPUs"
    assert pool_plan.accelerator == "1 or 4 x L4 24 GB"


@given(
    nodes=st.integers(1, 6),
    gpus=st.integers(8, 30),
    types=st.lists(st.sampled_from(L4_TYPES), min_size=1, max_size=3, unique=True),
)
def test_the_maximum_cost_is_a_close_bound_of_the_most_expensive_mix_of_types(
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
    highest = max(
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
    (pool_plan,) = compute_plan(settings, ("us-west-2a", "us-west-2b")).pools
    assert pool_plan.usd_per_month is not None
    planned = pool_plan.usd_per_month.high / 730
    assert planned >= highest - 0.001, "the pool could exceed the budget"
    assert planned <= highest + max(prices), "at most one node too high"


def test_off_peak_hours_cost_nothing() -> None:
    on, off = pool("g6.xlarge"), pool("g6.xlarge", off_peak={"begins": "20:00", "hours": 10})
    assert on.usd_per_month is not None
    assert off.usd_per_month is not None
    assert off.usd_per_month.high == pytest.approx(on.usd_per_month.high * 70 / 168), "14 hours on five days"
    assert "on 70 of 168 hours a week" in off.notes


def test_the_plan_says_who_changes_the_number_of_nodes() -> None:
    auto, fixed, full = (pool("m7i.large", **sizes) for sizes in ({}, {"scaling": "fixed"}, {"min_per_zone": 3}))
    assert "cluster-autoscaler adds and ends nodes with the pods" in auto.notes
    assert "only people and off-peak hours change the number of nodes" in fixed.notes
    assert not any("number of nodes" in note or "autoscaler" in note for note in full.notes)


def test_the_price_of_spot_with_a_fallback_is_a_span() -> None:
    changes = {"capacity_type": "spot", "fallback_capacity_types": ["on-demand"]}
    (_, pool_plan) = plan(karpenter_pool("g6.xlarge", **changes)).pools
    assert pool_plan.usd_per_node_hour is not None
    assert pool_plan.usd_per_node_hour.low < pool_plan.usd_per_node_hour.high
    assert pool_plan.capacity == "spot, else on-demand"
    assert any("spot prices change" in note for note in pool_plan.notes), "an estimate must mention it"


def test_a_capacity_block_is_already_paid_and_counts_against_no_quota() -> None:
    reservation = {
        "id": "cr-0123456789abcdef0",
        "kind": "capacity-block",
        "zone": "us-west-2a",
        "starts": "2027-01-11T11:30:00Z",
        "ends": "2027-01-18T11:30:00Z",
    }
    compute = plan(gpu_pool("p5.48xlarge", capacity_type="reserved", reservation=reservation, max_per_zone=1))
    assert compute.pools[1].usd_per_month is None, "a zero would be taken for a price"
    assert compute.pools[1].zones == ("us-west-2a",), "where the block is"
    assert P_INSTANCES_QUOTA not in {need.code for need in compute.quotas}
    assert compute.without_quota == (), "it is known to count against no quota"


def test_pools_of_one_family_share_one_quota() -> None:
    first = gpu_pool("p4d.24xlarge", max_per_zone=1)
    needs = {need.code: need for need in plan(first, {**gpu_pool("p5.48xlarge", max_per_zone=1), "name": "h"}).quotas}
    assert needs[P_INSTANCES_QUOTA].vcpus == 3 * 96 + 3 * 192
    assert needs[P_INSTANCES_QUOTA].pools == ("main.gpu", "main.h")
    assert needs[P_INSTANCES_QUOTA].enough is None, "the account's value is not given"


def test_the_quota_of_the_account_is_compared() -> None:
    pools = [gpu_pool("p4d.24xlarge", max_per_zone=1)]
    (need,) = [
        n for n in plan(*pools, quotas={"vcpus": {P_INSTANCES_QUOTA: 288}}).quotas if n.code == P_INSTANCES_QUOTA
    ]
    assert need.enough is True, "exactly enough"
    (need,) = [
        n
        for n in plan(*pools, quotas={"vcpus": {P_INSTANCES_QUOTA: 287}, "request": True}).quotas
        if n.code == P_INSTANCES_QUOTA
    ]
    assert need.enough is False


def test_a_capacity_type_without_a_quota_is_listed() -> None:
    compute = plan(gpu_pool("p6-b200.48xlarge", capacity_type="spot", max_per_zone=1))
    assert compute.without_quota == ("main.gpu, spot: p6-b200.48xlarge",), (
        "a reader would assume that the quota is enough"
    )


def test_a_quota_that_is_too_small_is_a_mistake_with_advice() -> None:
    settings = load(stack((("clusters", "main", "pools"), [SYSTEM, gpu_pool("p4d.24xlarge", max_per_zone=1)])), SOURCE)
    pools: dict[tuple[str | int, ...], NodePoolSettings] = {
        ("clusters", "main", "pools", 1): settings.clusters["main"].pools[1]
    }
    zones = ("us-west-2a", "us-west-2b", "us-west-2c")
    ((path, sentence),) = mistakes(QuotaSettings(vcpus={P_INSTANCES_QUOTA: 96}), pools, zones)
    assert path == ("quotas", "vcpus", P_INSTANCES_QUOTA)
    assert "main.pools[1] at their maximum need 288" in sentence, "which pool needs them"
    assert f"--quota-code {P_INSTANCES_QUOTA} --desired-value 288" in sentence, "a command to request them"
    assert sentence.endswith("set quotas.request: true, or lower max_per_zone or max_gpus.")
    assert list(mistakes(QuotaSettings(vcpus={P_INSTANCES_QUOTA: 96}, request=True), pools, zones)) == [], (
        "AWS is asked"
    )
    assert list(mistakes(QuotaSettings(vcpus={P_INSTANCES_QUOTA: 288}), pools, zones)) == [], (
        "the advised value is enough"
    )


def test_every_subnet_is_listed_with_its_usable_addresses() -> None:
    compute = plan(gpu_pool("p4d.24xlarge", max_per_zone=2, zones=["us-west-2b"]))
    by_subnet = {(need.zone, need.kind): need for need in compute.subnets}
    assert len(by_subnet) == 6, "nodes and pods, in three zones"
    assert by_subnet["us-west-2b", "nodes"].needed == by_subnet["us-west-2a", "nodes"].needed + 2
    assert all(0 < need.needed <= need.room for need in compute.subnets), "settings refuse what does not fit"


def test_the_zones_that_offer_a_type_are_left_to_a_command() -> None:
    compute = plan(gpu_pool("p4d.24xlarge"))
    assert {offer.instance_type: offer.offered for offer in compute.offers} == {"m5.large": True, "p4d.24xlarge": True}
    assert "describe-instance-type-offerings --region us-west-2" in compute.zones_command, "only the account knows"
    assert "Values=m5.large,p4d.24xlarge" in compute.zones_command
