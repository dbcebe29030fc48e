"""Repositories keep what a tag names, look into what is pushed, and are encrypted with a customer-managed key."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, each, flag, present, text

ENCRYPTION, KEY = "encryptionConfigurations", "kmsKey"
FILTERS = "imageTagMutabilityExclusionFilters"


def _encrypted(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, ENCRYPTION):
        yield ENCRYPTION, "is not set, so a key of S3 is used, and this cannot be changed later"
    for item in each(resource, ENCRYPTION):
        if not text(item, "encryptionType").startswith("KMS") or not present(item, KEY):
            yield item.under(KEY), "is no key of the account, so nobody but AWS decides who may use it"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not text(resource, "imageTagMutability").startswith("IMMUTABLE"):
        yield "imageTagMutability", "is not IMMUTABLE, so who may push gives a running tag other contents"
    for item in each(resource, FILTERS):
        if not text(item, "filter").strip("*"):
            yield item.under("filter"), "is about every tag, so all of them move"
    if not flag(resource, "imageScanningConfiguration.scanOnPush"):
        yield "imageScanningConfiguration.scanOnPush", "is not true, so nobody looks into what is pushed"
    yield from _encrypted(resource)


def _repository(at: str = "", **changes: object) -> Case:
    given = {
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        ENCRYPTION: [{"encryptionType": "KMS", KEY: "arn:aws:kms:us-west-2:111122223333:key/images"}],
        **changes,
    }
    return Case({name: each for name, each in given.items() if each is not None}, at=at)


RULE = Rule(
    id="ecr-immutable-scan",
    applies_to="aws:ecr/repository:Repository",
    severity="high",
    standards=("FSBP ECR.1", "FSBP ECR.2", "CKV_AWS_51", "CKV_AWS_136", "CKV_AWS_163"),
    why="What runs is what was reviewed, as long as nobody can push something else under its tag.",
    fix="Set image_tag_mutability to IMMUTABLE, scan_on_push to True, and encryption with a key of this stack.",
    stack_file={"images.kms": True},
    mend={
        "imageTagMutability": "IMMUTABLE",
        "scanOnPush": True,
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": "arn:aws:kms:<region>:<account>:key/<id>"}],
    },
    dev="advisory",
    on_unknown="pass",  # the ARN of a key that is made in the same stack
    check=check,
    good={
        "immutable, scanned, a key of the account": _repository(),
        "a few tags that move": _repository(
            imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
            imageTagMutabilityExclusionFilters=[{"filter": "dev-*", "filterType": "WILDCARD"}],
        ),
    },
    bad={
        "nothing set": Case({}, at="imageTagMutability"),
        "tags that move": _repository("imageTagMutability", imageTagMutability="MUTABLE"),
        "all tags but a few": _repository("imageTagMutability", imageTagMutability="MUTABLE_WITH_EXCLUSION"),
        "all tags, said otherwise": _repository(
            f"{FILTERS}[0].filter",
            imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
            imageTagMutabilityExclusionFilters=[{"filter": "**", "filterType": "WILDCARD"}],
        ),
        "not scanned": _repository("imageScanningConfiguration.scanOnPush", imageScanningConfiguration=None),
        "scanning turned off": _repository(
            "imageScanningConfiguration.scanOnPush", imageScanningConfiguration={"scanOnPush": False}
        ),
        "a key of S3": _repository(f"{ENCRYPTION}[0].{KEY}", encryptionConfigurations=[{"encryptionType": "AES256"}]),
        "AWS's own key": _repository(f"{ENCRYPTION}[0].{KEY}", encryptionConfigurations=[{"encryptionType": "KMS"}]),
        "encryption that is not said": _repository(ENCRYPTION, encryptionConfigurations=None),
    },
)
