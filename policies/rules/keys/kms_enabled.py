"""No key of the stack is switched off."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag

SWITCHES = {
    "aws:kms/key:Key": "isEnabled",
    "aws:kms/replicaKey:ReplicaKey": "enabled",
    "aws:kms/externalKey:ExternalKey": "enabled",
}


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not flag(resource, SWITCHES[resource.type], default=True):
        yield SWITCHES[resource.type], "is false, so nothing that the key encrypted can be read"


RULE = Rule(
    id="kms-enabled",
    applies_to=tuple(SWITCHES),
    severity="high",
    standards=("CKV_AWS_227",),
    why="Disks, buckets and secrets stop to open at once, and running nodes lose their volumes with the next start.",
    fix="Drop is_enabled; what nobody needs any more is deleted, with a window.",
    mend={"isEnabled": True, "enabled": True},
    check=check,
    good={"nothing set": {}, "enabled": {"isEnabled": True}},
    bad={kind.rpartition(":")[2]: Case({path: False}, type=kind, at=path) for kind, path in SWITCHES.items()},
)
