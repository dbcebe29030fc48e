"""Kubernetes secrets are encrypted with a customer-managed key."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, present, texts

KEY, RESOURCES = "encryptionConfig.provider.keyArn", "encryptionConfig.resources"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, KEY):
        yield KEY, "is not set, so EKS encrypts secrets with AWS's own key, whose policy cannot be changed"
    elif "secrets" not in texts(resource, RESOURCES):
        yield RESOURCES, "does not contain secrets"


RULE = Rule(
    id="eks-secrets-cmk",
    applies_to="aws:eks/cluster:Cluster",
    severity="high",
    standards=("FSBP EKS.3", "CKV_AWS_58", "CIS EKS 5.3.1"),
    why="A copy of etcd is then useless without the key, and CloudTrail records each use of the key.",
    fix="Set encryption_config_key_arn to a KMS key of this stack. It can be added later, but never removed.",
    mend={"keyArn": "arn:aws:kms:<region>:<account>:key/<id>", "resources": ["secrets"]},
    on_unknown="pass",  # the ARN of a key that is made in the same stack
    dev="advisory",
    check=check,
    good={"a key": {"encryptionConfig": {"provider": {"keyArn": "arn:aws:kms:key"}, "resources": ["secrets"]}}},
    bad={
        "nothing set": Case({}, at=KEY),
        "no key": Case({"encryptionConfig": {"resources": ["secrets"]}}, at=KEY),
        "a key, but not for secrets": Case(
            {"encryptionConfig": {"provider": {"keyArn": "arn:aws:kms:key"}}}, at=RESOURCES
        ),
    },
)
