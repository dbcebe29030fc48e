"""Behaviour of every type: names, ids, defaults, tags, previews, changes, refreshes."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest

from simulator.aws.package import AwsPackage
from simulator.cloud import Cloud
from simulator.faults import Faults
from simulator.provider import Refusal
from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account, Resource, trust

GROUP = "aws:ec2/securityGroup:SecurityGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
VPC = "aws:ec2/vpc:Vpc"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


def test_an_automatic_name_is_the_same_at_preview_and_update(aws: Account) -> None:
    first, second = (aws.checked(LOG_GROUP, "audit")["name"] for _ in range(2))
    assert re.fullmatch("audit-[0-9a-f]{7}", first), "the real provider adds seven digits"
    assert first == second, "a preview must show the name that the update creates"


def test_an_automatic_name_never_changes(aws: Account) -> None:
    created = aws.make(LOG_GROUP, "audit")
    again = aws.checked(LOG_GROUP, "audit", created.inputs, retentionInDays=30)
    assert again["name"] == created.inputs["name"], "a new name would be a replacement"
    assert "name" in again["__defaults"]


def test_a_replacement_has_another_name_than_the_old_resource(aws: Account) -> None:
    old = aws.make(LOG_GROUP, "audit")
    assert aws.checked(LOG_GROUP, "audit")["name"] != old.inputs["name"], "both exist for a while"


def test_a_name_that_gets_too_long_is_refused(aws: Account) -> None:
    long = "r" * 60
    role = aws.problems("aws:iam/role:Role", long, assumeRolePolicy="{}")
    assert f"name '{long}-' plus 7 random chars is longer than maximum length 64" in role


def test_bucket_names_are_lower_case_and_aliases_have_their_prefix(aws: Account) -> None:
    assert aws.checked("aws:s3/bucket:Bucket", "FlowLogs")["bucket"].startswith("flowlogs-")
    assert aws.checked("aws:kms/alias:Alias", "eks", targetKeyId="k")["name"].startswith("alias/eks-")


def test_ids_are_the_same_in_every_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    ids = set()
    for _ in range(2):
        account = Account(Cloud(tmp_path_factory.mktemp("cloud") / "cloud.sqlite"))
        ids.add((account.vpc().id, account.vpc("other", "10.1.0.0/16").id))
    assert len(ids) == 1, "outputs of two equal runs could not be compared"
    assert len(set(ids.pop())) == 2


def test_two_resources_with_the_same_urn_have_different_ids(aws: Account) -> None:
    assert aws.vpc().id != aws.vpc().id, "a replacement is created before the old resource is deleted"


def test_at_preview_only_the_inputs_are_known(aws: Account) -> None:
    planned = aws.preview(VPC, cidrBlock="10.0.0.0/16")
    assert planned.id == "", "nothing exists yet"
    assert planned["cidrBlock"] == "10.0.0.0/16"
    assert planned["defaultSecurityGroupId"] is UNKNOWN
    assert planned["enableDnsHostnames"] is UNKNOWN, "AWS decides on values that the program leaves out"
    assert aws.cloud.all() == [], "a preview changes nothing"


def test_preview_and_update_have_the_same_outputs(aws: Account) -> None:
    planned = aws.preview(VPC, cidrBlock="10.0.0.0/16").state
    created = aws.make(VPC, cidrBlock="10.0.0.0/16").state
    assert planned.keys() == created.keys()
    assert UNKNOWN not in created.values()


def test_the_region_comes_from_the_provider(aws: Account) -> None:
    assert aws.checked(VPC, cidrBlock="10.0.0.0/16")["region"] == "us-west-2"


def test_a_provider_without_a_region_is_refused(cloud: Cloud) -> None:
    nowhere = Account(cloud, config={})
    with pytest.raises(Refusal, match="aws:region"):
        nowhere.check(VPC, cidrBlock="10.0.0.0/16")
    assert "aws:region" in nowhere.package.check_config("urn", {}).failures[0].reason


def test_a_region_that_aws_does_not_have_is_refused(aws: Account) -> None:
    assert (
        "invalid AWS Region: eu-west-9" in aws.package.check_config("urn", {"region": "eu-west-9"}).failures[0].reason
    )


def test_ignored_tags_in_keys_of_the_sdk_are_refused(aws: Account) -> None:
    for key, wrong in (("key_prefixes", 1), ("keyPrefixes", 0)):
        inputs = {"region": "us-west-2", "ignoreTags": f'{{"{key}": ["eks:"]}}'}
        assert len(aws.package.check_config("urn", inputs).failures) == wrong, "the SDK translates no plain dict"


def test_tags_replace_default_tags(cloud: Cloud) -> None:
    account = Account(cloud, config={"region": "us-west-2", "defaultTags": '{"tags": {"team": "ml", "stage": "dev"}}'})
    assert account.checked(VPC, cidrBlock="10.0.0.0/16", tags={"team": "own"})["tagsAll"] == {
        "team": "own",
        "stage": "dev",
    }
    assert account.checked(VPC, cidrBlock="10.0.0.0/16", tags={"team": UNKNOWN})["tagsAll"] is UNKNOWN


def test_the_account_is_the_one_that_the_provider_allows(cloud: Cloud) -> None:
    account = Account(cloud, config={"region": "us-west-2", "allowedAccountIds": '["111122223333"]'})
    assert account.vpc()["ownerId"] == "111122223333"


def test_an_unknown_argument_is_refused_with_a_suggestion(aws: Account) -> None:
    text = aws.problems(VPC, "main", cidrBlok="10.0.0.0/16")
    assert "has no argument cidrBlok; did you mean cidrBlock?. Examine values at 'main.cidrBlok'." in text


def test_a_missing_argument_is_named_as_terraform_names_it(aws: Account) -> None:
    assert 'Missing required argument. The argument "vpc_id" is required' in aws.problems("aws:ec2/subnet:Subnet")


def test_a_value_that_is_not_allowed_is_refused(aws: Account) -> None:
    text = aws.problems(LOG_GROUP, "logs", retentionInDays=2)
    assert "expected retention_in_days to be one of [0 1 3 " in text
    assert text.endswith("got 2. Examine values at 'logs.retentionInDays'.")


def test_a_value_inside_a_list_is_refused_with_its_path(aws: Account) -> None:
    devices = [{"deviceName": "/dev/xvda", "ebs": {"volumeType": "gp4"}}]
    text = aws.problems(TEMPLATE, "t", blockDeviceMappings=devices)
    assert text.endswith("got gp4. Examine values at 't.blockDeviceMappings[0].ebs.volumeType'.")


def test_unknown_values_are_not_checked_yet(aws: Account) -> None:
    assert aws.problems("aws:ec2/subnet:Subnet", vpcId=UNKNOWN, cidrBlock=UNKNOWN) == ""


def test_an_unknown_type_is_refused_with_the_file_to_add_it_to(aws: Account) -> None:
    with pytest.raises(Refusal, match=r"services/mq\.py"):
        aws.check("aws:mq/broker:Broker")


def test_a_new_cidr_replaces_the_vpc_and_creates_the_new_one_first(aws: Account) -> None:
    difference = aws.diff(aws.vpc(), cidrBlock="10.1.0.0/16", enableDnsHostnames=True)
    assert difference.replaces == {"cidrBlock"}
    assert not difference.delete_before_replace


def test_a_change_of_tags_is_made_in_place(aws: Account) -> None:
    difference = aws.diff(aws.vpc(), cidrBlock="10.0.0.0/16", enableDnsHostnames=True, tags={"a": "b"})
    assert {change.path for change in difference.changes} == {"tags", "tagsAll.a"}
    assert not difference.replaces


def test_a_resource_with_a_given_name_is_deleted_before_it_is_replaced(aws: Account) -> None:
    vpc = aws.vpc()
    named = aws.make(GROUP, name="nodes", vpcId=vpc.id)
    assert aws.diff(named, name="nodes", vpcId=vpc.id, description="other").delete_before_replace
    automatic = aws.make(GROUP, "two", vpcId=vpc.id)
    assert not aws.diff(automatic, vpcId=vpc.id, description="other").delete_before_replace


def test_leaving_out_what_aws_fills_in_is_no_change(aws: Account) -> None:
    assert aws.diff(aws.vpc(), cidrBlock="10.0.0.0/16").changes == ()


def test_another_layout_of_a_document_is_no_change(aws: Account) -> None:
    role = aws.role("reader", "ec2.amazonaws.com")
    without_spaces = role["assumeRolePolicy"].replace(" ", "")
    assert without_spaces != role["assumeRolePolicy"], "the two layouts must differ"
    assert aws.diff(role, assumeRolePolicy=without_spaces).changes == ()


def test_another_order_of_a_set_is_no_change(aws: Account) -> None:
    cluster = aws.cluster()
    inputs = {
        key: value for key, value in cluster.inputs.items() if key in ("name", "roleArn", "version", "accessConfig")
    }
    turned = {"subnetIds": cluster["vpcConfig"]["subnetIds"][::-1]}
    assert aws.diff(cluster, **inputs, vpcConfig=turned).changes == ()


def test_an_update_keeps_values_that_aws_generated(aws: Account) -> None:
    vpc = aws.vpc()
    after = aws.update(vpc, cidrBlock="10.0.0.0/16", tags={"a": "b"})
    assert after["defaultSecurityGroupId"] == vpc["defaultSecurityGroupId"]
    assert after["enableDnsHostnames"] is True
    assert after["tags"] == {"a": "b"}


def test_a_change_of_a_launch_template_creates_a_version(aws: Account) -> None:
    template = aws.make(TEMPLATE, metadataOptions={"httpTokens": "required"})
    assert template["latestVersion"] == 1
    change = {"metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1}}
    assert aws.update(template, preview=True, **change)["latestVersion"] is UNKNOWN, "node groups must show a change"
    assert aws.update(template, **change)["latestVersion"] == 2
    assert aws.update(template, **change, tags={"a": "b"})["latestVersion"] == 2, "tags create no version"


def test_a_refresh_shows_drift(aws: Account) -> None:
    vpc = aws.vpc()
    row = aws.cloud.get(VPC, vpc.id)
    assert row is not None
    aws.cloud.put(VPC, vpc.id, {**row.state, "enableDnsHostnames": False, "tags": {"by": "hand"}})
    refreshed = aws.package.read(aws.call(VPC, "vpc"), vpc.id, vpc.inputs, vpc.state)
    assert refreshed is not None
    assert refreshed.inputs["enableDnsHostnames"] is False, "the next diff compares the inputs, so drift must be there"
    assert "enableNetworkAddressUsageMetrics" not in refreshed.inputs, "an input that was never given is no drift"
    assert refreshed.state["tags"] == {"by": "hand"}


def test_a_refresh_without_drift_changes_nothing(aws: Account) -> None:
    for resource in (aws.cluster(), aws.make(TEMPLATE, metadataOptions={"httpTokens": "required"})):
        refreshed = aws.package.read(
            aws.call(resource.type, resource.name), resource.id, resource.inputs, resource.state
        )
        assert refreshed is not None
        assert (refreshed.inputs, refreshed.state) == (resource.inputs, resource.state), resource.type


def test_a_resource_that_is_gone_reads_as_none_and_can_be_deleted(aws: Account) -> None:
    vpc = aws.vpc()
    aws.cloud.delete(VPC, vpc.id)
    assert aws.package.read(aws.call(VPC, "vpc"), vpc.id, vpc.inputs, vpc.state) is None
    aws.delete(vpc)
    with pytest.raises(Refusal, match=r"InvalidVpcID\.NotFound: The vpc ID"):
        aws.update(vpc, cidrBlock="10.0.0.0/16", tags={"a": "b"})


def test_an_import_derives_the_inputs_from_the_cloud(aws: Account) -> None:
    vpc = aws.vpc()
    imported = aws.package.read(aws.call(VPC, "vpc"), vpc.id, {}, {})
    assert imported is not None
    assert imported.inputs["cidrBlock"] == "10.0.0.0/16"
    assert "ownerId" not in imported.inputs, "outputs are no inputs"


def test_a_refusal_has_the_real_providers_words(aws: Account) -> None:
    text = aws.refusal("aws:ec2/subnet:Subnet", vpcId="vpc-0123456789abcdef0", cidrBlock="10.0.0.0/24")
    assert re.fullmatch(
        r"1 error occurred:\n\t\* creating EC2 Subnet: operation error EC2: CreateSubnet, "
        r"https response error StatusCode: 400, RequestID: [0-9a-f-]{36}, "
        r"api error InvalidVpcID\.NotFound: The vpc ID 'vpc-0123456789abcdef0' does not exist\n\n",
        text,
    )


def test_an_unknown_generated_id_is_refused_at_preview(aws: Account) -> None:
    text = aws.refusal("aws:ec2/subnet:Subnet", preview=True, vpcId="vpc-0123456789abcdef0", cidrBlock="10.0.0.0/24")
    assert "InvalidVpcID.NotFound" in text


def test_an_unknown_name_is_not_refused_at_preview(aws: Account) -> None:
    attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    planned = aws.preview(attachment, role="new", policyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert planned["role"] == "new"


def test_a_fault_can_use_up_a_quota(cloud: Cloud) -> None:
    account = Account(cloud, ("quota=L-F678F1CE:1",))
    assert "VpcLimitExceeded: The maximum number of VPCs has been reached." in account.refusal(
        VPC, cidrBlock="10.0.0.0/16"
    )
    assert account.vpc().id, "the fault strikes only once"


def test_a_delete_waits_for_another_delete(cloud: Cloud) -> None:
    account = Account(cloud)
    account.package = AwsPackage(cloud, Faults(), patience_seconds=5.0)
    vpc = account.vpc()
    subnet = account.subnet(vpc)
    later = threading.Timer(0.15, lambda: account.delete(subnet))
    later.start()
    account.delete(vpc)
    later.join()
    assert cloud.all() == [], "the real provider waits for minutes, since two deletes may arrive in the wrong order"


def made_twice(aws: Account, type_: str, /, **inputs: Any) -> tuple[Resource, Resource]:
    """Makes a resource, loses it behind the engine's back, and makes it again with the same inputs."""
    first = aws.make(type_, **inputs)
    aws.cloud.delete(type_, first.id)
    return first, aws.make(type_, **inputs)


@pytest.mark.parametrize(
    ("type_", "inputs", "outputs"),
    [
        (VPC, {"cidrBlock": "10.0.0.0/16"}, ("arn", "defaultSecurityGroupId", "mainRouteTableId")),
        ("aws:kms/key:Key", {}, ("arn", "keyId")),
        ("aws:efs/fileSystem:FileSystem", {}, ("arn", "dnsName")),
        ("aws:ec2/eip:Eip", {"domain": "vpc"}, ("allocationId", "publicIp")),
        (LOG_GROUP, {}, ("name", "arn")),
    ],
)
def test_what_is_made_again_gets_a_new_id(aws: Account, type_: str, inputs: dict[str, Any], outputs: Any) -> None:
    first, second = made_twice(aws, type_, **inputs)
    assert first.id != second.id, "with its old id, what stands on a lost resource would look whole"
    assert [name for name in outputs if first[name] == second[name]] == []


def test_a_name_of_ours_stays_and_what_aws_gives_beside_it_is_new(aws: Account) -> None:
    roles = made_twice(aws, "aws:iam/role:Role", name="reader", assumeRolePolicy=trust("ec2.amazonaws.com"))
    assert [role.id for role in roles] == ["reader", "reader"]
    assert roles[0]["uniqueId"] != roles[1]["uniqueId"], "policies that name a lost role by its id no longer hold"
    clusters = made_twice(aws, "aws:eks/cluster:Cluster", **aws.cluster_inputs())
    assert [cluster.id for cluster in clusters] == ["main", "main"]
    for output in ("endpoint", "identities", "certificateAuthority"):
        assert clusters[0][output] != clusters[1][output], "a kubeconfig of the lost cluster reaches no other one"


def test_tags_that_the_provider_ignores_are_neither_shown_nor_removed(cloud: Cloud) -> None:
    account = Account(cloud, config={"region": "us-west-2", "ignoreTags": '{"keyPrefixes": ["scanner:"]}'})
    vpc = account.make(VPC, cidrBlock="10.0.0.0/16", tags={"team": "ml"})
    row = cloud.get(VPC, vpc.id)
    assert row is not None
    foreign = {"team": "ml", "scanner:id": "1", "other": "x"}
    cloud.put(VPC, vpc.id, {**row.state, "tags": foreign, "tagsAll": foreign})
    read = account.package.read(account.call(VPC, "one"), vpc.id, vpc.inputs, vpc.state)
    assert read is not None
    assert read.inputs["tags"] == read.state["tags"] == {"team": "ml", "other": "x"}, "only the ignored one is no drift"
    account.update(vpc, cidrBlock="10.0.0.0/16", tags={"team": "ai"})
    updated = cloud.get(VPC, vpc.id)
    assert updated is not None
    assert updated.state["tagsAll"] == {"team": "ai", "scanner:id": "1"}
