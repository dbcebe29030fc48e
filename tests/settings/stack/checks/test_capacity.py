"""The address plan is checked against the pools at their maximum size."""

from typing import Any

import pytest

from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import Path
from settings.network.network_plan import plan
from settings.stack import address_demand
from tests.settings.stacks import POOL, problems, stack


def messages(*changes: Any) -> dict[str, str]:
    return {problem.path: problem.message for problem in problems(stack(*changes))}


def pod_range(cidr: str, nodes: int) -> str:
    found = messages((("network", "pod_cidr"), cidr), ((*POOL, "max_per_zone"), nodes))
    assert set(found) <= {"network.pod_cidr"}, found
    return found.get("network.pod_cidr", "")


def test_too_few_pod_addresses_at_the_maximum_size_are_refused() -> None:
    message = pod_range("100.64.0.0/19", 30)
    assert "30 nodes of main.pools[1] with 110 pods and 9 blocks each" in message, "which pool needs them"
    assert "Give 100.64.0.0/16 or larger if the stack is new" in message
    assert pod_range("100.64.0.0/16", 30) == "", "the advice must work"


def test_the_advice_says_whether_a_stack_that_is_up_can_follow_it() -> None:
    assert "Give 100.64.0.0/15 or larger, which adds subnets and keeps the present ones" in pod_range(
        "100.64.0.0/16", 60
    )
    assert pod_range("100.64.0.0/15", 60) == "", "the advice must work"
    assert "On one that is up AWS refuses that range" in pod_range("100.65.0.0/16", 60), (
        "the present subnets would be in the second block of 100.64.0.0/15"
    )
    assert "On one that is up AWS refuses that range" in pod_range("100.64.0.0/17", 40), "one block overlaps the other"


def test_a_maximum_that_no_pod_range_is_large_enough_for_is_refused() -> None:
    assert pod_range("100.64.0.0/14", 1000).endswith("Not even a /14 is large enough: lower max_per_zone.")


def test_the_zone_with_the_highest_demand_is_compared() -> None:
    messages_by_path = messages(((*POOL, "max_per_zone"), 90), ((*POOL, "zones"), ["us-west-2b"]))
    assert "pods in us-west-2b" in messages_by_path["network.pod_cidr"], "where the pool is, not where the network is"


def test_too_few_node_addresses_are_refused() -> None:
    small = ((("network", "cidr"), "10.0.0.0/20"), (("network", "pod_cidr"), "100.64.0.0/14"))
    refused = messages(*small, ((*POOL, "max_per_zone"), 250))["network.cidr"]
    assert refused.endswith("Give 10.0.0.0/19 or larger, or lower max_per_zone.")


def test_interface_endpoints_take_addresses_of_the_nodes() -> None:
    small = {"name": "small", "instance_types": ["m7g.medium"], "provisioner": "karpenter", "max_per_zone": 240}
    ranges = ((("network", "cidr"), "10.0.0.0/20"), (("network", "pod_cidr"), "100.64.0.0/14"))
    changes = (*ranges, (POOL, {**small, "zones": ["us-west-2a"]}))
    services = ["ecr.api", "ecr.dkr", "eks-auth", "sts", "ssm", "kms", "sqs", "ec2", "eks", "logs"]
    assert messages(*changes) == {}, "251 addresses for 242 nodes"
    refused = messages(*changes, (("network", "endpoints"), {"interface": services}))
    assert "242 nodes there, beside 10 interface endpoints" in refused["network.cidr"]


def test_control_planes_have_to_fit_the_intra_subnets() -> None:
    main = stack()["clusters"]["main"]
    found = messages((("network", "cidr"), "10.0.0.0/20"), (("clusters",), {"one": main, "two": main}))
    assert found["network.cidr"].endswith("Give 10.0.0.0/17 or larger, or drop clusters.")


def demand_of(**pool: Any) -> dict[str, address_demand.Demand]:
    path = ("clusters", "main", "pools", 0)
    pools: dict[Path, NodePoolSettings] = {path: NodePoolSettings(name="p", **pool)}
    return address_demand.demand(pools, ("us-west-2a", "us-west-2b", "us-west-2c"))


def nodes_in_b(**pool: Any) -> int:
    return demand_of(**pool)["us-west-2b"].nodes


def test_karpenter_may_start_all_its_nodes_in_any_one_zone() -> None:
    types = ("g6.12xlarge",)
    assert nodes_in_b(instance_types=types, max_per_zone=4) == 4, "a node group stays in its zone"
    assert nodes_in_b(instance_types=types, max_per_zone=4, provisioner="karpenter") == 12, "3 zones of 4"
    bounded = nodes_in_b(instance_types=types, max_per_zone=4, provisioner="karpenter", max_gpus=20)
    assert bounded == 5, "Karpenter stops at 20 GPUs, four a node"


def test_a_reservation_needs_addresses_only_in_its_own_zone() -> None:
    reserved = {"capacity_type": "reserved", "reservation": {"id": "cr-0123456789abcdef0", "zone": "us-west-2c"}}
    needed = demand_of(instance_types=("p5.48xlarge",), max_per_zone=2, **reserved)
    assert {zone: of_zone.nodes for zone, of_zone in needed.items()} == {"us-west-2c": 2}


def test_nodes_with_efa_are_in_the_subnets_of_pods() -> None:
    training = {"instance_types": ("p5.48xlarge",), "max_per_zone": 2, "efa": True}
    needed = demand_of(**training)["us-west-2b"]
    assert (needed.nodes, needed.pod_blocks, needed.efa_blocks) == (0, 36, 36), "17 prefixes and an interface each"
    assert demand_of(**training, provisioner="karpenter")["us-west-2b"].efa_blocks == 0, (
        "Karpenter finds all pod subnets by their tag"
    )


def test_node_groups_with_efa_have_to_fit_the_first_pod_subnet() -> None:
    training = {"name": "training", "instance_types": ["p5.48xlarge"], "efa": True, "max_per_zone": 40}
    found = messages((("network", "pod_cidr"), "100.64.0.0/15"), ((*POOL,), training))
    assert "first pod subnet" in found["network.pod_cidr"], "a p5 node has no interface for another subnet"


def test_the_nodes_of_other_pools_may_all_be_in_the_subnet_of_nodes_with_efa() -> None:
    here = {"zones": ["us-west-2a"]}
    many = {"name": "many", "instance_types": ["m7i.large"], "max_per_zone": 50, **here}
    training = {"name": "training", "instance_types": ["p5.48xlarge"], "efa": True, "max_per_zone": 20, **here}

    def found(**changes: Any) -> dict[str, str]:
        pools = [*stack()["clusters"]["main"]["pools"][:1], {**many, **changes}, training]
        return messages((("network", "pod_cidr"), "100.64.0.0/15"), (POOL[:-1], pools))

    message = found()["network.pod_cidr"]
    assert "us-west-2a, which has 510 blocks of 16 addresses" in message
    assert "50 nodes of main.pools[1] with 110 pods and 9 blocks each" in message, "450 and 360 are more than 510"
    assert message.endswith("lower max_per_zone. Other pools may also get other `zones`.")
    assert found(zones=["us-west-2b"]) == {}, "the advice must work"
    assert found(max_per_zone=14) == {}, "the advice must work"


@pytest.mark.parametrize(
    ("types", "pods", "blocks"),
    [(["m5.large"], 110, 9), (["m5.24xlarge"], 250, 18), (["m5.large", "m5.24xlarge"], 110, 9)],
)
def test_a_node_holds_blocks_for_its_pods_one_in_reserve_and_one_for_its_interface(
    types: list[str], pods: int, blocks: int
) -> None:
    pool = NodePoolSettings(name="p", instance_types=tuple(types))
    assert (pool.pods_per_node, address_demand.pod_blocks_per_node(pool)) == (pods, blocks), (
        "EKS and Karpenter take the smallest number of pods of all types"
    )


def test_a_demand_that_just_fits_is_accepted() -> None:
    zone = plan("10.0.0.0/16", "100.64.0.0/18", ["us-west-2a", "us-west-2b"]).zones["us-west-2a"]
    nodes = address_demand.blocks_in(zone.pods.values()) // 9 - 2  # which the system pool has
    assert pod_range("100.64.0.0/18", nodes) == "", "no false alarm"
    assert pod_range("100.64.0.0/18", nodes + 1), "and no missed mistake"
