"""Kubernetes secrets are encrypted with a key of ours."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, present, texts

KEY, RESOURCES = "encryptionConfig.provider.keyArn", "encryptionConfig.resources"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, KEY):
        yield KEY, "names no key, so secrets are protected by a key of AWS that nobody here can take away"
    elif "secrets" not in texts(resource, RESOURCES):
        yield RESOURCES, "does not hold secrets"


RULE = Rule(
    id="eks-secrets-cmk",
    applies_to="aws:eks/cluster:Cluster",
    severity="high",
    standards=("FSBP EKS.3", "CKV_AWS_58", "CIS EKS 5.3.1"),
    why="Reading secrets from a copy of etcd then takes the key as well, and its use is on record.",
    fix="Give encryption_config_key_arn a KMS key of this stack. It can be added later, never taken away.",
    on_unknown="pass",  # the ARN of a key that is made in the same stack
    dev="advisory",
    check=check,
    good={"a key": {"encryptionConfig": {"provider": {"keyArn": "arn:aws:kms:key"}, "resources": ["secrets"]}}},
    bad={
        "nothing said": Case({}, at=KEY),
        "no key": Case({"encryptionConfig": {"resources": ["secrets"]}}, at=KEY),
        "not for secrets": Case({"encryptionConfig": {"provider": {"keyArn": "arn:aws:kms:key"}}}, at=RESOURCES),
    },
)
