"""A public Kubernetes API accepts named address ranges only."""

import ipaddress
from collections.abc import Iterator

from policies.ranges import is_wide
from policies.rule import Case, Option, Resource, Rule, flag, texts

RANGES = "vpcConfig.publicAccessCidrs"
SHORTEST_IPV6 = 32  # the usual size of one organisation, as /20 is for IPv4


def check(resource: Resource, *, shortest_prefix: float) -> Iterator[tuple[str, str]]:
    if not flag(resource, "vpcConfig.endpointPublicAccess", default=True):
        return
    ranges = texts(resource, RANGES) or ["0.0.0.0/0"]  # AWS's own default
    narrow = True
    for cidr in ranges:
        try:
            network = ipaddress.ip_network(cidr, strict=False)
        except ValueError:
            yield RANGES, "contains a value that is not an address range"
            narrow = False
            continue
        narrow = narrow and network.prefixlen >= (shortest_prefix if network.version == 4 else SHORTEST_IPV6)
        if network.prefixlen == 0:
            yield RANGES, "allows every address: anyone can try credentials on the API server"
        elif network.prefixlen < (shortest_prefix if network.version == 4 else SHORTEST_IPV6):
            yield RANGES, f"contains {network}, which is larger than one organisation's addresses"
    if narrow and is_wide(ranges):
        yield RANGES, "contains more addresses than one organisation has, in many pieces"


RULE = Rule(
    id="eks-public-cidrs-narrow",
    applies_to="aws:eks/cluster:Cluster",
    severity="critical",
    standards=("FSBP EKS.1", "CKV_AWS_38", "CIS EKS 5.4.1"),
    why="Only named address ranges may reach the Kubernetes API.",
    fix="Name your ranges, or turn the public endpoint off.",
    mend={"publicAccessCidrs": ["<your range>"]},
    stack_file={"clusters.<name>.endpoint.public_cidrs": ["<your range>"]},
    on_unknown="fail",  # ranges are literals here
    options={
        "shortest_prefix": Option(
            "The shortest prefix length of an IPv4 range: 20 is 4096 addresses.", 20, stricter="more"
        )
    },
    check=check,
    good={
        "private": {"vpcConfig": {"endpointPublicAccess": False}},
        "open to one office": {"vpcConfig": {"publicAccessCidrs": ["203.0.113.0/24"]}},
        "an address with a prefix length, as AWS accepts it": {"vpcConfig": {"publicAccessCidrs": ["203.0.113.7/24"]}},
        "the widest allowed": {"vpcConfig": {"publicAccessCidrs": ["198.51.96.0/20", "2001:db8::/32"]}},
    },
    bad={
        "nothing set, so AWS opens it": Case({"vpcConfig": {"subnetIds": ["subnet-a", "subnet-b"]}}, at=RANGES),
        "opened on purpose": Case({"vpcConfig": {"publicAccessCidrs": ["0.0.0.0/0"]}}, at=RANGES),
        "the internet in two halves": Case(
            {"vpcConfig": {"publicAccessCidrs": ["0.0.0.0/1", "128.0.0.0/1"]}}, at=RANGES
        ),
        "an empty list, so AWS opens it": Case({"vpcConfig": {"publicAccessCidrs": []}}, at=RANGES),
        "many pieces": Case(
            {"vpcConfig": {"publicAccessCidrs": [f"64.{each}.0.0/20" for each in range(40)]}}, at=RANGES
        ),
        "one range too wide": Case(
            {"vpcConfig": {"publicAccessCidrs": ["203.0.113.0/24", "198.51.0.0/19"]}}, at=RANGES
        ),
        "a wide IPv6 range": Case({"vpcConfig": {"publicAccessCidrs": ["2001::/31"]}}, at=RANGES),
        "not an address range": Case({"vpcConfig": {"publicAccessCidrs": ["office"]}}, at=RANGES),
    },
)
