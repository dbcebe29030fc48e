"""EKS managed add-ons: their namespace, their IAM policies, and the version we pin for each Kubernetes version.

Names, namespaces, service accounts and policies: Amazon EKS user guide, "AWS add-ons" and "community add-ons",
read 2026-08. Versions, with their sources: `data/eks_addon_versions.json`. A stack file may name another version.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from catalog import iam
from catalog.endpoints import GUARDDUTY_DATA
from catalog.rows import LazyTable, read_table

# An older VPC CNI gives pods addresses of the nodes' subnets (before 1.22.1), cuts pods off that no network policy
# selects (1.21.1 in the builds that EKS installs), or lets policies of one namespace into another (before 1.22.4).
# Sources: aws/amazon-vpc-cni-k8s, CHANGELOG and pkg/ipamd at v1.21.1 to v1.22.4; aws/aws-network-policy-agent, issues
# 553, 570 and 592, and releases 1.3.5 and 1.4.0; read 2026-11.
VPC_CNI_AT_LEAST = (1, 22, 4)


# Before, the EFS driver mounts as the node and not by Pod Identity: its images have no efs-utils 2.3.
# Sources: kubernetes-sigs/aws-efs-csi-driver, issues 1630 and 1759, and tag v2.1.9 (2025-06); read 2026-11.
EFS_DRIVER_AT_LEAST = (2, 1, 9)

GUARDDUTY_AGENT = "aws-guardduty-agent"


def release_of(version: str) -> tuple[int, int, int]:
    """Returns the release in the version of an add-on, such as `v1.22.4-eksbuild.3`; (0, 0, 0) for any other text."""
    match = re.match(r"v(\d+)\.(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else (0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class ManagedAddon:
    """One EKS managed add-on.

    service_account: Pod Identity gives it an IAM role; None when the add-on calls no AWS API.
    node_service_account: of the pods that mount volumes on each node, where these have an identity as well. EKS takes
        no such identity with the add-on, only an association of its own. Source: aws-efs-csi-driver issue 1759.
    daemon: its DaemonSet, where the platform adds something to it.
    policy_arns: AWS managed policies of that role, the smallest known set.
    cluster_policy_arns: instead of these, policies that hold for resources of one cluster only, and need a version of
        at least cluster_policy_since: (1, 58).
    every_cluster: True when every cluster gets the add-on; otherwise a cluster gets it when its stack file names it.
    versions: Kubernetes version -> the add-on version pinned for it. For a Kubernetes version that is not here, the
        stack file must name the add-on version.
    endpoints: services that it calls, beside those that every node uses (`endpoints.py`).
    releases: all that the add-on has had, for those of which we know them; EKS has no version of any other.
    """

    name: str
    namespace: str = "kube-system"
    service_account: str | None = None
    node_service_account: str | None = None
    daemon: str | None = None
    policy_arns: tuple[str, ...] = ()
    cluster_policy_arns: tuple[str, ...] = ()
    cluster_policy_since: tuple[int, int] = (0, 0)
    every_cluster: bool = False
    versions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    endpoints: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()

    def knows_its_cluster(self, version: str) -> bool:
        """Returns whether a version marks what it makes with its cluster, so that cluster_policy_arns work."""
        major, minor = (int(part) for part in version.removeprefix("v").split(".")[:2])
        return bool(self.cluster_policy_arns) and (major, minor) >= self.cluster_policy_since


_ROWS = (
    ManagedAddon(
        name="vpc-cni",
        every_cluster=True,
        service_account="aws-node",
        policy_arns=(iam.EKS_CNI_POLICY,),
        # Source: tags of aws/amazon-vpc-cni-k8s from 1.18 on, read 2026-11.
        releases=(
            *("1.18.0", "1.18.1", "1.18.2", "1.18.3", "1.18.4", "1.18.5", "1.18.6"),
            *("1.19.0", "1.19.2", "1.19.3", "1.19.4", "1.19.5", "1.19.6"),
            *("1.20.0", "1.20.1", "1.20.2", "1.20.3", "1.20.4", "1.20.5"),
            *("1.21.0", "1.21.1", "1.21.2", "1.22.0", "1.22.1", "1.22.2", "1.22.3", "1.22.4", "1.23.0", "1.23.1"),
        ),
    ),
    ManagedAddon(name="kube-proxy", every_cluster=True),
    ManagedAddon(name="coredns", every_cluster=True),
    ManagedAddon(name="eks-pod-identity-agent", every_cluster=True),
    ManagedAddon(  # of the cluster policy: kubernetes-sigs/aws-ebs-csi-driver issue 2918, read 2026-11
        name="aws-ebs-csi-driver",
        every_cluster=True,
        service_account="ebs-csi-controller-sa",
        policy_arns=(iam.EBS_CSI_DRIVER_POLICY_V2,),
        cluster_policy_arns=(iam.EBS_CSI_DRIVER_CLUSTER_POLICY,),
        cluster_policy_since=(1, 58),
    ),
    ManagedAddon(name="metrics-server", every_cluster=True),
    ManagedAddon(name="eks-node-monitoring-agent"),
    ManagedAddon(name="snapshot-controller"),
    ManagedAddon(
        name="aws-efs-csi-driver",
        service_account="efs-csi-controller-sa",
        node_service_account="efs-csi-node-sa",
        daemon="efs-csi-node",
        policy_arns=(iam.EFS_CSI_DRIVER_POLICY,),
        endpoints=("elasticfilesystem",),
    ),
    ManagedAddon(  # no policy of AWS: it only mounts file systems, and the smallest policy may do anything with FSx
        name="aws-fsx-csi-driver",
        service_account="fsx-csi-controller-sa",
        endpoints=("fsx",),
    ),
    ManagedAddon(  # no policy: each pod mounts with its own IAM role
        name="aws-mountpoint-s3-csi-driver", service_account="s3-csi-driver-sa"
    ),
    ManagedAddon(
        name="amazon-cloudwatch-observability",
        namespace="amazon-cloudwatch",
        service_account="cloudwatch-agent",
        policy_arns=(iam.CLOUDWATCH_AGENT_SERVER_POLICY, iam.XRAY_WRITE_ONLY_ACCESS),
        endpoints=("logs", "monitoring", "xray"),
    ),
    # No role: it proves who it is by the identity that EC2 gives each instance. EKS makes the namespace. Source:
    # GuardDuty user guide, "How the security agent connects to GuardDuty"; read 2026-11.
    ManagedAddon(
        name=GUARDDUTY_AGENT, namespace="amazon-guardduty", daemon=GUARDDUTY_AGENT, endpoints=(GUARDDUTY_DATA,)
    ),
)


def _load() -> dict[str, ManagedAddon]:
    versions = read_table("eks_addon_versions")["addons"]
    return {row.name: replace(row, versions=versions.get(row.name, {})) for row in _ROWS}


ADDONS: Mapping[str, ManagedAddon] = LazyTable(_load)
