"""What IAM, KMS, Logs, EventBridge, S3, SQS and SSM refuse."""

from __future__ import annotations

import json
from itertools import islice

import pytest

from catalog.iam import attachable_policies
from simulator.provider import Refusal
from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account, permission, trust

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
INLINE = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"
KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
BUCKET = "aws:s3/bucket:Bucket"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
QUEUE = "aws:sqs/queue:Queue"
PARAMETER = "aws:ssm/parameter:Parameter"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
MANAGED = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodeMinimalPolicy"


def document(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def test_names_of_roles_and_policies_are_unique(aws: Account) -> None:
    aws.make(ROLE, name="r", assumeRolePolicy=trust("ec2.amazonaws.com"))
    text = aws.refusal(ROLE, "two", name="r", assumeRolePolicy=trust("ec2.amazonaws.com"))
    assert "StatusCode: 409" in text
    assert "EntityAlreadyExists: Role with name r already exists." in text
    aws.make(POLICY, name="p", policy=permission())
    assert "A policy called p already exists." in aws.refusal(POLICY, "two", name="p", policy=permission())


def test_a_trust_policy_has_principals_and_no_resources(aws: Account) -> None:
    no_principal = document(Action="sts:AssumeRole")
    assert "Missing required field Principal" in aws.refusal(ROLE, assumeRolePolicy=no_principal)
    resource = document(Action="sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}, Resource="*")
    assert "Has prohibited field Resource" in aws.refusal(ROLE, preview=True, assumeRolePolicy=resource)
    assert '"assume_role_policy" contains an invalid JSON' in aws.problems(ROLE, assumeRolePolicy="{")


def test_an_identity_policy_has_actions_and_resources(aws: Account) -> None:
    assert "Policy statement must contain resources." in aws.refusal(POLICY, policy=document(Action="s3:GetObject"))
    assert "must be prefaced by a vendor" in aws.refusal(POLICY, policy=document(Action="GetObject", Resource="*"))
    with_principal = document(Action="s3:GetObject", Resource="*", Principal="*")
    assert "Policy document should not specify a principal." in aws.refusal(POLICY, policy=with_principal)
    long = document(Action="s3:GetObject", Resource=[f"arn:aws:s3:::bucket-{index}" for index in range(400)])
    assert "Cannot exceed quota for PolicySize: 6144" in aws.refusal(POLICY, policy=long)


def test_a_role_may_have_ten_policies(aws: Account) -> None:
    role = aws.role("busy", "ec2.amazonaws.com")
    for name in islice(sorted(attachable_policies()), 10):
        aws.make(ATTACHMENT, name, role=role["name"], policyArn=f"arn:aws:iam::aws:policy/{name}")
    text = aws.refusal(ATTACHMENT, "more", role=role["name"], policyArn=MANAGED)
    assert "LimitExceeded: Cannot exceed quota for PoliciesPerRole: 10" in text


def test_the_inline_policies_of_a_role_have_a_common_limit(aws: Account) -> None:
    role = aws.role("controller", "pods.eks.amazonaws.com")["name"]
    half = document(Action="ec2:RunInstances", Resource=[f"arn:aws:ec2:*:*:subnet/{index:04}" for index in range(200)])
    assert len("".join(half.split())) > 10240 / 2, "two of them must exceed the limit"
    first = aws.make(INLINE, "first", role=role, name="first", policy=half)
    text = aws.refusal(INLINE, "second", role=role, name="second", policy=half)
    assert f"LimitExceeded: Maximum policy size of 10240 bytes exceeded for role {role}" in text
    assert aws.make(INLINE, "short", role=role, name="short", policy=permission()).id
    double = json.loads(half)
    double["Statement"] *= 2
    with pytest.raises(Refusal, match="Maximum policy size of 10240 bytes"):
        aws.update(first, role=role, name="first", policy=json.dumps(double))


def test_a_role_name_has_at_most_64_characters(aws: Account) -> None:
    for length, wrong in ((64, False), (65, True)):
        text = aws.problems(ROLE, name="r" * length, assumeRolePolicy=trust("ec2.amazonaws.com"))
        assert ("expected length of name to be in the range (1 - 64)" in text) == wrong


def test_role_and_policy_of_an_attachment_must_exist(aws: Account) -> None:
    assert "NoSuchEntity: The role with name nobody cannot be found." in aws.refusal(
        ATTACHMENT, role="nobody", policyArn=MANAGED
    )
    own = "arn:aws:iam::123456789012:policy/own"
    text = aws.refusal(ATTACHMENT, role=aws.role("r", "ec2.amazonaws.com")["name"], policyArn=own)
    assert f"NoSuchEntity: Policy {own} does not exist or is not attachable." in text


def test_a_role_with_policies_cannot_be_deleted(aws: Account) -> None:
    role = aws.role("r", "ec2.amazonaws.com")
    attached = aws.make(ATTACHMENT, role=role["name"], policyArn=MANAGED)
    assert "DeleteConflict: Cannot delete entity, must detach all policies first." in aws.delete_refusal(role)
    aws.delete(attached)
    inline = aws.make(INLINE, role=role["name"], policy=permission())
    assert inline.id == f"{role['name']}:{inline['name']}"
    assert "DeleteConflict: Cannot delete entity, must delete policies first." in aws.delete_refusal(role)
    aws.delete(inline)
    profile = aws.make(PROFILE, role=role["name"])
    aws.delete(role)
    aws.delete(profile)
    assert aws.cloud.all() == [], "the provider itself removes the role from its profile"


def test_a_role_with_force_detach_policies_can_be_deleted_with_policies(aws: Account) -> None:
    role = aws.make(ROLE, assumeRolePolicy=trust("ec2.amazonaws.com"), forceDetachPolicies=True)
    aws.make(ATTACHMENT, role=role["name"], policyArn=MANAGED)
    aws.delete(role)
    assert aws.cloud.all() == []


def test_an_attached_policy_cannot_be_deleted(aws: Account) -> None:
    policy = aws.make(POLICY, policy=permission())
    aws.make(ATTACHMENT, role=aws.role("r", "ec2.amazonaws.com")["name"], policyArn=policy["arn"])
    assert "DeleteConflict: Cannot delete a policy attached to entities." in aws.delete_refusal(policy)


def test_an_attachment_is_replaced_by_deleting_first(aws: Account) -> None:
    role = aws.role("r", "ec2.amazonaws.com")
    attached = aws.make(ATTACHMENT, role=role["name"], policyArn=MANAGED)
    difference = aws.diff(attached, role=role["name"], policyArn=f"{MANAGED}V2")
    assert difference.replaces == {"policyArn"}
    assert difference.delete_before_replace


def test_a_key_policy_must_allow_changing_it_again(aws: Account) -> None:
    lockout = document(Action="kms:Encrypt", Resource="*", Principal={"Service": "logs.us-west-2.amazonaws.com"})
    text = aws.refusal(KEY, preview=True, policy=lockout)
    assert "The new key policy will not allow you to update the key policy in the future." in text
    assert aws.make(KEY, policy=lockout, bypassPolicyLockoutSafetyCheck=True).id


def test_aliases_are_deleted_with_their_key(aws: Account) -> None:
    key = aws.make(KEY, enableKeyRotation=True)
    assert key["rotationPeriodInDays"] == 365
    alias = aws.make(ALIAS, name="alias/data", targetKeyId=key["keyId"])
    assert alias["targetKeyArn"] == key["arn"]
    text = aws.refusal(ALIAS, "two", name="alias/data", targetKeyId=key["keyId"])
    assert "AlreadyExistsException: An alias with the name arn:aws:kms:us-west-2:123456789012:alias/data" in text
    assert "NotFoundException: Key 'arn:aws:kms:us-west-2:123456789012:key/0'" in aws.refusal(
        ALIAS, "three", preview=True, targetKeyId="0"
    )
    aws.delete(key)
    assert aws.cloud.all() == [], "a key that is pending deletion counts as deleted"


def test_a_log_group_needs_a_key_that_logs_may_use(aws: Account) -> None:
    account = {"AWS": "arn:aws:iam::123456789012:root"}
    closed = aws.make(KEY, "closed", policy=document(Action="kms:*", Resource="*", Principal=account))
    text = aws.refusal(LOG_GROUP, name="logs", kmsKeyId=closed["arn"])
    assert "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-west-2" in text
    service = {**account, "Service": "logs.us-west-2.amazonaws.com"}
    allowed = aws.make(KEY, "open", policy=document(Action="kms:*", Resource="*", Principal=service))
    assert aws.make(LOG_GROUP, name="logs", kmsKeyId=allowed["arn"])["arn"].endswith(":log-group:logs")


def test_a_bucket_name_follows_the_rules(aws: Account) -> None:
    for name in ("Upper", "ab", "a..b", "192.168.0.1", "xn--bucket", "bucket-s3alias"):
        assert "invalid value for bucket" in aws.problems(BUCKET, bucket=name), name


def test_a_bucket_name_is_unique_over_all_regions(aws: Account) -> None:
    aws.make(BUCKET, bucket="logs")
    aws.config = {"region": "eu-west-1"}
    assert "BucketAlreadyOwnedByYou" in aws.refusal(BUCKET, "two", bucket="logs")


def test_settings_need_their_bucket_and_are_deleted_with_it(aws: Account) -> None:
    versioning = {"versioningConfiguration": {"status": "Enabled"}}
    kind = "aws:s3/bucketVersioning:BucketVersioning"
    assert "NoSuchBucket: The specified bucket does not exist" in aws.refusal(kind, bucket="logs", **versioning)
    bucket = aws.make(BUCKET, bucket="logs")
    resource = aws.make(kind, bucket="logs", **versioning)
    assert resource.id == "logs"
    with pytest.raises(Refusal, match='cannot be updated from "Enabled" to "Disabled"'):
        aws.update(resource, bucket="logs", versioningConfiguration={"status": "Disabled"})
    aws.delete(bucket)
    assert aws.cloud.all() == []


def test_replication_needs_versioning(aws: Account) -> None:
    aws.make(BUCKET, bucket="from")
    role = aws.role("copy", "s3.amazonaws.com")
    rules = [{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::to"}}]
    text = aws.refusal(
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig", bucket="from", role=role["arn"], rules=rules
    )
    assert "Versioning must be 'Enabled' on the bucket to apply a replication configuration" in text


def test_a_bucket_policy_names_its_bucket_and_is_not_public(aws: Account) -> None:
    aws.make(BUCKET, bucket="logs")
    service_principal = {"Service": "delivery.logs.amazonaws.com"}
    other = document(Action="s3:GetObject", Principal=service_principal, Resource="arn:aws:s3:::other/*")
    assert "MalformedPolicy: Policy has invalid resource" in aws.refusal(BUCKET_POLICY, bucket="logs", policy=other)
    block = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    aws.make(block, bucket="logs", blockPublicPolicy=True)
    public = document(Action="s3:GetObject", Principal="*", Resource="arn:aws:s3:::logs/*")
    assert "blocked by the BlockPublicPolicy" in aws.refusal(BUCKET_POLICY, bucket="logs", policy=public)
    own = document(Action="s3:PutObject", Principal=service_principal, Resource="arn:aws:s3:::logs/*")
    assert aws.make(BUCKET_POLICY, bucket="logs", policy=own).id == "logs"


def test_transitions_have_their_least_days_and_come_before_expiration(aws: Account) -> None:
    aws.make(BUCKET, bucket="logs")
    early = [{"id": "r", "status": "Enabled", "transitions": [{"days": 7, "storageClass": "STANDARD_IA"}]}]
    assert "must be greater than or equal to 30 for storageClass 'STANDARD_IA'" in aws.refusal(
        LIFECYCLE, preview=True, bucket="logs", rules=early
    )
    late = [{**early[0], "transitions": [{"days": 90, "storageClass": "GLACIER"}], "expiration": {"days": 60}}]
    assert "'Days' in the Expiration action" in aws.refusal(LIFECYCLE, bucket="logs", rules=late)


def test_a_rule_has_a_trigger_and_cannot_be_deleted_with_targets(aws: Account) -> None:
    assert "EventPattern or ScheduleExpression must be specified" in aws.refusal(RULE)
    assert "Parameter ScheduleExpression is not valid." in aws.refusal(RULE, scheduleExpression="every day")
    rule = aws.make(RULE, eventPattern='{"source": ["aws.ec2"]}')
    queue = aws.make(QUEUE)
    target = aws.make(TARGET, rule=rule["name"], arn=queue["arn"])
    assert target.id == f"{rule['name']}-{target['targetId']}"
    assert "Rule can't be deleted since it has targets." in aws.delete_refusal(rule)
    aws.delete(target)
    aws.delete(rule)


def test_the_id_of_a_queue_is_its_url(aws: Account) -> None:
    queue = aws.make(QUEUE, name="interruptions", kmsMasterKeyId="alias/aws/sqs")
    assert queue.id == queue["url"] == "https://sqs.us-west-2.amazonaws.com/123456789012/interruptions"
    assert queue["sqsManagedSseEnabled"] is False
    assert aws.checked(QUEUE, "events", fifoQueue=True)["name"].endswith(".fifo")
    assert "invalid queue name: plain" in aws.refusal(QUEUE, "two", name="plain", fifoQueue=True)


def test_a_parameter_counts_its_versions(aws: Account) -> None:
    parameter = aws.make(PARAMETER, name="/ml/model", type="String", value="one")
    assert parameter["arn"] == "arn:aws:ssm:us-west-2:123456789012:parameter/ml/model"
    change = {"name": "/ml/model", "type": "String", "value": "two"}
    assert aws.update(parameter, preview=True, **change)["version"] is UNKNOWN
    assert aws.update(parameter, **change)["version"] == 2
    assert aws.invoke("aws:ssm/getParameter:getParameter", name="/ml/model")["value"] == "two"
    assert "only one of `value,insecure_value,value_wo`" in aws.problems(
        PARAMETER, type="String", value="a", insecureValue="b"
    )
