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
