"""Quotas that stacks often reach, with their values in a new account. The simulator and preflight read them here.

Sources: values, the quotas pages of the services' user guides and of the AWS General Reference; codes, public programs
that ask Service Quotas for them, since AWS's pages have none. Medium confidence; read 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.limits import EKS_NODE_GROUPS_PER_CLUSTER, ELASTIC_IPS_PER_REGION, RULES_PER_SECURITY_GROUP

SERVICES = {
    "acm": "AWS Certificate Manager (ACM)",
    "ec2": "Amazon Elastic Compute Cloud (Amazon EC2)",
    "ecr": "Amazon Elastic Container Registry (Amazon ECR)",
    "eks": "Amazon Elastic Kubernetes Service (Amazon EKS)",
    "elasticloadbalancing": "Elastic Load Balancing (ELB)",
    "iam": "AWS Identity and Access Management (IAM)",
    "vpc": "Amazon Virtual Private Cloud (Amazon VPC)",
    "wafv2": "AWS WAF",
}


@dataclass(frozen=True)
class KnownQuota:
    """A quota of a service. default: its value in a new account."""

    service: str
    code: str
    name: str
    default: int

    @property
    def service_name(self) -> str:
        """The full name of the service."""
        return SERVICES[self.service]

    @property
    def limit(self) -> tuple[str, int]:
        """The first two fields of a `Quota`."""
        return self.code, self.default


ELASTIC_IPS = KnownQuota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", ELASTIC_IPS_PER_REGION)
CLUSTERS = KnownQuota("eks", "L-1194D53C", "Clusters", 100)
NODE_GROUPS = KnownQuota("eks", "L-6D54EA21", "Managed node groups per cluster", EKS_NODE_GROUPS_PER_CLUSTER)
VPCS = KnownQuota("vpc", "L-F678F1CE", "VPCs per Region", 5)
NAT_GATEWAYS = KnownQuota("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5)
INTERNET_GATEWAYS = KnownQuota("vpc", "L-A4707A72", "Internet gateways per Region", 5)
CIDR_BLOCKS = KnownQuota("vpc", "L-83CA0A9D", "IPv4 CIDR blocks per VPC", 5)
RULES_OF_A_GROUP = KnownQuota(
    "vpc", "L-0EA8095F", "Inbound or outbound rules per security group", RULES_PER_SECURITY_GROUP
)
LOAD_BALANCERS = KnownQuota("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50)
CERTIFICATES = KnownQuota("acm", "L-F141DD1D", "ACM certificates", 2500)
WEB_ACLS = KnownQuota("wafv2", "L-2EC3DE7B", "Maximum web ACLs per account in WAF for regional", 100)
REPOSITORIES = KnownQuota("ecr", "L-CFEB8E8D", "Registered repositories", 100_000)
OFTEN_REACHED = (
    *(ELASTIC_IPS, CLUSTERS, NODE_GROUPS, VPCS, NAT_GATEWAYS, INTERNET_GATEWAYS, CIDR_BLOCKS),
    *(RULES_OF_A_GROUP, LOAD_BALANCERS, CERTIFICATES, WEB_ACLS),
)

# IAM is global: Service Quotas answers for it in one region of a partition only.
ROLES = KnownQuota("iam", "L-FE177D64", "Roles per account", 1000)
POLICIES = KnownQuota("iam", "L-E95E4862", "Customer managed policies per account", 1500)
INSTANCE_PROFILES = KnownQuota("iam", "L-6E65F664", "Instance profiles per account", 1000)
