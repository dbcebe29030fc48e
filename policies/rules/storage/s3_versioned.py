"""Every bucket keeps old versions of objects."""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, text

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
VERSIONINGS = ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")
STATUS = "versioningConfiguration.status"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for versioning in stack.of(*VERSIONINGS):
        if text(versioning, STATUS) != "Enabled":
            yield versioning, STATUS, "is not Enabled, so an overwritten object is lost"
    for bucket in stack.left_out(BUCKETS, VERSIONINGS, "bucket"):
        yield bucket, "bucket", "has no BucketVersioning in this stack, so an overwritten object is lost"


def _stack(status: str = "Enabled") -> StackCase:
    return StackCase(
        {
            "data": Sample(BUCKETS[0], {"bucket": "data"}),
            "versioning": Sample(
                VERSIONINGS[0], {"versioningConfiguration": {"status": status}}, links={"bucket": "data"}
            ),
        },
        at=("versioning", STATUS),
    )


RULE = StackRule(
    id="s3-versioned",
    applies_to=(*BUCKETS, *VERSIONINGS),
    severity="medium",
    standards=("Security Hub S3.14", "CKV_AWS_21"),
    why="Old versions bring back overwritten and deleted objects; backups and replication need versioning as well.",
    fix='Add aws.s3.BucketVersioning(bucket=bucket.id, versioning_configuration={"status": "Enabled"}).',
    mend={"status": "Enabled"},
    no_mend="the BucketVersioning is missing",
    dev="advisory",
    check=check,
    good={"versioned": _stack(), "no bucket": StackCase({})},
    bad={
        "nothing set": StackCase({"data": Sample(BUCKETS[0], {"bucket": "data"})}, at=("data", "bucket")),
        "suspended": _stack("Suspended"),
        "versioning of another bucket": StackCase(
            {**_stack().resources, "other": Sample(BUCKETS[1], {"bucket": "other"})}, at=("other", "bucket")
        ),
    },
)
