"""Pulumi refuses to delete what holds data."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule

STATEFUL = (
    "aws:eks/cluster:Cluster",
    "aws:backup/vault:Vault",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketV2:BucketV2",
    "aws:efs/fileSystem:FileSystem",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:kms/key:Key",
    "aws:rds/instance:Instance",
    "aws:rds/cluster:Cluster",
    "aws:ebs/volume:Volume",
)


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not resource.protect:
        yield "protect", "is not set, so a renamed resource or a wrong destroy takes the data with it"


RULE = Rule(
    id="rel-stateful-protected",
    applies_to=STATEFUL,
    severity="high",
    why="Data is the one thing that another `pulumi up` does not bring back.",
    fix="Set deletion_protection: true in the stack file, or ResourceOptions(protect=True) on the resource.",
    dev="disabled",
    staging="advisory",
    check=check,
    good={"protected": Case({}, protect=True), "a key": Case({}, type="aws:kms/key:Key", protect=True)},
    bad={
        "nothing said": Case({}, at="protect"),
        "a bucket": Case({"bucket": "data"}, type="aws:s3/bucket:Bucket", at="protect"),
    },
)
