"""What EC2 refuses in networks."""

from __future__ import annotations

import json

import pytest

from simulator.aws import tokens
from simulator.cloud import Cloud
from simulator.values import Props
from tests.simulator.aws.account import Account, Resource

SUBNET = "aws:ec2/subnet:Subnet"
NAT = "aws:ec2/natGateway:NatGateway"
EIP = "aws:ec2/eip:Eip"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
BLOCK = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def gateway(aws: Account, vpc: Resource) -> Resource:
    return aws.make(GATEWAY, vpcId=vpc.id)


def nat(aws: Account, subnet: Resource, name: str = "nat") -> Resource:
    address = aws.make(EIP, name, domain="vpc")
    return aws.make(NAT, name, subnetId=subnet.id, allocationId=address["allocationId"])


@pytest.mark.parametrize(
    ("cidr", "text"),
    [
        (
            "10.0.0.0/8",
            'expected "cidr_block" to contain a network Value with between 16 and 28 significant bits, got: 8',
        ),
        ("10.0.1.0/16", '"10.0.1.0/16" is not a valid IPv4 CIDR block; did you mean "10.0.0.0/16"?'),
        ("10.0.0.0.0/16", "is not a valid IPv4 CIDR block: invalid CIDR address: 10.0.0.0.0/16"),
    ],
)
def test_an_invalid_cidr_block_is_refused(aws: Account, cidr: str, text: str) -> None:
    assert text in aws.problems("aws:ec2/vpc:Vpc", cidrBlock=cidr)


def test_subnets_do_not_overlap(aws: Account) -> None:
    vpc = aws.vpc()
    aws.subnet(vpc, "a", "10.0.0.0/20")
    for preview in (True, False):
        text = aws.refusal(SUBNET, "b", preview, vpcId=vpc.id, cidrBlock="10.0.8.0/24")
        assert "InvalidSubnet.Conflict: The CIDR '10.0.8.0/24' conflicts with another subnet" in text


def test_subnets_of_two_vpcs_may_have_the_same_range(aws: Account) -> None:
    aws.subnet(aws.vpc("one"), "a")
    assert aws.subnet(aws.vpc("two"), "b").id


def test_a_subnet_must_be_inside_a_block_of_its_vpc(aws: Account) -> None:
    vpc = aws.vpc()
    outside = {"vpcId": vpc.id, "cidrBlock": "100.64.0.0/18"}
    assert "InvalidSubnet.Range: The CIDR '100.64.0.0/18' is invalid." in aws.refusal(SUBNET, **outside)
    aws.make(BLOCK, vpcId=vpc.id, cidrBlock="100.64.0.0/16")
    assert aws.make(SUBNET, **outside).id, "secondary blocks count"


def test_a_subnet_must_be_in_a_zone_of_the_region(aws: Account) -> None:
    text = aws.refusal(SUBNET, vpcId=aws.vpc().id, cidrBlock="10.0.0.0/24", availabilityZone="us-east-1a")
    assert (
        "Value (us-east-1a) for parameter availabilityZone is invalid. Subnets can currently only be created in" in text
    )


def test_a_subnet_has_the_id_of_its_zone(aws: Account) -> None:
    assert aws.subnet(aws.vpc(), "a")["availabilityZoneId"].startswith("usw2-az")


def test_secondary_blocks_are_limited_in_range_and_number(aws: Account) -> None:
    vpc = aws.vpc()
    assert "CidrConflict" in aws.refusal(BLOCK, vpcId=vpc.id, cidrBlock="10.0.128.0/20")
    assert "is restricted. Use a CIDR from the same private address range" in aws.refusal(
        BLOCK, vpcId=vpc.id, cidrBlock="172.16.0.0/16"
    )
    for index in range(4):
        aws.make(BLOCK, f"block-{index}", vpcId=vpc.id, cidrBlock=f"100.{64 + index}.0.0/16")
    text = aws.refusal(BLOCK, "sixth", vpcId=vpc.id, cidrBlock="100.70.0.0/16")
    assert f"CidrLimitExceeded: This network '{vpc.id}' has met its maximum number of allowed CIDRs: 5" in text


@pytest.mark.parametrize(
    ("first", "later", "permitted"),
    [
        ("10.2.0.0/16", "10.3.0.0/16", True),
        ("10.1.0.0/16", "10.0.0.0/16", False),  # with a block of 10.0.0.0/15, none of 10.0.0.0/16
        ("10.1.0.0/16", "10.2.0.0/16", True),
        ("10.0.0.0/16", "172.16.0.0/16", False),
        ("10.0.0.0/16", "192.168.0.0/16", False),
        ("10.0.0.0/16", "198.19.0.0/16", False),
        ("10.0.0.0/16", "198.18.0.0/16", True),
        ("10.0.0.0/16", "100.64.0.0/16", True),
        ("10.0.0.0/16", "169.254.0.0/16", False),
        ("172.16.0.0/16", "172.31.0.0/16", False),
        ("172.16.0.0/16", "172.20.0.0/16", True),
        ("172.16.0.0/16", "198.19.0.0/18", False),
        ("192.168.0.0/20", "192.168.16.0/20", True),
        ("192.168.0.0/20", "198.19.0.0/16", False),
        ("198.19.0.0/16", "10.0.0.0/16", False),
        ("198.19.0.0/16", "100.64.0.0/16", True),
        ("100.64.0.0/16", "10.0.0.0/16", False),  # RFC 1918 has to come first
        ("100.64.0.0/16", "198.19.0.0/16", False),
        ("100.64.0.0/16", "100.65.0.0/16", True),
    ],
)
def test_the_first_block_restricts_what_a_vpc_may_add(aws: Account, first: str, later: str, permitted: bool) -> None:
    vpc = aws.vpc("vpc", first)
    if permitted:
        assert aws.make(BLOCK, vpcId=vpc.id, cidrBlock=later).id
    else:
        assert "InvalidVpc.Range" in aws.refusal(BLOCK, vpcId=vpc.id, cidrBlock=later)


def test_a_later_block_does_not_lift_a_restriction(aws: Account) -> None:
    vpc = aws.vpc("vpc", "10.2.0.0/16")
    aws.make(BLOCK, "pods", vpcId=vpc.id, cidrBlock="100.64.0.0/16")
    assert aws.make(BLOCK, "more", vpcId=vpc.id, cidrBlock="10.3.0.0/16").id, "RFC 1918 came first"
    assert "InvalidVpc.Range" in aws.refusal(BLOCK, vpcId=vpc.id, cidrBlock="198.19.0.0/16")


def test_a_block_with_a_subnet_cannot_be_removed(aws: Account) -> None:
    vpc = aws.vpc()
    block = aws.make(BLOCK, vpcId=vpc.id, cidrBlock="100.64.0.0/16")
    subnet = aws.subnet(vpc, "a", "100.64.0.0/18")
    assert "InvalidCidrBlock.InUse" in aws.delete_refusal(block)
    aws.delete(subnet)
    aws.delete(block)


def test_a_region_may_have_five_vpcs_and_five_addresses(aws: Account) -> None:
    for index in range(5):
        aws.vpc(f"vpc-{index}", f"10.{index}.0.0/16")
        aws.make(EIP, f"eip-{index}")
    assert "VpcLimitExceeded" in aws.refusal("aws:ec2/vpc:Vpc", "sixth", cidrBlock="10.9.0.0/16")
    assert "AddressLimitExceeded: The maximum number of addresses has been reached." in aws.refusal(EIP, "sixth")
    assert "VpcLimitExceeded" in aws.refusal("aws:ec2/vpc:Vpc", "sixth", preview=True, cidrBlock="10.9.0.0/16")


def test_a_public_nat_needs_an_internet_gateway(aws: Account) -> None:
    vpc = aws.vpc()
    subnet, address = aws.subnet(vpc), aws.make(EIP)
    text = aws.refusal(NAT, subnetId=subnet.id, allocationId=address.id)
    assert f"Gateway.NotAttached: Network {vpc.id} has no Internet gateway attached" in text
    gateway(aws, vpc)
    nat = aws.make(NAT, subnetId=subnet.id, allocationId=address.id)
    assert nat["publicIp"] == address["publicIp"]


def test_an_address_can_be_used_by_one_nat_gateway(aws: Account) -> None:
    vpc = aws.vpc()
    gateway(aws, vpc)
    subnet = aws.subnet(vpc)
    first = nat(aws, subnet)
    text = aws.refusal(NAT, "second", subnetId=subnet.id, allocationId=first["allocationId"])
    assert "Resource.AlreadyAssociated" in text


def test_resources_that_a_nat_gateway_uses_cannot_be_deleted(aws: Account) -> None:
    vpc = aws.vpc()
    internet, subnet = gateway(aws, vpc), aws.subnet(vpc)
    address = aws.make(EIP)
    nat = aws.make(NAT, subnetId=subnet.id, allocationId=address.id)
    assert f"DependencyViolation: Network {vpc.id} has some mapped public address(es)." in aws.delete_refusal(internet)
    assert (
        f"DependencyViolation: The subnet '{subnet.id}' has dependencies and cannot be deleted."
        in aws.delete_refusal(subnet)
    )
    assert "InvalidIPAddress.InUse" in aws.delete_refusal(address)
    for resource in (nat, address, internet, subnet, vpc):
        aws.delete(resource)
    assert aws.cloud.all() == []


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        ({}, "subnet"),
        ({"Groups": [{"GroupId": "GROUP"}]}, "subnet group"),
        ({"Association": {"PublicIp": "203.0.113.99"}}, "subnet internet"),
    ],
    ids=["free", "in a security group", "with a public address"],
)
def test_an_interface_of_somebody_else_keeps_what_it_is_in(aws: Account, state: Props, refused: str) -> None:
    vpc = aws.vpc()
    made = {"subnet": aws.subnet(vpc), "group": aws.make(GROUP, vpcId=vpc.id), "internet": gateway(aws, vpc)}
    state = json.loads(json.dumps(state).replace("GROUP", made["group"].id))
    place = {"VpcId": vpc.id, "SubnetId": made["subnet"].id, "region": "us-west-2"}
    aws.cloud.put(tokens.NETWORK_INTERFACE, "eni-1", {**place, **state})
    for name in refused.split():
        assert "DependencyViolation" in aws.delete_refusal(made[name]), name
    for name in made.keys() - set(refused.split()):
        aws.delete(made[name])
    aws.cloud.delete(tokens.NETWORK_INTERFACE, "eni-1")
    for name in refused.split():
        aws.delete(made[name])
    aws.delete(vpc)


def test_a_vpc_with_resources_in_it_cannot_be_deleted(aws: Account) -> None:
    vpc = aws.vpc()
    inside = [
        aws.subnet(vpc),
        gateway(aws, vpc),
        aws.make(TABLE, vpcId=vpc.id),
        aws.make(GROUP, vpcId=vpc.id),
        aws.make(ENDPOINT, vpcId=vpc.id, serviceName="com.amazonaws.us-west-2.s3"),
    ]
    for resource in inside:
        text = aws.delete_refusal(vpc)
        assert f"deleting EC2 VPC ({vpc.id}): operation error EC2: DeleteVpc" in text, resource.type
        assert f"DependencyViolation: The vpc '{vpc.id}' has dependencies and cannot be deleted." in text, resource.type
        aws.delete(resource)
    aws.delete(vpc)
    assert aws.cloud.all() == [], "the default group and the main route table are deleted with the VPC"


def test_a_vpc_may_have_one_internet_gateway(aws: Account) -> None:
    vpc = aws.vpc()
    first = gateway(aws, vpc)
    text = aws.refusal(GATEWAY, "second", vpcId=vpc.id)
    assert f"resource {vpc.id} is already attached to network {first.id}" in text


def test_a_route_table_may_have_one_route_for_a_destination(aws: Account) -> None:
    vpc = aws.vpc()
    internet, table = gateway(aws, vpc), aws.make(TABLE, vpcId=vpc.id)
    route = {"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": internet.id}
    assert aws.make(ROUTE, **route).id == f"r-{table.id}1080289494", "the id ends in the CRC-32 of the destination"
    assert f"Route in Route Table ({table.id}) with destination (0.0.0.0/0) already exists" in aws.refusal(
        ROUTE, "two", **route
    )


def test_a_route_has_exactly_one_target(aws: Account) -> None:
    text = aws.problems(ROUTE, routeTableId="rtb-1", destinationCidrBlock="0.0.0.0/0")
    assert "Missing required argument. one of `carrier_gateway_id" in text
    both = {"gatewayId": "igw-1", "natGatewayId": "nat-1"}
    text = aws.problems(ROUTE, routeTableId="rtb-1", destinationCidrBlock="0.0.0.0/0", **both)
    assert "but `gateway_id,nat_gateway_id` were specified." in text


def test_the_target_of_a_route_is_changed_in_place(aws: Account) -> None:
    vpc = aws.vpc()
    internet, table = gateway(aws, vpc), aws.make(TABLE, vpcId=vpc.id)
    way_out = nat(aws, aws.subnet(vpc))
    route_key = {"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0"}
    route = aws.make(ROUTE, **route_key, gatewayId=internet.id)
    assert not aws.diff(route, **route_key, natGatewayId=way_out.id).replaces
    assert aws.diff(route, routeTableId=table.id, destinationCidrBlock="10.9.0.0/16", gatewayId=internet.id).replaces


def test_a_subnet_may_have_one_route_table(aws: Account) -> None:
    vpc = aws.vpc()
    subnet, table = aws.subnet(vpc), aws.make(TABLE, vpcId=vpc.id)
    aws.make(ASSOCIATION, subnetId=subnet.id, routeTableId=table.id)
    text = aws.refusal(ASSOCIATION, "two", subnetId=subnet.id, routeTableId=table.id)
    assert "Resource.AlreadyAssociated: the specified association for route table" in text


def test_an_association_that_is_replaced_does_not_conflict_with_itself_at_preview(aws: Account) -> None:
    vpc = aws.vpc()
    subnet, table = aws.subnet(vpc), aws.make(TABLE, vpcId=vpc.id)
    aws.make(ASSOCIATION, subnetId=subnet.id, routeTableId=table.id)
    assert aws.preview(ASSOCIATION, subnetId=subnet.id, routeTableId=table.id).id == ""


@pytest.mark.parametrize(
    "name", ["com.amazonaws.eu-west-1.s3", "com.amazonaws.us-west-2.ecr.api", "com.amazonaws.us-west-2"]
)
def test_a_gateway_endpoint_needs_s3_or_dynamodb_of_the_region(aws: Account, name: str) -> None:
    text = aws.refusal(ENDPOINT, vpcId=aws.vpc().id, serviceName=name)
    assert f"InvalidServiceName: The Vpc Endpoint Service '{name}' does not exist" in text


def test_private_names_need_both_dns_attributes(aws: Account) -> None:
    inputs = {
        "serviceName": "com.amazonaws.us-west-2.ecr.api",
        "vpcEndpointType": "Interface",
        "privateDnsEnabled": True,
    }
    vpc = aws.vpc(enableDnsHostnames=False)
    assert "Enabling private DNS requires both enableDnsSupport" in aws.refusal(ENDPOINT, vpcId=vpc.id, **inputs)


def test_a_service_has_one_interface_endpoint_with_one_subnet_per_zone(aws: Account) -> None:
    vpc = aws.vpc()
    inputs = {"serviceName": "com.amazonaws.us-west-2.sts", "vpcEndpointType": "Interface", "privateDnsEnabled": True}
    subnets = [
        aws.subnet(vpc, "a"),
        aws.make(SUBNET, "more", vpcId=vpc.id, cidrBlock="10.0.9.0/24", availabilityZone="us-west-2a"),
    ]
    both = [subnet.id for subnet in subnets]
    assert "DuplicateSubnetsInSameZone" in aws.refusal(ENDPOINT, vpcId=vpc.id, subnetIds=both, **inputs)
    endpoint = aws.make(ENDPOINT, vpcId=vpc.id, subnetIds=both[:1], **inputs)
    assert endpoint["securityGroupIds"] == [vpc["defaultSecurityGroupId"]]
    assert len(endpoint["networkInterfaceIds"]) == 1
    assert "already a conflicting DNS domain" in aws.refusal(
        ENDPOINT, "two", vpcId=vpc.id, subnetIds=both[1:], **inputs
    )


def test_a_group_may_not_have_the_same_rule_twice(aws: Account) -> None:
    group = aws.make(GROUP, vpcId=aws.vpc().id)
    rule = {"securityGroupId": group.id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/16"}
    aws.make(INGRESS, **rule)
    text = aws.refusal(INGRESS, "two", **rule)
    assert '"peer: 10.0.0.0/16, TCP, from port: 443, to port: 443, ALLOW" already exists' in text


def test_a_group_may_have_sixty_rules_in_each_direction(aws: Account) -> None:
    group = aws.make(GROUP, vpcId=aws.vpc().id)
    rule = {"securityGroupId": group.id, "ipProtocol": "tcp", "cidrIpv4": "10.0.0.0/16"}
    for port in range(60):
        aws.make(INGRESS, f"rule-{port}", **rule, fromPort=port, toPort=port)
    assert "RulesPerSecurityGroupLimitExceeded" in aws.refusal(INGRESS, "more", **rule, fromPort=60, toPort=60)


def test_another_kind_of_source_replaces_a_rule(aws: Account) -> None:
    group = aws.make(GROUP, vpcId=aws.vpc().id)
    rule = {"securityGroupId": group.id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
    created = aws.make(INGRESS, **rule, cidrIpv4="10.0.0.0/16")
    assert not aws.diff(created, **rule, cidrIpv4="10.1.0.0/16").replaces
    assert aws.diff(created, **rule, referencedSecurityGroupId=group.id).replaces


def test_a_group_that_rules_of_another_group_name_cannot_be_deleted(aws: Account) -> None:
    vpc = aws.vpc()
    one, two = aws.make(GROUP, "one", vpcId=vpc.id), aws.make(GROUP, "two", vpcId=vpc.id)
    rule = aws.make(INGRESS, securityGroupId=two.id, ipProtocol="-1", referencedSecurityGroupId=one.id)
    assert f"DependencyViolation: resource {one.id} has a dependent object" in aws.delete_refusal(one)
    aws.delete(rule)
    aws.delete(one)


def test_a_group_name_is_unique_in_its_vpc(aws: Account) -> None:
    vpc = aws.vpc()
    aws.make(GROUP, name="nodes", vpcId=vpc.id)
    text = aws.refusal(GROUP, "two", name="nodes", vpcId=vpc.id)
    assert f"InvalidGroup.Duplicate: The security group 'nodes' already exists for VPC '{vpc.id}'" in text


def test_the_default_group_is_adopted_and_not_created(aws: Account) -> None:
    vpc = aws.vpc()
    adopted = aws.make("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", vpcId=vpc.id)
    assert adopted.id == vpc["defaultSecurityGroupId"]


def test_a_flow_log_needs_a_destination_and_writes_to_it(aws: Account) -> None:
    vpc = aws.vpc()
    inputs = {
        "vpcId": vpc.id,
        "trafficType": "ALL",
        "logDestinationType": "s3",
        "logDestination": "arn:aws:s3:::flow/vpc",
    }
    assert "LogDestinationNotFoundException" in aws.refusal(FLOW_LOG, **inputs)
    bucket = aws.make("aws:s3/bucket:Bucket", bucket="flow")
    aws.make(FLOW_LOG, **inputs)
    assert "FlowLogAlreadyExists" in aws.refusal(FLOW_LOG, "two", **inputs)
    text = aws.delete_refusal(bucket)
    assert "BucketNotEmpty: The bucket you tried to delete is not empty" in text, "flow logs are objects in the bucket"
    aws.update(bucket, bucket="flow", forceDestroy=True)
    aws.delete(bucket)


def test_a_flow_log_to_cloudwatch_needs_a_role_that_trusts_its_service(aws: Account) -> None:
    logs = aws.make("aws:cloudwatch/logGroup:LogGroup", name="flow")
    inputs = {"vpcId": aws.vpc().id, "trafficType": "ALL", "logDestination": logs["arn"]}
    wrong_role = aws.role("other", "ec2.amazonaws.com")
    assert "Unable to assume given IAM role" in aws.refusal(FLOW_LOG, **inputs, iamRoleArn=wrong_role["arn"])
    flow_log_role = aws.role("own", "vpc-flow-logs.amazonaws.com")
    assert aws.make(FLOW_LOG, **inputs, iamRoleArn=flow_log_role["arn"]).id


def test_a_capacity_reservation_fails_without_capacity(aws: Account) -> None:
    inputs = {
        "availabilityZone": "us-west-2a",
        "instanceCount": 1,
        "instancePlatform": "Linux/UNIX",
        "instanceType": "m5.2xlarge",
    }
    poor = Account(aws.cloud, ("capacity=m5.2xlarge",))
    text = poor.refusal("aws:ec2/capacityReservation:CapacityReservation", **inputs)
    assert "InsufficientInstanceCapacity: We currently do not have sufficient m5.2xlarge capacity" in text
    assert aws.make("aws:ec2/capacityReservation:CapacityReservation", **inputs).id


ATTACHMENT = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
TRANSIT_GATEWAY = "tgw-0123456789abcdef0"


def attachment(aws: Account, vpc: Resource, *subnets: Resource, name: str = "one") -> Resource:
    ids = [subnet.id for subnet in subnets]
    return aws.make(ATTACHMENT, name, transitGatewayId=TRANSIT_GATEWAY, vpcId=vpc.id, subnetIds=ids)


@pytest.mark.parametrize("cidr", ["169.254.168.0/22", "169.254.169.254/32", "127.0.0.0/8", "239.0.0.0/8"])
def test_no_route_is_for_reserved_addresses(aws: Account, cidr: str) -> None:
    vpc = aws.vpc()
    table, gateway = aws.make(TABLE, vpcId=vpc.id), aws.make(GATEWAY, vpcId=vpc.id)
    inputs = {"routeTableId": table.id, "destinationCidrBlock": cidr, "gatewayId": gateway.id}
    assert f"The destination CIDR block {cidr} is reserved." in aws.refusal(ROUTE, **inputs)
    assert aws.make(ROUTE, **{**inputs, "destinationCidrBlock": "169.254.0.0/16"}).id, "a larger range is accepted"


def test_a_gateway_may_be_missing_or_unaccepted(cloud: Cloud) -> None:
    aws = Account(cloud, faults=(f"missing-gateway={TRANSIT_GATEWAY}:1", f"pending-gateway={TRANSIT_GATEWAY}:1"))
    vpc = aws.vpc()
    table, subnet = aws.make(TABLE, vpcId=vpc.id), aws.subnet(vpc)
    inputs = {"transitGatewayId": TRANSIT_GATEWAY, "vpcId": vpc.id, "subnetIds": [subnet.id]}
    assert aws.preview(ATTACHMENT, **inputs), "a preview asks for nothing"
    assert f"Transit Gateway {TRANSIT_GATEWAY} was deleted or does not exist." in aws.refusal(ATTACHMENT, **inputs)
    attachment(aws, vpc, subnet)
    inputs = {"routeTableId": table.id, "destinationCidrBlock": "10.200.0.0/16", "transitGatewayId": TRANSIT_GATEWAY}
    assert "does not exist" in aws.refusal(ROUTE, **inputs), "its owner has not accepted the attachment"
    assert aws.make(ROUTE, **inputs).id


def test_a_route_to_a_transit_gateway_needs_the_attachment_of_its_vpc(aws: Account) -> None:
    vpc = aws.vpc()
    table = aws.make(TABLE, vpcId=vpc.id)
    inputs = {"routeTableId": table.id, "destinationCidrBlock": "10.200.0.0/16", "transitGatewayId": TRANSIT_GATEWAY}
    text = aws.refusal(ROUTE, **inputs)
    assert f"InvalidTransitGatewayID.NotFound: The transitGateway ID '{TRANSIT_GATEWAY}' does not exist." in text
    assert aws.preview(ROUTE, **inputs), "the same update may make the attachment"
    other = aws.vpc("other", "10.1.0.0/16")
    attachment(aws, other, aws.subnet(other, "b", "10.1.0.0/24"))
    assert aws.refusal(ROUTE, **inputs), "the attachment of another VPC does not count"
    attachment(aws, vpc, aws.subnet(vpc), name="two")
    assert aws.make(ROUTE, **inputs).id


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "10.0.3.0/24", "100.64.0.0/17"])
def test_a_gateway_has_no_route_for_the_vpcs_own_range(aws: Account, cidr: str) -> None:
    vpc = aws.vpc()
    aws.make(BLOCK, vpcId=vpc.id, cidrBlock="100.64.0.0/16")
    table = aws.make(TABLE, vpcId=vpc.id)
    inputs = {"routeTableId": table.id, "vpcPeeringConnectionId": "pcx-0123456789abcdef0"}
    text = aws.refusal(ROUTE, **inputs, destinationCidrBlock=cidr)
    assert "equal to or more specific than one of this VPC's CIDR blocks" in text
    assert aws.make(ROUTE, **inputs, destinationCidrBlock="10.0.0.0/8").id, "the local route is narrower"


def test_an_attachment_has_one_subnet_in_each_zone_of_its_vpc(aws: Account) -> None:
    vpc, other = aws.vpc(), aws.vpc("other", "10.1.0.0/16")
    first, second = aws.subnet(vpc, "a", "10.0.0.0/24"), aws.subnet(vpc, "b", "10.0.1.0/24")
    same = aws.make(SUBNET, "c", vpcId=vpc.id, cidrBlock="10.0.2.0/24", availabilityZone="us-west-2a")
    foreign = aws.make(SUBNET, "d", vpcId=other.id, cidrBlock="10.1.0.0/24", availabilityZone="us-west-2c")
    inputs = {"transitGatewayId": TRANSIT_GATEWAY, "vpcId": vpc.id}
    assert "DuplicateSubnetsInSameZone" in aws.refusal(ATTACHMENT, **inputs, subnetIds=[first.id, same.id])
    assert "InvalidSubnetID.NotFound" in aws.refusal(ATTACHMENT, **inputs, subnetIds=[first.id, foreign.id])
    made = attachment(aws, vpc, first)
    assert not aws.diff(made, **inputs, subnetIds=[first.id, second.id]).replaces, "a new zone is added in place"
    assert aws.diff(made, **{**inputs, "transitGatewayId": "tgw-0"}, subnetIds=[first.id]).replaces
    assert "DuplicateTransitGatewayAttachment" in aws.refusal(ATTACHMENT, "two", **inputs, subnetIds=[second.id])


def test_an_attachment_keeps_its_subnets_and_its_vpc(aws: Account) -> None:
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)
    made = attachment(aws, vpc, subnet)
    assert "DependencyViolation" in aws.delete_refusal(subnet)
    aws.delete(made)
    aws.delete(subnet)
    aws.delete(vpc)


def test_a_rule_may_name_a_group_of_another_vpc(aws: Account) -> None:
    group = aws.make(GROUP, vpcId=aws.vpc().id)
    rule = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "referencedSecurityGroupId": "sg-0123456789abcdef0"}
    assert aws.make(INGRESS, securityGroupId=group.id, **rule).id


def test_a_route_is_imported_by_its_table_and_destination(aws: Account) -> None:
    vpc = aws.vpc()
    table = aws.make("aws:ec2/routeTable:RouteTable", vpcId=vpc.id)
    gateway = aws.make("aws:ec2/internetGateway:InternetGateway", vpcId=vpc.id)
    to_anywhere = {"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": gateway.id}
    route = aws.make("aws:ec2/route:Route", **to_anywhere)
    imported = aws.package.read(aws.call("aws:ec2/route:Route", "one"), f"{table.id}_0.0.0.0/0", {}, {})
    assert imported is not None
    assert imported.id == route.id
