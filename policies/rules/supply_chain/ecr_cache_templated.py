"""What a pull-through cache makes has a lifecycle, and a role where ECR needs one.

A repository that a pull makes has what the template of its prefix says, and otherwise nothing, for ever. A template
with tags or a KMS key but without a role ends every first pull with "not found".
Source: ECR user guide, "Sync an upstream registry"; aws/containers-roadmap 2398; read 2026-11.
"""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, at, each, present, text

RULES = "aws:ecr/pullThroughCacheRule:PullThroughCacheRule"
TEMPLATES = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    prefixes = {text(template, "prefix").rstrip("/") for template in stack.of(TEMPLATES)}
    for rule in stack.of(RULES):
        prefix = text(rule, "ecrRepositoryPrefix").rstrip("/")
        if not {"ROOT", *(prefix[:end] for end in _ends(prefix))} & prefixes:
            yield rule, "ecrRepositoryPrefix", "has no creation template, so its repositories keep all images for ever"
    for template in stack.of(TEMPLATES):
        if not present(template, "lifecyclePolicy"):
            yield template, "lifecyclePolicy", "is not set, so repositories keep all images for ever"
        encrypted = any(
            text(item, "encryptionType").startswith("KMS") for item in each(template, "encryptionConfigurations")
        )
        if (encrypted or at(template, "resourceTags")) and not present(template, "customRoleArn"):
            yield template, "customRoleArn", "is not set, and with tags or a KMS key every first pull fails without it"


def _ends(prefix: str) -> Iterator[int]:
    """Yields where a prefix, or one that is above it, ends."""
    yield from (index for index, character in enumerate(prefix) if character == "/")
    yield len(prefix)


def _stack(at: str, **changes: object) -> StackCase:
    given = {
        "prefix": "prod/k8s",
        "lifecyclePolicy": '{"rules": []}',
        "customRoleArn": "arn:aws:iam::111122223333:role/ecr",
        "resourceTags": {"project": "ml"},
        **changes,
    }
    template = {name: value for name, value in given.items() if value is not None}
    rule = Sample(RULES, {"ecrRepositoryPrefix": "prod/k8s", "upstreamRegistryUrl": "registry.k8s.io"})
    where = ("rule" if at == "ecrRepositoryPrefix" else "template", at)
    return StackCase({"rule": rule, "template": Sample(TEMPLATES, template)}, at=where)


RULE = StackRule(
    id="ecr-cache-templated",
    applies_to=(RULES, TEMPLATES),
    severity="medium",
    why="Nobody sees the repositories that pulls make until they are on the bill, or until no pull works.",
    fix="Give each cache a RepositoryCreationTemplate of its prefix, with a lifecycle and a custom_role_arn.",
    mend={"customRoleArn": "arn:aws:iam::<account>:role/<name>"},
    no_mend="the RepositoryCreationTemplate is missing",
    dev="advisory",
    check=check,
    good={
        "a template of its prefix": _stack(""),
        "a template above it": _stack("", prefix="prod"),
        "a template of all": _stack("", prefix="ROOT"),
        "the usual key": _stack(
            "", customRoleArn=None, resourceTags=None, encryptionConfigurations=[{"encryptionType": "AES256"}]
        ),
        "neither tags nor a key": _stack("", customRoleArn=None, resourceTags=None),
    },
    bad={
        "nothing set": StackCase(
            {"rule": Sample(RULES, {"ecrRepositoryPrefix": "k8s"})}, at=("rule", "ecrRepositoryPrefix")
        ),
        "a template of another prefix": _stack("ecrRepositoryPrefix", prefix="prod/k"),
        "no lifecycle": _stack("lifecyclePolicy", lifecyclePolicy=None),
        "tags without a role": _stack("customRoleArn", customRoleArn=None),
        "a key without a role": _stack(
            "customRoleArn", customRoleArn=None, resourceTags=None, encryptionConfigurations=[{"encryptionType": "KMS"}]
        ),
    },
)
