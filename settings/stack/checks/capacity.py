"""Checks that the address plan has enough addresses when every pool is at its maximum size."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network

from catalog.limits import EKS_FREE_ADDRESSES_PER_CONTROL_PLANE_SUBNET
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import Mistake, Path
from settings.network.network import NetworkSettings
from settings.network.network_plan import (
    ASSOCIATION_PREFIX,
    LARGEST_POD_RANGE,
    LARGEST_VPC_RANGE,
    PlanError,
    ZonePlan,
    plan,
    usable_addresses,
)
from settings.stack.address_demand import Demand, blocks_in, demand

IsEnough = Callable[[ZonePlan], bool]


def mistakes(
    network: NetworkSettings | None,
    zones: tuple[str, ...] | None,
    pools: Mapping[Path, NodePoolSettings],
    clusters: int,
) -> Iterator[Mistake]:
    """Yields subnets that are too small for the pools at their maximum, or for the network interfaces in them."""
    if network is None or zones is None:
        return
    try:
        zone_plans = plan(network.cidr, network.pod_cidr, zones).zones
    except PlanError:
        return  # the setting itself reports this mistake
    needed = demand(pools, zones)
    yield from _pod_range(network, zone_plans, needed)
    busiest = max(zones, key=lambda zone: needed[zone].nodes)
    yield from _private(network, zone_plans, busiest, needed[busiest].nodes)
    yield from _intra(network, zone_plans, busiest, clusters)


def _pod_range(
    network: NetworkSettings, zone_plans: Mapping[str, ZonePlan], needed: Mapping[str, Demand]
) -> Iterator[Mistake]:
    """Yields the zone with the highest demand, if its subnets are too small."""
    zones = tuple(zone_plans)
    if with_efa := [zone for zone in zones if needed[zone].efa_blocks]:
        zone = max(with_efa, key=lambda each: needed[each].pod_blocks)
        blocks, room = needed[zone].pod_blocks, blocks_in(_first(zone_plans[zone]))
        if blocks > room:
            yield _first_pod_subnet(network, zones, zone, needed[zone], room)
            return
    zone = max(zones, key=lambda each: needed[each].pod_blocks)
    blocks, shares = needed[zone].pod_blocks, "; ".join(needed[zone].shares)
    room = blocks_in(zone_plans[zone].pods.values())
    if blocks > room:
        advice = _advice_for_pods(network, zones, lambda plan: blocks_in(plan.pods.values()) >= blocks)
        yield (
            ("network", "pod_cidr"),
            (
                f"{network.pod_cidr} leaves {room} blocks of 16 addresses for pods in {zone}, but the pools at their "
                f"maximum size need {blocks} ({shares}; one block in reserve, and one for each interface). {advice}"
            ),
        )


def _first_pod_subnet(
    network: NetworkSettings, zones: tuple[str, ...], zone: str, needed: Demand, room: int
) -> Mistake:
    """Returns the mistake that a zone with node groups with EFA needs more than its first pod subnet has.

    The whole demand of the zone counts: other nodes take addresses of the subnet that is emptiest when they start, and
    on a stack that has grown they have theirs in the first one.
    """
    advice = _advice_for_pods(network, zones, lambda plan: blocks_in(_first(plan)) >= needed.pod_blocks)
    others = needed.pod_blocks - needed.efa_blocks
    elsewhere = " Other pools may also get other `zones`." if others else ""
    return (
        ("network", "pod_cidr"),
        (
            f"node groups with EFA are in the first pod subnet of {zone}, which has {room} blocks of 16 addresses. At "
            f"their maximum size they need {needed.efa_blocks}, and the other pools of the zone, whose nodes may take "
            f"all of theirs there, {others} ({'; '.join(needed.shares)}). {advice}{elsewhere}"
        ),
    )


def _first(zone_plan: ZonePlan) -> Sequence[str]:
    return list(zone_plan.pods.values())[:1]


def _private(network: NetworkSettings, zone_plans: Mapping[str, ZonePlan], zone: str, nodes: int) -> Iterator[Mistake]:
    endpoints = len(network.endpoints.interface)
    room = usable_addresses(zone_plans[zone].private)
    if nodes + endpoints > room:
        advice = _advice_for_vpc(
            network,
            tuple(zone_plans),
            lambda plan: usable_addresses(plan.private) >= nodes + endpoints,
            "lower max_per_zone",
        )
        yield (
            ("network", "cidr"),
            (
                f"{network.cidr} leaves {room} addresses in the private subnet of {zone}, but the pools at their "
                f"maximum size have {nodes} nodes there, beside {endpoints} interface endpoints. {advice}"
            ),
        )


def _intra(network: NetworkSettings, zone_plans: Mapping[str, ZonePlan], zone: str, clusters: int) -> Iterator[Mistake]:
    room = usable_addresses(zone_plans[zone].intra)
    attachments = 1 if network.transit_gateway else 0
    needed = clusters * EKS_FREE_ADDRESSES_PER_CONTROL_PLANE_SUBNET + attachments
    if needed > room:
        advice = _advice_for_vpc(
            network, tuple(zone_plans), lambda plan: usable_addresses(plan.intra) >= needed, "drop clusters"
        )
        yield (
            ("network", "cidr"),
            (
                f"{network.cidr} leaves {room} addresses in each intra subnet, but {clusters} control planes "
                f"({EKS_FREE_ADDRESSES_PER_CONTROL_PLANE_SUBNET} each) and {attachments} transit gateways need "
                f"{needed}. {advice}"
            ),
        )


def _larger(cidr: str, largest: int, zone_plan: Callable[[str], ZonePlan], is_enough: IsEnough) -> IPv4Network | None:
    """Returns the smallest larger range that is enough; None when no range is."""
    network = IPv4Network(cidr)
    for prefix in range(network.prefixlen - 1, largest - 1, -1):
        candidate = network.supernet(new_prefix=prefix)
        try:
            if is_enough(zone_plan(str(candidate))):
                return candidate
        except PlanError:
            continue
    return None


def _advice_for_vpc(network: NetworkSettings, zones: tuple[str, ...], is_enough: IsEnough, otherwise: str) -> str:
    larger = _larger(
        network.cidr,
        LARGEST_VPC_RANGE,
        lambda cidr: plan(cidr, network.pod_cidr, zones).zones[zones[0]],
        is_enough,
    )
    if larger is None:
        return f"Not even a /{LARGEST_VPC_RANGE} is large enough: {otherwise}."
    return f"Give {larger} or larger, or {otherwise}."


def _advice_for_pods(network: NetworkSettings, zones: tuple[str, ...], is_enough: IsEnough) -> str:
    """Returns advice, which says whether a stack that is up can follow it."""
    larger = _larger(
        network.pod_cidr,
        LARGEST_POD_RANGE,
        lambda pod_cidr: plan(network.cidr, pod_cidr, zones).zones[zones[0]],
        is_enough,
    )
    if larger is None:
        return f"Not even a /{LARGEST_POD_RANGE} is large enough: lower max_per_zone."
    present = IPv4Network(network.pod_cidr)
    if present.prefixlen <= ASSOCIATION_PREFIX and larger.network_address == present.network_address:
        return f"Give {larger} or larger, which adds subnets and keeps the present ones, or lower max_per_zone."
    return (
        f"Give {larger} or larger if the stack is new. On one that is up AWS refuses that range, because it overlaps "
        "the present one or moves its subnets: lower max_per_zone."
    )
