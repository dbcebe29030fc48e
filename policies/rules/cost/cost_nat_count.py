"""A VPC has as many NAT gateways as its environment needs: one in all, or one in each zone."""

from collections import defaultdict
from collections.abc import Iterator

from policies.rule import Environment, Option, Resource, Sample, Stack, StackCase, StackRule, text

NAT, SUBNET, VPC = "aws:ec2/natGateway:NatGateway", "aws:ec2/subnet:Subnet", "aws:ec2/vpc:Vpc"


def _zones(subnets: list[Resource]) -> set[str]:
    return {text(subnet, "availabilityZone") for subnet in subnets}


def check(stack: Stack, *, per: str) -> Iterator[tuple[Resource, str, str]]:
    subnets, gateways = defaultdict(list), defaultdict(list)
    for subnet in stack.of(SUBNET):
        for vpc in stack.linked(subnet, "vpcId", (VPC,)):
            subnets[vpc.urn].append(subnet)
    for gateway in stack.of(NAT):
        for subnet in stack.linked(gateway, "subnetId", (SUBNET,)):
            for vpc in stack.linked(subnet, "vpcId", (VPC,)):
                gateways[vpc.urn].append((gateway, subnet))
    for vpc in stack.of(VPC):
        vpc_gateways = gateways[vpc.urn]
        if not vpc_gateways:
            continue  # a VPC without NAT costs little; whether it works without the internet is no question of cost
        zones, zones_with_nat = _zones(subnets[vpc.urn]), _zones([subnet for _, subnet in vpc_gateways])
        needed = 1 if per == "vpc" else len(zones)
        if len(vpc_gateways) > needed:
            yield vpc, "natGateways", f"are {len(vpc_gateways)}, but {needed} would be enough"
        if per == "zone" and zones - zones_with_nat:
            missing = ", ".join(sorted(zones - zones_with_nat))
            yield vpc, "natGateways", f"are missing in {missing}, which then fails together with another zone"


def _stack(*gateways: str, environment: Environment = "prod") -> StackCase:
    public = {
        f"public-{zone}": Sample(SUBNET, {"availabilityZone": f"us-west-2{zone}"}, links={"vpcId": "main"})
        for zone in "ab"
    }
    nats = {f"nat-{index}": Sample(NAT, links={"subnetId": f"public-{zone}"}) for index, zone in enumerate(gateways)}
    return StackCase({"main": Sample(VPC), **public, **nats}, at=("main", "natGateways"), environment=environment)


RULE = StackRule(
    id="cost-nat-count",
    applies_to=(NAT, SUBNET, VPC),
    severity="medium",
    standards=("AWS Well-Architected COST06", "AWS Well-Architected REL10"),
    why="An idle NAT gateway costs over $30 a month; with too few, the failure of one zone stops other zones.",
    fix="Set network.nat: single for development, per-zone for production.",
    no_mend="a NAT gateway is missing or too many",
    options={"per": Option('"zone": one gateway in each zone; "vpc": one at most.', "zone", {"dev": "vpc"})},
    staging="advisory",
    check=check,
    good={"one in each zone": _stack("a", "b"), "one in dev": _stack("a", environment="dev"), "no NAT": _stack()},
    bad={
        "nothing set in the second zone": _stack("a"),
        "two in one zone": _stack("a", "a"),
        "one too many": _stack("a", "a", "b"),
        "one in each zone in dev": _stack("a", "b", environment="dev"),
    },
)
