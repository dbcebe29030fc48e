"""One VPC: public, private, intra and pod subnets in each zone, with routes, NAT gateways and endpoints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.core.stage import DISCOVERY_TAG, Stage
from components.network.endpoint_policies import endpoint_policy
from components.network.flow_logs import FlowLogs, FlowLogsArgs
from settings.network.network import NetworkSettings
from settings.network.network_plan import plan

ANYWHERE = "0.0.0.0/0"
TIERS = ("public", "private", "intra", "pods")


def subnet_tags(tier: str, discovery: str) -> dict[str, str]:
    """Returns the tags by which controllers find subnets. discovery: the value that EC2NodeClasses select.

    The VPC CNI gives pods no address from a subnet with `role/cni` 0, not even on the primary interface of a node.
    Sources: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/,
    https://karpenter.sh/docs/concepts/nodeclasses/, https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html
    """
    return {
        "public": {"kubernetes.io/role/elb": "1"},
        "private": {
            "kubernetes.io/role/internal-elb": "1",
            DISCOVERY_TAG: discovery,
            "kubernetes.io/role/cni": "0",  # otherwise pods also use addresses of the nodes' subnet, and fill it
        },
        "intra": {},
        "pods": {"kubernetes.io/role/cni": "1", DISCOVERY_TAG: discovery},
    }[tier]


def nat_zones(mode: str, zones: Sequence[str], live: Sequence[str] = ()) -> dict[str, str]:
    """Returns zone -> the zone whose NAT gateway it uses. Empty: without NAT.

    live: the zones that have one. A single one stays in its zone: others may have its address in an allow list.
    """
    if mode == "none":
        return {}
    single = next((zone for zone in live if zone in zones), zones[0])
    return {zone: zone if mode == "per-zone" else single for zone in zones}


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """Arguments of the network.

    zones: names of the zones; a single NAT gateway is in the first one, or where it is: live_nat_zones.
    more_endpoints: interface endpoints that something in the stack needs, beside those of the settings.
    bucket_key_arn: key for the flow-log bucket; None when flow logs go to CloudWatch.
    Raises PlanError when the ranges are not large enough for the zones.
    """

    settings: NetworkSettings
    stage: Stage
    zones: Sequence[str]
    logs_key_arn: pulumi.Input[str]
    bucket_key_arn: pulumi.Input[str] | None
    live_nat_zones: Sequence[str] = ()
    more_endpoints: Sequence[str] = ()


class Network(pulumi.ComponentResource):
    """The network. Children are named by zone, never by index: removing a zone changes no resource of the others.

    subnet_ids: tier -> zone -> subnet id; of the pod subnets, the one in the first block of the pod range.
    routes_and_endpoints: a node that starts before them cannot join its cluster.
    connections: the transit gateway's attachment, and the routes to the company's networks.
    nat_ids: zone -> its NAT gateway, of the zones that have one.
    Source: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """

    vpc: aws.ec2.Vpc
    vpc_id: pulumi.Output[str]
    subnet_ids: Mapping[str, Mapping[str, pulumi.Output[str]]]
    _more_pod_subnets: dict[str, dict[str, pulumi.Output[str]]]
    routes_and_endpoints: list[pulumi.Resource]
    connections: list[pulumi.Resource]
    nat_ids: Mapping[str, pulumi.Output[str]]
    cidr: str

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:network:Network", name, None, opts)
        self._key, self._args, self._opts = name, args, pulumi.ResourceOptions(parent=self)
        self.cidr = args.settings.cidr
        self.routes_and_endpoints = []
        self.vpc = self._vpc()
        self.vpc_id = self.vpc.id
        self.subnet_ids = self._subnets()
        tables = self._routes()
        self.connections = self._connections(tables)
        self._endpoints(list(tables.values()))
        FlowLogs(
            f"{name}-flow-logs",
            FlowLogsArgs(
                settings=args.settings.flow_logs,
                stage=args.stage,
                vpc_id=self.vpc_id,
                logs_key_arn=args.logs_key_arn,
                bucket_key_arn=args.bucket_key_arn,
            ),
            self._opts,
        )
        self.register_outputs({"vpc_id": self.vpc_id, "subnet_ids": self.subnet_ids})

    def _named(self, suffix: str) -> dict[str, str]:
        return {"Name": f"{self._args.stage.prefix}-{suffix}"}

    def _vpc(self) -> aws.ec2.Vpc:
        vpc = aws.ec2.Vpc(
            f"{self._key}-vpc",
            cidr_block=self._args.settings.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            enable_network_address_usage_metrics=True,
            tags=self._named("vpc"),
            opts=self._opts,
        )
        aws.ec2.DefaultSecurityGroup(
            f"{self._key}-default", vpc_id=vpc.id, ingress=[], egress=[], tags=self._named("closed"), opts=self._opts
        )
        return vpc

    def _subnets(self) -> dict[str, dict[str, pulumi.Output[str]]]:
        args = self._args
        ranges = plan(args.settings.cidr, args.settings.pod_cidr, args.zones)
        blocks = {
            block: aws.ec2.VpcIpv4CidrBlockAssociation(
                f"{self._key}-{block.split('/')[0]}", vpc_id=self.vpc_id, cidr_block=block, opts=self._opts
            )
            for block in ranges.pod_blocks
        }
        ids: dict[str, dict[str, pulumi.Output[str]]] = {tier: {} for tier in TIERS}
        self._more_pod_subnets = {zone: {} for zone in ranges.zones}
        for zone, zone_plan in ranges.zones.items():
            for tier in ("public", "private", "intra"):
                ids[tier][zone] = self._subnet(f"{tier}-{zone}", tier, zone, getattr(zone_plan, tier), self.vpc_id)
            # Pod subnets get the VPC's id from the block, which must be associated with the VPC first. Those of later
            # blocks have the block in their name, so that a larger pod range renames no subnet.
            (first, cidr), *later = zone_plan.pods.items()
            ids["pods"][zone] = self._subnet(f"pods-{zone}", "pods", zone, cidr, blocks[first].vpc_id)
            for block, more in later:
                suffix = f"pods-{block.split('/')[0]}-{zone}"
                self._more_pod_subnets[zone][suffix] = self._subnet(suffix, "pods", zone, more, blocks[block].vpc_id)
        return ids

    def _subnet(self, suffix: str, tier: str, zone: str, cidr: str, vpc_id: pulumi.Input[str]) -> pulumi.Output[str]:
        stage = self._args.stage
        discovery = stage.pod_subnets if tier == "pods" else stage.prefix
        subnet = aws.ec2.Subnet(
            f"{self._key}-{suffix}",
            vpc_id=vpc_id,
            cidr_block=cidr,
            availability_zone=zone,
            map_public_ip_on_launch=False,
            tags={**self._named(suffix), **subnet_tags(tier, discovery)},
            opts=self._opts,
        )
        subnet_id: pulumi.Output[str] = subnet.id
        return subnet_id

    def _route_table(self, suffix: str, subnets: Mapping[str, pulumi.Output[str]]) -> aws.ec2.RouteTable:
        table = aws.ec2.RouteTable(
            f"{self._key}-{suffix}", vpc_id=self.vpc_id, tags=self._named(suffix), opts=self._opts
        )
        self.routes_and_endpoints += [
            aws.ec2.RouteTableAssociation(
                f"{self._key}-{subnet}", route_table_id=table.id, subnet_id=subnet_id, opts=self._opts
            )
            for subnet, subnet_id in subnets.items()
        ]
        return table

    def _default_route(
        self,
        suffix: str,
        table: aws.ec2.RouteTable,
        *,
        gateway_id: pulumi.Output[str] | None = None,
        nat_gateway_id: pulumi.Output[str] | None = None,
    ) -> None:
        route = aws.ec2.Route(
            f"{self._key}-{suffix}-internet",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway_id,
            nat_gateway_id=nat_gateway_id,
            opts=self._opts,
        )
        self.routes_and_endpoints.append(route)

    def _routes(self) -> dict[str, aws.ec2.RouteTable]:
        """Registers the routes to the internet. Returns name -> route table, of the subnets that are not public."""
        ids = self.subnet_ids
        gateway = aws.ec2.InternetGateway(
            f"{self._key}-internet",
            vpc_id=self.vpc_id,
            tags=self._named("internet"),
            # AWS can move it to another VPC, but not while public addresses of the old one are in use.
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["vpcId"]),
        )
        public = self._route_table("public", {f"public-{zone}": i for zone, i in ids["public"].items()})
        self._default_route("public", public, gateway_id=gateway.id)
        live = self._args.live_nat_zones
        nat_zone_of = nat_zones(self._args.settings.nat, list(ids["private"]), live)
        nats = {zone: self._nat(zone, gateway) for zone in dict.fromkeys(nat_zone_of.values())}
        self.nat_ids = {zone: nat.id for zone, nat in nats.items()}
        if leaving := [zone for zone in live if zone not in nats]:
            pulumi.log.warn(
                f"the NAT gateways of {', '.join(leaving)} go, and with them their public addresses: who has these in "
                "an allow list has to allow those of the others first.",
                self,
            )
        tables = {"intra": self._route_table("intra", {f"intra-{zone}": i for zone, i in ids["intra"].items()})}
        for zone in ids["private"]:
            subnets = {f"{tier}-{zone}": ids[tier][zone] for tier in ("private", "pods")}
            subnets |= self._more_pod_subnets[zone]
            table = tables[f"private-{zone}"] = self._route_table(f"private-{zone}", subnets)
            if zone in nat_zone_of:
                self._default_route(f"private-{zone}", table, nat_gateway_id=nats[nat_zone_of[zone]].id)
        return tables

    def _connections(self, tables: Mapping[str, aws.ec2.RouteTable]) -> list[pulumi.Resource]:
        """Registers the ways to the company's networks. The control plane's interfaces answer from intra subnets.

        Source: Amazon VPC Transit Gateways guide, "Transit gateway VPC attachments": one subnet in each zone, since a
        zone without one is not reached; read 2026-11
        """
        settings = self._args.settings
        connections: list[pulumi.Resource] = []

        def route(cidr: str, opts: pulumi.ResourceOptions, **target: str) -> None:
            for name, table in tables.items():
                connections.append(
                    aws.ec2.Route(
                        f"{self._key}-{name}-to-{cidr.replace('/', '-')}",
                        route_table_id=table.id,
                        destination_cidr_block=cidr,
                        transit_gateway_id=target.get("gateway"),
                        vpc_peering_connection_id=target.get("peering"),
                        opts=opts,
                    )
                )

        if gateway := settings.transit_gateway:
            attachment = aws.ec2transitgateway.VpcAttachment(
                f"{self._key}-transit-gateway",
                transit_gateway_id=gateway.id,
                vpc_id=self.vpc_id,
                subnet_ids=list(self.subnet_ids["intra"].values()),
                tags=self._named("transit-gateway"),
                opts=self._opts,
            )
            connections.append(attachment)
            # EC2 knows the gateway in this VPC only from the attachment on: before it, a route is refused.
            after = pulumi.ResourceOptions(parent=self, depends_on=[attachment])
            for cidr in gateway.cidrs:
                route(cidr, after, gateway=gateway.id)
        for peer in settings.peering.values():
            for cidr in peer.cidrs:
                route(cidr, self._opts, peering=peer.id)
        return connections

    def _nat(self, zone: str, gateway: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        tags = self._named(f"nat-{zone}")
        address = aws.ec2.Eip(f"{self._key}-nat-{zone}", domain="vpc", tags=tags, opts=self._opts)
        return aws.ec2.NatGateway(
            f"{self._key}-nat-{zone}",
            subnet_id=self.subnet_ids["public"][zone],
            allocation_id=address.allocation_id,
            tags=tags,
            # Without an internet gateway, AWS creates the NAT gateway and then marks it as failed. The address, which
            # others may have in an allow list, can only serve one NAT gateway at a time.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[gateway], delete_before_replace=True),
        )

    def _endpoints(self, tables: Sequence[aws.ec2.RouteTable]) -> None:
        settings = self._args.settings.endpoints
        for service in settings.gateway:
            self._endpoint("Gateway", service, route_table_ids=[table.id for table in tables])
        interface = list(dict.fromkeys([*settings.interface, *self._args.more_endpoints]))
        if not interface:
            return
        group = self._endpoint_security_group()
        for service in interface:
            self._endpoint(
                "Interface",
                service,
                subnet_ids=list(self.subnet_ids["private"].values()),  # intra subnets are too small for many endpoints
                security_group_ids=[group.id],
                private_dns_enabled=True,
            )

    def _endpoint(
        self,
        kind: str,
        service: str,
        *,
        route_table_ids: Sequence[pulumi.Input[str]] | None = None,
        subnet_ids: Sequence[pulumi.Input[str]] | None = None,
        security_group_ids: Sequence[pulumi.Input[str]] | None = None,
        private_dns_enabled: bool | None = None,
    ) -> None:
        endpoint = aws.ec2.VpcEndpoint(
            f"{self._key}-endpoint-{service}",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{self._args.stage.region}.{service}",
            vpc_endpoint_type=kind,
            policy=endpoint_policy(self._args.stage, self._args.settings.endpoints, kind, service),
            tags=self._named(f"endpoint-{service}"),
            route_table_ids=route_table_ids,
            subnet_ids=subnet_ids,
            security_group_ids=security_group_ids,
            private_dns_enabled=private_dns_enabled,
            opts=self._opts,
        )
        self.routes_and_endpoints.append(endpoint)

    def _endpoint_security_group(self) -> aws.ec2.SecurityGroup:
        group = aws.ec2.SecurityGroup(
            f"{self._key}-endpoints",
            description="HTTPS from nodes and pods to AWS services",
            vpc_id=self.vpc_id,
            tags=self._named("endpoints"),
            opts=self._opts,
        )
        for clients, cidr in (("nodes", self._args.settings.cidr), ("pods", self._args.settings.pod_cidr)):
            aws.vpc.SecurityGroupIngressRule(
                f"{self._key}-endpoints-{clients}",
                description=f"HTTPS from {clients}",
                security_group_id=group.id,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                cidr_ipv4=cidr,
                opts=self._opts,
            )
        return group
