"""Plans the address ranges of a VPC's subnets, from two ranges and the names of the zones.

A range has eight slots, and a zone always takes the slot of its letter (a = first ... h = eighth). So adding or
removing a zone moves no subnet of another zone, and two stacks with the same ranges divide them in the same way. For
a /16:

    public    8 x /24   10.0.0.0/21     load balancers and NAT gateways
    intra     8 x /26   10.0.8.0/23     control-plane interfaces and interface endpoints; no route to the internet
    free                from 10.0.10.0  for a data tier
    private   8 x /20   10.0.128.0/17   nodes and internal load balancers

Smaller ranges are divided in the same proportion, down to the smallest useful subnets: /27 public (a load balancer
accepts no smaller one) and /28 intra.

The pod range is added to the VPC in blocks of /16. Each block is divided into eight equal subnets, so a zone has one
pod subnet in each block. A larger range that begins at the same address adds blocks and leaves the subnets as they are.
Sources: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html and subnet-sizing.html,
https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from types import MappingProxyType

from catalog.limits import UNROUTABLE_CIDRS
from settings.core.problems import raise_if

ZONE_LETTERS = "abcdefgh"
SLOT_BITS = 3  # eight slots
RESERVED_PER_SUBNET = 5  # AWS keeps the first four addresses and the last one
SMALLEST_RANGE = 20
LARGEST_VPC_RANGE = 16
LARGEST_POD_RANGE = 14  # four secondary blocks of /16: a VPC has at most five blocks
ASSOCIATION_PREFIX = 16
MIN_ZONES, MAX_ZONES = 2, 6

POD_SPACE = IPv4Network("100.64.0.0/10")  # the only one of AWS's ranges for pods that fits beside each of VPC_SPACE
VPC_SPACE = (*map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")), POD_SPACE)
# AWS adds no block of this range to a VPC in RFC 1918 space or 100.64.0.0/10, although EKS's guides name it for pods.
# Source: VPC user guide, "IPv4 CIDR block association restrictions", read 2026-11.
RESTRICTED = IPv4Network("198.19.0.0/16")


class PlanError(ValueError):
    """Raised when the ranges cannot be divided. `mistakes` has one (argument, sentence) for each mistake."""

    def __init__(self, mistakes: Sequence[tuple[str, str]]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(f"{argument}: {sentence}" for argument, sentence in mistakes))


@dataclass(frozen=True, kw_only=True)
class ZonePlan:
    """The subnets of one zone. `pods`: secondary block of the VPC -> the pod subnet in it, the first block first."""

    public: str
    private: str
    intra: str
    pods: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class NetworkPlan:
    """All ranges of a VPC. `pod_blocks`: the blocks to associate with the VPC in addition to `cidr`."""

    cidr: str
    pod_blocks: tuple[str, ...]
    zones: Mapping[str, ZonePlan]


def usable_addresses(cidr: str) -> int:
    """Returns the number of addresses in a subnet that resources can use."""
    return IPv4Network(cidr).num_addresses - RESERVED_PER_SUBNET


def plan(cidr: str, pod_cidr: str, zones: Sequence[str]) -> NetworkPlan:
    """Divides the VPC's range and the pod range into subnets for these zones (names such as `us-west-2a`).

    Raises PlanError with every mistake in the three arguments.
    """
    mistakes = [
        *(("cidr", sentence) for sentence in vpc_range_mistakes(cidr)),
        *(("pod_cidr", sentence) for sentence in pod_range_mistakes(pod_cidr)),
        *(("pod_cidr", sentence) for sentence in overlap_mistakes(cidr, pod_cidr)),
        *(("zones", sentence) for sentence in zone_mistakes(zones)),
    ]
    if mistakes:
        raise PlanError(mistakes)
    vpc, pods = IPv4Network(cidr), IPv4Network(pod_cidr)
    blocks = pod_blocks(pods)
    return NetworkPlan(
        cidr=str(vpc),
        pod_blocks=tuple(map(str, blocks)),
        zones=MappingProxyType({zone: _zone_plan(vpc, blocks, zone) for zone in sorted(zones)}),
    )


def pod_blocks(pods: IPv4Network) -> tuple[IPv4Network, ...]:
    """Returns the blocks, each a /16 or smaller, that add a pod range to a VPC."""
    return tuple(pods.subnets(new_prefix=max(pods.prefixlen, ASSOCIATION_PREFIX)))


def pod_subnets(pod_cidr: str) -> list[str]:
    """Returns the pod subnets of every zone that a region may have."""
    return [str(slot) for block in pod_blocks(IPv4Network(pod_cidr)) for slot in _slots(block)]


def taken_ranges(cidr: str) -> tuple[str, ...]:
    """Returns the ranges of a VPC in which the platform has subnets, or may have them in another zone."""
    return tuple(map(str, _tiers(IPv4Network(cidr))))


def _tiers(vpc: IPv4Network) -> tuple[IPv4Network, IPv4Network, IPv4Network]:
    """Returns the tiers of the public, the intra and the private subnets."""
    lower, upper = vpc.subnets(prefixlen_diff=1)
    public = next(lower.subnets(new_prefix=min(vpc.prefixlen + 8, 27) - SLOT_BITS))
    intra_start = int(public.broadcast_address) + 1  # aligned: the intra tier is never the larger one
    return public, IPv4Network((intra_start, min(vpc.prefixlen + 10, 28) - SLOT_BITS)), upper


def _zone_plan(vpc: IPv4Network, blocks: Sequence[IPv4Network], zone: str) -> ZonePlan:
    slot = ZONE_LETTERS.index(zone[-1])
    public, intra, private = _tiers(vpc)
    return ZonePlan(
        public=str(_slot(public, slot)),
        private=str(_slot(private, slot)),
        intra=str(_slot(intra, slot)),
        pods=MappingProxyType({str(block): str(_slot(block, slot)) for block in blocks}),
    )


def _slot(tier: IPv4Network, slot: int) -> IPv4Network:
    return _slots(tier)[slot]


def _slots(tier: IPv4Network) -> list[IPv4Network]:
    return list(tier.subnets(prefixlen_diff=SLOT_BITS))


def range_mistakes(cidr: str) -> list[str]:
    """Returns what is wrong with the way a range is written; nothing when it is an IPv4 range without host bits."""
    try:
        network = IPv4Network(cidr, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return [f"{cidr!r} is not an IPv4 range. Write it as address/prefix, for example 10.0.0.0/16."]
    if "/" not in cidr:
        prefix = 16 if network[0].packed[2:] == bytes(2) else 32
        why = "so it would be a single address"
        return [f"{cidr} has no prefix length, {why}. Write for example {network[0]}/{prefix}."]
    if not cidr.partition("/")[2].isdigit():
        return [f"{cidr} has a netmask instead of a prefix length. Write {network}."]
    if str(network) != cidr:
        return [f"{cidr} has host bits set, which no range has. Write {network}."]
    return []


def range_has_hosts(cidr: str) -> str:
    """Returns the range unchanged. Raises ValueError when it is no IPv4 range, or when nobody has a host in it."""
    mistakes = range_mistakes(cidr)
    if not mistakes and IPv4Network(cidr).prefixlen == 0:
        mistakes = [f"{cidr} is every address. Name the networks; port 443 of the internet is `internet: true`."]
    if not mistakes:
        mistakes = [
            f"{cidr} has addresses of {block}, where no network has hosts: there are the node's "
            "own, and its metadata. Write a range without them."
            for block in UNROUTABLE_CIDRS
            if IPv4Network(cidr).overlaps(IPv4Network(block))
        ]
    raise_if(mistakes)
    return cidr


def vpc_range_mistakes(cidr: str) -> list[str]:
    """Returns every mistake in the VPC's own range."""
    if mistakes_in_form := range_mistakes(cidr):
        return mistakes_in_form
    vpc, mistakes = IPv4Network(cidr), []
    if not LARGEST_VPC_RANGE <= vpc.prefixlen <= SMALLEST_RANGE:
        mistakes.append(
            f"{cidr} is a /{vpc.prefixlen}; AWS refuses a VPC larger than /{LARGEST_VPC_RANGE}, and one smaller than "
            f"/{SMALLEST_RANGE} cannot be divided into subnets for eight zones. Give a /16 to /20."
        )
    if not any(vpc.subnet_of(space) for space in VPC_SPACE):
        mistakes.append(
            f"{cidr} is not private address space, so the internet hosts with these addresses could not be reached. "
            "Take a range inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)."
        )
    return mistakes


def pod_range_mistakes(pod_cidr: str) -> list[str]:
    """Returns every mistake in the pod range, without comparing it with the VPC's range."""
    if mistakes_in_form := range_mistakes(pod_cidr):
        return mistakes_in_form
    pods, mistakes = IPv4Network(pod_cidr), []
    if not LARGEST_POD_RANGE <= pods.prefixlen <= SMALLEST_RANGE:
        mistakes.append(
            f"{pod_cidr} is a /{pods.prefixlen}; a VPC can add four blocks of /16, which is a /{LARGEST_POD_RANGE}, "
            f"and below /{SMALLEST_RANGE} a zone has room for the pods of at most one node. Give a /14 to /20; "
            "100.64.0.0/16 serves about 56 nodes a zone."
        )
    if pods.subnet_of(RESTRICTED):
        mistakes.append(
            f"{pod_cidr} is in {RESTRICTED}, which AWS adds to no VPC with a range of RFC 1918 or of {POD_SPACE}. Take "
            "shared address space (RFC 6598), for example 100.64.0.0/16."
        )
    elif not pods.subnet_of(POD_SPACE):
        mistakes.append(
            f"{pod_cidr} is not inside {POD_SPACE}, so pods would use up addresses that other networks of the company "
            "may need. Take shared address space (RFC 6598), for example 100.64.0.0/16."
        )
    return mistakes


def overlap_mistakes(cidr: str, pod_cidr: str) -> list[str]:
    """Returns a mistake when the two ranges share addresses; nothing when one of them is not a range."""
    if range_mistakes(cidr) or range_mistakes(pod_cidr):
        return []
    if not IPv4Network(cidr).overlaps(IPv4Network(pod_cidr)):
        return []
    sentence = (
        f"{pod_cidr} overlaps the VPC's own range {cidr}, and an address can belong to one subnet only. "
        "Give pods another range, for example 100.64.0.0/16 with a VPC of 10.0.0.0/16."
    )
    return [sentence]


def zone_count_mistakes(count: int) -> list[str]:
    """Returns a mistake when a VPC cannot have this number of zones."""
    if MIN_ZONES <= count <= MAX_ZONES:
        return []
    reason = (
        "EKS needs at least two zones for its control plane"
        if count < MIN_ZONES
        else "no region has more than six zones for EKS"
    )
    return [
        (
            f"{count} zone{' is' if count == 1 else 's are'} requested, but {reason}. Give {MIN_ZONES} to {MAX_ZONES}, "
            "usually 3."
        )
    ]


def zone_mistakes(zones: Sequence[str]) -> list[str]:
    """Returns every mistake in a list of zone names."""
    mistakes = zone_count_mistakes(len(zones))
    if twice := sorted({zone for zone in zones if list(zones).count(zone) > 1}):
        mistakes.append(f"{', '.join(twice)} is named twice. Name each zone once.")
    for zone in dict.fromkeys(zones):
        if not zone or zone[-1] not in ZONE_LETTERS:
            mistakes.append(
                f"{zone!r} is not an availability zone: its last letter, a to h, gives its slot in the address plan. "
                "Write for example us-west-2a."
            )
    letters = {zone[-1] for zone in zones if zone}
    if not twice and len(letters) < len(zones):
        mistakes.append(
            f"{', '.join(zones)} are not zones of one region: two have the same letter. Take zones of one region."
        )
    return mistakes
