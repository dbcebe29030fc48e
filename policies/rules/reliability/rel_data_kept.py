"""An update neither deletes nor replaces a resource that holds data.

The engine does not tell a policy pack which resources it replaces or deletes. So the rule needs a list of the resources
that hold data now: `pulumi stack export | python -m policies.held` writes it as configuration. Without the list the
rule finds nothing, and only `protect` makes the engine refuse. The engine shows a finding about a resource that is
registered no more at the stack, so the text begins with the URN, which is what a waiver names.
"""

from collections.abc import Iterator, Mapping, Sequence

from common.urns import type_of
from common.values import UNKNOWN
from policies.rule import NotKnownError, Option, Resource, Sample, Stack, StackCase, StackRule, text

COPY = "add a second entry, copy the data, switch its users over, then lift the protection and remove this one"
HOLDS_DATA: Mapping[str, tuple[str, str]] = {  # type -> what would be lost, and how to move it
    "aws:s3/bucket:Bucket": ("its objects and all their versions", f"{COPY}; S3 Batch Operations copies objects"),
    "aws:efs/fileSystem:FileSystem": (
        "its files",
        f"{COPY}; docs/runbooks/storage/restore-file-system.md shows how to copy",
    ),
    "aws:ecr/repository:Repository": ("its images", f"{COPY}; `docker buildx imagetools create` copies an image"),
    "aws:fsx/lustreFileSystem:LustreFileSystem": ("all files that its links have not exported", COPY),
    "aws:amp/workspace:Workspace": ("all its samples", "nothing moves them: keep it until they are too old"),
    "aws:rds/instance:Instance": ("its database", "take a snapshot and restore it into a second one"),
    "aws:rds/cluster:Cluster": ("its databases", "take a snapshot and restore it into a second one"),
    "aws:backup/vault:Vault": ("all backups in it", "copy them to a second vault first"),
    "aws:kms/key:Key": ("all data that is encrypted with it", "encrypt that data with another key first"),
}


def check(stack: Stack, *, held: Sequence[str], retained: Sequence[str]) -> Iterator[tuple[Resource, str, str]]:
    planned = {resource.urn: resource for resource in stack.resources}
    for urn in held:
        kind = type_of(urn)
        if kind not in HOLDS_DATA:
            continue
        lost, how_to_move = HOLDS_DATA[kind]
        stays = urn in retained
        loses = f"an empty one takes its place: {lost} stay in AWS" if stays else f"{lost} would be lost"
        resource = planned.get(urn)
        if resource is None:
            if not stays:
                gone = Resource(urn=urn, kind=kind, read=dict, context=stack.context, reads=stack.resources[0].reads)
                yield gone, urn, f"would be deleted, and {loses}. To move: {how_to_move}"
            continue
        try:
            text(resource, "arn")
        except NotKnownError:
            yield resource, "arn", f"would change: the resource would be replaced, and {loses}. To move: {how_to_move}"


def _urn(kind: str, name: str) -> str:
    return f"urn:pulumi:prod::ml-platform::{kind}::{name}"


FILES, BUCKET, QUEUE = "aws:efs/fileSystem:FileSystem", "aws:s3/bucket:Bucket", "aws:sqs/queue:Queue"
ARN = "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-0123456789abcdef0"
KEPT, REPLACED = Sample(FILES, {"arn": ARN}), Sample(FILES, {"arn": UNKNOWN})
HELD = {"held": [_urn(FILES, "home")]}

RULE = StackRule(
    id="rel-data-kept",
    applies_to="*",
    severity="critical",
    why="A preview that replaces a file system looks like any other: it does not show the files.",
    fix="Undo the change, or move the data first as the finding says.",
    no_mend="a resource with data would go",
    options={
        "held": Option(
            "URNs of the resources that hold data now; `python -m policies.held` writes them.", [], stricter="more"
        ),
        "retained": Option("Those of them that stay in AWS when they leave the stack.", [], stricter="fewer"),
    },
    dev="advisory",
    check=check,
    good={
        "nothing set in the list": StackCase({"home": REPLACED}),
        "kept": StackCase({"home": KEPT}, options=HELD),
        "a bucket that stays": StackCase({"datasets": Sample(BUCKET)}, options={"held": [_urn(BUCKET, "datasets")]}),
        "a new file system": StackCase({"home": KEPT, "more": REPLACED}, options=HELD),
        "one that leaves the stack and stays in AWS": StackCase(
            {"other": KEPT}, options={**HELD, "retained": HELD["held"]}
        ),
        "a deleted queue": StackCase({"home": KEPT}, options={"held": [_urn(QUEUE, "interruptions"), "nonsense"]}),
    },
    bad={
        "replaced": StackCase({"home": REPLACED}, at=("home", "arn"), options=HELD),
        "deleted": StackCase(
            {"other": KEPT},
            at=("datasets", _urn(BUCKET, "datasets")),
            options={"held": [_urn(BUCKET, "datasets"), _urn(FILES, "other")]},
        ),
    },
)
