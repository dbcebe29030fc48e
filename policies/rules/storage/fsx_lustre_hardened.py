"""Lustre file systems that last are under a key of ours, say what goes wrong, and keep their tags in backups."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag, present, text

LASTING = ("PERSISTENT_1", "PERSISTENT_2")


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if text(resource, "logConfiguration.level", default="DISABLED") == "DISABLED":
        yield "logConfiguration.level", "is DISABLED, so imports and exports fail without a word"
    if text(resource, "deploymentType", default="SCRATCH_1") not in LASTING:
        return  # FSx encrypts scratch with a key of its own, and never backs it up
    if not present(resource, "kmsKeyId"):
        yield "kmsKeyId", "is not set, so the data is under a key of AWS, whose policy nobody here can tighten"
    if not flag(resource, "copyTagsToBackups"):
        yield "copyTagsToBackups", "is not true, so nobody can tell whose the backups are"


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
    why="With a key of ours, reading takes the key too; and an export that failed unheard is a lost checkpoint.",
    fix="Set kms_key_id, log_configuration with WARN_ERROR and copy_tags_to_backups=True; storage.lustre does so.",
    dev="advisory",
    check=check,
    good={
        "what lasts": _GOOD,
        "scratch, with logs": {"deploymentType": "SCRATCH_2", "logConfiguration": _LOGS},
    },
    bad={
        "nothing said": Case({}, at="logConfiguration.level"),
        "nothing logged": Case({**_GOOD, "logConfiguration": {"level": "DISABLED"}}, at="logConfiguration.level"),
        "the key of AWS": Case(_without("kmsKeyId"), at="kmsKeyId"),
        "backups without tags": Case(_without("copyTagsToBackups"), at="copyTagsToBackups"),
    },
)
