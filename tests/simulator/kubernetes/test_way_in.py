"""Who gets to an API server: from where, on which way, and as whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.caller import Caller, CallerError
from simulator.cloud import Cloud
from simulator.eks.kubeconfig import kubeconfig
from simulator.faults import Faults
from simulator.kubernetes.package import KubernetesPackage
from simulator.provider import Call, Refusal
from simulator.values import Props
from tests.simulator.aws.account import Account, Resource
from tests.simulator.kubernetes.bench import config_map, token

TABLE, ROUTE = "aws:ec2/routeTable:RouteTable", "aws:ec2/route:Route"
TABLE_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ATTACHMENT = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ENTRY = "aws:eks/accessEntry:AccessEntry"
POLICY = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
GATEWAY = {"transitGatewayId": "tgw-0123456789abcdef0"}
PEERING = {"vpcPeeringConnectionId": "pcx-0123456789abcdef0"}
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
ROLE = "arn:aws:iam::123456789012:role/deployer"
INSIDE, COMPANY, OFFICE, INTERNET = "10.0.0.200", "10.200.8.10", "203.0.113.10", "198.51.100.7"
OPEN = {"endpointPublicAccess": True, "endpointPrivateAccess": True}
PRIVATE = {"endpointPublicAccess": False, "endpointPrivateAccess": True}


@pytest.fixture
def aws(tmp_path: Path) -> Account:
    return Account(Cloud(tmp_path / "cloud.sqlite"))


def cluster(aws: Account, creator_is_admin: bool = True, **endpoint: Any) -> Resource:
    inputs = aws.cluster_inputs()
    access = {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": creator_is_admin}
    config = {**inputs["vpcConfig"], **endpoint}
    return aws.make("aws:eks/cluster:Cluster", "main", **{**inputs, "vpcConfig": config, "accessConfig": access})


def asked(
    aws: Account, main: Resource, address: str | None, role: str | None = None, principal: str | None = None
) -> str:
    """Creates an object from an address. Returns the refusal, or ""."""
    caller, faults = Caller.at(address, principal), Faults(aws.faults)
    package = KubernetesPackage(aws.cloud, patience_seconds=0.0, caller=caller, faults=faults)
    config: Props = {"kubeconfig": json.dumps(kubeconfig("main", main["endpoint"], "Y2E=", "us-west-2", role))}
    call = Call(f"urn:pulumi:test::project::{token(config_map())}::x", config)
    checked = package.check(call, {}, config_map(), b"seed")
    try:
        made = package.create(call, checked.inputs)
    except Refusal as refusal:
        return str(refusal)
    package.delete(call, made.id, checked.inputs, made.state)
    return ""


def admit(aws: Account, main: Resource, **source: str) -> Resource:
    rule = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, **source}
    return aws.make(INGRESS, "api", securityGroupId=main["vpcConfig"]["clusterSecurityGroupId"], **rule)


def route(aws: Account, main: Resource, cidr: str = "10.200.0.0/16", **target: str) -> None:
    """Makes a way to a range from all subnets of the control plane; a transit gateway is attached first."""
    subnets, vpc = main["vpcConfig"]["subnetIds"], main["vpcConfig"]["vpcId"]
    if "transitGatewayId" in target and not aws.cloud.of_type(ATTACHMENT):
        aws.make(ATTACHMENT, subnetIds=subnets, vpcId=vpc, **target)
    if not aws.cloud.of_type(TABLE_ASSOCIATION):
        table = aws.make(TABLE, "intra", vpcId=vpc)
        for subnet in subnets:
            aws.make(TABLE_ASSOCIATION, subnet, routeTableId=table.id, subnetId=subnet)
    table_id = aws.cloud.of_type(TABLE_ASSOCIATION)[0].state["routeTableId"]
    aws.make(ROUTE, cidr, routeTableId=table_id, destinationCidrBlock=cidr, **target)


@pytest.mark.parametrize(
    ("endpoint", "reached"),
    [
        ({}, {None, INTERNET, OFFICE, INSIDE, COMPANY}),
        (PRIVATE, {INSIDE}),
        ({**OPEN, "publicAccessCidrs": ["203.0.113.0/24"]}, {OFFICE, INSIDE}),
        ({**OPEN, "endpointPrivateAccess": False, "publicAccessCidrs": ["203.0.113.0/24"]}, {OFFICE}),
    ],
    ids=["aws's own defaults", "private", "public to an office", "public alone"],
)
def test_the_endpoints_decide_from_where_the_api_is_reached(
    aws: Account, endpoint: dict[str, Any], reached: set[str | None]
) -> None:
    main = cluster(aws, **endpoint)
    assert {place for place in (None, INTERNET, OFFICE, INSIDE, COMPANY) if not asked(aws, main, place)} == reached


def test_a_refusal_is_that_of_a_real_run_with_the_ways_in(aws: Account) -> None:
    main = cluster(aws, **PRIVATE)
    text = asked(aws, main, INTERNET)
    assert text.startswith("configured Kubernetes cluster is unreachable: unable to load schema information")
    assert f'Get "{main["endpoint"]}/openapi/v2?timeout=32s": dial tcp: i/o timeout' in text
    assert f"the caller at {INTERNET} cannot reach it: its public endpoint is off." in text
    assert text.endswith("`--from ADDRESS` says where the caller stands")
    assert "somewhere on the internet, cannot reach it" in asked(aws, main, None)


@pytest.mark.parametrize("target", [GATEWAY, PEERING], ids=["transit gateway", "peering"])
def test_a_connected_network_needs_a_route_and_a_rule(aws: Account, target: dict[str, str]) -> None:
    main = cluster(aws, **PRIVATE)
    route(aws, main, **target)
    assert asked(aws, main, COMPANY), "the cluster's security group admits its members alone"
    rule = admit(aws, main, cidrIpv4="10.200.8.0/24")
    assert not asked(aws, main, COMPANY)
    assert asked(aws, main, "10.200.9.10"), "another part of the company"
    aws.delete(rule)
    assert asked(aws, main, COMPANY)


def test_beside_a_public_endpoint_the_private_one_is_for_hosts_of_the_vpc_alone(aws: Account) -> None:
    main = cluster(aws, **OPEN, publicAccessCidrs=["203.0.113.0/24"])
    route(aws, main, **GATEWAY)
    admit(aws, main, cidrIpv4="10.200.8.0/24")
    assert asked(aws, main, COMPANY), "elsewhere the name stands for the public addresses"
    assert not asked(aws, main, INSIDE)
    assert not asked(aws, main, OFFICE)


@pytest.mark.parametrize(("target", "counts"), [(GATEWAY, False), (PEERING, True)], ids=["transit gateway", "peering"])
def test_a_group_counts_where_a_rule_can_reference_it(aws: Account, target: dict[str, str], counts: bool) -> None:
    main = cluster(aws, **PRIVATE)
    route(aws, main, **target)
    admit(aws, main, referencedSecurityGroupId="sg-0123456789abcdef0")
    assert (not asked(aws, main, COMPANY)) is counts


def test_a_rule_without_a_route_lets_nobody_in(aws: Account) -> None:
    main = cluster(aws, **PRIVATE)
    admit(aws, main, cidrIpv4="10.200.8.0/24")
    assert asked(aws, main, COMPANY), "the answers would not find their way"
    route(aws, main, cidr="0.0.0.0/0", gatewayId=aws.make("aws:ec2/internetGateway:InternetGateway").id)
    assert asked(aws, main, COMPANY), "nor through the internet"


def test_the_narrowest_route_counts(aws: Account) -> None:
    main = cluster(aws, **PRIVATE)
    admit(aws, main, cidrIpv4="10.200.8.0/24")
    route(aws, main, cidr="10.0.0.0/8", **GATEWAY)
    assert not asked(aws, main, COMPANY)
    gateway = aws.make("aws:ec2/internetGateway:InternetGateway")
    route(aws, main, cidr="10.200.8.0/24", gatewayId=gateway.id)
    assert asked(aws, main, COMPANY)


def test_a_zone_without_the_attachment_is_not_reached(aws: Account) -> None:
    main = cluster(aws, **PRIVATE)
    admit(aws, main, cidrIpv4="10.200.8.0/24")
    subnet, *_ = main["vpcConfig"]["subnetIds"]
    aws.make(ATTACHMENT, subnetIds=[subnet], vpcId=main["vpcConfig"]["vpcId"], **GATEWAY)
    route(aws, main, **GATEWAY)
    assert asked(aws, main, COMPANY), "the name of the API stands for an address in each zone"


@pytest.mark.parametrize(
    ("rule", "admitted"),
    [
        ({"cidrIpv4": "10.200.8.10/32"}, True),
        ({"cidrIpv4": "10.200.0.0/16", "ipProtocol": "-1", "fromPort": -1, "toPort": -1}, True),
        ({"cidrIpv4": "10.200.0.0/16", "fromPort": 0, "toPort": 65535}, True),
        ({"cidrIpv4": "10.200.0.0/16", "fromPort": 22, "toPort": 22}, False),
        ({"cidrIpv4": "10.200.0.0/16", "ipProtocol": "udp"}, False),
        ({"cidrIpv6": "::/0"}, False),
    ],
)
def test_a_rule_admits_by_range_group_and_port(aws: Account, rule: dict[str, Any], admitted: bool) -> None:
    main = cluster(aws, **PRIVATE)
    route(aws, main, **GATEWAY)
    admit(aws, main, **rule)
    assert (not asked(aws, main, COMPANY)) is admitted


def test_the_creator_is_admin_by_an_ordinary_entry(aws: Account) -> None:
    main = cluster(aws)
    (entry,) = aws.cloud.of_type(ENTRY)
    assert entry.state["principalArn"] == "arn:aws:iam::123456789012:user/deployer"
    assert not asked(aws, main, None)
    inputs = {"clusterName": "main", "principalArn": entry.state["principalArn"]}
    for preview in (True, False):
        assert "already in use on this cluster" in aws.refusal(ENTRY, "again", preview, **inputs), "AWS answers 409"
    aws.delete(main)
    assert not aws.cloud.of_type(ENTRY)


def test_an_assumed_role_is_the_creator(aws: Account) -> None:
    aws.config = {"region": "us-west-2", "assumeRoles": json.dumps([{"roleArn": ROLE}])}
    main = cluster(aws)
    assert [row.state["principalArn"] for row in aws.cloud.of_type(ENTRY)] == [ROLE]
    assert "arn:aws:iam::123456789012:user/deployer has no access entry in main" in asked(aws, main, None)
    assert not asked(aws, main, None, ROLE), "the kubeconfig has to name the role too"


def test_without_the_creator_nobody_is_admin_until_the_policy_is_associated(aws: Account) -> None:
    main = cluster(aws, creator_is_admin=False)
    assert aws.cloud.of_type(ENTRY) == []
    assert "the server has asked for the client to provide credentials" in asked(aws, main, None, ROLE)
    aws.make(ENTRY, clusterName="main", principalArn=ROLE)
    assert "forbidden" in asked(aws, main, None, ROLE), "an entry alone gives no rights"
    view = {"policyArn": ADMIN.replace("ClusterAdmin", "View"), "accessScope": {"type": "cluster"}}
    aws.make(POLICY, "view", clusterName="main", principalArn=ROLE, **view)
    assert "forbidden" in asked(aws, main, None, ROLE), "nor does the right to look"
    aws.make(POLICY, clusterName="main", principalArn=ROLE, policyArn=ADMIN, accessScope={"type": "cluster"})
    assert not asked(aws, main, None, ROLE)


def test_a_new_entry_counts_only_some_seconds_later(aws: Account) -> None:
    aws.faults = ("late-entry=main",)
    main = cluster(aws, creator_is_admin=False)
    aws.make(ENTRY, clusterName="main", principalArn=ROLE)
    aws.make(POLICY, clusterName="main", principalArn=ROLE, policyArn=ADMIN, accessScope={"type": "cluster"})
    late = asked(aws, main, None, ROLE)
    assert late.endswith(f"provide credentials: the access entry of {ROLE} in main is too new to count")
    aws.cloud.put("aws:eks/nodeGroup:NodeGroup", "main:system", {"clusterName": "main"})
    assert not asked(aws, main, None, ROLE), "nodes take minutes"


def test_a_caller_with_the_role_needs_none_in_the_kubeconfig(aws: Account) -> None:
    main = cluster(aws, creator_is_admin=False)
    aws.make(ENTRY, clusterName="main", principalArn=ROLE)
    aws.make(POLICY, clusterName="main", principalArn=ROLE, policyArn=ADMIN, accessScope={"type": "cluster"})
    assert not asked(aws, main, None, principal=ROLE)
    assert "user/deployer has no access entry in main" in asked(aws, main, None)


def test_the_caller_is_a_role_or_a_user() -> None:
    with pytest.raises(CallerError, match=r"^--as deployer is not the ARN of a role or user, for example arn:aws:iam"):
        Caller.at(None, "deployer")


def test_where_the_caller_stands_is_one_address() -> None:
    assert Caller.at(None).address is None
    assert str(Caller.at(OFFICE)) == f"the caller at {OFFICE}"
    with pytest.raises(CallerError, match=r"^--from 203\.0\.113\.0/24 is not an IPv4 address, for example 203"):
        Caller.at("203.0.113.0/24")
