"""Karpenter: starts nodes for pods that do not fit, and removes nodes that are not needed.

Its AWS side and its pools are in `components/compute/karpenter/`.
Source: https://karpenter.sh/v1.14/reference/settings/, read 2026-08.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from catalog.sharing import POOL_LABEL
from components.compute.addon_rules.karpenter import RULES
from components.compute.karpenter.karpenter_iam import controller_statements, queue_name
from components.compute.karpenter.karpenter_manifests import node_overlays
from components.core import iam
from components.core.addon_spec import AddOnContext, AddOnSpec, AwsSideArgs, Identity
from components.core.flows import READS_OBJECTS, WITH_ROLE, Flow, of_pods, out
from components.core.metrics import Scrape
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_pools
from settings.cluster.fixed_values import of_budgets
from settings.cluster.parts import ClusterParts

if TYPE_CHECKING:
    import pulumi


PODS = dict.fromkeys(("app.kubernetes.io/name", "app.kubernetes.io/instance"), "karpenter")


def values(context: AddOnContext) -> Values:
    memory = "2Gi" if context.stage.production else "1Gi"
    return {
        "replicas": 2,  # each on a node of its own, so that one keeps running when a node fails
        "serviceAccount": {"name": "karpenter"},
        # It must not run on nodes that it could remove, and must not depend on CoreDNS, which may run on such nodes.
        "nodeSelector": {"kubernetes.io/os": "linux", POOL_LABEL: context.landing_pool.name},
        "dnsPolicy": "Default",
        "controller": {
            "resources": {"requests": {"cpu": "500m", "memory": memory}, "limits": {"memory": memory}},
        },
        "settings": {
            "clusterName": context.cluster_name,
            "interruptionQueue": queue_name(context.stage, context.cluster),
            "eksControlPlane": True,
            # Otherwise a pod with a resource claim could be planned for a node without GPUs.
            "ignoreDRARequests": context.gpu_allocation != "dra",
            "featureGates": gates(context),
        },
    }


def gates(context: AddOnContext) -> dict[str, bool]:
    """Returns the feature gates: features that are off by default are on when a pool needs them."""
    pools = [pool for pool in context.pools if pool.provisioner == "karpenter"]
    return {
        "nodeOverlay": any(node_overlays(pool) for pool in pools),
        "nodeRepair": any(pool.node_repair for pool in pools),
        "reservedCapacity": True,
    }


def statements(context: AddOnContext) -> Sequence[iam.Statement]:
    pools = [pool for pool in context.pools if pool.provisioner == "karpenter"]
    spot = any("spot" in (pool.capacity_type, *pool.fallback_capacity_types) for pool in pools)
    return controller_statements(context.stage, context.cluster, spot=spot)


def in_aws(context: AddOnContext, aws_side_args: AwsSideArgs) -> "pulumi.Resource":
    from components.compute.karpenter.karpenter import Karpenter, KarpenterArgs

    args = KarpenterArgs(stage=context.stage, cluster=context.cluster, cluster_name=aws_side_args.cluster_name)
    return Karpenter(aws_side_args.name, args, aws_side_args.opts)


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    return of_pods(PODS, out("vpc-dns", "finds AWS"), READS_OBJECTS, *WITH_ROLE)


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
    flows=flows,
    rules=RULES,
    metrics=lambda cluster: (Scrape(job="karpenter", pods=PODS, port=8080),),
    skip_crds=True,
    fixed=tuple(of_budgets("")),  # the chart has one, of one pod at a time
)
