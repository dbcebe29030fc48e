"""KMS rotates its keys."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag, text


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    symmetric = text(resource, "customerMasterKeySpec", default="SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
    if symmetric and not flag(resource, "enableKeyRotation"):
        yield "enableKeyRotation", "is not true, so the key material never changes"


RULE = Rule(
    id="kms-rotation",
    applies_to="aws:kms/key:Key",
    severity="medium",
    standards=("Security Hub KMS.4", "CKV_AWS_7"),
    why="Rotation limits how much data one piece of key material encrypts, and readers notice nothing.",
    fix="Set enable_key_rotation=True.",
    mend={"enableKeyRotation": True},
    dev="advisory",
    check=check,
    good={
        "rotates": {"enableKeyRotation": True},
        "a signing key, which AWS cannot rotate": {"customerMasterKeySpec": "ECC_NIST_P256"},
    },
    bad={
        "nothing set": Case({}, at="enableKeyRotation"),
        "turned off": Case(
            {"customerMasterKeySpec": "SYMMETRIC_DEFAULT", "enableKeyRotation": False}, at="enableKeyRotation"
        ),
    },
)
