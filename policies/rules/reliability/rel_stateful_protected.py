"""Pulumi refuses to delete resources that hold data."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag

STATEFUL = (
    "aws:amp/workspace:Workspace",
    "aws:eks/cluster:Cluster",
    "aws:backup/vault:Vault",
    "aws:ecr/repository:Repository",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketV2:BucketV2",
    "aws:efs/fileSystem:FileSystem",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:kms/key:Key",
    "aws:rds/instance:Instance",
    "aws:rds/cluster:Cluster",
    "aws:ebs/volume:Volume",
)

WITH_ALL = ("forceDestroy", "forceDelete")


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not resource.protect:
        yield "protect", "is not set, so renaming the resource or a wrong `pulumi destroy` deletes the data"
    for name in WITH_ALL:
        if flag(resource, name):
            yield name, "is true, so what deletes the resource deletes all that is in it"


RULE = Rule(
    id="rel-stateful-protected",
    applies_to=STATEFUL,
    severity="high",
    why="Another `pulumi up` brings back resources, but not their data.",
    fix="Protect the resource, by ResourceOptions(protect=True).",
    mend={"protect": True, "forceDestroy": False, "forceDelete": False},
    stack_file={"deletion_protection": True},
    dev="disabled",
    staging="advisory",
    check=check,
    good={"protected": Case({}, protect=True), "a key": Case({}, type="aws:kms/key:Key", protect=True)},
    bad={
        "nothing set": Case({}, at="protect"),
        "a bucket": Case({"bucket": "data"}, type="aws:s3/bucket:Bucket", at="protect"),
        **{
            f"protected, with {name}": Case({name: True}, type=kind, at=name, protect=True)
            for name, kind in zip(WITH_ALL, ("aws:backup/vault:Vault", "aws:ecr/repository:Repository"), strict=True)
        },
    },
)
