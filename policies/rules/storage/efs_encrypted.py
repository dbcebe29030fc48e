"""EFS file systems are encrypted with a customer-managed key."""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.grants import is_own_key
from policies.rule import Case, Resource, Rule, at_if_known


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if str(at_if_known(resource, "encrypted")).lower() != "true":
        yield "encrypted", "is not true, so files are not encrypted, and this cannot be changed later"
    if not is_own_key(resource, "kmsKeyId"):
        yield "kmsKeyId", "names no key of the account, so EFS uses AWS's own, whose policy cannot be changed"


RULE = Rule(
    id="efs-encrypted",
    applies_to="aws:efs/fileSystem:FileSystem",
    severity="high",
    standards=("FSBP EFS.1", "CKV_AWS_42", "CKV_AWS_184"),
    why="Encryption is set at creation: the files of an unencrypted file system must be copied to a new one.",
    fix="Set encrypted=True and kms_key_id to the ARN of a key of this stack.",
    mend={"encrypted": True, "kmsKeyId": "arn:aws:kms:<region>:<account>:key/<id>"},
    on_unknown="pass",  # the ARN of a key that is made in the same stack
    check=check,
    good={"a key of the account": {"encrypted": True, "kmsKeyId": "arn:aws:kms:us-west-2:111122223333:key/data"}},
    bad={
        "nothing set": Case({}, at="encrypted"),
        "turned off": Case({"encrypted": False}, at="encrypted"),
        "known after it is made": Case({"encrypted": UNKNOWN, "kmsKeyId": UNKNOWN}, at="encrypted"),
        "AWS's own key": Case({"encrypted": True}, at="kmsKeyId"),
        "AWS's own key, by its alias": Case(
            {"encrypted": True, "kmsKeyId": "alias/aws/elasticfilesystem"}, at="kmsKeyId"
        ),
    },
)
