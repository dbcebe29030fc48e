"""EKS add-ons: which ones a cluster gets, their configuration, and their permissions in AWS."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Never

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from catalog.eks_addons import ADDONS, GUARDDUTY_AGENT
from catalog.sharing import POOL_LABEL
from components.core import iam
from components.core.overlay import overlay
from components.core.pod_identity import pod_role
from components.core.stage import Stage
from components.core.tolerations import BY_PATCH, TOLERATES_ALL, tolerating, tolerations_for
from components.core.untyped import Values
from settings.cluster.addons import ManagedAddonSettings
from settings.compute.node_pool import NodePoolSettings


def nothing_to_add(stage: Stage) -> Mapping[str, Never]:
    """For an add-on that runs with AWS's own configuration and permissions."""
    return {}


@dataclass(frozen=True, kw_only=True)
class ManagedAddonSpec:
    """Our choices for one EKS add-on; the facts of AWS about it are a row of the catalog.

    daemons: one entry for each of its DaemonSets, as in `AddOnSpec`, with paths in its configuration.
    before_nodes: whether it is installed before nodes join. For any other add-on EKS waits for pods, which need a node.
    after: add-ons that must be installed first, if the cluster has them.
    configuration: our values, in the add-on's own schema. Source: `aws eks describe-addon-configuration`.
    of_pools: values that follow from the cluster's pools.
    statements: name of an inline policy of its role -> its statements, in addition to the policies of the catalog.
    """

    daemons: tuple[str, ...]
    before_nodes: bool = False
    after: tuple[str, ...] = ()
    configuration: Callable[[Stage], Values] = nothing_to_add
    of_pools: Callable[[Sequence[NodePoolSettings]], Values] = lambda pools: {}
    statements: Callable[[Stage], Mapping[str, Sequence[iam.Statement]]] = nothing_to_add


def _vpc_cni(stage: Stage) -> Values:
    return {
        "enableNetworkPolicy": "true",  # otherwise NetworkPolicy objects are stored and never enforced
        "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
    }


def _ebs_driver(stage: Stage) -> Values:
    """Tags the volumes of pods, without which the bill could not be split, and lets the controller serve metrics.

    It serves them whether or not anybody reads them, so that `observability` does not start it again. The add-on makes
    ServiceMonitors of its own in kube-system, where that kind is there: Prometheus reads those of `monitoring` alone.
    Sources: kubernetes-sigs/aws-ebs-csi-driver v1.54.0 to v1.63.1, templates/_metrics.tpl, and issue 2426 (a value of
    the EKS add-on); read 2026-11.
    """
    return {"controller": {"extraVolumeTags": dict(stage.tags), "enableMetrics": True}}


def _fsx_driver(stage: Stage) -> Mapping[str, Sequence[iam.Statement]]:
    """Lets the controller look at file systems. It only needs the identity, with which EKS gives its pods AWS_REGION.

    Without that variable the controller asks the node's metadata, which pods do not reach, and then Kubernetes, which
    does not know the region. Sources: kubernetes-sigs/aws-fsx-csi-driver, pkg/driver/controller.go and
    pkg/cloud/metadata_k8s.go; EKS Workshop, "EKS Pod Identity"; read 2026-11.
    """
    return {"file-systems": [iam.allow("FindFileSystems", ["fsx:DescribeFileSystems"], ["*"])]}


def _dcgm_off_cut_gpus(pools: Sequence[NodePoolSettings]) -> Values:
    """Keeps the agent's DCGM away from GPUs that are cut into MIG slices: a second cut fails while it has them open.

    The agent itself still finds the errors that the driver reports there. Without such pools AWS's own rule stands, a
    list of instance types. Source: aws/eks-node-monitoring-agent v1.7.0, values and monitors/nvidia; read 2026-11.
    """
    cut = sorted(pool.name for pool in pools if pool.shared.strategy == "mig")
    where = [
        {"key": "nvidia.com/gpu.present", "operator": "In", "values": ["true"]},
        {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
        {"key": POOL_LABEL, "operator": "NotIn", "values": cut},
    ]
    required = {"nodeSelectorTerms": [{"matchExpressions": where}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    return {"dcgmAgent": {"affinity": affinity}} if cut else {}


# AWS ships most daemons with a toleration for every taint. CoreDNS, metrics-server and controllers need only one node.
# Sources: values of aws/amazon-vpc-cni-k8s, aws/eks-pod-identity-agent, kubernetes-sigs/aws-ebs-csi-driver (and -efs-,
# -fsx-), awslabs/mountpoint-s3-csi-driver, aws/eks-node-monitoring-agent, amazon-cloudwatch-observability; EKS add-on
# kube-proxy; read 2026-08.
SPECS: Mapping[str, ManagedAddonSpec] = {
    # A node without CNI, proxy and credentials never becomes ready.
    "vpc-cni": ManagedAddonSpec(before_nodes=True, daemons=(TOLERATES_ALL,), configuration=_vpc_cni),
    "kube-proxy": ManagedAddonSpec(before_nodes=True, daemons=(TOLERATES_ALL,)),
    "eks-pod-identity-agent": ManagedAddonSpec(before_nodes=True, daemons=(TOLERATES_ALL,)),
    "coredns": ManagedAddonSpec(daemons=()),
    "metrics-server": ManagedAddonSpec(daemons=()),
    "snapshot-controller": ManagedAddonSpec(daemons=()),
    "aws-ebs-csi-driver": ManagedAddonSpec(
        # It looks for the CRDs of snapshots only once, when it starts.
        # Source: https://docs.aws.amazon.com/eks/latest/userguide/csi-snapshot-controller.html, read 2026-08.
        after=("snapshot-controller",),
        daemons=(TOLERATES_ALL,),
        configuration=_ebs_driver,
        statements=lambda stage: {"volume-key": iam.volume_encryption(stage)},
    ),
    "aws-efs-csi-driver": ManagedAddonSpec(daemons=(TOLERATES_ALL,)),
    "aws-fsx-csi-driver": ManagedAddonSpec(daemons=(TOLERATES_ALL,), statements=_fsx_driver),
    "aws-mountpoint-s3-csi-driver": ManagedAddonSpec(daemons=(TOLERATES_ALL,)),
    "amazon-cloudwatch-observability": ManagedAddonSpec(daemons=(TOLERATES_ALL,)),
    "eks-node-monitoring-agent": ManagedAddonSpec(
        daemons=(TOLERATES_ALL, "dcgmAgent.tolerations"), of_pools=_dcgm_off_cut_gpus
    ),
    # It tolerates no taint of pools, so GPU nodes would have no agent, and its schema has no tolerations. Its priority
    # stays the one that preempts nobody: on a node that is full it waits, where it would end somebody's training.
    # Sources: aws/containers-roadmap issues 2520 and 2861; GuardDuty user guide, "Configure GuardDuty security agent
    # (add-on) parameters for Amazon EKS"; read 2026-11.
    GUARDDUTY_AGENT: ManagedAddonSpec(daemons=(BY_PATCH,)),
}
BEFORE_NODES = tuple(name for name, spec in SPECS.items() if spec.before_nodes)


def check_specs(specs: Mapping[str, ManagedAddonSpec]) -> None:
    """Raises ValueError when an EKS add-on of the catalog has no row, or when nothing could use a row's statements."""
    if missing := sorted(ADDONS.keys() - specs.keys()):
        raise ValueError(f"SPECS has no row for {', '.join(missing)} of catalog/eks_addons.py. Add one.")
    for name, spec in specs.items():
        if spec.statements is not nothing_to_add and ADDONS[name].service_account is None:
            raise ValueError(
                f"SPECS[{name!r}] has statements, but no pod would get them: the add-on has no service_account in "
                "catalog/eks_addons.py. Write it there, or drop the statements."
            )


check_specs(SPECS)


def in_order(addons: Collection[str]) -> list[tuple[str, list[str]]]:
    """Returns (add-on, the given add-ons that it comes after), in the order of installation."""
    earlier = {name: [other for other in SPECS[name].after if other in addons] for name in sorted(addons)}
    return [(name, earlier[name]) for name in TopologicalSorter(earlier).static_order()]


def version(addon: str, kubernetes_version: str, settings: ManagedAddonSettings) -> str:
    """Returns the version of the stack file, or else the version that the catalog pins.

    Raises ValueError when there is neither: EKS would then take the newest version at each run.
    """
    pinned = settings.version
    if pinned is None and addon in ADDONS:
        pinned = ADDONS[addon].versions.get(kubernetes_version)
    if pinned is None:
        raise ValueError(
            f"managed_addons.{addon} has no version, and the catalog pins none for Kubernetes {kubernetes_version}. "
            f"Give managed_addons.{addon}.version."
        )
    return pinned


@dataclass(frozen=True, kw_only=True)
class ManagedAddonArgs:
    """Arguments of one EKS add-on.

    cluster_scoped: whether it may manage resources of its own cluster only; the settings say when that is possible.
    pools: its daemons must tolerate the taints of these pools. values: what other settings of the stack say.
    """

    addon: str
    settings: ManagedAddonSettings
    stage: Stage
    cluster: str
    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    cluster_scoped: bool = False
    pools: tuple[NodePoolSettings, ...] = ()
    values: Values = field(default_factory=dict)


def managed_addon(
    name: str, args: ManagedAddonArgs, parent: pulumi.Resource, depends_on: Sequence[pulumi.Resource] = ()
) -> aws.eks.Addon:
    """Registers one add-on with a pinned version and, if it needs permissions, a role by Pod Identity."""
    facts, spec = ADDONS[args.addon], SPECS[args.addon]
    identities: list[aws.eks.AddonPodIdentityAssociationArgsDict] = []
    after = list(depends_on)
    statements = {key: iam.document(*each) for key, each in spec.statements(args.stage).items()}
    policies = facts.cluster_policy_arns if args.cluster_scoped else facts.policy_arns
    if facts.service_account and (policies or statements):
        role = pod_role(name, args.stage, args.cluster, parent, policies, statements)
        identities.append({"role_arn": role.arn, "service_account": facts.service_account})
        after += role.permissions  # its pods start immediately, and fail while their role has no permissions
    own = overlay(spec.configuration(args.stage), spec.of_pools(args.pools))
    platform_values = overlay(tolerating(own, spec.daemons, args.pools), args.values)
    values = overlay(platform_values, args.settings.configuration)
    return aws.eks.Addon(
        name,
        addon_name=args.addon,
        cluster_name=args.cluster_name,
        addon_version=version(args.addon, args.kubernetes_version, args.settings),
        configuration_values=json.dumps(values, sort_keys=True) if values else None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        pod_identity_associations=identities or None,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=after),
    )


def tolerating_daemon(
    name: str,
    addon: str,
    pools: Sequence[NodePoolSettings],
    installed: pulumi.Resource,
    opts: pulumi.ResourceOptions,
) -> None:
    """Gives the DaemonSet of an add-on the tolerations that its configuration has no place for.

    EKS leaves fields alone that its own manifest does not set. Should a later one set them, ours are forced. Nothing
    waits for the pods: on a node that is full or not ready they never start, and `up` would fail after 10 minutes.
    Sources: EKS user guide, "Determine fields you can customize for Amazon EKS add-ons"; pulumi-kubernetes,
    provider/pkg/await/await.go and awaiters.go; read 2026-11.
    """
    facts, tolerations = ADDONS[addon], tolerations_for(pools)
    if BY_PATCH not in SPECS[addon].daemons or not tolerations:
        return
    kubernetes.apps.v1.DaemonSetPatch(
        name,
        metadata=kubernetes.meta.v1.ObjectMetaPatchArgs(
            name=facts.daemon,
            namespace=facts.namespace,
            annotations={"pulumi.com/patchForce": "true", "pulumi.com/skipAwait": "true"},
        ),
        spec=kubernetes.apps.v1.DaemonSetSpecPatchArgs(
            template=kubernetes.core.v1.PodTemplateSpecPatchArgs(
                spec=kubernetes.core.v1.PodSpecPatchArgs(
                    tolerations=[
                        kubernetes.core.v1.TolerationPatchArgs(
                            key=each["key"], operator=each["operator"], value=each.get("value"), effect=each["effect"]
                        )
                        for each in tolerations
                    ]
                )
            )
        ),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[installed])),
    )
