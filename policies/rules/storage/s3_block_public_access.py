"""Every bucket has all four settings of Block Public Access."""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, flag

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for block in stack.of(BLOCK):
        for name in FLAGS:
            if not flag(block, name):
                yield block, name, "is not true, so there is a way to make the bucket public"
    for bucket in stack.left_out(BUCKETS, (BLOCK,), "bucket"):
        yield bucket, "bucket", "has no BucketPublicAccessBlock in this stack"


def _stack(**flags: bool) -> StackCase:
    return StackCase(
        {
            "logs": Sample(BUCKETS[0], {"bucket": "logs"}),
            "block": Sample(BLOCK, {**dict.fromkeys(FLAGS, True), **flags}, links={"bucket": "logs"}),
        },
        at=("block", next(iter(flags), "")),
    )


RULE = StackRule(
    id="s3-block-public-access",
    applies_to=(*BUCKETS, BLOCK),
    severity="critical",
    standards=("FSBP S3.8", "CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV2_AWS_6"),
    why="One wrong policy or ACL makes a bucket public; with the block that is impossible.",
    fix="Add aws.s3.BucketPublicAccessBlock(bucket=bucket.id, ...) with all four flags True.",
    mend=dict.fromkeys(FLAGS, True),
    no_mend="the BucketPublicAccessBlock is missing",
    check=check,
    good={"all four": _stack(), "no bucket": StackCase({})},
    bad={
        "nothing set": StackCase({"logs": Sample(BUCKETS[0], {"bucket": "logs"})}, at=("logs", "bucket")),
        **{f"{name} off": _stack(**{name: False}) for name in FLAGS},
        "the block of another bucket": StackCase(
            {**_stack().resources, "data": Sample(BUCKETS[1], {"bucket": "data"})}, at=("data", "bucket")
        ),
    },
)
