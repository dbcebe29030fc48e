"""IAM documents, as pure functions of plain values. Permissions name each action: there are no wildcards in them."""

import json
from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypedDict

from components.core.stage import Stage

OneOrMore = str | Sequence[str]
Condition = Mapping[str, Mapping[str, OneOrMore]]
"""Operator -> condition key -> the values that it may have."""


class Principals(TypedDict, total=False):
    """The principals of a statement; for everybody, write `*` instead."""

    AWS: OneOrMore
    Service: OneOrMore


class Statement(TypedDict):
    """One statement. An identity policy has no principal; a trust policy and an EFS policy have no resource."""

    Sid: NotRequired[str]
    Effect: Literal["Allow", "Deny"]
    Principal: NotRequired[Literal["*"] | Principals]
    Action: OneOrMore
    Resource: NotRequired[OneOrMore]
    Condition: NotRequired[Condition]


# Actions that reading and writing with a KMS key needs. Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
KMS_USE = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
)


def document(*statements: Statement) -> str:
    """Returns a policy document as JSON text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(sid: str, actions: Sequence[str], resources: Sequence[str], condition: Condition | None = None) -> Statement:
    """Returns one `Allow` statement of an identity policy."""
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return statement if condition is None else {**statement, "Condition": condition}


def service_trust(
    service: str, actions: Sequence[str] = ("sts:AssumeRole",), condition: Condition | None = None
) -> str:
    """Returns a trust policy that lets one AWS service assume a role."""
    statement: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    return document(statement if condition is None else {**statement, "Condition": condition})


def pod_identity_trust(stage: Stage, cluster: str) -> str:
    """Returns the trust policy of a role for pods of one cluster.

    cluster: key in the stack file. Because of the conditions, pods of other clusters cannot use the role.
    Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    """
    return service_trust(
        "pods.eks.amazonaws.com",
        ("sts:AssumeRole", "sts:TagSession"),
        {
            "StringEquals": {"aws:SourceAccount": stage.account_id},
            "ArnEquals": {"aws:SourceArn": stage.cluster_arn(cluster)},
        },
    )


def volume_encryption(stage: Stage) -> tuple[Statement, ...]:
    """Returns the permissions to make volumes with the stack's KMS key; AWS-managed policies grant no KMS actions.

    The condition has the alias of the key, which is known at preview, so that policies can check the document then.
    Source: https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    keys, alias = [stage.arn("kms", "key/*")], {"kms:ResourceAliases": stage.key_alias("ebs")}
    for_ec2 = {"Bool": {"kms:GrantIsForAWSResource": "true"}, "ForAnyValue:StringEquals": alias}
    return (
        allow("UseVolumeKey", KMS_USE, keys, {"ForAnyValue:StringEquals": alias}),
        allow("LetEc2UseVolumeKey", ["kms:CreateGrant"], keys, for_ec2),
    )


def flow_log_writer(log_group_arn: str) -> str:
    """Returns the permissions that the flow-log service needs to write to one CloudWatch log group.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    return document(
        allow("WriteFlowLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_group_arn}:*"]),
        allow("FindFlowLogStreams", ["logs:DescribeLogStreams"], [f"{log_group_arn}:*"]),
        allow("FindFlowLogs", ["logs:DescribeLogGroups"], ["*"]),
    )


def tls_only(bucket_arn: str) -> Statement:
    """Returns the statement of a bucket policy that refuses requests without TLS."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def flow_log_bucket(stage: Stage, bucket_arn: str) -> str:
    """Returns a bucket policy: TLS only, and the log-delivery service may write flow logs of this account and region.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
    """
    delivery: Principals = {"Service": "delivery.logs.amazonaws.com"}
    source = {
        "StringEquals": {"aws:SourceAccount": stage.account_id},
        "ArnLike": {"aws:SourceArn": stage.arn("logs", "*")},
    }
    objects = f"{bucket_arn}/*"
    return document(
        tls_only(bucket_arn),
        {
            "Sid": "WriteFlowLogs",
            "Effect": "Allow",
            "Principal": delivery,
            "Action": ["s3:PutObject"],
            "Resource": [objects],
            "Condition": {
                **source,
                "StringEquals": {**source["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"},
            },
        },
        {
            "Sid": "CheckBucketAcl",
            "Effect": "Allow",
            "Principal": delivery,
            "Action": ["s3:GetBucketAcl"],
            "Resource": [bucket_arn],
            "Condition": source,
        },
    )


def key_policy(stage: Stage, *statements: Statement) -> str:
    """Returns a key policy that delegates to the account's IAM, and adds what IAM cannot express.

    Without the first statement, nobody may be able to manage the key again.
    Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    delegate: Statement = {
        "Sid": "AccountDelegatesToIam",
        "Effect": "Allow",
        "Principal": {"AWS": stage.iam_arn("root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    return document(delegate, *statements)


def key_use_by_roles(
    stage: Stage, sid: str, role_arns: Sequence[str], actions: Sequence[str], condition: Condition | None = None
) -> Statement:
    """Returns a statement for roles of this account, named by condition and not as principals.

    KMS refuses a policy with a principal that does not exist yet, such as a service-linked role in a new account.
    condition: an additional condition.
    """
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": list(actions),
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": stage.account_id},
            "ArnLike": {"aws:PrincipalArn": list(role_arns)},
            **(condition or {}),
        },
    }


def eks_key_policy(stage: Stage, role_arns: Sequence[str]) -> str:
    """Returns the policy of the key for Kubernetes secrets, which the clusters' own roles use.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html
    """
    actions = ("kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey")
    return key_policy(stage, key_use_by_roles(stage, "ClustersUseKey", role_arns, actions))


def ebs_key_policy(stage: Stage) -> str:
    """Returns the policy of the key for volumes. Without Auto Scaling's grant instances fail: Client.InternalError.

    Source: https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
    """
    role = stage.iam_arn("role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
    for_ec2 = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return key_policy(
        stage,
        key_use_by_roles(stage, "AutoScalingUsesKey", [role], KMS_USE),
        key_use_by_roles(stage, "AutoScalingLetsEc2UseKey", [role], ["kms:CreateGrant"], for_ec2),
    )


def logs_key_policy(stage: Stage, alarms: bool = False, findings: bool = False) -> str:
    """Returns the policy of the key for CloudWatch log groups.

    alarms: whether it also encrypts what alarms tell. Without the statement they publish nothing to the topic.
    findings: the same for what EventBridge tells, which fulfills no condition.
    Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html; SNS developer guide,
    "Managing Amazon SNS encryption keys and costs"; AWS re:Post, "sns-not-getting-eventbridge-notification"; read
    2026-11.
    """
    publishing: Statement = {
        "Sid": "AlarmsUseKey",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": stage.account_id}},
    }
    told: Statement = {
        "Sid": "FindingsUseKey",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
    }
    return key_policy(
        stage,
        *([publishing] if alarms else []),
        *([told] if findings else []),
        {
            "Sid": "CloudWatchLogsUsesKey",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{stage.region}.amazonaws.com"},
            "Action": list(KMS_USE),
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": stage.arn("logs", "log-group:*")}},
        },
    )


def data_key_policy(stage: Stage, linked: bool = False) -> str:
    """Returns the policy of the key for buckets and file systems. The log-delivery service encrypts flow logs with it.

    linked: whether Lustre file systems link buckets; FSx reads and writes each with a service-linked role.
    Sources: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-cmk-policy.html; FSx for Lustre user guide on
    linked buckets, read 2026-08; AWS managed policy FSxDeleteServiceLinkedRoleAccess for the role's name, read 2026-11.
    """
    role = stage.iam_arn("role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_*")
    return key_policy(
        stage,
        *([key_use_by_roles(stage, "FsxLinksUseKey", [role], KMS_USE)] if linked else []),
        {
            "Sid": "LogDeliveryUsesKey",
            "Effect": "Allow",
            "Principal": {"Service": "delivery.logs.amazonaws.com"},
            "Action": list(KMS_USE),
            "Resource": "*",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": stage.account_id},
                "ArnLike": {"aws:SourceArn": stage.arn("logs", "*")},
            },
        },
    )
