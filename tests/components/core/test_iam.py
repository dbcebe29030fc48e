import json
from dataclasses import replace

import pytest

from components.core import iam
from components.core.stage import cost_tags
from tests.components.stacks import stack, stage

KEY_POLICIES = {
    "eks": lambda s: iam.eks_key_policy(s, [s.iam_arn("role/main-eksRole-role-*")]),
    "ebs": iam.ebs_key_policy,
    "logs": iam.logs_key_policy,
    "data": iam.data_key_policy,
}


def statements(text):
    return json.loads(text)["Statement"]


def documents():
    s = stage()
    yield iam.pod_identity_trust(s, "main")
    yield iam.service_trust("ec2.amazonaws.com")
    yield iam.document(*iam.volume_encryption(s))
    yield iam.flow_log_writer("group-arn")
    yield iam.flow_log_bucket(s, "arn:aws:s3:::bucket")
    for policy in KEY_POLICIES.values():
        yield policy(s)


def test_no_document_allows_a_wildcard_action():
    allowed = [s for d in documents() for s in statements(d) if s["Effect"] == "Allow"]
    assert len(allowed) > 15
    wild = [s for s in allowed if "*" in json.dumps(s["Action"])]
    assert {s["Sid"] for s in wild} == {"AccountDelegatesToIam"}, "only a key's delegation to its own account may"


def test_everybody_is_never_let_in_without_a_condition_on_who_they_are():
    for statement in (s for d in documents() for s in statements(d) if s["Effect"] == "Allow"):
        if statement.get("Principal") in ("*", {"AWS": "*"}):
            condition = statement["Condition"]
            assert condition["StringEquals"] == {"kms:CallerAccount": "123456789012"}
            assert condition["ArnLike"]["aws:PrincipalArn"]


@pytest.mark.parametrize("policy", KEY_POLICIES.values(), ids=KEY_POLICIES)
def test_every_key_stays_manageable(policy):
    first = statements(policy(stage()))[0]
    assert first["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert first["Action"] == "kms:*", "a key without this can become unmanageable for ever"


def test_the_csi_driver_may_use_the_volume_key_and_no_other():
    for statement in iam.volume_encryption(stage()):
        named = statement["Condition"]["ForAnyValue:StringEquals"]
        assert named == {"kms:ResourceAliases": stage().key_alias("ebs")}, "every key of the account, else"


def test_auto_scaling_may_start_instances_with_encrypted_disks():
    use, grant = statements(iam.ebs_key_policy(stage()))[1:]
    role = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    assert use["Condition"]["ArnLike"]["aws:PrincipalArn"] == [f"arn:aws:iam::123456789012:role/{role}"]
    assert grant["Action"] == ["kms:CreateGrant"]
    assert grant["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert grant["Condition"]["ArnLike"], "the grant is for Auto Scaling, not for everybody"


def test_a_pod_role_belongs_to_one_cluster():
    (trust,) = statements(iam.pod_identity_trust(stage(), "main"))
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnEquals": {"aws:SourceArn": "arn:aws:eks:us-west-2:123456789012:cluster/ml-platform-prod-main"},
    }


def test_log_groups_of_this_account_alone_use_the_log_key():
    statement = statements(iam.logs_key_policy(stage()))[1]
    assert statement["Principal"] == {"Service": "logs.us-west-2.amazonaws.com"}
    condition = statement["Condition"]["ArnLike"]
    assert condition == {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-west-2:123456789012:log-group:*"}


def test_arns_follow_the_partition_of_the_region():
    government = replace(stage(), region="us-gov-west-1")
    assert government.in_partition("arn:aws:iam::aws:policy/X") == "arn:aws-us-gov:iam::aws:policy/X"
    assert government.iam_arn("root").startswith("arn:aws-us-gov:")
    assert stage().in_partition("arn:aws:iam::aws:policy/X") == "arn:aws:iam::aws:policy/X"


def test_the_bill_can_be_split_by_what_the_stack_says_of_itself():
    tags = cost_tags(stack(tags={"team": "vision"}))
    assert tags == {
        "project": "ml-platform",
        "environment": "prod",
        "owner": "platform-team",
        "cost-center": "ml-42",
        "managed-by": "pulumi",
        "team": "vision",
    }


def test_a_company_spells_the_keys_of_tags_in_its_own_way():
    spelt = {"owner": "Owner", "project": "acme:Project", "cost-center": "CostCenter"}
    tags = cost_tags(stack(tag_keys=spelt))
    assert set(tags) == {"acme:Project", "environment", "Owner", "CostCenter", "managed-by"}
    own = stage(tag_keys=spelt).own_tags
    assert own == {"acme:Project": "ml-platform", "environment": "prod"}, "backups and buckets are found by these"
