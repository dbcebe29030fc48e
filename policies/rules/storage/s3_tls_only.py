"""Every bucket refuses requests without TLS."""

import json
from collections.abc import Iterator

from policies.iam_documents import names, principals, statements
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, text

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
TRANSPORT = ("Condition", "Bool", "aws:SecureTransport")


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for policy in stack.of(POLICY):
        if not any(_denies_plain_http(statement) for statement in statements(policy, "policy")):
            yield policy, "policy", "has no statement that denies s3:* to everyone when aws:SecureTransport is false"
    for bucket in stack.left_out(BUCKETS, (POLICY,), "bucket"):
        yield bucket, "bucket", "has no BucketPolicy in this stack"


def _denies_plain_http(statement: View) -> bool:
    elements = (text(statement, "Effect"), names(statement, "Action"), principals(statement))
    covers_objects = any(resource.endswith("/*") for resource in names(statement, "Resource"))
    return elements == ("Deny", ["s3:*"], ["*"]) and covers_objects and text(statement, TRANSPORT) == "false"


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
    why="A client with http:// in its settings would send data and credentials unencrypted.",
    fix="Add a bucket policy statement that denies s3:* to everyone on the condition Bool aws:SecureTransport false.",
    dev="advisory",
    check=check,
    good={"denied without TLS": _stack(), "everyone, spelled as a map": _stack(Principal={"AWS": "*"})},
    bad={
        "nothing set": StackCase({"data": Sample(BUCKETS[0], {"bucket": "data"})}, at=("data", "bucket")),
        "allowed instead of denied": _stack(Effect="Allow"),
        "denied with TLS": _stack(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        "only one action denied": _stack(Action="s3:GetObject"),
        "only one account denied": _stack(Principal={"AWS": "111122223333"}),
        "only the bucket, not its objects": _stack(Resource="arn:aws:s3:::data"),
    },
)
