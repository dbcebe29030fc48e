"""AWS services that a VPC can reach through an endpoint, by service suffix (`com.amazonaws.<region>.<suffix>`).

Only services that a platform on EKS can use are listed.
Source: https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html, read 2026-08.
"""

from typing import Final

GATEWAY: Final = ("s3", "dynamodb", "s3express")

GUARDDUTY_DATA: Final = "guardduty-data"
"""Where the agent of GuardDuty sends what it sees, and nothing else reaches it. AWS bills nothing for it.

Source: GuardDuty user guide, "Creating an Amazon VPC endpoint"; read 2026-11.
"""

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
    GUARDDUTY_DATA,
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "sts",
    "xray",
)

# Without a route to the internet a node cannot join without the first four: it reads its own name from EC2, and pulls
# images from ECR, which keeps their layers in S3. The others: the roles of pods, and the network of Bottlerocket nodes.
# Source: EKS user guide, "Deploy private clusters with limited internet access", "EKS Pod Identity"; Bottlerocket,
# sources of pluto; read 2026-11.
NODES_JOIN_WITH: Final = ("ec2", "ecr.api", "ecr.dkr", "s3")
NODES_USE: Final = (*NODES_JOIN_WITH, "eks", "eks-auth", "sts")

# To these services AWS may take no policy, not even one that allows everything. The EKS user guide says of the EKS API
# that it takes one, since 2025-02, and nothing of eks-auth: unverified, and without a policy everybody goes through.
# GuardDuty's own guide gives a policy for guardduty-data. Source: EKS user guide, "Access Amazon EKS using AWS
# PrivateLink"; awslabs/landing-zone-accelerator-on-aws, issue 224 (the refusal); read 2026-11.
WITHOUT_POLICY: Final = ("eks-auth",)
