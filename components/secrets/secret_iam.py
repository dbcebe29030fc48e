"""Who reads which secret: the operator of a cluster may only become a team's reader, and that reads the team's prefix.

The operator has its role by EKS Pod Identity, whose session tags are passed on: to assume a role needs sts:TagSession
on both sides, and the reader sees by the tags which pod of which cluster asks. External Secrets sends no external id of
its own, and one in the store would be no secret.
Sources: external-secrets v2.9.0, providers/v1/aws/auth/auth.go (no auth block: the pod's own credentials, then `role`),
secretsmanager.go (GetSecretValue alone reads a value); EKS user guide, "Grant pods access to AWS resources based on
tags"; Secrets Manager user guide, "Secret encryption and decryption"; read 2026-11.
"""

from catalog.limits import IAM_ROLE_NAME_LENGTH
from components.core import iam
from components.core.names import with_digest
from components.core.stage import Stage

OPERATOR = "external-secrets"
"""Namespace, service account and release of the operator."""
ASSUME = ("sts:AssumeRole", "sts:TagSession")


def secret_prefix(stage: Stage, team: str) -> str:
    """Returns what the names of a team's secrets begin with."""
    return f"{stage.prefix}/{team}/"


def reader_path(stage: Stage, cluster: str) -> str:
    """Returns the IAM path of the readers of one cluster, so that a team more does not change the operator's rights."""
    return f"/{stage.prefix}/{stage.region}/secrets/{cluster}/"


def reader_name(stage: Stage, team: str) -> str:
    """Returns the name of a team's reader: shortened for IAM, and with a digest, since roles are of all regions."""
    return with_digest(f"{stage.prefix}-secrets-{team}", IAM_ROLE_NAME_LENGTH, f"{stage.region}/{team}")


def operator_statements(stage: Stage, cluster: str) -> list[iam.Statement]:
    """Returns the rights of the operator: a SecretStore that anybody makes without a role can read nothing."""
    return [iam.allow("BecomeReaders", ASSUME, [stage.iam_arn(f"role{reader_path(stage, cluster)}*")])]


def reader_trust(stage: Stage, cluster: str) -> str:
    """Returns the trust policy of the readers of one cluster.

    The operator's role gets its name from Pulumi, so a condition names it, and the tags of its session the pod.
    """
    return iam.document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": stage.iam_arn("root")},
            "Action": ASSUME,
            "Condition": {
                "ArnLike": {"aws:PrincipalArn": stage.iam_arn(f"role/{cluster}-{OPERATOR}-*")},
                "StringEquals": {
                    "aws:PrincipalTag/eks-cluster-arn": stage.cluster_arn(cluster),
                    "aws:PrincipalTag/kubernetes-namespace": OPERATOR,
                    "aws:PrincipalTag/kubernetes-service-account": OPERATOR,
                },
            },
        }
    )


def reader_statements(stage: Stage, team: str) -> list[iam.Statement]:
    """Returns the rights of a team's reader. It lists nothing: that right has no resource, and shows all names."""
    return [
        iam.allow(
            "ReadSecrets",
            ["secretsmanager:GetSecretValue"],
            [stage.arn("secretsmanager", f"secret:{secret_prefix(stage, team)}*")],
        ),
        iam.allow(
            "DecryptSecrets",
            ["kms:Decrypt"],
            [stage.arn("kms", "key/*")],
            {
                "StringEquals": {"kms:ViaService": f"secretsmanager.{stage.region}.amazonaws.com"},
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": stage.key_alias("secrets")},
            },
        ),
    ]
