"""Limits of AWS and of GPUs that a stack file could exceed.

Quotas are the defaults of a new account, per region; AWS raises them on request.
"""

from collections.abc import Mapping
from typing import Final

# Source: CloudWatch Logs API reference, PutRetentionPolicy, read 2026-08.
LOG_RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

# Ours: the fewest and the most days that log groups keep logs, by environment. With fewer an incident has no history;
# with more, storage becomes most of the bill. In dev this is advice.
LOG_DAYS: Final[Mapping[str, tuple[int, int]]] = {"dev": (1, 90), "staging": (7, 400), "prod": (90, 400)}

# Source: Amazon VPC quotas, read 2026-08. One NAT gateway takes one Elastic IP.
ELASTIC_IPS_PER_REGION: Final = 5

# Source: Amazon VPC quotas, "Inbound or outbound rules per security group", read 2026-11.
RULES_PER_SECURITY_GROUP: Final = 60

# Source: Amazon VPC user guide, "Subnet route tables", and VPC quotas; read 2026-11. AWS has the first for itself, and
# no network has hosts in the other two.
UNROUTABLE_CIDRS: Final = ("169.254.168.0/22", "127.0.0.0/8", "224.0.0.0/4")

# The range of Kubernetes services that EKS chooses: the second where the VPC is in 10.0.0.0/8, otherwise the first.
# Source: EKS API reference, KubernetesNetworkConfigRequest; EKS AMI, bootstrap.sh; read 2026-11.
EKS_SERVICE_CIDRS: Final = ("10.100.0.0/16", "172.20.0.0/16")

# Pairs of port and protocol that the agent of the VPC CNI keeps for one address; it drops others, and tells its log
# alone. Source: aws/aws-network-policy-agent 1.4.0, pkg/utils/utils.go, ComputeTrieValue; read 2026-11.
PORTS_PER_ADDRESS: Final = 24

# Source: Amazon EKS user guide and API reference, read 2026-08.
EKS_CLUSTER_NAME_LENGTH: Final = 100
EKS_NODE_GROUP_NAME_LENGTH: Final = 63
EKS_NODE_GROUPS_PER_CLUSTER: Final = 30  # a quota. Source: Amazon EKS user guide, "Service quotas", read 2026-11
EKS_PUBLIC_ACCESS_CIDRS: Final = 40
EKS_LABELS_PER_NODE_GROUP: Final = 50
EKS_TAINTS_PER_NODE_GROUP: Final = 50
EKS_PODS_PER_NODE: Final = 250  # for instance types without a figure of their own
EKS_FREE_ADDRESSES_PER_CONTROL_PLANE_SUBNET: Final = 6

# Source: AWS general reference, "Tagging your AWS resources"; IAM user guide, "Tags for IAM resources"; read 2026-08.
TAGS_PER_RESOURCE: Final = 50
TAG_KEY_LENGTH: Final = 128
TAG_VALUE_LENGTH: Final = 256

# How many pods may share one GPU. MPS allows 48 clients per GPU up to CUDA 13.0, which the driver of our images, 580,
# has.
# Source: NVIDIA, "Multi-Process Service", client-server connection limits, read 2026-11.
# Time-slicing has no limit of NVIDIA's. This is our own: a sixteenth of a 24 GB GPU is 1.5 GB, and no framework starts
# with less.
GPU_REPLICAS_TIME_SLICING: Final = 16
GPU_REPLICAS_MPS: Final = 48

# Source: EC2 user guide, "Capacity Blocks for ML", read 2026-08. In days.
CAPACITY_BLOCK_DAYS: Final = 182

# Source: IAM user guide, "IAM and AWS STS quotas", read 2026-08.
IAM_ROLE_NAME_LENGTH: Final = 64

# Source: IAM API reference, PutRolePolicy, read 2026-11.
IAM_ROLE_POLICY_NAME_LENGTH: Final = 128

# Source: Amazon S3 user guide, "General purpose bucket naming rules", read 2026-11.
BUCKET_NAME_LENGTH: Final = 63

# Source: AWS Backup API reference, CreateBackupVault, read 2026-11.
BACKUP_VAULT_NAME_LENGTH: Final = 50
