"""As many NAT gateways as the environment is worth: one for the VPC, or one for each zone."""

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
        found = gateways[vpc.urn]
        if not found:
            continue  # a VPC without NAT is cheap and reaches nothing: other rules and the nodes themselves will tell
        zones, served = _zones(subnets[vpc.urn]), _zones([subnet for _, subnet in found])
        most = 1 if per == "vpc" else len(zones)
        if len(found) > most:
            yield vpc, "natGateways", f"number {len(found)}, where {most} would do"
        if per == "zone" and zones - served:
            yield (
                vpc,
                "natGateways",
                f"leave out {', '.join(sorted(zones - served))}, which goes down with another zone",
            )


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
    why="A NAT gateway costs over $30 a month idle; one too few takes all zones down with its own.",
    fix="Set network.nat: single for development, per-zone for production.",
    options={"per": Option('"zone" asks for one in each zone, "vpc" for one at most.', "zone", {"dev": "vpc"})},
    staging="advisory",
    check=check,
    good={
        "one for each zone": _stack("a", "b"),
        "dev: one": _stack("a", environment="dev"),
        "no NAT": _stack(),
    },
    bad={
        "nothing said of the second zone": _stack("a"),
        "two in one zone": _stack("a", "a"),
        "one too many": _stack("a", "a", "b"),
        "dev: one for each zone": _stack("a", "b", environment="dev"),
    },
)
