"""Every IAM document of the stacks is right by the linter, and gives no more than it has to. Run in `make check`."""

import json
from typing import Any, NamedTuple

import pytest

from tests.components.iam_linter import JUSTIFIED, documents, findings
from tests.components.whole_stacks import STACKS, built


@pytest.mark.parametrize("name", STACKS)
def test_no_document_says_more_or_other_than_it_should(name: str) -> None:
    found = [finding for document in documents(built(name).registered.values()) for finding in findings(document)]
    unjustified = [finding for finding in found if not any(part in finding for part in JUSTIFIED)]
    assert not unjustified, "\n".join(unjustified)


@pytest.mark.parametrize("name", STACKS)
def test_nothing_that_holds_a_document_is_passed_over(name: str) -> None:
    cloud = built(name)
    kinds = {(document.owner, document.kind) for document in documents(cloud.registered.values())}
    for role in cloud.all("iam/role:Role"):
        assert (role.name, "trust") in kinds
    for policy in (*cloud.all("iam/rolePolicy:RolePolicy"), *cloud.all("iam/policy:Policy")):
        assert (policy.name, "identity") in kinds
    for holder in (*cloud.all("kms/key:Key"), *cloud.all("s3/bucketPolicy:BucketPolicy")):
        assert (holder.name, "resource") in kinds


def test_nothing_is_justified_that_is_not_there() -> None:
    whole = [document for name in STACKS for document in documents(built(name).registered.values())]
    found = [finding for document in whole for finding in findings(document)]
    idle = [part for part in JUSTIFIED if not any(part in finding for finding in found)]
    assert not idle, "a reason that nothing needs would excuse the next mistake"


class Holder(NamedTuple):
    name: str
    type: str
    inputs: dict[str, Any]


def holder(type_: str, key: str, **statement: Any) -> Holder:
    text = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "One", "Effect": "Allow", **statement}]})
    return Holder("x", type_, {key: text})


IDENTITY, TRUST, QUEUE = (
    ("aws:iam/rolePolicy:RolePolicy", "policy"),
    ("aws:iam/role:Role", "assumeRolePolicy"),
    (
        "aws:sqs/queuePolicy:QueuePolicy",
        "policy",
    ),
)
KEY, BUCKET, LAMBDA = (
    "arn:aws:kms:us-west-2:123456789012:key/*",
    "arn:aws:s3:::data",
    {"Service": "lambda.amazonaws.com"},
)


@pytest.mark.parametrize(
    ("place", "statement", "found"),
    [
        (IDENTITY, {"Action": "s3:*", "Resource": f"{BUCKET}/*"}, "allows s3:*"),
        (IDENTITY, {"Action": ["s3:Get*"], "Resource": [f"{BUCKET}/*"]}, "allows s3:Get*"),
        (IDENTITY, {"NotAction": ["iam:CreateUser"], "Resource": ["*"]}, "allows all but what it names"),
        (IDENTITY, {"Action": ["s3:GetObject"], "Resource": ["*"]}, "allows s3:GetObject on * without a condition"),
        (IDENTITY, {"Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::*"]}, "without a condition"),
        (IDENTITY, {"Action": ["kms:Decrypt"], "Resource": [KEY]}, "allows kms:Decrypt on arn:aws:kms"),
        (IDENTITY, {"Action": ["s3:GetObjekt"], "Resource": [f"{BUCKET}/*"]}, "UNKNOWN_ACTION"),
        (IDENTITY, {"Action": ["s3:GetObject"], "Resource": [BUCKET]}, "RESOURCE_MISMATCH"),
        (TRUST, {"Action": "sts:AssumeRole", "Principal": "*"}, "lets everybody in without a condition"),
        (TRUST, {"Action": "sts:AssumeRol", "Principal": LAMBDA}, "UNKNOWN_ACTION"),
        (QUEUE, {"Action": "sqs:SendMessage", "Resource": "*", "Principal": {"AWS": "*"}}, "lets everybody in"),
    ],
)
def test_what_is_too_wide_or_wrong_is_found(place, statement, found) -> None:
    (document,) = documents([holder(*place, **statement)])
    assert any(found in finding for finding in findings(document)), list(findings(document))


@pytest.mark.parametrize(
    ("place", "statement"),
    [
        (IDENTITY, {"Action": ["s3:GetObject"], "Resource": [f"{BUCKET}/*"]}),
        (IDENTITY, {"Action": ["ec2:DescribeVolumes"], "Resource": ["*"]}),
        (
            IDENTITY,
            {
                "Action": ["ec2:DeleteVolume"],
                "Resource": ["*"],
                "Condition": {"StringEquals": {"ec2:ResourceTag/a": "b"}},
            },
        ),
        (TRUST, {"Action": "sts:AssumeRole", "Principal": LAMBDA}),
        (IDENTITY, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}),
    ],
)
def test_what_is_narrow_or_cannot_be_narrower_passes(place, statement) -> None:
    (document,) = documents([holder(*place, **statement)])
    assert list(findings(document)) == []
