"""Nodes stand in subnets that the internet cannot reach."""

from collections.abc import Iterator

from policies.decode import UNKNOWN
from policies.rule import NotKnownError, Resource, Sample, Stack, StackCase, StackRule, at, flag

NODE_GROUP, SUBNET = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/subnet:Subnet"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
TABLE, ROUTE = "aws:ec2/routeTable:RouteTable", "aws:ec2/route:Route"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"


def _leads_out(stack: Stack, holder: Resource, key: str) -> bool:
    """Whether a route or a table's routes lead to an internet gateway, of this stack or known by its id alone."""
    if stack.linked(holder, key, (GATEWAY,)):
        return True
    try:
        return not holder.links.get(key) and "igw-" in str(at(holder, key))
    except NotKnownError:  # unknown, and computed from nothing here: AWS fills it in, the program did not say it
        return False


def _public_tables(stack: Stack) -> set[str]:
    public = {table.urn for table in stack.of(TABLE) if _leads_out(stack, table, "routes")}
    for route in stack.of(ROUTE):
        if _leads_out(stack, route, "gatewayId"):
            public |= {table.urn for table in stack.linked(route, "routeTableId", (TABLE,))}
    return public


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    public_tables, public_subnets = _public_tables(stack), set()
    for association in stack.of(ASSOCIATION):
        if public_tables & {table.urn for table in stack.linked(association, "routeTableId", (TABLE,))}:
            public_subnets |= {subnet.urn for subnet in stack.linked(association, "subnetId", (SUBNET,))}
    for group in stack.of(NODE_GROUP):
        subnets = stack.linked(group, "subnetIds", (SUBNET,))
        if not subnets:
            yield group, "subnetIds", "names no subnet of this stack, so nothing here tells whether they are private"
        for subnet in subnets:
            if subnet.urn in public_subnets:
                yield group, "subnetIds", f"holds {subnet.name}, whose route table leads to an internet gateway"
            elif flag(subnet, "mapPublicIpOnLaunch"):
                yield group, "subnetIds", f"holds {subnet.name}, which gives every machine a public address"


def _stack(*, target: str = "nat", public_ip: bool = False, subnets: tuple[str, ...] = ("private",)) -> StackCase:
    return StackCase(
        {
            "igw": Sample(GATEWAY),
            "private": Sample(SUBNET, {"mapPublicIpOnLaunch": public_ip}),
            "table": Sample(TABLE),
            "association": Sample(ASSOCIATION, links={"routeTableId": "table", "subnetId": "private"}),
            "default": Sample(
                ROUTE,
                {"destinationCidrBlock": "0.0.0.0/0"},
                links={"routeTableId": "table", **({"gatewayId": "igw"} if target == "igw" else {})},
            ),
            "cpu": Sample(NODE_GROUP, links={"subnetIds": subnets}),
        },
        at=("cpu", "subnetIds"),
    )


_INLINE = {
    **_stack().resources,
    "table": Sample(TABLE, {"routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]}, links={"routes": "igw"}),
}
_FILLED_IN = {**_stack().resources, "table": Sample(TABLE, {"routes": UNKNOWN})}
_THROUGH_A_VPN = {
    **_stack().resources,
    "vpn": Sample("aws:ec2/vpnGateway:VpnGateway"),
    "default": Sample(ROUTE, {"gatewayId": "igw-like"}, links={"routeTableId": "table", "gatewayId": "vpn"}),
}

RULE = StackRule(
    id="net-nodes-private",
    applies_to=(NODE_GROUP, SUBNET, ASSOCIATION, TABLE, ROUTE, GATEWAY),
    severity="high",
    standards=("CIS EKS 5.4.3", "EKS best practices: hosts"),
    why="What has no route from the internet needs no firewall rule to be right.",
    fix="Give the node group the private subnets, which leave through NAT.",
    check=check,
    good={
        "behind NAT": _stack(),
        "through a VPN": StackCase(_THROUGH_A_VPN),
        "a list that AWS fills in": StackCase(_FILLED_IN),
        "no nodes": StackCase({"private": Sample(SUBNET)}),
    },
    bad={
        "nothing said": _stack(subnets=()),
        "a route to the internet": _stack(target="igw"),
        "the route written into the table": StackCase(_INLINE, at=("cpu", "subnetIds")),
        "the same, known by its id alone": StackCase(
            {**_stack().resources, "table": Sample(TABLE, {"routes": [{"gatewayId": "igw-1"}]})},
            at=("cpu", "subnetIds"),
        ),
        "a gateway known by its id alone": StackCase(
            {
                **_stack().resources,
                "default": Sample(ROUTE, {"gatewayId": "igw-1"}, links={"routeTableId": "table"}),
            },
            at=("cpu", "subnetIds"),
        ),
        "public addresses": _stack(public_ip=True),
    },
)
