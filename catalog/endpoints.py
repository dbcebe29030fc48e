"""AWS services that a VPC can reach through an endpoint, by service suffix (`com.amazonaws.<region>.<suffix>`).

Only services that a platform on EKS can use are listed.
Source: https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html, read 2026-08.
"""

from typing import Final

GATEWAY: Final = ("s3", "dynamodb", "s3express")

INTERFACE: Final = (
    "acm-pca",
    "aps-workspaces",
    "autoscaling",
    "backup",
    "bedrock-runtime",
    "ec2",
    "ec2messages",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticfilesystem",
    "elasticloadbalancing",
    "fsx",
    "guardduty-data",
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "sqs",
    "ssm",
    "ssmmessages",
    "sts",
    "xray",
)

# A node cannot join without these: it reads its own name from EC2, and pulls images from ECR, which keeps layers in S3.
# Source: EKS user guide, "Deploy private clusters with limited internet access", read 2026-11.
NODES_JOIN_WITH: Final = ("ec2", "ecr.api", "ecr.dkr", "s3")
