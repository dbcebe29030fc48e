"""A backup plan of the stack covers every file system, and every bucket whose tag asks for backups."""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, at_if_known, each, present, text

FILE_SYSTEM, LUSTRE = "aws:efs/fileSystem:FileSystem", "aws:fsx/lustreFileSystem:LustreFileSystem"
BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
SELECTION = "aws:backup/selection:Selection"
TAG, RPO_TAG = "ml-platform:backup", "ml-platform:rpo-minutes"
WITHOUT_BACKUP = ("versions", "bucket")  # recovery from old versions in the bucket, or from the linked bucket


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    selected_tags: set[tuple[str, str]] = set()
    selected_urns: set[str] = set()
    for selection in stack.of(SELECTION):
        selected_tags |= _tags(selection)
        linked = stack.linked(selection, "resources", (FILE_SYSTEM, LUSTRE, *BUCKETS))
        selected_urns |= {resource.urn for resource in linked}
    for resource in stack.of(FILE_SYSTEM, LUSTRE, *BUCKETS):
        schedule = text(resource, ("tags", TAG))
        if resource.urn in selected_urns or _may_be_lost(resource, schedule):
            continue
        if not schedule:
            yield resource, f'tags["{TAG}"]', "is not set, and no backup selection names the resource"
        elif schedule == "none":
            yield resource, f'tags["{TAG}"]', "is none, although another tag of the resource promises an RPO"
        elif schedule not in WITHOUT_BACKUP and (TAG, schedule) not in selected_tags:
            yield resource, f'tags["{TAG}"]', f"is {schedule}, but no backup selection of this stack selects that value"


def _may_be_lost(resource: Resource, schedule: str) -> bool:
    if schedule == "none":
        return not present(resource, ("tags", RPO_TAG))
    # Buckets for logs, copies in another region and scratch file systems have no tag and need no backup.
    return not schedule and (resource.type in BUCKETS or text(resource, "deploymentType").startswith("SCRATCH"))


def _tags(selection: Resource) -> set[tuple[str, str]]:
    tags = {(text(tag, "key"), text(tag, "value")) for tag in each(selection, "selectionTags")}
    # When the program sets no conditions, AWS fills them in, so they are unknown at preview.
    for condition in at_if_known(selection, "conditions") or ():
        for tag in condition.get("stringEquals") or ():
            tags.add((tag["key"].removeprefix("aws:ResourceTag/"), tag["value"]))
    return tags


def _selection(schedule: str = "hourly") -> Sample:
    equals = [{"key": f"aws:ResourceTag/{TAG}", "value": schedule}]
    return Sample(SELECTION, {"conditions": [{"stringEquals": equals}], "resources": ["arn:aws:s3:::*"]})


def _stack(kind: str, schedule: str, /, *, rpo: str = "60", selected: str = "hourly", **props: str) -> StackCase:
    tags = {TAG: schedule, **({RPO_TAG: rpo} if rpo else {})}
    return StackCase(
        {"data": Sample(kind, {"tags": tags, **props}), "plan": _selection(selected)}, at=("data", f'tags["{TAG}"]')
    )


RULE = StackRule(
    id="rel-backup-coverage",
    applies_to=(FILE_SYSTEM, LUSTRE, *BUCKETS, SELECTION),
    severity="high",
    standards=("FSBP EFS.2", "CKV2_AWS_9", "CKV2_AWS_18"),
    why="A file that somebody deletes or encrypts is gone from every zone at once.",
    fix="Add the tags of backup_tags() in components/storage/recovery/backup.py and keep storage.recovery.enabled; "
    "write purpose: scratch for data that may be lost.",
    no_mend="the backup plan selects nothing with the tag",
    dev="advisory",
    check=check,
    good={
        "tagged and selected": _stack(FILE_SYSTEM, "hourly"),
        "selected by tag only": StackCase(
            {
                "data": Sample(LUSTRE, {"tags": {TAG: "daily"}}),
                "plan": Sample(SELECTION, {"selectionTags": [{"type": "STRINGEQUALS", "key": TAG, "value": "daily"}]}),
            }
        ),
        **{
            f"selected by ARN, {kind}": StackCase(
                {"data": Sample(kind, tags), "plan": Sample(SELECTION, links={"resources": "data"})}
            )
            for kind in (FILE_SYSTEM, LUSTRE, *BUCKETS)
            for tags in [{"tags": {TAG: "hourly"}}]
        },
        "old versions are enough": _stack(BUCKETS[0], "versions"),
        "Lustre, linked to a bucket": _stack(LUSTRE, "bucket"),
        "with a second selection, whose conditions AWS fills in": StackCase(
            {
                **_stack(FILE_SYSTEM, "hourly").resources,
                "clusters": Sample(SELECTION, {"conditions": UNKNOWN, "resources": ["arn:aws:eks:..."]}),
            }
        ),
        "may be lost": _stack(FILE_SYSTEM, "none", rpo=""),
        "scratch": StackCase({"data": Sample(LUSTRE, {"deploymentType": "SCRATCH_2"})}),
        "a bucket for logs": StackCase({"data": Sample(BUCKETS[0], {"bucket": "logs"})}),
        "no data": StackCase({}),
    },
    bad={
        "nothing set": StackCase({"data": Sample(FILE_SYSTEM)}, at=("data", f'tags["{TAG}"]')),
        "Lustre, nothing set": StackCase(
            {"data": Sample(LUSTRE, {"deploymentType": "PERSISTENT_2"})}, at=("data", f'tags["{TAG}"]')
        ),
        "tagged for a plan that does not exist": _stack(FILE_SYSTEM, "hourly", selected="daily"),
        "a bucket that no plan backs up": _stack(BUCKETS[1], "continuous", selected="daily"),
        "an RPO without backups": _stack(FILE_SYSTEM, "none"),
    },
)
