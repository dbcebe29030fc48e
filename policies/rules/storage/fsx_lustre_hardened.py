"""Lustre file systems log errors; persistent ones have a customer-managed key and copy their tags to backups."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag, present, text

PERSISTENT = ("PERSISTENT_1", "PERSISTENT_2")


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if text(resource, "logConfiguration.level", default="DISABLED") == "DISABLED":
        yield "logConfiguration.level", "is DISABLED, so failed imports and exports leave no message"
    if text(resource, "deploymentType", default="SCRATCH_1") not in PERSISTENT:
        return  # FSx encrypts scratch file systems with its own key and takes no backups of them
    if not present(resource, "kmsKeyId"):
        yield "kmsKeyId", "is not set, so FSx uses AWS's own key, whose policy cannot be changed"
    if not flag(resource, "copyTagsToBackups"):
        yield "copyTagsToBackups", "is not true, so backups do not show their owner"


_LOGS = {"level": "WARN_ERROR", "destination": "arn:aws:logs:us-west-2:123456789012:log-group:/aws/fsx/fast"}
_KEY = "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_GOOD = {"deploymentType": "PERSISTENT_2", "kmsKeyId": _KEY, "logConfiguration": _LOGS, "copyTagsToBackups": True}


def _without(name: str) -> dict[str, object]:
    return {key: value for key, value in _GOOD.items() if key != name}


RULE = Rule(
    id="fsx-lustre-hardened",
    applies_to="aws:fsx/lustreFileSystem:LustreFileSystem",
    severity="medium",
    standards=("FSBP FSx.2", "CKV_AWS_190"),
    why="With a customer-managed key, readers need the key too; an export that fails unnoticed loses a checkpoint.",
    fix="Set kms_key_id, log_configuration with WARN_ERROR and copy_tags_to_backups=True, as storage.lustre does.",
    mend={"level": "WARN_ERROR", "kmsKeyId": "arn:aws:kms:<region>:<account>:key/<id>", "copyTagsToBackups": True},
    dev="advisory",
    check=check,
    good={"persistent": _GOOD, "scratch, with logs": {"deploymentType": "SCRATCH_2", "logConfiguration": _LOGS}},
    bad={
        "nothing set": Case({}, at="logConfiguration.level"),
        "logging disabled": Case({**_GOOD, "logConfiguration": {"level": "DISABLED"}}, at="logConfiguration.level"),
        "AWS's own key, of the older kind": Case(
            {**_without("kmsKeyId"), "deploymentType": "PERSISTENT_1"}, at="kmsKeyId"
        ),
        "AWS's own key": Case(_without("kmsKeyId"), at="kmsKeyId"),
        "backups without tags": Case(_without("copyTagsToBackups"), at="copyTagsToBackups"),
    },
)
