"""cluster-autoscaler: adds nodes to managed pools for pods that do not fit, and ends nodes that are not needed.

While EKS updates a node group, both change its size: EKS ends its update at once when the autoscaler is adding nodes.
Sources: kubernetes/autoscaler, chart cluster-autoscaler 9.59.0; cluster-autoscaler 1.34.5 to 1.36.1, flags.go,
aws_nodegroups.go, README of the AWS provider; EKS user guide, "Understand each phase of node updates"; read 2026-11.
"""

from collections.abc import Sequence
from typing import Any

from catalog.images import IMAGES
from catalog.sharing import POOL_LABEL
from components.compute.addon_rules.cluster_autoscaler import RULES
from components.compute.autoscaling import ALMOST_IDLE, AUTOSCALED_TAG
from components.core import iam
from components.core.addon_spec import AddOnContext, AddOnSpec, Identity
from components.core.flows import READS_OBJECTS, WITH_ROLE, out
from components.core.iam import allow
from components.core.metrics import Scrape
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_pools
from settings.cluster.fixed_values import of_budgets

NAME = "cluster-autoscaler"
# Labels that differ between nodes of equal pools, besides those that it knows itself.
OWN_LABELS = ("nvidia.com/gfd.timestamp", *(f"topology.k8s.aws/network-node-layer-{layer}" for layer in (1, 2, 3, 4)))


def values(context: AddOnContext) -> Values:
    return {
        "fullnameOverride": NAME,
        # It simulates the scheduler, so each minor version of Kubernetes has its own.
        "image": {"tag": IMAGES[f"{NAME}-{context.kubernetes_version}"].pinned_tag},
        "awsRegion": context.stage.region,
        "autoDiscovery": {
            "clusterName": context.cluster_name,
            "tags": [f"{AUTOSCALED_TAG}={context.cluster_name}"],
        },
        "replicaCount": 2 if context.stage.production else 1,
        "rbac": {"serviceAccount": {"name": NAME}},
        "extraArgs": arguments(context),
        # It must not run on nodes that it could end, and must not depend on CoreDNS, which may wait for a node.
        "nodeSelector": {"kubernetes.io/os": "linux", POOL_LABEL: context.landing_pool.name},
        "dnsPolicy": "Default",
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app.kubernetes.io/instance": NAME}},
            }
        ],
        "resources": {"requests": {"cpu": "100m", "memory": "600Mi"}, "limits": {"memory": "600Mi"}},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containerSecurityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }


def arguments(context: AddOnContext) -> dict[str, Any]:
    """Returns its command line.

    least-waste takes the pool that leaves the least CPU and memory idle, so a pod gets no larger machine than it needs.
    An order of priorities would have to be written for each cluster, and the stack file has none.
    Pods with local storage keep their node: that is its default. /dev/shm, an `emptyDir` in memory, is none.
    """
    arguments: dict[str, Any] = {
        "expander": "least-waste",
        "balance-similar-node-groups": True,  # a pool is a node group in each zone
        **{f"balancing-ignore-label_{number}": label for number, label in enumerate(OWN_LABELS)},
        "ignore-daemonsets-utilization": True,
        "scale-down-gpu-utilization-threshold": ALMOST_IDLE,
        "max-node-provision-time": "30m0s",  # a node with MIG boots twice; after this it is given up
    }
    if context.gpu_allocation == "dra":
        arguments["enable-dynamic-resource-allocation"] = True  # the default from 1.35 on
    return arguments


def statements(context: AddOnContext) -> Sequence[iam.Statement]:
    stage, cluster = context.stage, context.cluster_name
    here = {"StringEquals": {"aws:RequestedRegion": stage.region}}
    read = (
        *("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeScalingActivities"),
        *("ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplateVersions"),
    )
    return (
        allow("ReadGroupsAndTypes", read, ["*"], here),
        allow("ReadOwnNodeGroups", ["eks:DescribeNodegroup"], [stage.arn("eks", f"nodegroup/{cluster}/*/*")]),
        allow(
            "SizeOwnGroups",
            ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            [stage.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/*")],
            {"StringEquals": {f"aws:ResourceTag/{AUTOSCALED_TAG}": cluster}},
        ),
    )


ADD_ON = AddOnSpec(
    name=NAME,
    pod_security="restricted",
    daemons=(),
    needed_by=needed_by_pools(lambda pool: pool.autoscaled),
    instead="scaling: fixed in each managed pool",
    endpoints=("autoscaling",),
    values=values,
    identities=(Identity(service_account=NAME, statements=statements),),
    flows=lambda cluster: (out("vpc-dns", "finds AWS"), READS_OBJECTS, *WITH_ROLE),
    rules=RULES,
    metrics=lambda cluster: (Scrape(job=NAME, pods={"app.kubernetes.io/instance": NAME}, port=8085),),
    fixed=tuple(of_budgets("")),  # the chart has one, of one pod at a time
)
