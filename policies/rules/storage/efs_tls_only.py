"""Every EFS file system refuses whoever mounts it without TLS."""

import json
from collections.abc import Iterator

from policies.iam_documents import names, principals, statements
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, text

SYSTEM, POLICY = "aws:efs/fileSystem:FileSystem", "aws:efs/fileSystemPolicy:FileSystemPolicy"
TRANSPORT = ("Condition", "Bool", "aws:SecureTransport")
MOUNTING = {"*", "elasticfilesystem:*", "elasticfilesystem:ClientMount"}


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    covered = set()
    for policy in stack.of(POLICY):
        covered |= {system.urn for system in stack.linked(policy, "fileSystemId", (SYSTEM,))}
        if not any(_refuses(statement) for statement in statements(policy, "policy")):
            yield policy, "policy", "has no statement that denies mounting to everybody without aws:SecureTransport"
    for system in stack.of(SYSTEM):
        if system.urn not in covered:
            yield system, "id", "has no FileSystemPolicy in this stack"


def _refuses(statement: View) -> bool:
    said = (text(statement, "Effect"), principals(statement), text(statement, TRANSPORT))
    return said == ("Deny", ["*"], "false") and bool(MOUNTING & set(names(statement, "Action")))


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
    why="NFS by itself encrypts nothing: whoever sees the packets reads the files.",
    fix="Add a FileSystemPolicy with a Deny of elasticfilesystem:ClientMount to everybody, with the condition Bool "
    "aws:SecureTransport false.",
    dev="advisory",
    check=check,
    good={"refused without TLS": _stack(), "every action, refused": _stack(Action="*", Principal="*")},
    bad={
        "nothing said": StackCase({"home": Sample(SYSTEM, {"encrypted": True})}, at=("home", "id")),
        "allowed": _stack(Effect="Allow"),
        "refused with TLS": _stack(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        "writing alone": _stack(Action="elasticfilesystem:ClientWrite"),
        "one account": _stack(Principal={"AWS": "111122223333"}),
    },
)
