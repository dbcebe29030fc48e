"""Every EFS file system refuses mounts without TLS."""

import json
from collections.abc import Iterator

from policies.grants import grants
from policies.rule import Resource, Sample, Stack, StackCase, StackRule

SYSTEM, POLICY = "aws:efs/fileSystem:FileSystem", "aws:efs/fileSystemPolicy:FileSystemPolicy"
MOUNTING = ("elasticfilesystem:ClientMount",)


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for policy in stack.of(POLICY):
        if not any(grant.denies_plaintext(MOUNTING) for grant in grants(policy, "policy")):
            yield (
                policy,
                "policy",
                "has no statement that denies mounting without TLS (aws:SecureTransport) to everyone",
            )
    for system in stack.left_out((SYSTEM,), (POLICY,), "fileSystemId"):
        yield system, "id", "has no FileSystemPolicy in this stack"


def _policy(**changes: object) -> str:
    deny = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        **changes,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [deny]})


def _stack(**changes: object) -> StackCase:
    return StackCase(
        {
            "home": Sample(SYSTEM, {"encrypted": True}),
            "policy": Sample(POLICY, {"policy": _policy(**changes)}, links={"fileSystemId": "home"}),
        },
        at=("policy", "policy"),
    )


RULE = StackRule(
    id="efs-tls-only",
    applies_to=(SYSTEM, POLICY),
    severity="medium",
    standards=("EKS best practices, data encryption",),
    why="NFS itself is not encrypted: anyone who sees the packets can read the files.",
    fix="Add a FileSystemPolicy that denies elasticfilesystem:ClientMount to everyone on the condition Bool "
    "aws:SecureTransport false.",
    no_mend="the FileSystemPolicy is missing",
    dev="advisory",
    check=check,
    good={
        "mounting without TLS denied": _stack(),
        "every action without TLS denied": _stack(Action="*", Principal="*"),
    },
    bad={
        "nothing set": StackCase({"home": Sample(SYSTEM, {"encrypted": True})}, at=("home", "id")),
        "allowed instead of denied": _stack(Effect="Allow"),
        "denied with TLS": _stack(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        "only writing denied": _stack(Action="elasticfilesystem:ClientWrite"),
        "only one account denied": _stack(Principal={"AWS": "111122223333"}),
    },
)
