"""The interfaces of a node with EFA: EC2 accepts them, and the node uses every adapter of its type."""

import pytest

from catalog.efa import NetworkInterface, efa_interfaces
from catalog.instance_types import INSTANCE_TYPES

WITH_EFA = [name for name, known in INSTANCE_TYPES.items() if known.efa_interfaces]


def layout(name: str) -> list[tuple[int, int, str]]:
    return [(each.card, each.device, each.kind) for each in efa_interfaces(INSTANCE_TYPES[name])]


@pytest.mark.parametrize("name", WITH_EFA)
def test_a_node_has_all_the_adapters_of_its_type_and_one_address(name: str) -> None:
    interfaces = efa_interfaces(INSTANCE_TYPES[name])
    assert interfaces[0] == NetworkInterface(card=0, device=0, kind="interface"), (
        "EC2 requires the primary interface to carry IP"
    )
    adapters = [each for each in interfaces if each.kind == "efa-only"]
    assert len(adapters) == INSTANCE_TYPES[name].efa_interfaces, "bandwidth would be paid for and not used"
    assert len(interfaces) == len(adapters) + 1, "more IP addresses per node would use up the node subnet"
    positions = [(each.card, each.device) for each in interfaces]
    assert len(set(positions)) == len(positions), "EC2 refuses two interfaces with the same card and device"
    assert len({each.card for each in adapters}) == len(adapters), "a card has one adapter"


@pytest.mark.parametrize(("name", "cards"), [("p4d.24xlarge", 4), ("p5.48xlarge", 32), ("p5en.48xlarge", 16)])
def test_card_0_has_its_adapter_on_device_1_and_the_others_on_device_0(name: str, cards: int) -> None:
    others = [(card, 0, "efa-only") for card in range(1, cards)]
    assert layout(name) == [(0, 0, "interface"), (0, 1, "efa-only"), *others], "EC2 user guide"


def test_card_0_of_a_b300_has_no_adapter() -> None:
    others = [(card, 0, "efa-only") for card in range(1, 17)]
    assert layout("p6-b300.48xlarge") == [(0, 0, "interface"), *others], "EC2 refuses an EFA on its card 0"


def test_a_type_without_known_adapters_has_no_layout() -> None:
    assert layout("g6.xlarge") == [], "settings refuse efa for this type"
    assert layout("p6e-gb200.36xlarge") == [], "the number of its adapters is not known, so settings refuse efa"
