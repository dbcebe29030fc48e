"""Policies of VPC endpoints: through which ones only the stack's own accounts are reached."""

from catalog.endpoints import WITHOUT_POLICY
from components.core import iam
from components.core.stage import Stage
from settings.network.network import EndpointSettings

# Buckets of AWS and Kubernetes in the region that nodes read without the credentials of their account: layers of images
# in ECR (presigned by ECR), packages of Amazon Linux, the SSM agent, and layers of registry.k8s.io.
# Sources: ECR user guide, "Minimum Amazon S3 bucket permissions"; Amazon Linux 2023 user guide, "Updating with a VPC
# endpoint policy", for the number; SSM user guide, "SSM Agent communications with AWS managed S3 buckets";
# kubernetes/k8s.io, infra/aws/terraform/registry.k8s.io/README.md; read 2026-11.
PUBLIC_BUCKETS = (
    "prod-{region}-starport-layer-bucket",
    "al2023-repos-{region}-de612dc2",
    "amazon-ssm-{region}",
    "aws-ssm-{region}",
    "prod-registry-k8s-io-{region}",
)
# Buckets of public registries: from their own region quay.io sends machines in AWS straight to S3, and Docker Hub sends
# everybody there at times. Sources: quay/quay ffba0c7, storage/cloud.py, CloudFrontedS3Storage; OpenShift 4.19,
# "Configuring your firewall" (the bucket of quay.io); konflux-ci/caching, "Caching container image layers from CDNs"
# (from us-east-1); the bucket of Docker Hub by redirects that its users saw, unverified by Docker; read 2026-11.
OF_REGISTRIES = {"us-east-1": ("quayio-production-s3", "docker-images-prod")}
EVERYTHING: iam.Statement = {
    "Sid": "Everything",
    "Effect": "Allow",
    "Principal": {"AWS": "*"},
    "Action": ["*"],
    "Resource": ["*"],
}


def endpoint_policy(stage: Stage, settings: EndpointSettings, kind: str, service: str) -> str | None:
    """Returns the policy of one endpoint; None for a service that takes none.

    Through interface endpoints only principals of the accounts call. What they call may be of others: images of AMIs
    and EKS add-ons are. Through gateways the data is of the accounts too, but for the buckets above.
    An endpoint keeps its policy when none is given any more, so `open` gives the one that AWS begins with.
    Principals of gateways have to be `*`. STS takes a token of Kubernetes from callers without an identity.
    Sources: AWS PrivateLink guide, "Control access to VPC endpoints using endpoint policies"; terraform-provider-aws,
    internal/service/ec2/vpc_endpoint.go (policy is optional and computed); read 2026-11.
    """
    if service in WITHOUT_POLICY:
        return None
    if settings.policies == "open":
        return iam.document(EVERYTHING)
    accounts = sorted({stage.account_id, *settings.accounts})
    own = {"aws:PrincipalAccount": accounts}
    if kind == "Gateway":
        own["aws:ResourceAccount"] = accounts
    statements: list[iam.Statement] = [{**EVERYTHING, "Sid": "OwnAccounts", "Condition": {"StringEquals": own}}]
    if service == "s3":
        public = (*PUBLIC_BUCKETS, *OF_REGISTRIES.get(stage.region, ()))
        names = [*(name.format(region=stage.region) for name in public), *settings.buckets]
        statements.append(
            {
                "Sid": "PublicBuckets",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["s3:GetObject", *(["s3:ListBucket"] if settings.buckets else [])],
                "Resource": [arn for name in names for arn in (stage.bucket_arn(name), stage.bucket_arn(f"{name}/*"))],
            }
        )
    if service == "sts":
        statements.append(
            {
                "Sid": "TokensOfKubernetes",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["sts:AssumeRoleWithWebIdentity"],
                "Resource": [f"arn:{stage.partition}:iam::{account}:role/*" for account in accounts],
            }
        )
    return iam.document(*statements)
