"""EKS managed add-ons: their namespace, their IAM policies, and the version we pin for each Kubernetes version.

Names, namespaces, service accounts and policies: Amazon EKS user guide, "AWS add-ons" and "community add-ons",
read 2026-08. Versions: no call to AWS was possible when they were written down, so each comes from public
configurations that pin what `aws eks describe-addon-versions` answered:
  1.34  configurations of 2026-01 to 2026-03 for Kubernetes 1.34; several agree on each
  1.35  the set of 2026-05 for Kubernetes 1.35; at least five independent configurations agree on it
  1.36  the set that a 1.36 cluster resolved to on 2026-09-16 (vpc-cni, kube-proxy, coredns, pod identity agent);
        the EBS and EFS CSI drivers and eks-node-monitoring-agent from configurations for 1.36 of mid-2026;
        metrics-server is the build listed for 1.33 and 1.35 in 2026-06 and was not seen with 1.36;
        snapshot-controller is what one 1.36 cluster ran in autumn 2026
The versions of the FSx and Mountpoint CSI drivers come from one configuration each, for 1.35, of mid-2026; we found
none for another Kubernetes version. Before the first real deployment, compare all of them with `aws eks
describe-addon-versions --kubernetes-version 1.35 --addon-name NAME`. A stack file may name another version.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from catalog import iam


@dataclass(frozen=True, kw_only=True)
class ManagedAddon:
    """One EKS managed add-on.

    service_account: Pod Identity gives it an IAM role; None when the add-on calls no AWS API.
    policy_arns: AWS managed policies of that role, the smallest known set.
    every_cluster: True when every cluster gets the add-on; otherwise a cluster gets it when its stack file names it.
    versions: Kubernetes version -> the add-on version pinned for it. For a Kubernetes version that is not here, the
        stack file must name the add-on version.
    """

    name: str
    namespace: str = "kube-system"
    service_account: str | None = None
    policy_arns: tuple[str, ...] = ()
    every_cluster: bool = False
    versions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def _table(*rows: ManagedAddon) -> dict[str, ManagedAddon]:
    return {row.name: row for row in rows}


ADDONS: Mapping[str, ManagedAddon] = _table(
    ManagedAddon(
        name="vpc-cni",
        every_cluster=True,
        service_account="aws-node",
        policy_arns=(iam.EKS_CNI_POLICY,),
        versions={"1.34": "v1.21.1-eksbuild.1", "1.35": "v1.21.1-eksbuild.8", "1.36": "v1.22.4-eksbuild.3"},
    ),
    ManagedAddon(
        name="kube-proxy",
        every_cluster=True,
        versions={"1.34": "v1.34.1-eksbuild.2", "1.35": "v1.35.3-eksbuild.5", "1.36": "v1.36.0-eksbuild.21"},
    ),
    ManagedAddon(
        name="coredns",
        every_cluster=True,
        versions={"1.34": "v1.12.4-eksbuild.1", "1.35": "v1.14.2-eksbuild.4", "1.36": "v1.14.3-eksbuild.16"},
    ),
    ManagedAddon(
        name="eks-pod-identity-agent",
        every_cluster=True,
        versions={"1.34": "v1.3.10-eksbuild.2", "1.35": "v1.3.10-eksbuild.3", "1.36": "v1.3.10-eksbuild.3"},
    ),
    ManagedAddon(
        name="aws-ebs-csi-driver",
        every_cluster=True,
        service_account="ebs-csi-controller-sa",
        policy_arns=(iam.EBS_CSI_DRIVER_POLICY_V2,),
        versions={"1.34": "v1.54.0-eksbuild.1", "1.35": "v1.59.0-eksbuild.1", "1.36": "v1.63.1-eksbuild.1"},
    ),
    ManagedAddon(
        name="metrics-server",
        every_cluster=True,
        versions={"1.34": "v0.8.1-eksbuild.4", "1.35": "v0.8.1-eksbuild.6", "1.36": "v0.8.1-eksbuild.10"},
    ),
    ManagedAddon(
        name="eks-node-monitoring-agent",
        versions={"1.34": "v1.4.2-eksbuild.1", "1.35": "v1.6.4-eksbuild.1", "1.36": "v1.6.6-eksbuild.1"},
    ),
    ManagedAddon(
        name="snapshot-controller",
        versions={"1.34": "v8.3.0-eksbuild.1", "1.35": "v8.5.0-eksbuild.3", "1.36": "v8.6.0-eksbuild.8"},
    ),
    ManagedAddon(
        name="aws-efs-csi-driver",
        service_account="efs-csi-controller-sa",
        policy_arns=(iam.EFS_CSI_DRIVER_POLICY,),
        versions={"1.34": "v2.1.15-eksbuild.1", "1.35": "v3.0.1-eksbuild.1", "1.36": "v3.3.0-eksbuild.1"},
    ),
    ManagedAddon(  # no policy: it only mounts file systems of the stack; creating some would need rights to all of FSx
        name="aws-fsx-csi-driver", service_account="fsx-csi-controller-sa", versions={"1.35": "v1.9.0-eksbuild.1"}
    ),
    ManagedAddon(  # no policy: each pod mounts with its own IAM role
        name="aws-mountpoint-s3-csi-driver",
        service_account="s3-csi-driver-sa",
        versions={"1.35": "v2.7.0-eksbuild.1"},
    ),
    ManagedAddon(
        name="amazon-cloudwatch-observability",
        namespace="amazon-cloudwatch",
        service_account="cloudwatch-agent",
        policy_arns=(iam.CLOUDWATCH_AGENT_SERVER_POLICY, iam.XRAY_WRITE_ONLY_ACCESS),
    ),
)
