"""Functions of the provider that read from AWS."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from simulator.cloud import Cloud
from simulator.provider import Refusal
from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account, trust

ZONES = "aws:index/getAvailabilityZones:getAvailabilityZones"
DOCUMENT = "aws:iam/getPolicyDocument:getPolicyDocument"
PARAMETER = "aws:ssm/getParameter:getParameter"
OFFERINGS = "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings"
IMAGES = "/aws/service/eks/optimized-ami"


def test_zones_are_sorted_by_name_and_have_ids(aws: Account) -> None:
    zones = aws.invoke(ZONES, state="available")
    assert zones["names"] == sorted(zones["names"])
    assert len(zones["names"]) == len(zones["zoneIds"]) == 4
    remaining = aws.invoke(ZONES, excludeZoneIds=[zones["zoneIds"][0]])
    assert remaining["names"] == zones["names"][1:]
    assert aws.invoke(ZONES, region="eu-west-1")["names"][0] == "eu-west-1a"


def test_the_caller_is_the_account_of_the_provider(aws: Account) -> None:
    assert aws.invoke("aws:index/getCallerIdentity:getCallerIdentity")["accountId"] == "123456789012"
    aws.config = {"region": "us-west-2", "allowedAccountIds": '["111122223333"]'}
    assert aws.invoke("aws:index/getCallerIdentity:getCallerIdentity")["accountId"] == "111122223333"


def test_a_provider_with_a_role_is_a_session_of_it(aws: Account) -> None:
    roles = [{"roleArn": "arn:aws:iam::123456789012:role/hop"}, {"roleArn": "arn:aws:iam::111122223333:role/path/last"}]
    aws.config = {"region": "us-west-2", "assumeRoles": json.dumps(roles)}
    caller = aws.invoke("aws:index/getCallerIdentity:getCallerIdentity")
    assert caller["arn"] == "arn:aws:sts::111122223333:assumed-role/last/simulated", "without the path"
    assert caller["accountId"] == "111122223333"


def test_roles_that_the_real_provider_would_not_take_on_are_refused(aws: Account) -> None:
    config = {"region": "us-west-2", "assumeRoles": json.dumps([{"role_arn": "arn:aws:iam::123456789012:role/a"}])}
    (failure,) = aws.package.check_config("urn", config).failures
    assert "would ignore what it does not know" in failure.reason, "a plain dict of the SDK is not translated"
    right = {**config, "assumeRoles": json.dumps([{"roleArn": "arn:aws:iam::123456789012:role/a"}])}
    assert aws.package.check_config("urn", right).failures == ()


def test_region_and_partition(aws: Account) -> None:
    assert aws.invoke("aws:index/getRegion:getRegion")["name"] == "us-west-2"
    partition = aws.invoke("aws:index/getPartition:getPartition")
    assert (partition["partition"], partition["dnsSuffix"], partition["reverseDnsPrefix"]) == (
        "aws",
        "amazonaws.com",
        "com.amazonaws",
    )


def test_a_policy_document_is_written_as_the_provider_writes_it(aws: Account) -> None:
    statements = [
        {
            "sid": "Read",
            "actions": ["s3:GetObject", "s3:ListBucket"],
            "resources": ["arn:aws:s3:::data/&{aws:username}"],
            "principals": [{"type": "Service", "identifiers": ["ec2.amazonaws.com"]}],
            "conditions": [{"test": "StringEquals", "variable": "aws:PrincipalTag/team", "values": ["ml"]}],
        }
    ]
    text = aws.invoke(DOCUMENT, statements=statements)["json"]
    assert json.loads(text)["Statement"][0] == {
        "Sid": "Read",
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": ["s3:ListBucket", "s3:GetObject"],
        "Resource": "arn:aws:s3:::data/${aws:username}",
        "Condition": {"StringEquals": {"aws:PrincipalTag/team": "ml"}},
    }, "the provider writes a single value without a list, and sorts several in reverse"
    assert text.startswith('{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Sid": "Read",')


def test_a_policy_document_is_joined_as_the_provider_joins_it(aws: Account) -> None:
    read, write = (
        {"Sid": sid, "Effect": "Allow", "Action": action} for sid, action in (("A", "s3:Get*"), ("B", "s3:Put*"))
    )
    source = json.dumps({"Version": "2012-10-17", "Id": "one", "Statement": [read, write]})
    own = [{"sid": "A", "actions": ["s3:GetObject"]}, {"actions": ["s3:ListBucket"]}]
    result = aws.invoke(DOCUMENT, version="2008-10-17", sourcePolicyDocuments=[source], statements=own)
    document = json.loads(result["json"])
    assert [each["Action"] for each in document["Statement"]] == ["s3:GetObject", "s3:Put*", "s3:ListBucket"]
    assert (document["Version"], document["Id"]) == ("2012-10-17", "one"), (
        "a newer version of a part is that of the whole"
    )


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"version": "2012-10-18"}, "expected version to be one of"),
        ({"statements": [{"effect": "allow"}]}, "expected effect to be one of"),
        ({"statements": [{"sid": "Read data"}]}, "must only include alphanumeric characters"),
        ({"sourceJson": "{}"}, "use source_policy_documents"),
        ({"overridePolicyDocuments": ["{"]}, "contains an invalid JSON"),
        ({"sourcePolicyDocuments": ['{"Statement": {"Effect": "Allow"}}']}, "cannot unmarshal object"),
        (
            {"sourcePolicyDocuments": ['{"Statement": [{"Sid": "A"}]}'] * 2},
            r"duplicate Sid \(A\) in source_policy_documents",
        ),
        (
            {"version": "2008-10-17", "statements": [{"resources": ["arn:aws:s3:::&{aws:username}"]}]},
            "not supported in",
        ),
    ],
)
def test_a_policy_document_that_the_provider_does_not_write_is_refused(aws: Account, args: Any, says: str) -> None:
    with pytest.raises(Refusal, match=says):
        aws.invoke(DOCUMENT, **args)


def test_two_statements_with_the_same_sid_are_refused(aws: Account) -> None:
    with pytest.raises(Refusal, match=r"duplicate Sid \(A\)"):
        aws.invoke(DOCUMENT, statements=[{"sid": "A", "actions": ["*"]}, {"sid": "A", "actions": ["*"]}])


@pytest.mark.parametrize(
    "path",
    [
        f"{IMAGES}/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id",
        f"{IMAGES}/1.35/amazon-linux-2023/arm64/nvidia/recommended/image_id",
        "/aws/service/bottlerocket/aws-k8s-1.35-nvidia/x86_64/latest/image_id",
    ],
)
def test_public_image_parameters_are_known(aws: Account, path: str) -> None:
    value = aws.invoke(PARAMETER, name=path)["value"]
    assert re.fullmatch("ami-[0-9a-f]{17}", value)
    assert value == aws.invoke(PARAMETER, name=path)["value"], "another image in the second run would be a change"


def test_a_parameter_that_does_not_exist_is_refused(aws: Account) -> None:
    for path in ("/ml/none", f"{IMAGES}/1.12/amazon-linux-2023/x86_64/standard/recommended/image_id"):
        with pytest.raises(Refusal, match="couldn't find resource"):
            aws.invoke(PARAMETER, name=path)


def test_instance_type_offerings_depend_on_the_region(aws: Account) -> None:
    filters = [{"name": "instance-type", "values": ["m5.2xlarge", "m5.3xlarge"]}]
    assert aws.invoke(OFFERINGS, filters=filters)["instanceTypes"] == ["m5.2xlarge"]
    by_zone = aws.invoke(OFFERINGS, filters=filters, locationType="availability-zone")
    assert by_zone["locations"] == aws.invoke(ZONES)["names"]


def test_cluster_versions_have_a_status_and_one_default(aws: Account) -> None:
    versions = aws.invoke("aws:eks/getClusterVersions:getClusterVersions")["clusterVersions"]
    assert [each["clusterVersion"] for each in versions if each["defaultVersion"]] == [versions[0]["clusterVersion"]]
    assert {each["versionStatus"] for each in versions} <= {"STANDARD_SUPPORT", "EXTENDED_SUPPORT"}
    only = aws.invoke("aws:eks/getClusterVersions:getClusterVersions", defaultOnly=True)["clusterVersions"]
    assert len(only) == 1


def test_addon_versions_come_from_the_catalog(aws: Account) -> None:
    token = "aws:eks/getAddonVersion:getAddonVersion"
    assert aws.invoke(token, addonName="vpc-cni", kubernetesVersion="1.35")["version"].startswith("v1.")
    with pytest.raises(Refusal, match=r"reading EKS Add-On version info \(vpc-cni, 1\.12\)"):
        aws.invoke(token, addonName="vpc-cni", kubernetesVersion="1.12")


def test_quotas_have_their_defaults(aws: Account) -> None:
    token = "aws:servicequotas/getServiceQuota:getServiceQuota"
    assert aws.invoke(token, serviceCode="vpc", quotaCode="L-F678F1CE")["value"] == 5
    with pytest.raises(Refusal, match="NoSuchResourceException"):
        aws.invoke(token, serviceCode="vpc", quotaCode="L-0")


def test_unknown_arguments_give_an_unknown_result(aws: Account) -> None:
    assert aws.invoke(PARAMETER, name=UNKNOWN)["id"] is UNKNOWN


def test_an_unknown_function_is_refused_with_the_file_to_add_it_to(aws: Account) -> None:
    with pytest.raises(Refusal, match=r"aws:rds/getCluster:getCluster.*simulator/aws/functions\.py"):
        aws.invoke("aws:rds/getCluster:getCluster")


def test_resources_are_found_by_their_tags(cloud: Cloud) -> None:
    aws = Account(cloud, config={"region": "us-west-2", "defaultTags": '{"tags": {"project": "ml"}}'})
    bucket = aws.make("aws:s3/bucket:Bucket", bucket="models", tags={"tier": "gold"})
    key = aws.make("aws:kms/key:Key")

    def found(**args: object) -> list[str]:
        answer = aws.invoke("aws:resourcegroupstaggingapi/getResources:getResources", **args)
        return [each["resourceArn"] for each in answer["resourceTagMappingLists"]]

    assert found(tagFilters=[{"key": "project", "values": ["ml"]}]) == [bucket["arn"], key["arn"]]
    assert found(resourceTypeFilters=["s3"], tagFilters=[{"key": "tier"}]) == [bucket["arn"]]
    assert found(tagFilters=[{"key": "project", "values": ["other"]}]) == []
    assert found(region="us-east-1") == []


def test_log_groups_are_found_by_the_beginning_of_their_names(aws: Account) -> None:
    aws.make("aws:cloudwatch/logGroup:LogGroup", name="/aws/eks/main/cluster", tags={"team": "ml"})
    aws.make("aws:cloudwatch/logGroup:LogGroup", "two", name="/aws/eks/other/cluster")
    groups = "aws:cloudwatch/getLogGroups:getLogGroups"
    assert aws.invoke(groups, logGroupNamePrefix="/aws/eks/main")["logGroupNames"] == ["/aws/eks/main/cluster"]
    assert len(aws.invoke(groups)["arns"]) == 2
    assert aws.invoke(groups, region="us-east-1")["logGroupNames"] == []
    group = "aws:cloudwatch/getLogGroup:getLogGroup"
    assert aws.invoke(group, name="/aws/eks/main/cluster")["tags"] == {"team": "ml"}
    with pytest.raises(Refusal, match="reading CloudWatch Logs Log Group"):
        aws.invoke(group, name="/aws/eks/none/cluster")


def test_with_a_fault_eks_makes_the_log_group_of_a_deleted_cluster_again(cloud: Cloud) -> None:
    aws = Account(cloud, faults=("late-logs=main",))
    for name, left in (("/aws/eks/main/cluster", True), ("/aws/eks/other/cluster", False), ("/flow-logs", False)):
        aws.delete(aws.make("aws:cloudwatch/logGroup:LogGroup", name=name, retentionInDays=365))
        row = cloud.get("aws:cloudwatch/logGroup:LogGroup", name)
        assert (row is not None) == left
        assert row is None or (row.state["retentionInDays"], row.state.get("tagsAll")) == (0, None)


def test_subnets_are_found_by_their_tags_and_ranges(aws: Account) -> None:
    vpc, token = aws.vpc(), "aws:ec2/getSubnets:getSubnets"
    tags = {"role": "pods"}
    first, second = (aws.subnet(vpc, letter, f"10.0.{i}.0/24", tags=tags) for i, letter in enumerate("ab"))
    aws.subnet(vpc, "c", "10.0.2.0/24")
    assert aws.invoke(token, tags=tags)["ids"] == [first.id, second.id]
    planned = [{"name": "cidr-block", "values": ["10.0.1.0/24", "10.0.2.0/24"]}]
    assert aws.invoke(token, tags=tags, filters=planned)["ids"] == [second.id]
    assert aws.invoke(token, tags={"role": "none"})["ids"] == [], "the real provider finds no mistake in that"
    with pytest.raises(Refusal, match="no filter state"):
        aws.invoke(token, filters=[{"name": "state", "values": ["available"]}])


def test_interfaces_are_found_by_their_subnet_only(aws: Account) -> None:
    with pytest.raises(Refusal, match="subnet-id alone"):
        aws.invoke("aws:ec2/getNetworkInterfaces:getNetworkInterfaces", filters=[{"name": "vpc-id", "values": ["vpc"]}])


@pytest.mark.parametrize(
    ("day", "known"), [("20261012", True), ("20260231", False), ("20251231", False), ("20991231", False)]
)
def test_an_image_is_of_a_day_on_which_eks_had_its_version(aws: Account, day: str, known: bool) -> None:
    image = f"amazon-eks-node-al2023-x86_64-standard-1.35-v{day}"
    name = f"/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/{image}/release_version"
    if known:
        assert aws.invoke("aws:ssm/getParameter:getParameter", name=name)["value"] == f"1.35.0-{day}"
    else:
        with pytest.raises(Refusal, match="couldn't find resource"):
            aws.invoke("aws:ssm/getParameter:getParameter", name=name)


def test_the_size_of_a_node_group_is_that_which_it_has_now(aws: Account) -> None:
    cluster = aws.cluster()
    group = aws.group(cluster)
    assert aws.invoke("aws:eks/getClusters:getClusters")["names"] == [cluster.id]
    assert aws.invoke("aws:eks/getCluster:getCluster", name=cluster.id)["version"] == "1.35"
    with pytest.raises(Refusal, match="No cluster found for name: other"):
        aws.invoke("aws:eks/getCluster:getCluster", name="other")
    listed = aws.invoke("aws:eks/getNodeGroups:getNodeGroups", clusterName=cluster.id)
    assert listed["names"] == [group["nodeGroupName"]]
    row = aws.cloud.get(group.type, group.id)
    assert row is not None
    scaled = {**row.state, "scalingConfig": {**row.state["scalingConfig"], "desiredSize": 2}}
    aws.cloud.put(row.type, row.id, scaled, row.urn, row.region)
    asked = {"clusterName": cluster.id, "nodeGroupName": group["nodeGroupName"]}
    shown = aws.invoke("aws:eks/getNodeGroup:getNodeGroup", **asked)
    assert shown["scalingConfigs"][0]["desiredSize"] == 2
    assert shown["region"] == "us-west-2", "the refusal of a failed group names it"
    assert shown["releaseVersion"] == "1.35.0-20260115"
    with pytest.raises(Refusal, match="No node group found for name: other"):
        aws.invoke("aws:eks/getNodeGroup:getNodeGroup", **asked | {"nodeGroupName": "other"})
    with pytest.raises(Refusal, match="No cluster found for name: other"):
        aws.invoke("aws:eks/getNodeGroups:getNodeGroups", clusterName="other")


def test_an_account_has_the_role_of_each_permission_set_that_is_asked_for_by_name(aws: Account) -> None:
    sets = {"nameRegex": r"^AWSReservedSSO_Ml\.Lab_[0-9a-f]{16}$", "pathPrefix": "/aws-reserved/sso.amazonaws.com/"}
    (name,) = aws.invoke("aws:iam/getRoles:getRoles", **sets)["names"]
    assert re.fullmatch(sets["nameRegex"], name)
    (arn,) = aws.invoke("aws:iam/getRoles:getRoles", **sets)["arns"]
    assert arn == f"arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/us-west-2/{name}"


def test_roles_are_found_by_path_and_name(aws: Account) -> None:
    names = ["pod", "pods", "other"]
    for name in names:
        aws.make("aws:iam/role:Role", name, name=name, path="/ml/", assumeRolePolicy=trust("ec2.amazonaws.com"))
    assert aws.invoke("aws:iam/getRoles:getRoles", pathPrefix="/ml/", nameRegex="^pod")["names"] == ["pod", "pods"]
    assert aws.invoke("aws:iam/getRoles:getRoles", pathPrefix="/else/")["names"] == []
