"""Karpenter: starts machines for pods that find no room, and ends those that nobody needs.

What it stands on in AWS, and its pools, are in `components/compute/karpenter/`.
Source: https://karpenter.sh/v1.14/reference/settings/, read 2026-08.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from catalog.sharing import POOL_LABEL
from components.compute.karpenter.karpenter_iam import controller_statements, queue_name
from components.compute.karpenter.karpenter_manifests import node_overlays
from components.core import iam
from components.core.addon_spec import AddOnContext, AddOnSpec, Foundation, Identity
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_pools

if TYPE_CHECKING:
    import pulumi


def values(context: AddOnContext) -> Values:
    memory = "2Gi" if context.stage.production else "1Gi"
    return {
        "replicas": 2,  # each on a host of its own: while one is gone, nobody would buy nodes
        "serviceAccount": {"name": "karpenter"},
        # Never on nodes of its own, which it could end: on machines that are there without it, and without the DNS
        # that may run on its nodes.
        "nodeSelector": {"kubernetes.io/os": "linux", POOL_LABEL: context.landing_pool.name},
        "dnsPolicy": "Default",
        "controller": {
            "resources": {"requests": {"cpu": "500m", "memory": memory}, "limits": {"memory": memory}},
        },
        "settings": {
            "clusterName": context.cluster_name,
            "interruptionQueue": queue_name(context.stage, context.cluster),
            "eksControlPlane": True,
            # A pod with a claim would else be packed as if it had none, onto a node without GPUs.
            "ignoreDRARequests": context.gpu_allocation != "dra",
            "featureGates": gates(context),
        },
    }


def gates(context: AddOnContext) -> dict[str, bool]:
    """Features that are not on by themselves come on when a pool needs them."""
    pools = [pool for pool in context.pools if pool.provisioner == "karpenter"]
    return {
        "nodeOverlay": any(node_overlays(pool) for pool in pools),
        "nodeRepair": any(pool.node_repair for pool in pools),
        "reservedCapacity": True,
    }


def statements(context: AddOnContext) -> Sequence[iam.Statement]:
    return controller_statements(context.stage, context.cluster)


def in_aws(context: AddOnContext, foundation: Foundation) -> "pulumi.Resource":
    from components.compute.karpenter.karpenter import Karpenter, KarpenterArgs

    args = KarpenterArgs(stage=context.stage, cluster=context.cluster, cluster_name=foundation.cluster_name)
    return Karpenter(foundation.name, args, foundation.opts)


ADD_ON = AddOnSpec(
    name="karpenter",
    pod_security="restricted",
    daemons=(),
    after=("karpenter-crd",),
    needed_by=needed_by_pools(lambda pool: pool.provisioner == "karpenter"),
    instead="provisioner: managed",
    values=values,
    identities=(Identity(service_account="karpenter", statements=statements),),
    in_aws=in_aws,
    skip_crds=True,
)
