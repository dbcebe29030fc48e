"""File systems, and buckets that say so, are in a backup plan of the stack."""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, at_if_known, each, present, text

FILE_SYSTEM, LUSTRE = "aws:efs/fileSystem:FileSystem", "aws:fsx/lustreFileSystem:LustreFileSystem"
BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
SELECTION = "aws:backup/selection:Selection"
TAG, PROMISE = "ml-platform:backup", "ml-platform:rpo-minutes"
ELSEWHERE = ("versions", "bucket")  # old versions in the bucket itself, or a bucket that the file system shows


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    tagged: set[tuple[str, str]] = set()
    named: set[str] = set()
    for selection in stack.of(SELECTION):
        tagged |= _tags(selection)
        linked = stack.linked(selection, "resources", (FILE_SYSTEM, LUSTRE, *BUCKETS))
        named |= {resource.urn for resource in linked}
    for resource in stack.of(FILE_SYSTEM, LUSTRE, *BUCKETS):
        how = text(resource, ("tags", TAG))
        if resource.urn in named or _lost_on_purpose(resource, how):
            continue
        if not how:
            yield resource, f'tags["{TAG}"]', "is not set, and no backup selection names it: nothing brings it back"
        elif how == "none":
            yield resource, f'tags["{TAG}"]', "is none, though its tags promise how much may be lost"
        elif how not in ELSEWHERE and (TAG, how) not in tagged:
            yield resource, f'tags["{TAG}"]', f"is {how}, which no backup selection of this stack asks for"


def _lost_on_purpose(resource: Resource, how: str) -> bool:
    if how == "none":
        return not present(resource, ("tags", PROMISE))
    # Logs, copies in another region and scratch file systems have no tag and need none.
    return not how and (resource.type in BUCKETS or text(resource, "deploymentType").startswith("SCRATCH"))


def _tags(selection: Resource) -> set[tuple[str, str]]:
    wanted = {(text(tag, "key"), text(tag, "value")) for tag in each(selection, "selectionTags")}
    # AWS fills them in where none were given, so that they are not known at preview.
    for condition in at_if_known(selection, "conditions") or ():
        for tag in condition.get("stringEquals") or ():
            wanted.add((tag["key"].removeprefix("aws:ResourceTag/"), tag["value"]))
    return wanted


def _selection(schedule: str = "hourly") -> Sample:
    equals = [{"key": f"aws:ResourceTag/{TAG}", "value": schedule}]
    return Sample(SELECTION, {"conditions": [{"stringEquals": equals}], "resources": ["arn:aws:s3:::*"]})


def _stack(kind: str, how: str, /, *, promise: str = "60", selected: str = "hourly", **props: str) -> StackCase:
    tags = {TAG: how, **({PROMISE: promise} if promise else {})}
    return StackCase(
        {"data": Sample(kind, {"tags": tags, **props}), "plan": _selection(selected)}, at=("data", f'tags["{TAG}"]')
    )


RULE = StackRule(
    id="rel-backup-coverage",
    applies_to=(FILE_SYSTEM, LUSTRE, *BUCKETS, SELECTION),
    severity="high",
    standards=("FSBP EFS.2", "CKV2_AWS_9", "CKV2_AWS_18"),
    why="A file that was deleted or encrypted by somebody else is gone from every zone at once.",
    fix="Put backup_tags() of components/storage/recovery/backup.py on it, and leave storage.recovery.enabled on; for "
    "what may be lost, write purpose: scratch.",
    dev="advisory",
    check=check,
    good={
        "tagged, and selected": _stack(FILE_SYSTEM, "hourly"),
        "selected by tag alone": StackCase(
            {
                "data": Sample(LUSTRE, {"tags": {TAG: "daily"}}),
                "plan": Sample(SELECTION, {"selectionTags": [{"type": "STRINGEQUALS", "key": TAG, "value": "daily"}]}),
            }
        ),
        "named": StackCase(
            {"data": Sample(FILE_SYSTEM), "plan": Sample(SELECTION, links={"resources": "data"})},
        ),
        "old versions are enough": _stack(BUCKETS[0], "versions"),
        "shows a bucket": _stack(LUSTRE, "bucket"),
        "beside a selection without conditions, which AWS fills in": StackCase(
            {
                **_stack(FILE_SYSTEM, "hourly").resources,
                "clusters": Sample(SELECTION, {"conditions": UNKNOWN, "resources": ["arn:aws:eks:..."]}),
            }
        ),
        "may be lost": _stack(FILE_SYSTEM, "none", promise=""),
        "scratch": StackCase({"data": Sample(LUSTRE, {"deploymentType": "SCRATCH_2"})}),
        "a bucket for logs": StackCase({"data": Sample(BUCKETS[0], {"bucket": "logs"})}),
        "no data": StackCase({}),
    },
    bad={
        "nothing said": StackCase({"data": Sample(FILE_SYSTEM)}, at=("data", f'tags["{TAG}"]')),
        "Lustre, nothing said": StackCase(
            {"data": Sample(LUSTRE, {"deploymentType": "PERSISTENT_2"})}, at=("data", f'tags["{TAG}"]')
        ),
        "tagged for a plan that there is not": _stack(FILE_SYSTEM, "hourly", selected="daily"),
        "a bucket that nothing backs up": _stack(BUCKETS[1], "continuous", selected="daily"),
        "promised, and not kept": _stack(FILE_SYSTEM, "none"),
    },
)
