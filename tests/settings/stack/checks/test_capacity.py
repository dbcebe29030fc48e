"""The address plan is checked against the pools at their maximum size."""

from typing import Any

import pytest

from settings.compute.node_pool import NodePoolSettings
from settings.network.network_plan import plan, usable_addresses
from settings.stack import address_demand
from tests.settings.stacks import POOL, problems, stack


def messages(*changes: Any) -> dict[str, str]:
    return {problem.path: problem.message for problem in problems(stack(*changes))}


def test_too_few_pod_addresses_at_the_maximum_size_are_refused() -> None:
    messages_by_path = messages((("network", "pod_cidr"), "100.64.0.0/19"), ((*POOL, "max_per_zone"), 30))
    assert list(messages_by_path) == ["network.pod_cidr"], (
        "otherwise a pod would not start one day, when the pools are large"
    )
    assert "30 nodes of main.pools[1] with 110 pods each" in messages_by_path["network.pod_cidr"], (
        "which pool needs them"
    )
    assert messages_by_path["network.pod_cidr"].endswith("Give 100.64.0.0/16 or larger, or lower max_per_zone.")


def test_the_advised_range_is_large_enough() -> None:
    assert messages((("network", "pod_cidr"), "100.64.0.0/16"), ((*POOL, "max_per_zone"), 30)) == {}, (
        "the advice must work"
    )


def test_a_maximum_that_no_pod_range_is_large_enough_for_is_refused() -> None:
    messages_by_path = messages((("network", "pod_cidr"), "100.64.0.0/14"), ((*POOL, "max_per_zone"), 1000))
    assert messages_by_path["network.pod_cidr"].endswith("Not even a /14 is large enough: lower max_per_zone.")


def test_the_zone_with_the_highest_demand_is_compared() -> None:
    messages_by_path = messages(((*POOL, "max_per_zone"), 90), ((*POOL, "zones"), ["us-west-2b"]))
    assert "pods in us-west-2b" in messages_by_path["network.pod_cidr"], "where the pool is, not where the network is"


def test_too_few_node_addresses_are_refused() -> None:
    messages_by_path = messages(
        (("network", "cidr"), "10.0.0.0/20"), (("network", "pod_cidr"), "100.64.0.0/14"), ((*POOL, "max_per_zone"), 250)
    )
    assert messages_by_path["network.cidr"].endswith("Give 10.0.0.0/19 or larger, or lower max_per_zone.")


def test_too_many_endpoints_for_the_intra_subnets_are_refused() -> None:
    services = ["ecr.api", "ecr.dkr", "eks-auth", "sts", "ssm", "kms"]
    messages_by_path = messages(
        (("network", "cidr"), "10.0.0.0/20"), (("network", "endpoints"), {"interface": services})
    )
    assert messages_by_path["network.cidr"].endswith("or larger, or drop endpoints.")


def demand_of(**pool: Any) -> dict[str, int]:
    path = ("clusters", "main", "pools", 0)
    nodes, _, _ = address_demand.demand(
        {path: NodePoolSettings(name="p", **pool)}, ("us-west-2a", "us-west-2b", "us-west-2c")
    )
    return nodes


def test_karpenter_may_start_all_its_nodes_in_any_one_zone() -> None:
    types = ("g6.12xlarge",)
    assert demand_of(instance_types=types, max_per_zone=4)["us-west-2b"] == 4, "a node group stays in its zone"
    assert demand_of(instance_types=types, max_per_zone=4, provisioner="karpenter")["us-west-2b"] == 12, "3 zones of 4"
    bounded = demand_of(instance_types=types, max_per_zone=4, provisioner="karpenter", max_gpus=20)
    assert bounded["us-west-2b"] == 5, "Karpenter stops at 20 GPUs, four a node"


def test_a_reservation_needs_addresses_only_in_its_own_zone() -> None:
    reserved = {"capacity_type": "reserved", "reservation": {"id": "cr-0123456789abcdef0", "zone": "us-west-2c"}}
    assert dict(demand_of(instance_types=("p5.48xlarge",), max_per_zone=2, **reserved)) == {"us-west-2c": 2}


@pytest.mark.parametrize(
    ("types", "pods", "addresses"), [(["m5.large"], 110, 128), (["m5.large", "m5.24xlarge"], 250, 272)]
)
def test_a_node_holds_address_blocks_for_its_pods_and_one_in_reserve(
    types: list[str], pods: int, addresses: int
) -> None:
    pool = NodePoolSettings(name="p", instance_types=tuple(types))
    assert (address_demand.pods_per_node(pool), address_demand.pod_addresses_per_node(pool)) == (pods, addresses)


def test_a_demand_that_just_fits_is_accepted() -> None:
    room = usable_addresses(plan("10.0.0.0/16", "100.64.0.0/18", ["us-west-2a", "us-west-2b"]).zones["us-west-2a"].pods)
    nodes = room // 128 - 2  # which the system pool has
    assert messages((("network", "pod_cidr"), "100.64.0.0/18"), ((*POOL, "max_per_zone"), nodes)) == {}, (
        "no false alarm"
    )
    assert messages((("network", "pod_cidr"), "100.64.0.0/18"), ((*POOL, "max_per_zone"), nodes + 1)), (
        "and no missed mistake"
    )
