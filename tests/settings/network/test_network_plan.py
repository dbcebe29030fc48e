"""The address plan: what must hold for all ranges and zones."""

from ipaddress import IPv4Network
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.network.network_plan import NetworkPlan, PlanError, plan, usable_addresses

LETTERS = "abcdefgh"


def ranges(space: str, largest: int, smallest: int) -> st.SearchStrategy[str]:
    """Draws ranges without host bits inside an address space."""
    whole = IPv4Network(space)

    def networks(prefix: int) -> st.SearchStrategy[str]:
        count = 2 ** (prefix - whole.prefixlen)
        size = 2 ** (32 - prefix)
        return st.integers(0, count - 1).map(lambda i: f"{whole.network_address + i * size}/{prefix}")

    return st.integers(largest, smallest).flatmap(networks)


vpc_ranges = st.one_of(ranges("10.0.0.0/8", 16, 20), ranges("172.16.0.0/12", 16, 20), ranges("192.168.0.0/16", 16, 20))
pod_ranges = ranges("100.64.0.0/10", 14, 20)
zone_sets = st.sets(st.sampled_from(LETTERS), min_size=2, max_size=6).map(
    lambda letters: sorted(f"us-east-1{letter}" for letter in letters)
)


def subnets(network: NetworkPlan) -> list[tuple[str, IPv4Network]]:
    named_subnets = [
        (f"{zone} {tier}", IPv4Network(getattr(zone_plan, tier)))
        for zone, zone_plan in network.zones.items()
        for tier in ("public", "private", "intra")
    ]
    named_subnets += [
        (f"{zone} pods in {block}", IPv4Network(subnet))
        for zone, zone_plan in network.zones.items()
        for block, subnet in zone_plan.pods.items()
    ]
    assert named_subnets, "a plan without subnets would pass every check below"
    return named_subnets


@given(vpc_ranges, pod_ranges, zone_sets)
def test_no_two_subnets_share_an_address(cidr: str, pod_cidr: str, zones: list[str]) -> None:
    ordered = sorted(subnets(plan(cidr, pod_cidr, zones)), key=lambda item: item[1])
    for (name, subnet), (next_name, next_subnet) in pairwise(ordered):
        assert not subnet.overlaps(next_subnet), f"AWS refuses {next_name} beside {name}: InvalidSubnet.Conflict"


@given(vpc_ranges, pod_ranges, zone_sets)
def test_every_subnet_lies_in_a_block_of_the_vpc(cidr: str, pod_cidr: str, zones: list[str]) -> None:
    network = plan(cidr, pod_cidr, zones)
    for zone, subnet in network.zones.items():
        for tier in (subnet.public, subnet.private, subnet.intra):
            assert IPv4Network(tier).subnet_of(IPv4Network(cidr)), f"{zone}: {tier} is outside its VPC"
        assert tuple(subnet.pods) == network.pod_blocks, f"{zone}: each block has a subnet, and nothing else has one"
        for block, pods in subnet.pods.items():
            assert IPv4Network(pods).subnet_of(IPv4Network(block)), "a subnet lies in one block only"


@given(vpc_ranges, pod_ranges, zone_sets, zone_sets)
def test_a_zone_keeps_its_subnets_whatever_other_zones_there_are(
    cidr: str, pod_cidr: str, zones: list[str], others: list[str]
) -> None:
    before, after = plan(cidr, pod_cidr, zones), plan(cidr, pod_cidr, others)
    for zone in set(zones) & set(others):
        assert before.zones[zone] == after.zones[zone], "moving a subnet replaces it, and every node in it"


@given(vpc_ranges, st.sampled_from((14, 15)), st.integers(0, 15), zone_sets)
def test_a_larger_pod_range_adds_subnets_and_keeps_those_that_are_there(
    cidr: str, prefix: int, place: int, zones: list[str]
) -> None:
    first = IPv4Network(f"100.{64 + 4 * place}.0.0/16")
    before, after = plan(cidr, str(first), zones), plan(cidr, str(first.supernet(new_prefix=prefix)), zones)
    assert after.pod_blocks[0] == str(first), "a block that is replaced takes its subnets and their nodes with it"
    assert len(after.pod_blocks) == 2 ** (16 - prefix)
    for zone, subnet in before.zones.items():
        assert list(after.zones[zone].pods.items())[:1] == list(subnet.pods.items()), "AWS cannot move a subnet"


@given(vpc_ranges, pod_ranges, zone_sets)
def test_subnets_and_blocks_have_sizes_that_aws_allows(cidr: str, pod_cidr: str, zones: list[str]) -> None:
    network = plan(cidr, pod_cidr, zones)
    assert len(network.pod_blocks) <= 4, "a VPC has at most five blocks, its own included"
    for block in network.pod_blocks:
        assert 16 <= IPv4Network(block).prefixlen <= 28, "AWS allows blocks of /16 to /28"
    for name, subnet in subnets(network):
        assert 16 <= subnet.prefixlen <= 28, f"{name}: AWS allows subnets of /16 to /28"
    for zone in network.zones.values():
        assert IPv4Network(zone.public).prefixlen <= 27, "a load balancer needs a subnet of /27 or larger"
        assert usable_addresses(zone.intra) >= 6, "EKS wants six free addresses for its interfaces"


@given(vpc_ranges, pod_ranges)
def test_a_quarter_of_the_vpc_stays_free_for_a_data_tier(cidr: str, pod_cidr: str) -> None:
    zones = plan(cidr, pod_cidr, ["r-1a", "r-1b"]).zones.values()
    zone = next(iter(zones))
    taken = 8 * sum(IPv4Network(tier).num_addresses for tier in (zone.public, zone.private, zone.intra))
    assert taken <= IPv4Network(cidr).num_addresses * 3 / 4, "a full VPC has no room for a database later"


def test_a_vpc_of_16_is_divided_as_documented() -> None:
    zone = plan("10.0.0.0/16", "100.64.0.0/16", ["us-west-2a", "us-west-2b"]).zones["us-west-2b"]
    assert (zone.public, zone.intra, zone.private, dict(zone.pods)) == (
        "10.0.1.0/24",
        "10.0.8.64/26",
        "10.0.144.0/20",
        {"100.64.0.0/16": "100.64.32.0/19"},
    ), "the table in the module documents this plan, and running stacks use it"


def test_a_subnet_has_five_usable_addresses_fewer_than_its_range() -> None:
    assert usable_addresses("10.0.0.0/24") == 251, "AWS keeps the first four addresses and the last"


@pytest.mark.parametrize(
    ("cidr", "pod_cidr", "zones", "argument", "ending"),
    [
        ("10.0.0.0.0/16", "100.64.0.0/16", ["r-1a", "r-1b"], "cidr", "for example 10.0.0.0/16."),
        ("10.0.0.0", "100.64.0.0/16", ["r-1a", "r-1b"], "cidr", "Write for example 10.0.0.0/16."),
        ("10.0.5.0/16", "100.64.0.0/16", ["r-1a", "r-1b"], "cidr", "Write 10.0.0.0/16."),
        ("10.0.0.0/255.255.0.0", "100.64.0.0/16", ["r-1a", "r-1b"], "cidr", "Write 10.0.0.0/16."),
        ("10.0.0.0/12", "100.64.0.0/16", ["r-1a", "r-1b"], "cidr", "Give a /16 to /20."),
        ("10.0.0.0/24", "100.64.0.0/16", ["r-1a", "r-1b"], "cidr", "Give a /16 to /20."),
        ("8.8.0.0/16", "100.64.0.0/16", ["r-1a", "r-1b"], "cidr", "192.168.0.0/16 (RFC 1918)."),
        ("10.0.0.0/16", "100.64.0.0/13", ["r-1a", "r-1b"], "pod_cidr", "serves about 56 nodes a zone."),
        ("10.0.0.0/16", "10.1.0.0/16", ["r-1a", "r-1b"], "pod_cidr", "(RFC 6598), for example 100.64.0.0/16."),
        ("10.0.0.0/16", "198.19.0.0/16", ["r-1a", "r-1b"], "pod_cidr", "(RFC 6598), for example 100.64.0.0/16."),
        ("100.65.0.0/16", "198.19.64.0/18", ["r-1a", "r-1b"], "pod_cidr", "(RFC 6598), for example 100.64.0.0/16."),
        ("100.64.0.0/16", "100.64.0.0/16", ["r-1a", "r-1b"], "pod_cidr", "with a VPC of 10.0.0.0/16."),
        ("10.0.0.0/16", "100.64.0.0/16", ["r-1a"], "zones", "Give 2 to 6, usually 3."),
        ("10.0.0.0/16", "100.64.0.0/16", [f"r-1{c}" for c in "abcdefg"], "zones", "Give 2 to 6, usually 3."),
        ("10.0.0.0/16", "100.64.0.0/16", ["r-1a", "r-1a"], "zones", "Name each zone once."),
        ("10.0.0.0/16", "100.64.0.0/16", ["r-1a", "r-lax-1z"], "zones", "Write for example us-west-2a."),
        ("10.0.0.0/16", "100.64.0.0/16", ["r-1a", "q-1a"], "zones", "Take zones of one region."),
    ],
)
def test_a_mistake_is_reported_with_advice(
    cidr: str, pod_cidr: str, zones: list[str], argument: str, ending: str
) -> None:
    with pytest.raises(PlanError) as error:
        plan(cidr, pod_cidr, zones)
    assert any(where == argument and what.endswith(ending) for where, what in error.value.mistakes), str(error.value)


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(PlanError) as error:
        plan("10.0.0.1/16", "10.1.0.0/16", ["r-1a"])
    assert {where for where, _ in error.value.mistakes} == {"cidr", "pod_cidr", "zones"}, "one run, the whole list"
