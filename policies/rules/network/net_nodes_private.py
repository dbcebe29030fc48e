"""Nodes run in subnets that the internet cannot reach."""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.pools import NODE_CLASS, NODE_GROUP, SUBNET, SUBNET_TERMS, subnets_of
from policies.rule import NotKnownError, Resource, Sample, Stack, StackCase, StackRule, at, flag
from policies.samples import node_class

ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
TABLE, ROUTE = "aws:ec2/routeTable:RouteTable", "aws:ec2/route:Route"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"


def _leads_out(stack: Stack, holder: Resource, key: str) -> bool:
    """Tells whether a route, or a table's routes, lead to an internet gateway of this stack or of elsewhere."""
    if stack.linked(holder, key, (GATEWAY,)):
        return True
    try:
        return not holder.links.get(key) and "igw-" in str(at(holder, key))
    except NotKnownError:  # unknown and without dependencies: AWS fills it in, the program did not set it
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
    for nodes in stack.of(NODE_GROUP, NODE_CLASS):
        path = "subnetIds" if nodes.type == NODE_GROUP else SUBNET_TERMS
        subnets = subnets_of(stack, nodes)
        if not subnets:
            yield nodes, path, "names no subnet of this stack, so it is not known whether the subnets are private"
        for subnet in subnets:
            if subnet.urn in public_subnets:
                yield nodes, path, f"includes {subnet.name}, whose route table leads to an internet gateway"
            elif flag(subnet, "mapPublicIpOnLaunch"):
                yield nodes, path, f"includes {subnet.name}, which gives every instance a public address"


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


def _karpenter(*terms: dict[str, object], target: str = "igw") -> StackCase:
    """Returns a stack of a node class, a private subnet (subnet-1), and one that is public if target is `igw`."""
    network = {name: sample for name, sample in _stack(target=target).resources.items() if name != "cpu"}
    inner = Sample(SUBNET, {"id": "subnet-1", "tags": {"karpenter.sh/discovery": "prod", "tier": "nodes"}})
    outer = Sample(SUBNET, {"id": "subnet-2", "tags": {"karpenter.sh/discovery": "prod", "tier": "edge"}})
    selecting = Sample(NODE_CLASS, node_class(subnetSelectorTerms=list(terms)))
    return StackCase({**network, "private": outer, "inner": inner, "class": selecting}, at=("class", SUBNET_TERMS))


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
    applies_to=(NODE_GROUP, NODE_CLASS, SUBNET, ASSOCIATION, TABLE, ROUTE, GATEWAY),
    severity="high",
    standards=("CIS EKS 5.4.3", "EKS best practices: hosts"),
    why="A node that the internet cannot reach stays safe even when a security group is wrong.",
    fix="Give the node group the private subnets, which reach the internet through NAT.",
    check=check,
    good={
        "behind NAT": _stack(),
        "through a VPN": StackCase(_THROUGH_A_VPN),
        "routes that AWS fills in": StackCase(_FILLED_IN),
        "Karpenter, by tags": _karpenter({"tags": {"karpenter.sh/discovery": "prod", "tier": "nodes"}}),
        "Karpenter, by a tag with any value": _karpenter({"tags": {"tier": "*"}}, target="nat"),
        "Karpenter, by id": _karpenter({"id": "subnet-1"}),
        "no nodes": StackCase({"private": Sample(SUBNET)}),
    },
    bad={
        "nothing set": _stack(subnets=()),
        "a route to the internet": _stack(target="igw"),
        "a route in the table itself": StackCase(_INLINE, at=("cpu", "subnetIds")),
        "a route in the table, to a gateway of another stack": StackCase(
            {**_stack().resources, "table": Sample(TABLE, {"routes": [{"gatewayId": "igw-1"}]})},
            at=("cpu", "subnetIds"),
        ),
        "a route to a gateway of another stack": StackCase(
            {
                **_stack().resources,
                "default": Sample(ROUTE, {"gatewayId": "igw-1"}, links={"routeTableId": "table"}),
            },
            at=("cpu", "subnetIds"),
        ),
        "Karpenter, nothing set": _karpenter(),
        "Karpenter, by a tag of a private and a public subnet": _karpenter(
            {"tags": {"karpenter.sh/discovery": "prod"}}
        ),
        "Karpenter, by a tag with any value": _karpenter({"tags": {"tier": "*"}}),
        "Karpenter, the second of two terms": _karpenter({"tags": {"tier": "nodes"}}, {"id": "subnet-2"}),
        "Karpenter, by a tag that no subnet has": _karpenter({"tags": {"tier": "none"}}),
        "public addresses": _stack(public_ip=True),
    },
)
