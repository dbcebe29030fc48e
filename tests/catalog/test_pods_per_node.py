"""How many pods get an address on a node: compared with what AWS publishes, and computed by hand for the hard cases."""

import pytest

from catalog.eks_addons import ADDONS, VPC_CNI_AT_LEAST, release_of
from catalog.instance_types import INSTANCE_TYPES
from catalog.kubernetes import VERSIONS
from catalog.pods_per_node import blocks_per_node, interfaces_of_card_0, pods_on, pods_per_node
from tests.facts.reading import facts

PUBLISHED = facts("pods_per_node")["types"]
GPUS = [name for name, known in INSTANCE_TYPES.items() if known.accelerator and known.max_pods is not None]


@pytest.mark.parametrize("name", sorted(PUBLISHED.keys() & INSTANCE_TYPES.keys()))
def test_the_interfaces_of_a_type_are_those_that_nodeadm_and_the_cni_publish(name: str) -> None:
    known, (interfaces, addresses, pods) = INSTANCE_TYPES[name], PUBLISHED[name]
    assert (interfaces_of_card_0(known), known.ipv4_per_eni) == (interfaces, addresses)
    assert pods in (None, interfaces * (addresses - 1) + 2), "the published number of pods follows from these"


@pytest.mark.parametrize("efa", [False, True])
@pytest.mark.parametrize("name", sorted(GPUS))
def test_the_pods_of_a_gpu_node_fit_the_published_interfaces(name: str, efa: bool) -> None:
    known, (interfaces, addresses, _) = INSTANCE_TYPES[name], PUBLISHED[name]
    if efa and not known.efa_interfaces:
        return
    # Without EFA the primary interface serves no pods; with EFA the adapter of card 0 takes the place of one.
    for_pods = interfaces - 1 if not efa or 0 in (known.efa_cards or (0,)) else interfaces
    room = for_pods * (addresses - 1) * (16 if known.max_pods_prefix_delegation else 1) + 2
    assert pods_per_node(known, efa) == min(room, 110 if known.vcpus < 30 else 250), name


def test_every_type_can_start_pods_with_and_without_its_adapters() -> None:
    for name, known in INSTANCE_TYPES.items():
        for efa in (False, True) if known.efa_interfaces else (False,):
            pods = pods_per_node(known, efa)
            assert pods is None or pods >= 18, f"{name} would not start its DaemonSets"


@pytest.mark.parametrize(("efas", "primary", "pods"), [(0, True, 250), (0, False, 250), (1, True, 250), (1, False, 0)])
def test_a_p5_with_efa_needs_its_primary_interface_for_pods(efas: int, primary: bool, pods: int) -> None:
    known = INSTANCE_TYPES["p5.48xlarge"]
    assert pods_on(known, efas_on_card_0=efas, primary_serves_pods=primary) == pods, "card 0 has two places"


def test_a_full_node_takes_prefixes_one_in_reserve_and_a_block_for_each_interface() -> None:
    assert blocks_per_node(INSTANCE_TYPES["m7i.large"], 110) == 7 + 1 + 1, "nine prefixes fit on one interface"
    assert blocks_per_node(INSTANCE_TYPES["m7g.medium"], 50) == 4 + 1 + 2, "three prefixes fit on one interface"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_pinned_cni_is_one_that_the_address_plan_works_with(version: str) -> None:
    pinned = ADDONS["vpc-cni"].versions.get(version)
    assert pinned is None or release_of(pinned) >= VPC_CNI_AT_LEAST, "see decision 21"
