"""EKS managed add-ons: their namespace, their IAM policies, and the version we pin for each Kubernetes version.

Names, namespaces, service accounts and policies: Amazon EKS user guide, "AWS add-ons" and "community add-ons",
read 2026-08. Versions, with their sources: `data/eks_addon_versions.json`. A stack file may name another version.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from catalog import iam
from catalog.rows import LazyTable, read_table


@dataclass(frozen=True, kw_only=True)
class ManagedAddon:
    """One EKS managed add-on.

    service_account: Pod Identity gives it an IAM role; None when the add-on calls no AWS API.
    policy_arns: AWS managed policies of that role, the smallest known set.
    cluster_policy_arns: instead of these, policies that hold for resources of one cluster only, and need a version of
        at least cluster_policy_since: (1, 58).
    every_cluster: True when every cluster gets the add-on; otherwise a cluster gets it when its stack file names it.
    versions: Kubernetes version -> the add-on version pinned for it. For a Kubernetes version that is not here, the
        stack file must name the add-on version.
    """

    name: str
    namespace: str = "kube-system"
    service_account: str | None = None
    policy_arns: tuple[str, ...] = ()
    cluster_policy_arns: tuple[str, ...] = ()
    cluster_policy_since: tuple[int, int] = (0, 0)
    every_cluster: bool = False
    versions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def knows_its_cluster(self, version: str) -> bool:
        """Returns whether a version marks what it makes with its cluster, so that cluster_policy_arns work."""
        major, minor = (int(part) for part in version.removeprefix("v").split(".")[:2])
        return bool(self.cluster_policy_arns) and (major, minor) >= self.cluster_policy_since


_ROWS = (
    ManagedAddon(name="vpc-cni", every_cluster=True, service_account="aws-node", policy_arns=(iam.EKS_CNI_POLICY,)),
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
        name="aws-efs-csi-driver", service_account="efs-csi-controller-sa", policy_arns=(iam.EFS_CSI_DRIVER_POLICY,)
    ),
    ManagedAddon(  # no policy of AWS: it only mounts file systems, and the smallest policy may do anything with FSx
        name="aws-fsx-csi-driver", service_account="fsx-csi-controller-sa"
    ),
    ManagedAddon(  # no policy: each pod mounts with its own IAM role
        name="aws-mountpoint-s3-csi-driver", service_account="s3-csi-driver-sa"
    ),
    ManagedAddon(
        name="amazon-cloudwatch-observability",
        namespace="amazon-cloudwatch",
        service_account="cloudwatch-agent",
        policy_arns=(iam.CLOUDWATCH_AGENT_SERVER_POLICY, iam.XRAY_WRITE_ONLY_ACCESS),
    ),
)


def _load() -> dict[str, ManagedAddon]:
    versions = read_table("eks_addon_versions")["addons"]
    return {row.name: replace(row, versions=versions.get(row.name, {})) for row in _ROWS}


ADDONS: Mapping[str, ManagedAddon] = LazyTable(_load)
