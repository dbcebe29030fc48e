import json

import pytest

from components.core.bucket_names import bucket_name
from components.network.endpoint_policies import endpoint_policy
from components.network.network import nat_zones
from settings.network.network import EndpointSettings
from simulator.aws.access import endpoint_lets
from tests.components.stacks import stack, stack_with_network, stage

THREE = ["us-west-2a", "us-west-2b", "us-west-2c"]


def registered_for(cloud, zone):
    return {(r.type, r.name, str(sorted(r.inputs.items()))) for r in cloud.custom() if r.name.endswith(zone)}


def test_each_zone_has_its_four_subnets_named_by_zone_and_kept_private(cloud):
    cloud.up_network(stack())
    subnets = {s.name: s.inputs for s in cloud.all("ec2/subnet:Subnet")}
    assert set(subnets) == {f"network-{t}-{z}" for t in ("public", "private", "intra", "pods") for z in THREE}
    assert not any(s["mapPublicIpOnLaunch"] for s in subnets.values()), "it would be on the internet"
    assert subnets["network-pods-us-west-2b"]["availabilityZone"] == "us-west-2b"


def test_dropping_a_zone_leaves_the_others_alone(cloud):
    cloud.up_network(stack_with_network(zones=THREE))
    before = {zone: registered_for(cloud, zone) for zone in THREE}
    cloud.up_network(stack_with_network(zones=["us-west-2a", "us-west-2c"]))
    for zone in ("us-west-2a", "us-west-2c"):
        assert registered_for(cloud, zone) == before[zone], "a changed subnet is a replaced subnet, with all its nodes"
    assert before["us-west-2b"], "the dropped zone had something to drop"
    assert not registered_for(cloud, "us-west-2b")


def test_controllers_find_their_subnets_by_tag(cloud):
    cloud.up_network(stack())
    tags = {s.name: s.inputs["tags"] for s in cloud.all("ec2/subnet:Subnet")}
    assert tags["network-public-us-west-2a"]["kubernetes.io/role/elb"] == "1"
    assert tags["network-private-us-west-2a"]["kubernetes.io/role/internal-elb"] == "1"
    assert tags["network-private-us-west-2a"]["karpenter.sh/discovery"] == "ml-platform-prod"
    assert tags["network-pods-us-west-2a"]["kubernetes.io/role/cni"] == "1", "without it pods stay in the node subnets"
    assert tags["network-private-us-west-2a"]["kubernetes.io/role/cni"] == "0", "pods would fill the node subnets"
    assert tags["network-pods-us-west-2a"]["karpenter.sh/discovery"] == "ml-platform-prod-pods", (
        "pools with EFA find these subnets, and no other pool does"
    )
    assert set(tags["network-intra-us-west-2a"]) == {"Name"}, "nobody but the control plane belongs there"


@pytest.mark.parametrize(("mode", "gateways", "ways_out"), [("none", 0, 0), ("single", 1, 3), ("per-zone", 3, 3)])
def test_nat_gateways_and_ways_out(cloud, mode, gateways, ways_out):
    cloud.up_network(stack_with_network(nat=mode))
    assert len(cloud.all("natGateway:NatGateway")) == len(cloud.all("ec2/eip:Eip")) == gateways
    routes = [r for r in cloud.all("ec2/route:Route") if "natGatewayId" in r.inputs]
    assert len(routes) == ways_out
    assert all(r.inputs["destinationCidrBlock"] == "0.0.0.0/0" for r in routes)


def test_the_way_out_is_made_and_replaced_in_the_order_that_aws_takes(cloud):
    cloud.up_network(stack_with_network())
    internet = cloud.one("InternetGateway")
    assert internet.replace_on_changes == ("vpcId",), "AWS moves none whose public addresses are in use"
    for nat in cloud.all("NatGateway"):
        assert nat.stands_on(internet), "AWS marks a NAT gateway without a way out as failed"
        assert nat.delete_before_replace, "its address serves one NAT gateway at a time"


def test_per_zone_nat_keeps_traffic_in_its_zone():
    assert nat_zones("per-zone", THREE) == {zone: zone for zone in THREE}
    assert set(nat_zones("single", THREE).values()) == {"us-west-2a"}


def test_pods_go_out_as_their_nodes_do_and_intra_subnets_go_nowhere(cloud):
    cloud.up_network(stack())
    table_of = {a.name: a.inputs["routeTableId"] for a in cloud.all("RouteTableAssociation")}
    assert table_of["network-pods-us-west-2a"] == table_of["network-private-us-west-2a"]
    assert table_of["network-private-us-west-2a"] != table_of["network-private-us-west-2b"]
    routed = {r.inputs["routeTableId"] for r in cloud.all("ec2/route:Route")}
    assert table_of["network-intra-us-west-2a"] not in routed, "the control plane's interfaces need no way out"
    assert table_of["network-private-us-west-2a"] in routed


def test_s3_is_reached_from_every_subnet_that_is_not_public_without_nat(cloud):
    cloud.up_network(stack())
    endpoint = cloud.one("VpcEndpoint", "network-endpoint-s3").inputs
    tables = {a.inputs["routeTableId"] for a in cloud.all("RouteTableAssociation") if "public" not in a.name}
    assert endpoint["vpcEndpointType"] == "Gateway"
    assert set(endpoint["routeTableIds"]) == tables
    assert not cloud.all("securityGroup:SecurityGroup"), "a group for interface endpoints, and there are none"


def test_interface_endpoints_admit_https_from_nodes_and_pods_alone(cloud):
    cloud.up_network(stack_with_network(endpoints={"interface": ["ecr.api", "sts"]}))
    group = cloud.one("securityGroup:SecurityGroup")
    rules = [r.inputs for r in cloud.all("SecurityGroupIngressRule")]
    assert {r["cidrIpv4"] for r in rules} == {"10.0.0.0/16", "100.64.0.0/16"}
    assert {(r["fromPort"], r["toPort"], r["ipProtocol"]) for r in rules} == {(443, 443, "tcp")}
    assert "egress" not in group.inputs, "an endpoint starts no connections"
    endpoint = cloud.one("VpcEndpoint", "network-endpoint-ecr.api").inputs
    assert endpoint["serviceName"] == "com.amazonaws.us-west-2.ecr.api"
    assert endpoint["privateDnsEnabled"]
    assert len(endpoint["subnetIds"]) == 3


def test_the_default_security_group_admits_nothing(cloud):
    cloud.up_network(stack())
    group = cloud.one("DefaultSecurityGroup").inputs
    assert group["ingress"] == group["egress"] == []


def test_pod_subnets_wait_for_their_range(cloud):
    cloud.up_network(stack())
    block = cloud.one("VpcIpv4CidrBlockAssociation")
    for zone in THREE:
        assert cloud.one("ec2/subnet:Subnet", f"network-pods-{zone}").stands_on(block), "AWS refuses it before"


def test_a_wide_pod_range_is_added_in_blocks_that_aws_accepts(cloud):
    cloud.up_network(stack_with_network(pod_cidr="100.64.0.0/14"))
    blocks = {b.name: b.inputs["cidrBlock"] for b in cloud.all("VpcIpv4CidrBlockAssociation")}
    assert blocks == {f"network-100.{n}.0.0": f"100.{n}.0.0/16" for n in (64, 65, 66, 67)}


def test_a_larger_pod_range_leaves_everything_that_is_there_alone(cloud):
    cloud.up_network(stack_with_network())
    before = {(r.type, r.name): r.inputs for r in cloud.custom()}
    cloud.up_network(stack_with_network(pod_cidr="100.64.0.0/15"))
    after = {(r.type, r.name): r.inputs for r in cloud.custom()}
    assert before
    assert {key: after.get(key) for key in before} == before, "a subnet with nodes and pods cannot be replaced"
    tables = {a.name: a.inputs["routeTableId"] for a in cloud.all("RouteTableAssociation")}
    for zone in THREE:
        added = cloud.one("ec2/subnet:Subnet", f"network-pods-100.65.0.0-{zone}").inputs
        assert added["tags"]["kubernetes.io/role/cni"] == "1", "without it no pod gets an address there"
        assert tables[f"network-pods-100.65.0.0-{zone}"] == tables[f"network-pods-{zone}"], "pods had no way out"


def test_the_flow_log_bucket_is_closed_encrypted_versioned_kept_and_emptied_in_time(cloud):
    cloud.up_network(stack())
    bucket = cloud.one("bucket:Bucket")
    assert bucket.protect
    assert not bucket.inputs["forceDestroy"]
    block = cloud.one("BucketPublicAccessBlock").inputs
    assert all(block[k] for k in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"))
    (rule,) = cloud.one("BucketServerSideEncryptionConfiguration").inputs["rules"]
    under_our_key = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": cloud.ground.key_arns["data"]}
    assert rule["applyServerSideEncryptionByDefault"] == under_our_key
    assert rule["bucketKeyEnabled"], "without bucket keys every object is a KMS call"
    assert cloud.one("BucketVersioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    (rule,) = cloud.one("BucketLifecycleConfiguration").inputs["rules"]
    assert rule["expiration"] == {"days": 90}
    assert cloud.one("FlowLog").stands_on(cloud.one("BucketPolicy")), "before the policy AWS refuses the destination"


def test_a_bucket_policy_comes_after_the_public_access_block(cloud):
    cloud.up_network(stack_with_network())
    block = cloud.one("BucketPublicAccessBlock")
    assert cloud.one("BucketPolicy").stands_on(block), "S3 refuses a policy while the block is changing"


def test_the_flow_log_bucket_policy_is_known_at_preview_and_asks_for_tls(cloud):
    cloud.up(stack(), preview=True)
    statements = json.loads(cloud.one("BucketPolicy").inputs["policy"])["Statement"]
    deny = next(s for s in statements if s["Effect"] == "Deny")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert deny["Principal"] == "*"
    allowed = [s for s in statements if s["Effect"] == "Allow"]
    assert {a for s in allowed for a in s["Action"]} == {"s3:PutObject", "s3:GetBucketAcl"}
    assert all(s["Condition"]["StringEquals"]["aws:SourceAccount"] == "123456789012" for s in allowed)


def test_bucket_names_differ_by_account_and_region_and_fit():
    names = {bucket_name(stage(region=region), "flow-logs") for region in ("us-west-2", "eu-west-1")}
    assert len(names) == 2, "bucket names are shared by the whole world"
    longest = bucket_name(stage(name="a" * 21, environment="staging"), "b" * 21)
    assert len(longest) <= 63


def test_flow_logs_in_cloudwatch_have_a_kept_group_under_our_key_and_no_bucket(cloud):
    cloud.up(stack_with_network(flow_logs={"destination": "cloudwatch", "retention_days": 30}))
    group = cloud.one("LogGroup", "network-flow-logs-group")
    assert group.inputs["retentionInDays"] == 30
    assert group.protect
    assert group.inputs["kmsKeyId"] == cloud.one("kms/key:Key", "keys-logs").outputs["arn"]
    assert not cloud.all("s3/bucket:Bucket")
    assert "keys-data" not in cloud.names("kms/key:Key"), "a key that nothing uses is still billed"
    assert cloud.one("FlowLog").inputs["logDestinationType"] == "cloud-watch-logs"


GATEWAY = {"id": "tgw-0123456789abcdef0", "cidrs": ["10.200.0.0/16", "10.201.0.0/16"]}
ATTACHMENT = "vpcAttachment:VpcAttachment"


def company_routes(cloud):
    return [route for route in cloud.all("ec2/route:Route") if "-to-" in route.name]


def test_a_transit_gateway_is_attached_in_every_zone_where_the_control_plane_answers(cloud):
    cloud.up_network(stack_with_network(transit_gateway=GATEWAY))
    attachment = cloud.one(ATTACHMENT)
    intra = {each.id for each in cloud.all("ec2/subnet:Subnet") if "-intra-" in each.name}
    assert set(attachment.inputs["subnetIds"]) == intra, "a zone without a subnet of the attachment is not reached"
    assert len(intra) == 3


def test_private_pod_and_intra_subnets_reach_each_range_of_the_company(cloud):
    cloud.up_network(stack_with_network(transit_gateway=GATEWAY))
    tables = {each.id: each.name for each in cloud.all("ec2/routeTable:RouteTable")}
    routed = {(tables[r.inputs["routeTableId"]], r.inputs["destinationCidrBlock"]) for r in company_routes(cloud)}
    names = ["network-intra", *(f"network-private-us-west-2{zone}" for zone in "abc")]
    assert routed == {(name, cidr) for name in names for cidr in GATEWAY["cidrs"]}, "not the public ones"
    attachment = cloud.one(ATTACHMENT)
    assert all(route.stands_on(attachment) for route in company_routes(cloud)), "EC2 refuses the route before it"


def test_a_peering_connection_gets_routes_alone(cloud):
    cloud.up_network(stack_with_network(peering={"tools": {"id": "pcx-0123456789abcdef0", "cidrs": ["10.202.0.0/16"]}}))
    assert {route.inputs["vpcPeeringConnectionId"] for route in company_routes(cloud)} == {"pcx-0123456789abcdef0"}
    assert len(company_routes(cloud)) == 4
    assert not cloud.all(ATTACHMENT)


def test_one_more_range_of_the_company_changes_no_route_of_the_others(cloud):
    cloud.up_network(stack_with_network(transit_gateway={**GATEWAY, "cidrs": GATEWAY["cidrs"][:1]}))
    before = {route.name for route in company_routes(cloud)}
    cloud.up_network(stack_with_network(transit_gateway=GATEWAY))
    assert before < {route.name for route in company_routes(cloud)}, "a renamed route is a deleted route"


def endpoint_statements(cloud, service):
    policy = json.loads(cloud.one("VpcEndpoint", f"network-endpoint-{service}").inputs["policy"])
    return {each["Sid"]: each for each in policy["Statement"]}


def test_own_endpoints_lead_to_the_accounts_and_to_what_nodes_need_of_aws(cloud):
    more = {"accounts": ["210987654321"], "buckets": ["open-data"]}
    cloud.up_network(stack_with_network(endpoints={"policies": "own", "interface": ["ecr.dkr", "sts"], **more}))
    accounts = ["123456789012", "210987654321"]
    s3 = endpoint_statements(cloud, "s3")
    assert s3["OwnAccounts"]["Condition"] == {
        "StringEquals": {"aws:PrincipalAccount": accounts, "aws:ResourceAccount": accounts}
    }
    public = s3["PublicBuckets"]
    assert "Condition" not in public, "ECR presigns the requests for layers with its own credentials"
    for bucket in ("prod-us-west-2-starport-layer-bucket", "prod-registry-k8s-io-us-west-2", "open-data"):
        assert f"arn:aws:s3:::{bucket}/*" in public["Resource"]
    assert not any(action.startswith(("s3:Put", "s3:*")) for action in public["Action"])
    ecr = endpoint_statements(cloud, "ecr.dkr")
    assert ecr["OwnAccounts"]["Condition"] == {"StringEquals": {"aws:PrincipalAccount": accounts}}, (
        "images of EKS add-ons are in an account of AWS"
    )
    sts = cloud.one("VpcEndpoint", "network-endpoint-sts").inputs["policy"]
    nobody = {"aws:PrincipalAccount": ""}
    for account, lets in (("123456789012", True), ("210987654321", True), ("999999999999", False)):
        role = f"arn:aws:iam::{account}:role/pods"
        assert endpoint_lets(sts, "sts:AssumeRoleWithWebIdentity", role, nobody) is lets, "a token names any role"
    assert not endpoint_lets(sts, "sts:AssumeRole", "arn:aws:iam::123456789012:role/pods", nobody)


def test_a_service_that_takes_no_policy_gets_none(cloud):
    for policies in ("own", "open"):
        cloud.up_network(stack_with_network(endpoints={"policies": policies, "interface": ["eks-auth", "sts"]}))
        assert "policy" not in cloud.one("VpcEndpoint", "network-endpoint-eks-auth").inputs
        assert cloud.one("VpcEndpoint", "network-endpoint-sts").inputs["policy"]


@pytest.mark.parametrize(("region", "lets"), [("us-east-1", True), ("us-west-2", False)])
def test_layers_of_public_registries_go_through_in_the_region_of_their_buckets(region, lets):
    policy = endpoint_policy(stage(region=region), EndpointSettings(policies="own"), "Gateway", "s3")
    assert policy
    of_others = {"aws:PrincipalAccount": "210987654321", "aws:ResourceAccount": "210987654321"}
    for bucket in ("quayio-production-s3", "docker-images-prod"):
        layer = f"arn:aws:s3:::{bucket}/sha256/55"
        assert endpoint_lets(policy, "s3:GetObject", layer, of_others) is lets, "the registry presigns the request"
        assert not endpoint_lets(policy, "s3:PutObject", layer, of_others)


def test_open_endpoints_say_so_since_an_endpoint_keeps_a_policy_that_is_no_longer_given(cloud):
    cloud.up_network(stack_with_network(endpoints={"interface": ["sts"]}))
    assert set(endpoint_statements(cloud, "s3")) == set(endpoint_statements(cloud, "sts")) == {"Everything"}
