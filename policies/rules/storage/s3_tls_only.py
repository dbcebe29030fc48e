"""Every bucket refuses requests without TLS."""

import json
from collections.abc import Iterator

from policies.grants import grants
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, text

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:PutBucketPolicy")


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for policy in stack.of(POLICY):
        arn = f"arn:aws:s3:::{_bucket_of(stack, policy)}"
        if not any(grant.denies_plaintext(ACTIONS, (arn, f"{arn}/an/object")) for grant in grants(policy, "policy")):
            yield (
                policy,
                "policy",
                f"does not deny s3:* on {arn} and {arn}/* to everyone without TLS, on no other condition",
            )
    for bucket in stack.left_out(BUCKETS, (POLICY,), "bucket"):
        yield bucket, "bucket", "has no BucketPolicy in this stack"


def _bucket_of(stack: Stack, policy: Resource) -> str:
    linked = stack.linked(policy, "bucket", BUCKETS)
    return text(linked[0], "bucket") if linked else text(policy, "bucket")


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
    no_mend="the BucketPolicy is missing",
    dev="advisory",
    check=check,
    good={
        "denied without TLS": _stack(),
        "everyone, spelled as a map": _stack(Principal={"AWS": "*"}),
        "everything on everything": _stack(Action="*", Resource="*"),
        "a bucket that is made elsewhere": StackCase(
            {"policy": Sample(POLICY, {"bucket": "data", "policy": _policy()})}
        ),
    },
    bad={
        "nothing set": StackCase({"data": Sample(BUCKETS[0], {"bucket": "data"})}, at=("data", "bucket")),
        "allowed instead of denied": _stack(Effect="Allow"),
        "denied with TLS": _stack(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        **{f"denied but {each}": _stack(Action=[one for one in ACTIONS if one != each]) for each in ACTIONS},
        "only the objects denied": _stack(Resource="arn:aws:s3:::data/*"),
        "only one account denied": _stack(Principal={"AWS": "111122223333"}),
        "only the bucket, not its objects": _stack(Resource="arn:aws:s3:::data"),
        "only some objects": _stack(Resource=["arn:aws:s3:::data", "arn:aws:s3:::data/tmp/*"]),
        "another bucket": _stack(Resource=["arn:aws:s3:::other", "arn:aws:s3:::other/*"]),
        "only for some": _stack(
            Condition={"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}}
        ),
    },
)
