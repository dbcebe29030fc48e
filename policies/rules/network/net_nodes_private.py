"""Nodes run in subnets that the internet cannot reach."""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.pools import NODE_CLASS, NODE_GROUP, SUBNET, SUBNET_TERMS, subnets_of
from policies.rule import NotKnownError, Resource, Sample, Stack, StackCase, StackRule, at, flag
from policies.samples import node_class

ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
VPC, DEFAULT_TABLE = "aws:ec2/vpc:Vpc", "aws:ec2/defaultRouteTable:DefaultRouteTable"
MAIN = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
TABLE, ROUTE = "aws:ec2/routeTable:RouteTable", "aws:ec2/route:Route"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
NAT = "aws:ec2/natGateway:NatGateway"
INWARD = frozenset(
    (
        *(NAT, "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway", "aws:ec2/vpnGateway:VpnGateway"),
        *("aws:ec2/managedPrefixList:ManagedPrefixList", "aws:ec2/networkInterface:NetworkInterface"),
        *("aws:ec2/vpcEndpoint:VpcEndpoint", "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"),
        "aws:ec2transitgateway/transitGateway:TransitGateway",
    )
)
"""What a route may name, and nobody comes in from the internet."""


def _leads_out(stack: Stack, holder: Resource, key: str) -> bool:
    """Tells whether a route, or a table's routes, lead to an internet gateway of this stack or of elsewhere."""
    if stack.linked(holder, key, (GATEWAY,)) or "igw-" in str(holder.value.get(key)):
        return True
    try:
        at(holder, key)
    except NotKnownError:  # unknown and without dependencies: AWS fills it in, the program did not set it
        if any(target.type not in INWARD for target in holder.links.get(key, ())):
            raise
    return False


TABLES = (TABLE, DEFAULT_TABLE)


def _public_tables(stack: Stack) -> tuple[set[str], set[str]]:
    """Returns the tables that lead to an internet gateway, and the VPCs whose own first table does."""
    public = {table.urn for table in stack.of(*TABLES) if _leads_out(stack, table, "routes")}
    public_vpcs: set[str] = set()
    for route in stack.of(ROUTE):
        if _leads_out(stack, route, "gatewayId"):
            public |= {table.urn for table in stack.linked(route, "routeTableId", TABLES)}
            public_vpcs |= {vpc.urn for vpc in stack.linked(route, "routeTableId", (VPC,))}  # its mainRouteTableId
    return public, public_vpcs


def _public_by_default(stack: Stack, public_tables: set[str], public_vpcs: set[str]) -> set[str]:
    """Returns the VPCs whose main table leads to an internet gateway: that of subnets without a table of their own."""
    main = {vpc.urn: vpc.urn in public_vpcs for vpc in stack.of(VPC)}
    for table in stack.of(DEFAULT_TABLE):
        for vpc in stack.linked(table, "defaultRouteTableId", (VPC,)):
            main[vpc.urn] = main[vpc.urn] or table.urn in public_tables
    for association in stack.of(MAIN):
        tables = stack.linked(association, "routeTableId", TABLES)
        for vpc in stack.linked(association, "vpcId", (VPC,)):
            main[vpc.urn] = any(table.urn in public_tables for table in tables)
    return {urn for urn, is_public in main.items() if is_public}


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    public_tables, public_vpcs = _public_tables(stack)
    by_default = _public_by_default(stack, public_tables, public_vpcs)
    associated, public_subnets = set[str](), set[str]()
    for association in stack.of(ASSOCIATION):
        subnets_here = {subnet.urn for subnet in stack.linked(association, "subnetId", (SUBNET,))}
        associated |= subnets_here
        if public_tables & {table.urn for table in stack.linked(association, "routeTableId", TABLES)}:
            public_subnets |= subnets_here
    for subnet in stack.of(SUBNET):
        vpcs = {vpc.urn for vpc in stack.linked(subnet, "vpcId", (VPC,))}
        if subnet.urn not in associated and vpcs & by_default:
            public_subnets.add(subnet.urn)
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
            elif flag(subnet, "assignIpv6AddressOnCreation"):
                yield nodes, path, f"includes {subnet.name}, which gives every instance a public address of IPv6"


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


def _main(*, table: str = TABLE, of: str = "main", target: str = "igw", associated: bool = False) -> StackCase:
    """Returns a stack whose subnet has the main table of its VPC. of: how that table is the main one."""
    ties = {
        "main": {"tie": Sample(MAIN, links={"vpcId": "vpc", "routeTableId": "table"})},
        "default": {"table": Sample(table, links={"defaultRouteTableId": "vpc"})},
        "vpc": {},
    }
    route = {"routeTableId": "vpc" if of == "vpc" else "table", **({"gatewayId": "igw"} if target == "igw" else {})}
    own = {"own": Sample(TABLE), "association": Sample(ASSOCIATION, links={"routeTableId": "own", "subnetId": "a"})}
    return StackCase(
        {
            "igw": Sample(GATEWAY),
            "vpc": Sample(VPC),
            "a": Sample(SUBNET, links={"vpcId": "vpc"}),
            "table": Sample(table),
            **ties[of],
            "route": Sample(ROUTE, links=route),
            "cpu": Sample(NODE_GROUP, links={"subnetIds": ("a",)}),
            **(own if associated else {}),
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
    "default": Sample(ROUTE, {"gatewayId": UNKNOWN}, links={"routeTableId": "table", "gatewayId": "vpn"}),
}

RULE = StackRule(
    id="net-nodes-private",
    applies_to=(NODE_GROUP, NODE_CLASS, SUBNET, ASSOCIATION, *TABLES, MAIN, VPC, ROUTE, GATEWAY),
    severity="high",
    standards=("CIS EKS 5.4.3", "EKS best practices: hosts"),
    why="A node that the internet cannot reach stays safe even when a security group is wrong.",
    fix="Give the node group the private subnets, which reach the internet through NAT.",
    no_mend="the subnet or its route is wrong",
    check=check,
    good={
        "behind NAT": _stack(),
        "through a VPN": StackCase(_THROUGH_A_VPN),
        "routes that AWS fills in": StackCase(_FILLED_IN),
        "routes to NAT in the table itself": StackCase(
            {
                **_stack().resources,
                "nat": Sample(NAT),
                "table": Sample(TABLE, {"routes": [{"natGatewayId": UNKNOWN}]}, links={"routes": "nat"}),
            }
        ),
        "Karpenter, by tags": _karpenter({"tags": {"karpenter.sh/discovery": "prod", "tier": "nodes"}}),
        "Karpenter, by a tag with any value": _karpenter({"tags": {"tier": "*"}}, target="nat"),
        "Karpenter, by id": _karpenter({"id": "subnet-1"}),
        "the main table of the VPC, behind NAT": _main(target="nat"),
        "a table of its own, beside an open main one": _main(associated=True),
        "an open table that is not the main one": StackCase(
            {key: sample for key, sample in _main().resources.items() if key != "tie"}
        ),
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
            {**_stack().resources, "default": Sample(ROUTE, {"gatewayId": "igw-1"}, links={"routeTableId": "table"})},
            at=("cpu", "subnetIds"),
        ),
        "a gateway that a look-up found, by the VPC": StackCase(
            {
                **_stack().resources,
                "vpc": Sample(VPC),
                "default": Sample(
                    ROUTE, {"gatewayId": "igw-1"}, links={"routeTableId": "table", "gatewayId": ("vpc",)}
                ),
            },
            at=("cpu", "subnetIds"),
        ),
        "a gateway of another stack beside a NAT gateway": StackCase(
            {
                **_stack().resources,
                "nat": Sample(NAT),
                "table": Sample(
                    TABLE, {"routes": [{"natGatewayId": UNKNOWN}, {"gatewayId": "igw-1"}]}, links={"routes": "nat"}
                ),
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
        "the main table of the VPC": _main(),
        "the default table of the VPC": _main(table=DEFAULT_TABLE, of="default"),
        "a route in the VPC's first table": _main(of="vpc"),
        "public addresses": _stack(public_ip=True),
        "public addresses of IPv6": StackCase(
            {**_stack().resources, "private": Sample(SUBNET, {"assignIpv6AddressOnCreation": True})},
            at=("cpu", "subnetIds"),
        ),
    },
)
