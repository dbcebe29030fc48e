"""EKS managed add-ons: which ones a cluster gets, what we tell them, and what they may do in AWS."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Never

import pulumi
import pulumi_aws as aws

from catalog.eks_addons import ADDONS
from components.core import iam
from components.core.overlay import overlay
from components.core.pod_identity import pod_role
from components.core.stage import Stage
from components.core.tolerations import TOLERATES_ALL, tolerating
from components.core.untyped import Values
from settings.cluster.addons import ManagedAddonSettings
from settings.compute.node_pool import NodePoolSettings


def nothing_to_say(stage: Stage) -> Mapping[str, Never]:
    """For an add-on that runs as AWS ships it."""
    return {}


@dataclass(frozen=True, kw_only=True)
class ManagedAddonSpec:
    """What we say about one EKS add-on; what AWS says about it is a row of the catalog.

    daemons: one entry for each of its DaemonSets, as in `AddOnSpec`, with paths in its configuration.
    before_nodes: whether it is there before nodes join. EKS waits for the pods of any other, which takes a node.
    after: add-ons that have to be there first, where the cluster has them.
    configuration: ours, in the add-on's own schema. Source: `aws eks describe-addon-configuration`.
    statements: name of an inline policy of its role -> the statements in it, beside the policies of the catalog.
    """

    daemons: tuple[str, ...]
    before_nodes: bool = False
    after: tuple[str, ...] = ()
    configuration: Callable[[Stage], Values] = nothing_to_say
    statements: Callable[[Stage], Mapping[str, Sequence[iam.Statement]]] = nothing_to_say


def _vpc_cni(stage: Stage) -> Values:
    return {
        "enableNetworkPolicy": "true",  # else NetworkPolicy objects are stored and never enforced
        "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
    }


def _ebs_driver(stage: Stage) -> Values:
    """Volumes of pods are tagged by nobody else, and then cannot be billed."""
    return {"controller": {"extraVolumeTags": dict(stage.tags)}}


# Most daemons tolerate every taint as AWS ships them. CoreDNS, metrics-server and controllers need a node, not each.
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
        # It looks for the kinds of snapshots once, when it starts.
        # Source: https://docs.aws.amazon.com/eks/latest/userguide/csi-snapshot-controller.html, read 2026-08.
        after=("snapshot-controller",),
        daemons=(TOLERATES_ALL,),
        configuration=_ebs_driver,
        statements=lambda stage: {"volume-key": iam.volume_encryption(stage)},
    ),
    "aws-efs-csi-driver": ManagedAddonSpec(daemons=(TOLERATES_ALL,)),
    "aws-fsx-csi-driver": ManagedAddonSpec(daemons=(TOLERATES_ALL,)),
    "aws-mountpoint-s3-csi-driver": ManagedAddonSpec(daemons=(TOLERATES_ALL,)),
    "amazon-cloudwatch-observability": ManagedAddonSpec(daemons=(TOLERATES_ALL,)),
    "eks-node-monitoring-agent": ManagedAddonSpec(daemons=(TOLERATES_ALL, "dcgmAgent.tolerations")),
}
BEFORE_NODES = tuple(name for name, spec in SPECS.items() if spec.before_nodes)
EVERY_CLUSTER = tuple(name for name, addon in ADDONS.items() if addon.every_cluster)


def in_order(addons: Collection[str]) -> list[tuple[str, list[str]]]:
    """The add-ons, each with those of them that come before it, and after these."""
    first = {name: [other for other in SPECS[name].after if other in addons] for name in sorted(addons)}
    return [(name, first[name]) for name in TopologicalSorter(first).static_order()]


def version(addon: str, kubernetes_version: str, settings: ManagedAddonSettings) -> str:
    """The version of the stack file, or the one that the catalog pins.

    Raises ValueError when neither knows one: EKS would then take the newest at each run, a change that nobody made.
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
    """What one add-on is told, and what it stands on. pools: those whose taints its daemons have to tolerate."""

    addon: str
    settings: ManagedAddonSettings
    stage: Stage
    cluster: str
    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    pools: tuple[NodePoolSettings, ...] = ()


def managed_addon(
    name: str, args: ManagedAddonArgs, parent: pulumi.Resource, depends_on: Sequence[pulumi.Resource] = ()
) -> aws.eks.Addon:
    """Register one add-on, pinned, with its role by Pod Identity where it needs one."""
    facts, spec = ADDONS[args.addon], SPECS[args.addon]
    identities: list[aws.eks.AddonPodIdentityAssociationArgsDict] = []
    waits = list(depends_on)
    if facts.policy_arns and facts.service_account:
        statements = {key: iam.document(*said) for key, said in spec.statements(args.stage).items()}
        role = pod_role(name, args.stage, args.cluster, parent, facts.policy_arns, statements)
        identities.append({"role_arn": role.arn, "service_account": facts.service_account})
        waits += role.permissions  # its pods start at once, and fail while their role can do nothing
    ours = tolerating(spec.configuration(args.stage), spec.daemons, args.pools)
    values = overlay(ours, args.settings.configuration)
    return aws.eks.Addon(
        name,
        addon_name=args.addon,
        cluster_name=args.cluster_name,
        addon_version=version(args.addon, args.kubernetes_version, args.settings),
        configuration_values=json.dumps(values, sort_keys=True) if values else None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        pod_identity_associations=identities or None,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=waits),
    )
