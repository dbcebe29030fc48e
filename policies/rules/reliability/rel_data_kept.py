"""What holds data now is still there afterwards.

A plan does not say what it replaces, and shows nothing of what it deletes. So the rule is told what the stack holds:
`pulumi stack export | python -m policies.held` writes the configuration. Told nothing, it finds nothing; `protect` then
makes the engine refuse, in words of its own.
"""

from collections.abc import Iterator, Mapping, Sequence

from common.urns import name_of, type_of
from common.values import UNKNOWN
from policies.rule import NotKnownError, Option, Resource, Sample, Stack, StackCase, StackRule, text

COPY = "make a second entry beside it, copy, let its users move, then lift the protection and drop this one"
HOLDS_DATA: Mapping[str, tuple[str, str]] = {  # type -> what would be lost, and what to do instead
    "aws:s3/bucket:Bucket": ("its objects and all their versions", f"{COPY}; S3 Batch Operations copies objects"),
    "aws:efs/fileSystem:FileSystem": (
        "its files",
        f"{COPY}; docs/runbooks/storage/restore-file-system.md has the copying",
    ),
    "aws:fsx/lustreFileSystem:LustreFileSystem": ("its files, but for what its links have exported", COPY),
    "aws:rds/instance:Instance": ("its database", "take a snapshot and restore it into a second one"),
    "aws:rds/cluster:Cluster": ("its databases", "take a snapshot and restore it into a second one"),
    "aws:backup/vault:Vault": ("every backup in it", "copy them to a second vault first"),
    "aws:kms/key:Key": ("all that is encrypted with it", "encrypt that with another key first"),
}


def check(stack: Stack, *, held: Sequence[str]) -> Iterator[tuple[Resource, str, str]]:
    planned = {resource.urn: resource for resource in stack.resources}
    for urn in held:
        kind = type_of(urn)
        if kind not in HOLDS_DATA:
            continue
        lost, instead = HOLDS_DATA[kind]
        resource = planned.get(urn)
        if resource is None:
            yield (
                stack.resources[-1],
                name_of(urn),
                f"({kind}) would be deleted, and {lost} with it. To move: {instead}",
            )
            continue
        try:
            text(resource, "arn")
        except NotKnownError:
            yield (
                resource,
                "arn",
                f"would be another: the resource would be replaced, and {lost} lost. To move: {instead}",
            )


def _urn(kind: str, name: str) -> str:
    return f"urn:pulumi:prod::ml-platform::{kind}::{name}"


FILES, BUCKET, QUEUE = "aws:efs/fileSystem:FileSystem", "aws:s3/bucket:Bucket", "aws:sqs/queue:Queue"
ARN = "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-0123456789abcdef0"
KEPT, MADE_AGAIN = Sample(FILES, {"arn": ARN}), Sample(FILES, {"arn": UNKNOWN})
HELD = {"held": [_urn(FILES, "home")]}

RULE = StackRule(
    id="rel-data-kept",
    applies_to="*",
    severity="critical",
    why="A plan that replaces a file system looks like any other; its files are not in the plan.",
    fix="Take the change back, or move the data first, as the finding says.",
    options={"held": Option("URNs of what holds data now; `python -m policies.held` writes them.", [])},
    dev="advisory",
    check=check,
    good={
        "nothing said of what is held": StackCase({"home": MADE_AGAIN}),
        "still there": StackCase({"home": KEPT}, options=HELD),
        "another one, new": StackCase({"home": KEPT, "more": MADE_AGAIN}, options=HELD),
        "a queue goes": StackCase({"home": KEPT}, options={"held": [_urn(QUEUE, "interruptions"), "nonsense"]}),
    },
    bad={
        "replaced": StackCase({"home": MADE_AGAIN}, at=("home", "arn"), options=HELD),
        "deleted": StackCase(
            {"other": KEPT},
            at=("other", "datasets"),
            options={"held": [_urn(BUCKET, "datasets"), _urn(FILES, "other")]},
        ),
    },
)
