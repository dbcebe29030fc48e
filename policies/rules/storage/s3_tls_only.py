"""Every bucket refuses whoever comes without TLS."""

import json
from collections.abc import Iterator

from policies.iam_documents import names, principals, statements
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, text

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
TRANSPORT = ("Condition", "Bool", "aws:SecureTransport")


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    covered = set()
    for policy in stack.of(POLICY):
        covered |= {bucket.urn for bucket in stack.linked(policy, "bucket", BUCKETS)}
        if not any(_refuses(statement) for statement in statements(policy, "policy")):
            yield policy, "policy", "has no statement that denies s3:* to everybody where aws:SecureTransport is false"
    for bucket in stack.of(*BUCKETS):
        if bucket.urn not in covered:
            yield bucket, "bucket", "has no BucketPolicy in this stack"


def _refuses(statement: View) -> bool:
    said = (text(statement, "Effect"), names(statement, "Action"), principals(statement))
    objects = any(resource.endswith("/*") for resource in names(statement, "Resource"))
    return said == ("Deny", ["s3:*"], ["*"]) and objects and text(statement, TRANSPORT) == "false"


def _policy(**changes: object) -> str:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        **changes,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [deny]})


def _stack(**changes: object) -> StackCase:
    return StackCase(
        {
            "data": Sample(BUCKETS[0], {"bucket": "data"}),
            "policy": Sample(POLICY, {"policy": _policy(**changes)}, links={"bucket": "data"}),
        },
        at=("policy", "policy"),
    )


RULE = StackRule(
    id="s3-tls-only",
    applies_to=(*BUCKETS, POLICY),
    severity="medium",
    standards=("FSBP S3.5", "CKV_AWS_379"),
    why="A client with http:// in its settings would send data and credentials for all on the way to read.",
    fix="Add to the bucket's policy a Deny of s3:* to everybody, with the condition Bool aws:SecureTransport false.",
    dev="advisory",
    check=check,
    good={"refused without TLS": _stack(), "everybody, spelt as a map": _stack(Principal={"AWS": "*"})},
    bad={
        "nothing said": StackCase({"data": Sample(BUCKETS[0], {"bucket": "data"})}, at=("data", "bucket")),
        "another policy": _stack(Effect="Allow"),
        "refused with TLS": _stack(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        "one action": _stack(Action="s3:GetObject"),
        "one account": _stack(Principal={"AWS": "111122223333"}),
        "the bucket and not its objects": _stack(Resource="arn:aws:s3:::data"),
    },
)
