"""What EKS refuses, and what it creates and deletes with a cluster."""

from __future__ import annotations

import re
from typing import Any

import pytest

from simulator.provider import InitializationFailure, Refusal
from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account, Resource

CLUSTER = "aws:eks/cluster:Cluster"
GROUP = "aws:eks/nodeGroup:NodeGroup"
ADDON = "aws:eks/addon:Addon"
ENTRY = "aws:eks/accessEntry:AccessEntry"
POLICY = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
SUBNET = "aws:ec2/subnet:Subnet"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
PEOPLE = "arn:aws:iam::123456789012:role/people"


def changed(resource: Resource, **inputs: object) -> dict[str, object]:
    """Returns the inputs of a resource, with changes."""
    inputs_before = {
        key: value for key, value in resource.inputs.items() if not key.startswith("__") and key != "tagsAll"
    }
    return {**inputs_before, **inputs}


def test_the_outputs_of_a_cluster_have_the_real_form(aws: Account) -> None:
    cluster = aws.cluster()
    digits = re.fullmatch(r"https://([0-9A-F]{32})\.gr7\.us-west-2\.eks\.amazonaws\.com", cluster["endpoint"])
    assert digits is not None
    issuer = cluster["identities"][0]["oidcs"][0]["issuer"]
    assert issuer == f"https://oidc.eks.us-west-2.amazonaws.com/id/{digits[1]}", (
        "endpoint and issuer have the same digits"
    )
    assert cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16", "the VPC has the other range"
    assert cluster.id == "main"


def test_values_that_eks_generates_are_unknown_at_preview(aws: Account) -> None:
    planned = aws.preview(CLUSTER, **aws.cluster_inputs())
    assert planned["vpcConfig"]["clusterSecurityGroupId"] is UNKNOWN
    assert planned["vpcConfig"]["endpointPublicAccess"] is True, "the provider knows this default"
    assert planned["endpoint"] is UNKNOWN
    assert planned["kubernetesNetworkConfig"] is UNKNOWN


def test_the_cluster_security_group_is_created_and_deleted_with_the_cluster(aws: Account) -> None:
    cluster = aws.cluster()
    group = cluster["vpcConfig"]["clusterSecurityGroupId"]
    assert aws.cloud.get(SECURITY_GROUP, group) is not None
    rule = {"securityGroupId": group, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/8"}
    assert aws.make("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", **rule).id, "rules may name it"
    aws.delete(cluster)
    assert aws.cloud.get(SECURITY_GROUP, group) is None


def test_clusters_have_supported_versions_only(aws: Account) -> None:
    inputs = aws.cluster_inputs(version="1.22")
    for preview in (True, False):
        assert "InvalidParameterException: unsupported Kubernetes version" in aws.refusal(
            CLUSTER, "c", preview, **inputs
        )


def test_a_cluster_spans_two_zones(aws: Account) -> None:
    inputs = aws.cluster_inputs()
    one_subnet = {"subnetIds": inputs["vpcConfig"]["subnetIds"][:1]}
    text = aws.refusal(CLUSTER, "c", preview=True, **{**inputs, "vpcConfig": one_subnet})
    assert "Subnets specified must be in at least two different AZs" in text


def test_zones_that_eks_excludes_are_refused(aws: Account) -> None:
    aws.config = {"region": "us-east-1"}
    zones = aws.invoke("aws:index/getAvailabilityZones:getAvailabilityZones")
    left_out = dict(zip(zones["zoneIds"], zones["names"], strict=True))["use1-az3"]
    inputs = aws.cluster_inputs()
    vpc = aws.cloud.of_type("aws:ec2/vpc:Vpc")[0].id
    bad = aws.make(SUBNET, "bad", vpcId=vpc, cidrBlock="10.0.9.0/24", availabilityZone=left_out)
    subnets = [*inputs["vpcConfig"]["subnetIds"], bad.id]
    text = aws.refusal(CLUSTER, "c", **{**inputs, "vpcConfig": {"subnetIds": subnets}})
    assert f"because {left_out}, the targeted availability zone, does not currently have sufficient capacity" in text
    assert "UnsupportedAvailabilityZoneException" in text


def test_a_cluster_needs_a_role_that_trusts_eks(aws: Account) -> None:
    inputs = aws.cluster_inputs(roleArn=aws.role("other", "ec2.amazonaws.com")["arn"])
    assert "could not be assumed because it does not exist or the trusted entity is not correct" in aws.refusal(
        CLUSTER, "c", **inputs
    )
    missing_role = {**inputs, "roleArn": "arn:aws:iam::123456789012:role/nobody"}
    assert "role/nobody, could not be assumed" in aws.refusal(CLUSTER, "c", **missing_role)


def test_unknown_subnets_and_keys_are_refused(aws: Account) -> None:
    inputs = aws.cluster_inputs()
    text = aws.refusal(CLUSTER, "c", **{**inputs, "vpcConfig": {"subnetIds": ["subnet-0", "subnet-1"]}})
    assert "The subnet ID 'subnet-0' does not exist (Service: AmazonEC2" in text
    key = "arn:aws:kms:us-west-2:123456789012:key/0"
    secrets = {"encryptionConfig": {"provider": {"keyArn": key}, "resources": ["secrets"]}}
    assert f"NotFoundException: Key '{key}' does not exist" in aws.refusal(CLUSTER, "c", **inputs, **secrets)


def test_a_cluster_name_is_unique(aws: Account) -> None:
    cluster = aws.cluster()
    text = aws.refusal(CLUSTER, "two", **changed(cluster))
    assert "StatusCode: 409" in text
    assert "ResourceInUseException: Cluster already exists with name: main" in text


def test_the_service_range_does_not_overlap_with_the_vpc(aws: Account) -> None:
    inputs = aws.cluster_inputs(kubernetesNetworkConfig={"serviceIpv4Cidr": "10.0.0.0/16"})
    assert "overlaps with the CIDR block 10.0.0.0/16 of the VPC" in aws.refusal(CLUSTER, "c", **inputs)
    wide = aws.problems(CLUSTER, "c", **{**inputs, "kubernetesNetworkConfig": {"serviceIpv4Cidr": "11.0.0.0/16"}})
    assert "must be inside 10.0.0.0/8" in wide


def test_versions_go_up_one_at_a_time(aws: Account) -> None:
    cluster = aws.cluster(version="1.33")
    for version in ("1.35", "1.32"):
        with pytest.raises(Refusal, match=f"Unsupported Kubernetes minor version update from 1.33 to {version}"):
            aws.update(cluster, preview=True, **changed(cluster, version=version))
    assert aws.update(cluster, **changed(cluster, version="1.34"))["version"] == "1.34"


def test_nodes_too_far_behind_prevent_the_upgrade_of_the_cluster(aws: Account) -> None:
    cluster = aws.cluster(version="1.35")
    group = aws.group(cluster, version="1.33")
    row = aws.cloud.get(GROUP, group.id)
    assert row is not None
    aws.cloud.put(GROUP, group.id, {**row.state, "version": "1.32"})
    with pytest.raises(Refusal, match=r"Nodegroup version 1\.32 is too far behind"):
        aws.update(cluster, **changed(cluster, version="1.36"))


def test_authentication_changes_one_step_at_a_time(aws: Account) -> None:
    by_map, both, by_api = ({"authenticationMode": mode} for mode in ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API"))
    cluster = aws.cluster(accessConfig=by_map)
    with pytest.raises(Refusal, match=r"Unsupported authentication mode update from CONFIG_MAP to API\s*$"):
        aws.update(cluster, **changed(cluster, accessConfig=by_api))
    for mode in (both, by_api):
        assert aws.update(cluster, **changed(cluster, accessConfig=mode))


def test_authentication_never_goes_back(aws: Account) -> None:
    cluster = aws.cluster()
    with pytest.raises(Refusal, match="Unsupported authentication mode update from API to CONFIG_MAP"):
        aws.update(cluster, **changed(cluster, accessConfig={"authenticationMode": "CONFIG_MAP"}))


def test_the_control_plane_stays_in_its_vpc_and_zones(aws: Account) -> None:
    cluster = aws.cluster()
    subnets, vpc = cluster["vpcConfig"]["subnetIds"], aws.cloud.of_type("aws:ec2/vpc:Vpc")[0].id
    same = aws.make(SUBNET, "same", vpcId=vpc, cidrBlock="10.0.7.0/24", availabilityZone="us-west-2a")
    assert aws.update(cluster, **changed(cluster, vpcConfig={"subnetIds": [subnets[1], same.id]}))
    third = aws.make(SUBNET, "third", vpcId=vpc, cidrBlock="10.0.8.0/24", availabilityZone="us-west-2c")
    with pytest.raises(Refusal, match="one of the zones that the cluster was created in: us-west-2a, us-west-2b"):
        aws.update(cluster, preview=True, **changed(cluster, vpcConfig={"subnetIds": [*subnets, third.id]}))
    elsewhere = aws.subnet(aws.vpc("other", "10.9.0.0/16"), "a", "10.9.0.0/24")
    with pytest.raises(Refusal, match="does not belong to the VPC of the cluster"):
        aws.update(cluster, **changed(cluster, vpcConfig={"subnetIds": [*subnets, elsewhere.id]}))


def test_encryption_of_secrets_is_added_in_place_and_removed_by_replacement(aws: Account) -> None:
    key = aws.make("aws:kms/key:Key")
    secrets = {"encryptionConfig": {"provider": {"keyArn": key["arn"]}, "resources": ["secrets"]}}
    inputs = aws.cluster_inputs()
    plain = aws.make(CLUSTER, "main", **inputs)
    assert not aws.diff(plain, **inputs, **secrets).replaces
    plain.inputs = aws.checked(CLUSTER, "main", **inputs, **secrets)
    assert aws.diff(plain, **inputs).replaces


def test_a_named_cluster_is_deleted_before_it_is_made_again(aws: Account) -> None:
    cluster = aws.cluster()
    other_role = aws.role("other", "eks.amazonaws.com")
    difference = aws.diff(cluster, **changed(cluster, roleArn=other_role["arn"]))
    assert difference.replaces == {"roleArn"}
    assert difference.delete_before_replace


def test_a_cluster_with_node_groups_or_protection_cannot_be_deleted(aws: Account) -> None:
    cluster = aws.cluster(deletionProtection=True)
    group = aws.group(cluster)
    assert "Cluster cannot be deleted because deletion protection is enabled" in aws.delete_refusal(cluster)
    aws.update(cluster, **changed(cluster, deletionProtection=False))
    assert "ResourceInUseException: Cluster has nodegroups attached" in aws.delete_refusal(cluster)
    aws.delete(group)
    aws.delete(cluster)
    assert aws.cloud.of_type(ENTRY) == [], "access entries are deleted with the cluster"


def test_subnets_of_a_cluster_cannot_be_deleted(aws: Account) -> None:
    cluster = aws.cluster()
    subnet = aws.cloud.get(SUBNET, cluster["vpcConfig"]["subnetIds"][0])
    assert subnet is not None
    resource = Resource(subnet.type, "subnet-a", subnet.id, {}, subnet.state)
    assert "DependencyViolation" in aws.delete_refusal(resource)


def test_eks_creates_the_log_group_if_the_stack_did_not(aws: Account) -> None:
    aws.cluster(enabledClusterLogTypes=["audit"])
    text = aws.refusal(LOG_GROUP, name="/aws/eks/main/cluster")
    assert "ResourceAlreadyExistsException: The specified log group already exists" in text


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ({"minSize": 3, "desiredSize": 2, "maxSize": 4}, "Minimum capacity 3 can't be greater than desired size 2"),
        ({"minSize": 1, "desiredSize": 5, "maxSize": 4}, "desired capacity 5 can't be greater than max size 4"),
        ({"minSize": 5, "desiredSize": 5, "maxSize": 4}, "Minimum capacity 5 can't be greater than maximum capacity 4"),
    ],
)
def test_sizes_of_a_group_are_in_order(aws: Account, sizes: dict[str, int], text: str) -> None:
    assert text in aws.refusal(GROUP, preview=True, **aws.group_inputs(aws.cluster(), scalingConfig=sizes))


@pytest.mark.parametrize("types", [["m5.3xlarge"], ["m5.2xlarge", "h100.large"]])
def test_instance_types_exist(aws: Account, types: list[str]) -> None:
    text = aws.refusal(GROUP, **aws.group_inputs(aws.cluster(), instanceTypes=types))
    assert f"The following supplied instance types do not exist: [{types[-1]}]" in text


def test_instance_types_are_offered_in_the_region(aws: Account) -> None:
    aws.config = {"region": "eu-west-3"}
    text = aws.refusal(GROUP, **aws.group_inputs(aws.cluster(), instanceTypes=["p4de.24xlarge"]))
    assert "The following supplied instance types do not exist: [p4de.24xlarge]" in text


@pytest.mark.parametrize(
    ("machine", "image"),
    [
        ("m7g.xlarge", "AL2023_x86_64_STANDARD"),
        ("m5.2xlarge", "AL2023_ARM_64_STANDARD"),
        ("m5.2xlarge", "AL2023_x86_64_NVIDIA"),
    ],
)
def test_an_image_must_fit_the_instance_types(aws: Account, machine: str, image: str) -> None:
    inputs = aws.group_inputs(aws.cluster(), instanceTypes=[machine], amiType=image)
    assert f"[{machine}] is not a valid instance type for requested amiType {image}" in aws.refusal(GROUP, **inputs)


def test_a_group_without_a_cluster_is_refused_in_the_update(aws: Account) -> None:
    inputs = {**aws.group_inputs(aws.cluster()), "clusterName": "other"}
    assert aws.preview(GROUP, **inputs).id == "", "the same preview may create the cluster"
    assert "ResourceNotFoundException: No cluster found for name: other." in aws.refusal(GROUP, **inputs)


def test_a_group_and_its_launch_template_must_not_set_the_same_values(aws: Account) -> None:
    template = aws.make("aws:ec2/launchTemplate:LaunchTemplate", instanceType="m5.2xlarge", imageId="ami-1")
    inputs = aws.group_inputs(aws.cluster(), launchTemplate={"id": template.id, "version": "1"})
    assert "Disk size must be specified within the launch template." in aws.refusal(GROUP, **inputs, diskSize=50)
    assert "Remote access configuration cannot be specified" in aws.refusal(
        GROUP, **inputs, remoteAccess={"ec2SshKey": "k"}
    )
    assert "InvalidRequestException: Cannot specify instance types in launch template and API request" in aws.refusal(
        GROUP, **inputs
    )
    image = {**inputs, "amiType": "AL2023_x86_64_STANDARD"}
    assert "You cannot specify an AMI Type other than CUSTOM" in aws.refusal(GROUP, **image)
    later = {**inputs, "launchTemplate": {"id": template.id, "version": "7"}, "instanceTypes": []}
    assert "version 7 does not exist" in aws.refusal(GROUP, **later)


def test_a_group_must_not_be_newer_than_its_cluster(aws: Account) -> None:
    text = aws.refusal(GROUP, **aws.group_inputs(aws.cluster(version="1.34"), version="1.35"))
    assert "Nodegroup Kubernetes version should be equal to Cluster kubernetes version 1.34" in text


def test_raising_the_maximum_is_an_update_in_place(aws: Account) -> None:
    group = aws.group(aws.cluster())
    difference = aws.diff(group, **changed(group, scalingConfig={"minSize": 1, "desiredSize": 2, "maxSize": 9}))
    assert [change.path for change in difference.changes] == ["scalingConfig.maxSize"]
    assert not difference.replaces
    assert aws.diff(group, **changed(group, instanceTypes=["m5.4xlarge"])).replaces == {"instanceTypes[0]"}


def test_a_group_without_capacity_stays_and_has_failed_for_good(aws: Account) -> None:
    poor = Account(aws.cloud, ("capacity=m5.2xlarge:1",))
    cluster = poor.cluster()
    inputs = poor.group_inputs(cluster, nodeGroupName="cpu")
    with pytest.raises(InitializationFailure, match="InsufficientInstanceCapacity") as failed:
        poor.make(GROUP, "cpu", **inputs)
    assert failed.value.id == "main:cpu"
    assert failed.value.state["status"] == "CREATE_FAILED"
    assert "unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'" in failed.value.reasons[0]
    group = Resource(GROUP, "cpu", failed.value.id, failed.value.inputs, failed.value.state)
    assert poor.update(group, **inputs)["status"] == "CREATE_FAILED", "a second run ends well, and has no nodes"
    assert len(poor.cloud.of_type(GROUP)) == 1
    with pytest.raises(Refusal, match="Nodegroup cannot be updated as it is currently not in Active State"):
        poor.update(group, **{**inputs, "labels": {"team": "search"}})


def test_eks_creates_the_access_entry_of_a_managed_groups_nodes(aws: Account) -> None:
    group = aws.group(aws.cluster())
    text = aws.refusal(ENTRY, clusterName="main", principalArn=group["nodeRoleArn"], type="EC2_LINUX")
    assert "The specified access entry resource is already in use on this cluster." in text


def test_an_addon_and_its_version_must_be_known_to_aws(aws: Account) -> None:
    aws.cluster()
    unknown = aws.refusal(ADDON, clusterName="main", addonName="vpc-cnl")
    assert "Addon specified is not supported in 1.35 kubernetes version" in unknown
    for name, version in (("coredns", "1.14"), ("kube-proxy", "v1.34.1-eksbuild.2")):
        text = aws.refusal(ADDON, clusterName="main", addonName=name, addonVersion=version)
        assert "Addon version specified is not supported" in text, name
    assert aws.make(ADDON, clusterName="main", addonName="coredns")["addonVersion"].startswith("v1.")
    assert "Addon already exists." in aws.refusal(ADDON, "two", clusterName="main", addonName="coredns")


@pytest.mark.parametrize(
    ("inputs", "warned"),
    [
        ({}, True),
        ({"configurationValues": '{"controller": {"region": "us-west-2"}}'}, False),
        ({"serviceAccountRoleArn": "role"}, False),
        ({"addonName": "aws-efs-csi-driver"}, False),
    ],
)
def test_the_fsx_driver_needs_a_way_to_learn_its_region(aws: Account, inputs: dict[str, Any], warned: bool) -> None:
    cluster = aws.cluster()
    if "serviceAccountRoleArn" in inputs:
        inputs = {"serviceAccountRoleArn": aws.role("fsx", "pods.eks.amazonaws.com")["arn"]}
    aws.make(ADDON, **{"addonName": "aws-fsx-csi-driver", "clusterName": cluster.id, **inputs})
    assert any("has no identity, so EKS gives it no AWS_REGION" in warning for warning in aws.warnings) == warned


def test_the_configuration_of_an_addon_is_json(aws: Account) -> None:
    aws.cluster()
    text = aws.refusal(ADDON, preview=True, clusterName="main", addonName="coredns", configurationValues="replicas: 2")
    assert "ConfigurationValue provided in request is not supported: Json schema validation failed" in text


def test_access_entries_need_the_api_mode(aws: Account) -> None:
    aws.cluster(accessConfig={"authenticationMode": "CONFIG_MAP"})
    text = aws.refusal(ENTRY, clusterName="main", principalArn=PEOPLE)
    assert "authentication mode must be set to one of [API, API_AND_CONFIG_MAP]" in text


def test_an_access_entry_is_unique_and_a_policy_needs_one(aws: Account) -> None:
    aws.cluster()
    grant = {"clusterName": "main", "principalArn": PEOPLE, "policyArn": VIEW, "accessScope": {"type": "cluster"}}
    assert "The specified principalArn could not be found." in aws.refusal(POLICY, **grant)
    entry = aws.make(ENTRY, clusterName="main", principalArn=PEOPLE)
    assert entry["userName"] == "arn:aws:sts::123456789012:assumed-role/people/{{SessionName}}"
    assert "already in use" in aws.refusal(ENTRY, "two", clusterName="main", principalArn=PEOPLE)
    assert aws.make(POLICY, **grant).id == f"main#{PEOPLE}#{VIEW}"
    nowhere = {**grant, "accessScope": {"type": "namespace"}}
    assert "namespaces must be specified when accessScope.type is namespace" in aws.refusal(POLICY, "two", **nowhere)


@pytest.mark.parametrize(
    "principal",
    [
        "arn:aws-cn:iam::123456789012:role/people",
        "arn:aws:iam::123456789012:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot",
    ],
)
def test_an_access_entry_is_of_a_principal_that_can_have_one(principal: str, aws: Account) -> None:
    aws.cluster()
    assert "invalid principal" in aws.refusal(ENTRY, clusterName="main", principalArn=principal)


def test_reserved_groups_are_refused(aws: Account) -> None:
    aws.cluster()
    text = aws.refusal(ENTRY, clusterName="main", principalArn=PEOPLE, kubernetesGroups=["system:masters"])
    assert "The kubernetes group name system:masters is invalid" in text


def test_groups_that_are_no_longer_said_stay_and_an_empty_list_takes_them(aws: Account) -> None:
    aws.cluster()
    entry = aws.make(ENTRY, clusterName="main", principalArn=PEOPLE, kubernetesGroups=["ml:lab:viewer"])
    assert not aws.diff(entry, clusterName="main", principalArn=PEOPLE).changes
    assert aws.update(entry, clusterName="main", principalArn=PEOPLE, kubernetesGroups=[])["kubernetesGroups"] == []


def test_nodes_outside_managed_groups_need_an_entry_of_type_ec2_linux(aws: Account) -> None:
    aws.cluster()
    role = aws.role("karpenter", "ec2.amazonaws.com")["arn"]
    inputs = {"clusterName": "main", "principalArn": role, "type": "EC2_LINUX"}
    for more in ({"kubernetesGroups": ["nodes"]}, {"userName": "node"}):
        assert "cannot be given for an access entry of type EC2_LINUX" in aws.refusal(
            ENTRY, preview=True, **inputs, **more
        )
    user = {**inputs, "principalArn": "arn:aws:iam::123456789012:user/karpenter"}
    assert "The specified principalArn is invalid: invalid principal." in aws.refusal(ENTRY, preview=True, **user)
    entry = aws.make(ENTRY, **inputs)
    assert entry["kubernetesGroups"] == ["system:nodes"]
    assert entry["userName"] == "system:node:{{EC2PrivateDNSName}}"
    assert not aws.diff(entry, **inputs).changes, "values that EKS fills in are no change"
    refreshed = aws.package.read(aws.call(ENTRY, "one"), entry.id, entry.inputs, entry.state)
    assert refreshed is not None
    assert refreshed.inputs == entry.inputs, "values that EKS fills in are no drift"
    assert "already in use on this cluster" in aws.refusal(ENTRY, "two", **{**inputs, "type": "STANDARD"})
    grant = {"clusterName": "main", "principalArn": role, "policyArn": VIEW, "accessScope": {"type": "cluster"}}
    assert "Access policies cannot be associated with an access entry of type EC2_LINUX" in aws.refusal(POLICY, **grant)
    assert aws.diff(entry, **{**inputs, "type": "STANDARD"}).replaces == {"type"}


def test_a_service_account_has_one_role_that_trusts_pods(aws: Account) -> None:
    aws.cluster()
    inputs = {"clusterName": "main", "namespace": "ml", "serviceAccount": "trainer"}
    half = aws.role("half", "pods.eks.amazonaws.com")
    assert "does not allow pods.eks.amazonaws.com sts:AssumeRole and sts:TagSession" in aws.refusal(
        ASSOCIATION, **inputs, roleArn=half["arn"]
    )
    missing_role = "arn:aws:iam::123456789012:role/nobody"
    assert "Role provided in the request does not exist." in aws.refusal(ASSOCIATION, **inputs, roleArn=missing_role)
    role = aws.role("pods", "pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession")
    association = aws.make(ASSOCIATION, **inputs, roleArn=role["arn"])
    assert re.fullmatch("a-[a-z0-9]{17}", association.id)
    text = aws.refusal(ASSOCIATION, "two", **inputs, roleArn=role["arn"])
    assert f"ResourceInUseException: Association already exists: {association.id}" in text
