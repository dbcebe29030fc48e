"""Nodes stand in subnets that the internet cannot reach."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from common.values import UNKNOWN
from policies.pools import NODE_CLASS, NODE_GROUP
from policies.rule import NotKnownError, Resource, Sample, Stack, StackCase, StackRule, View, at, each, flag, keys, text
from policies.samples import node_class

SUBNET, TERMS = "aws:ec2/subnet:Subnet", "spec.subnetSelectorTerms"
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


def _fits(subnet: Resource, term: View) -> bool:
    """Whether a selector of Karpenter's means the subnet: by its id, or by all of the tags; * is any value."""
    if wanted := text(term, "id"):
        return subnet.id == wanted
    return all(
        fnmatchcase(text(subnet, ("tags", name)), text(term, ("tags", name)).replace("*", "?*"))
        for name in keys(term, "tags")
    )


def _subnets(stack: Stack, nodes: Resource) -> list[Resource]:
    if nodes.type == NODE_GROUP:
        return stack.linked(nodes, "subnetIds", (SUBNET,))
    terms = list(each(nodes, TERMS))
    return [subnet for subnet in stack.of(SUBNET) if any(_fits(subnet, term) for term in terms)]


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    public_tables, public_subnets = _public_tables(stack), set()
    for association in stack.of(ASSOCIATION):
        if public_tables & {table.urn for table in stack.linked(association, "routeTableId", (TABLE,))}:
            public_subnets |= {subnet.urn for subnet in stack.linked(association, "subnetId", (SUBNET,))}
    for nodes in stack.of(NODE_GROUP, NODE_CLASS):
        path = "subnetIds" if nodes.type == NODE_GROUP else TERMS
        subnets = _subnets(stack, nodes)
        if not subnets:
            yield nodes, path, "names no subnet of this stack, so nothing here tells whether they are private"
        for subnet in subnets:
            if subnet.urn in public_subnets:
                yield nodes, path, f"holds {subnet.name}, whose route table leads to an internet gateway"
            elif flag(subnet, "mapPublicIpOnLaunch"):
                yield nodes, path, f"holds {subnet.name}, which gives every machine a public address"


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
    """A node class beside a private subnet and a public one, or two private ones."""
    around = {name: sample for name, sample in _stack(target=target).resources.items() if name != "cpu"}
    inside = Sample(SUBNET, {"id": "subnet-1", "tags": {"karpenter.sh/discovery": "prod", "tier": "nodes"}})
    outside = Sample(SUBNET, {"id": "subnet-2", "tags": {"karpenter.sh/discovery": "prod", "tier": "edge"}})
    selecting = Sample(NODE_CLASS, node_class(subnetSelectorTerms=list(terms)))
    return StackCase({**around, "private": outside, "inside": inside, "class": selecting}, at=("class", TERMS))


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
    why="What has no route from the internet needs no firewall rule to be right.",
    fix="Give the node group the private subnets, which leave through NAT.",
    check=check,
    good={
        "behind NAT": _stack(),
        "through a VPN": StackCase(_THROUGH_A_VPN),
        "a list that AWS fills in": StackCase(_FILLED_IN),
        "Karpenter, by tags": _karpenter({"tags": {"karpenter.sh/discovery": "prod", "tier": "nodes"}}),
        "Karpenter, by any value of a tag": _karpenter({"tags": {"tier": "*"}}, target="nat"),
        "Karpenter, by id": _karpenter({"id": "subnet-1"}),
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
        "Karpenter, nothing said": _karpenter(),
        "Karpenter, by tags of both": _karpenter({"tags": {"karpenter.sh/discovery": "prod"}}),
        "Karpenter, by any value of a tag": _karpenter({"tags": {"tier": "*"}}),
        "Karpenter, by one of two selectors": _karpenter({"tags": {"tier": "nodes"}}, {"id": "subnet-2"}),
        "Karpenter, by tags that none has": _karpenter({"tags": {"tier": "none"}}),
        "public addresses": _stack(public_ip=True),
    },
)
