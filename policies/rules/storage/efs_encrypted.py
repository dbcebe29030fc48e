"""EFS file systems are encrypted with a key of ours."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag, present


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not flag(resource, "encrypted"):
        yield "encrypted", "is not true, so files are written in the clear, and that can never be changed"
    elif not present(resource, "kmsKeyId"):
        yield "kmsKeyId", "names no key, so files are protected by a key of AWS that nobody here can take away"


RULE = Rule(
    id="efs-encrypted",
    applies_to="aws:efs/fileSystem:FileSystem",
    severity="high",
    standards=("FSBP EFS.1", "CKV_AWS_42", "CKV_AWS_184"),
    why="Encryption is decided once: a file system that lacks it has to be copied to another.",
    fix="Set encrypted=True and kms_key_id to the ARN of a key of this stack.",
    on_unknown="pass",  # the ARN of a key that is made in the same stack
    check=check,
    good={"our key": {"encrypted": True, "kmsKeyId": "arn:aws:kms:us-west-2:111122223333:key/data"}},
    bad={
        "nothing said": Case({}, at="encrypted"),
        "turned off": Case({"encrypted": False}, at="encrypted"),
        "the key of EFS": Case({"encrypted": True}, at="kmsKeyId"),
    },
)
