"""Nodes without addresses, pods without addresses, and nodes that do not reach AWS: the simulator refuses all three."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.provider import Refusal
from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account, Resource
from tests.simulator.aws.test_node_groups import GROUP, TEMPLATE, fabric, failure

EXCLUDED, FOR_PODS = {"kubernetes.io/role/cni": "0"}, {"kubernetes.io/role/cni": "1"}
ADDON = "aws:eks/addon:Addon"
NVIDIA = {"amiType": "AL2023_x86_64_NVIDIA", "scalingConfig": {"minSize": 0, "desiredSize": 1, "maxSize": 90}}


def ground(aws: Account, cni: str = "v1.22.4-eksbuild.3") -> tuple[Resource, Resource, Resource]:
    """Returns a cluster, a subnet of nodes that is excluded for pods, and one of pods in the same zone."""
    cluster = aws.cluster()
    vpc_id = cluster["vpcConfig"]["vpcId"]
    aws.make(ADDON, clusterName="main", addonName="vpc-cni", addonVersion=cni)
    there = {"vpcId": vpc_id, "availabilityZone": "us-west-2a"}
    nodes = aws.make("aws:ec2/subnet:Subnet", "nodes", **there, cidrBlock="10.0.16.0/26", tags=EXCLUDED)
    pods = aws.make("aws:ec2/subnet:Subnet", "pods", **there, cidrBlock="10.0.32.0/20", tags=FOR_PODS)
    return cluster, nodes, pods


def on(aws: Account, cluster: Resource, subnet: Resource, machine: str, efa: bool = False, /, **more: Any) -> Any:
    template = aws.make(TEMPLATE, "t", networkInterfaces=fabric(machine)) if efa else None
    named = {"launchTemplate": {"id": template.id, "version": "1"}} if template else {}
    return aws.group_inputs(cluster, **NVIDIA, instanceTypes=[machine], subnetIds=[subnet.id], **named, **more)


@pytest.mark.parametrize("machine", ["p5.48xlarge", "p5e.48xlarge"])
def test_a_p5_with_efa_has_no_interface_for_pods_in_a_subnet_of_nodes(aws: Account, machine: str) -> None:
    cluster, nodes, _ = ground(aws)
    text = aws.refusal(GROUP, **on(aws, cluster, nodes, machine, True))
    assert "failed to assign an IP address to container" in text
    assert f"network card 0 of {machine} has no place for a second interface" in text


@pytest.mark.parametrize(
    ("machine", "efa", "subnet"),
    [("p5.48xlarge", True, "pods"), ("p5.48xlarge", False, "nodes"), ("p5en.48xlarge", True, "nodes")],
)
def test_other_types_and_subnets_leave_an_interface(aws: Account, machine: str, efa: bool, subnet: str) -> None:
    cluster, nodes, pods = ground(aws)
    assert aws.make(GROUP, **on(aws, cluster, pods if subnet == "pods" else nodes, machine, efa)).id


def test_before_1_22_1_the_tag_excludes_nothing(aws: Account) -> None:
    cluster, nodes, _ = ground(aws, "v1.21.1-eksbuild.8")
    assert aws.make(GROUP, **on(aws, cluster, nodes, "p5.48xlarge", True)).id, "pods take addresses of the nodes"


def test_excluded_nodes_need_a_subnet_of_pods_in_their_zone(aws: Account) -> None:
    cluster, nodes, pods = ground(aws)
    aws.delete(pods)
    text = aws.refusal(GROUP, **on(aws, cluster, nodes, "g6.xlarge"))
    assert "no subnet of us-west-2a has the tag kubernetes.io/role/cni=1" in text


def test_a_new_vpc_cni_counts_for_groups_that_change(aws: Account) -> None:
    cluster, nodes, _ = ground(aws, "v1.21.1-eksbuild.8")
    inputs = on(aws, cluster, nodes, "p5.48xlarge", True)
    group = aws.make(GROUP, **inputs)
    addon = next(row for row in aws.cloud.of_type(ADDON))
    aws.cloud.put(ADDON, addon.id, {**addon.state, "addonVersion": "v1.22.4-eksbuild.3"})
    with pytest.raises(Refusal, match="failed to assign an IP address"):
        aws.update(group, **{**inputs, "scalingConfig": {"minSize": 0, "desiredSize": 2, "maxSize": 90}})


def test_a_subnet_without_addresses_ends_the_launch(aws: Account) -> None:
    cluster, nodes, _ = ground(aws)
    inputs = on(aws, cluster, nodes, "g6.xlarge")
    fitting = {"scalingConfig": {"minSize": 0, "desiredSize": 59, "maxSize": 90}}
    assert aws.make(GROUP, "first", **{**inputs, **fitting}).id, "a /26 has 59 addresses"
    issue = str(failure(aws, "second", **inputs).reasons)
    assert "InsufficientFreeAddressesInSubnet" in issue
    assert nodes.id in issue


def test_the_addresses_of_endpoints_count(aws: Account) -> None:
    cluster, nodes, _ = ground(aws)
    endpoint = {"vpcEndpointType": "Interface", "serviceName": "com.amazonaws.us-west-2.sts"}
    aws.make("aws:ec2/vpcEndpoint:VpcEndpoint", **endpoint, vpcId=nodes["vpcId"], subnetIds=[nodes.id])
    inputs = on(aws, cluster, nodes, "g6.xlarge")
    full = {"scalingConfig": {"minSize": 0, "desiredSize": 59, "maxSize": 90}}
    assert "InsufficientFreeAddressesInSubnet" in str(failure(aws, **{**inputs, **full}).reasons)


PREFIXES = {"configurationValues": json.dumps({"env": {"ENABLE_PREFIX_DELEGATION": "true"}})}


def sized(nodes: int) -> dict[str, Any]:
    return {"scalingConfig": {"minSize": 0, "desiredSize": nodes, "maxSize": 90}}


def nodes_in(aws: Account, *subnets: Resource) -> list[int]:
    """Returns how many interfaces of nodes each subnet has."""
    filters = [[{"name": "subnet-id", "values": [subnet.id]}] for subnet in subnets]
    token = "aws:ec2/getNetworkInterfaces:getNetworkInterfaces"
    return [len(aws.invoke(token, filters=each)["ids"]) for each in filters]


def test_a_subnet_with_interfaces_for_pods_cannot_be_deleted_before_their_nodes(aws: Account) -> None:
    cluster, nodes, pods = ground(aws)
    inputs = on(aws, cluster, nodes, "g6.xlarge")
    group = aws.make(GROUP, **inputs)
    assert nodes_in(aws, nodes, pods) == [1, 1]
    refused = aws.delete_refusal(pods)
    assert f"DependencyViolation: The subnet '{pods.id}' has dependencies and cannot be deleted." in refused
    aws.update(group, **{**inputs, **sized(0)})
    assert nodes_in(aws, nodes, pods) == [0, 0], "interfaces go with their nodes"
    aws.update(group, **{**inputs, **sized(2)})
    aws.delete(group)
    aws.delete(pods)


def test_a_new_node_takes_addresses_for_pods_where_there_are_most(aws: Account) -> None:
    cluster, nodes, pods = ground(aws)
    inputs = {**on(aws, cluster, nodes, "g6.xlarge"), **sized(2)}
    group = aws.make(GROUP, **inputs)
    there = {"vpcId": nodes["vpcId"], "availabilityZone": "us-west-2a", "tags": FOR_PODS}
    more = aws.make("aws:ec2/subnet:Subnet", "more", **there, cidrBlock="10.0.48.0/20")
    assert nodes_in(aws, nodes, pods, more) == [2, 2, 0], "nodes that are up keep theirs"
    aws.update(group, **{**inputs, **sized(5)})
    assert nodes_in(aws, nodes, pods, more) == [5, 3, 2], "after two nodes in the new one, the first one is no fuller"
    assert aws.delete_refusal(more)


def test_a_subnet_without_blocks_for_pods_ends_the_launch(aws: Account) -> None:
    cluster, nodes, pods = ground(aws)
    addon = next(row for row in aws.cloud.of_type(ADDON))
    aws.cloud.put(ADDON, addon.id, {**addon.state, **PREFIXES})
    there = {"vpcId": nodes["vpcId"], "availabilityZone": "us-west-2a", "tags": FOR_PODS}
    small = aws.make("aws:ec2/subnet:Subnet", "small", **there, cidrBlock="10.0.48.0/25")
    aws.delete(pods)
    inputs = on(aws, cluster, nodes, "g6.xlarge")
    issue = str(failure(aws, **{**inputs, **sized(3)}).reasons)
    assert "InsufficientCidrBlocks" in issue, "a node with few pods takes three blocks of 16: 123 addresses are for two"
    assert small.id in issue
    assert aws.make(GROUP, "fitting", **{**inputs, **sized(2)}).id


def test_a_primary_interface_for_pods_takes_blocks_of_its_own_subnet(aws: Account) -> None:
    cluster, nodes, pods = ground(aws)
    addon = next(row for row in aws.cloud.of_type(ADDON))
    aws.cloud.put(ADDON, addon.id, {**addon.state, **PREFIXES})
    inputs = on(aws, cluster, pods, "p5.48xlarge", True)
    issue = str(failure(aws, **{**inputs, **sized(84)}).reasons)
    assert "InsufficientCidrBlocks" in issue, "4091 addresses are for 83 nodes of 49"
    assert aws.make(GROUP, "fitting", **{**inputs, **sized(83)}).id
    assert nodes_in(aws, nodes, pods) == [0, 83]


def test_nodes_without_a_way_out_need_endpoints(aws: Account) -> None:
    cluster, nodes, _ = ground(aws)
    vpc = {"vpcId": nodes["vpcId"]}
    table = aws.make("aws:ec2/routeTable:RouteTable", **vpc)
    aws.make("aws:ec2/routeTableAssociation:RouteTableAssociation", routeTableId=table.id, subnetId=nodes.id)
    endpoint = "aws:ec2/vpcEndpoint:VpcEndpoint"
    aws.make(endpoint, "s3", **vpc, serviceName="com.amazonaws.us-west-2.s3", routeTableIds=[table.id])
    inputs = on(aws, cluster, nodes, "g6.xlarge")
    text = aws.refusal(GROUP, **inputs)
    assert "NodeCreationFailure: Instances failed to join the kubernetes cluster" in text
    assert "no endpoint for ec2, ecr.api, ecr.dkr" in text
    for service in ("ec2", "ecr.api", "ecr.dkr"):
        name = f"com.amazonaws.us-west-2.{service}"
        aws.make(endpoint, service, **vpc, serviceName=name, vpcEndpointType="Interface", subnetIds=[nodes.id])
    assert aws.make(GROUP, **inputs).id


def test_a_preview_counts_the_way_out_that_it_would_make(aws: Account) -> None:
    cluster, nodes, _ = ground(aws)
    vpc = {"vpcId": nodes["vpcId"]}
    table = aws.make("aws:ec2/routeTable:RouteTable", **vpc)
    aws.make("aws:ec2/routeTableAssociation:RouteTableAssociation", routeTableId=table.id, subnetId=nodes.id)
    inputs = on(aws, cluster, nodes, "g6.xlarge")
    assert "NodeCreationFailure" in aws.refusal(GROUP, preview=True, **inputs)
    route = {"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": UNKNOWN}
    aws.preview("aws:ec2/route:Route", "way-out", **route)
    aws.preview(GROUP, "nodes", **inputs)
    assert "NodeCreationFailure" in aws.refusal(GROUP, **inputs), "the preview made nothing"


@pytest.mark.parametrize(("version", "known"), [("v1.23.0-eksbuild.1", True), ("v1.24.9-eksbuild.1", False)])
def test_a_version_of_a_release_that_never_was_is_refused(aws: Account, version: str, known: bool) -> None:
    aws.cluster()
    inputs = {"clusterName": "main", "addonName": "vpc-cni", "addonVersion": version}
    if known:
        assert aws.make(ADDON, **inputs).id
    else:
        assert "Addon version specified is not supported" in aws.refusal(ADDON, **inputs)


@pytest.mark.parametrize(
    ("version", "policies", "warned"),
    [
        ("v1.21.1-eksbuild.8", "true", True),
        ("v1.21.1-eksbuild.3", "true", False),
        ("v1.21.1-eksbuild.8", "false", False),
        ("v1.22.4-eksbuild.3", "true", False),
    ],
)
def test_an_agent_that_can_cut_pods_off_is_named(aws: Account, version: str, policies: str, warned: bool) -> None:
    aws.cluster()
    values = json.dumps({"enableNetworkPolicy": policies})
    aws.make(ADDON, clusterName="main", addonName="vpc-cni", addonVersion=version, configurationValues=values)
    assert any("lose all their traffic" in warning for warning in aws.warnings) == warned


ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


def guarded(aws: Account, service: str, **statement: Any) -> str:
    """Returns why nodes do not join where an endpoint lets only this through; "" where they do."""
    cluster = aws.cluster()
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", **statement}
    kind = "Gateway" if service == "s3" else "Interface"
    aws.make(
        ENDPOINT,
        vpcId=cluster["vpcConfig"]["vpcId"],
        serviceName=f"com.amazonaws.{aws.config['region']}.{service}",
        vpcEndpointType=kind,
        policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    try:
        aws.group(cluster)
    except Refusal as refused:
        return str(refused)
    return ""


ACCOUNT_ALONE = {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}
DATA_ALONE = {"StringEquals": {"aws:ResourceAccount": "123456789012"}}


@pytest.mark.parametrize(
    ("service", "statement", "shut"),
    [
        ("s3", {}, ""),
        ("s3", {"Condition": DATA_ALONE}, "starport-layer-bucket"),  # the usual mistake: layers are of AWS
        ("s3", {"Condition": ACCOUNT_ALONE}, "starport-layer-bucket"),  # and so are the presigned requests for them
        ("s3", {"Resource": "arn:aws:s3:::prod-us-west-2-starport-layer-bucket/*"}, ""),
        ("s3", {"Resource": "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"}, "starport-layer-bucket"),
        ("ecr.dkr", {"Condition": ACCOUNT_ALONE}, ""),
        ("ecr.dkr", {"Condition": DATA_ALONE}, "ecr:BatchGetImage"),
        ("ec2", {"Condition": {"StringEquals": {"aws:PrincipalAccount": "999999999999"}}}, "ec2:DescribeInstances"),
        (
            "kms",
            {"Condition": {"StringEquals": {"aws:PrincipalAccount": "999999999999"}}},
            "",
        ),  # no node needs it to join
    ],
)
def test_an_endpoint_that_shuts_out_what_nodes_need_keeps_them_from_joining(
    aws: Account, service: str, statement: dict[str, Any], shut: str
) -> None:
    found = guarded(aws, service, **statement)
    assert bool(found) is bool(shut)
    assert shut in found


@pytest.mark.parametrize(
    ("region", "account", "shut"),
    [
        ("us-west-2", "602401143452", False),
        ("eu-south-1", "602401143452", True),
        ("eu-south-1", "590381155156", False),
    ],
)
def test_images_of_eks_are_of_another_account_where_a_region_has_one_of_its_own(
    aws: Account, region: str, account: str, shut: bool
) -> None:
    aws.config = {**aws.config, "region": region}
    found = guarded(aws, "ecr.dkr", Condition={"StringEquals": {"aws:ResourceAccount": ["123456789012", account]}})
    assert ("ecr:BatchGetImage" in found) is shut


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"StringLike": {"aws:PrincipalAccount": "1234*"}}, "Wildcards are not allowed"),
        ({"NumericEquals": {"aws:PrincipalAccount": "123456789012"}}, "Wildcards are not allowed"),
        ({"StringLike": {"s3:prefix": "data*"}}, "fewer than six characters"),
        ({"StringLike": {"s3:prefix": "datasets*"}}, ""),
    ],
)
def test_wildcards_that_the_policy_of_an_endpoint_does_not_take(
    aws: Account, condition: dict[str, Any], words: str
) -> None:
    vpc = aws.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": condition}
    given = {
        "vpcId": vpc.id,
        "serviceName": "com.amazonaws.us-west-2.s3",
        "policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    }
    if words:
        assert words in aws.refusal(ENDPOINT, **given)
    else:
        assert aws.make(ENDPOINT, **given).id


def test_a_gateway_knows_no_principals_and_some_kinds_no_policy(aws: Account) -> None:
    vpc = aws.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    named = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [named]})
    aws.make(ENDPOINT, vpcId=vpc.id, serviceName="com.amazonaws.us-west-2.s3", policy=text)
    assert any("only the root user" in each for each in aws.warnings)
    nobody = {**named, "Principal": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    interface = {"vpcId": vpc.id, "vpcEndpointType": "Interface", "serviceName": "com.amazonaws.us-west-2.eks-auth"}
    assert "eks-auth only supports the full-access endpoint policy." in aws.refusal(
        ENDPOINT, "auth", **interface, policy=text
    ), "not even one that allows everything"
    assert aws.make(ENDPOINT, "auth", **interface).id
    long = json.dumps({"Version": "2012-10-17", "Statement": [{**named, "Principal": "*", "Sid": "x" * 20_480}]})
    assert "longer than 20480" in aws.refusal(
        ENDPOINT, "long", vpcId=vpc.id, serviceName="com.amazonaws.us-west-2.dynamodb", policy=long
    )
