"""EKS managed add-ons: which ones a cluster gets, what we tell them, and what they may do in AWS."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from catalog.eks_addons import ADDONS
from components import iam
from components.overlay import overlay
from components.pod_identity import pod_role
from components.stage import Stage
from components.tolerations import tolerating
from settings.cluster import ManagedAddonSettings
from settings.node_pool import NodePoolSettings

# Before nodes join: a node without CNI, proxy and credentials never becomes ready.
BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
# After them: EKS waits for these until their pods run, which takes a node.
AFTER_NODES = ("coredns", "aws-ebs-csi-driver", "metrics-server")

# Add-on -> those that have to be there first: the EBS driver looks for the kinds of snapshots once, when it starts.
# Source: https://docs.aws.amazon.com/eks/latest/userguide/csi-snapshot-controller.html, read 2026-08.
FIRST: Mapping[str, tuple[str, ...]] = {"aws-ebs-csi-driver": ("snapshot-controller",)}

# Where the tolerations of pods go that every node needs. Those of the others tolerate every taint as AWS ships them:
# aws-node, kube-proxy, eks-pod-identity-agent, the node pods of the CSI drivers, the CloudWatch agents, and the node
# monitoring agent itself. CoreDNS, metrics-server and the controllers need one node, not each.
# Sources: values of aws/amazon-vpc-cni-k8s, aws/eks-pod-identity-agent, kubernetes-sigs/aws-ebs-csi-driver (and -efs-,
# -fsx-), awslabs/mountpoint-s3-csi-driver, aws/eks-node-monitoring-agent, amazon-cloudwatch-observability; EKS add-on
# kube-proxy; read 2026-08.
DAEMONS: Mapping[str, tuple[str, ...]] = {"eks-node-monitoring-agent": ("dcgmAgent.tolerations",)}

VPC_CNI = {
    "enableNetworkPolicy": "true",  # else NetworkPolicy objects are stored and never enforced
    "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
}


def configuration(addon: str, stage: Stage) -> Mapping[str, Any]:
    """Our configuration of an add-on, in the add-on's own schema. Empty: as AWS ships it.

    Source: `aws eks describe-addon-configuration`.
    """
    if addon == "vpc-cni":
        return VPC_CNI
    if addon == "aws-ebs-csi-driver":  # volumes of pods are tagged by nobody else, and then cannot be billed
        return {"controller": {"extraVolumeTags": dict(stage.tags)}}
    return {}


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
    facts = ADDONS.get(args.addon)
    identity: dict[str, Any] = {}
    waits = list(depends_on)
    if facts is not None and facts.policy_arns and facts.service_account:
        statements = {}
        if args.addon == "aws-ebs-csi-driver":
            statements["volume-key"] = iam.document(*iam.volume_encryption(args.stage))
        role = pod_role(name, args.stage, args.cluster, parent, facts.policy_arns, statements)
        identity = {
            "pod_identity_associations": [{"role_arn": role.arn, "service_account": facts.service_account}],
        }
        waits += role.permissions  # its pods start at once, and fail while their role can do nothing
    ours = tolerating(configuration(args.addon, args.stage), DAEMONS.get(args.addon, ()), args.pools)
    values = overlay(ours, args.settings.configuration)
    return aws.eks.Addon(
        name,
        addon_name=args.addon,
        cluster_name=args.cluster_name,
        addon_version=version(args.addon, args.kubernetes_version, args.settings),
        configuration_values=json.dumps(values, sort_keys=True) if values else None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        **identity,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=waits),
    )
