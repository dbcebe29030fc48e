"""The Kubernetes objects of a Karpenter pool: an EC2NodeClass, a NodePool and, for shared GPUs, NodeOverlays.

All are pure functions of a pool's settings. Sources: Karpenter v1.14, "NodePools", "NodeClasses", "NodeOverlays",
"Disruption", and the CRDs of chart karpenter-crd 1.14.1; read 2026-08.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from catalog.efa import efa_interfaces
from catalog.requirements import RESERVATION_TYPE
from catalog.sharing import NEURON_DEVICE, WHOLE_GPU
from components.compute.karpenter.karpenter_iam import node_role_name
from components.compute.machine_image import karpenter_alias
from components.compute.node_labels import labels_of
from components.compute.node_user_data import user_data
from components.compute.node_volumes import NodeVolume, node_volumes
from components.core.stage import DISCOVERY_TAG, Stage
from components.core.untyped import Manifest
from settings.compute.node_pool import NodePoolSettings, TaintSettings
from settings.compute.off_peak import OffPeakSettings

ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
# If a pod fits two pools, Karpenter uses the one with the higher weight: capacity that is already paid for, then cheap
# capacity.
WEIGHTS = {"reserved": 100, "spot": 50, "on-demand": 10}
# Without it the EBS driver may attach no volume to the instance; EKS itself tags those of node groups.
# Source: AWS managed policy AmazonEBSCSIDriverEKSClusterScopedPolicy, read 2026-11.
CLUSTER_TAG = "ebs.csi.aws.com/cluster-name"
MINUTES_OF_A_DAY = 24 * 60


def node_class(pool: NodePoolSettings, stage: Stage, cluster: str, volume_key_arn: pulumi.Input[str]) -> Manifest:
    """Returns the EC2NodeClass: how instances of the pool are started. cluster: key in the stack file."""
    name = stage.pool_name(cluster, pool.name)
    spec: dict[str, Any] = {
        "role": node_role_name(stage, cluster),
        "amiSelectorTerms": [{"alias": karpenter_alias(pool)}],
        # With EFA a p5 node has no second interface for pods: its only one has to be in a subnet for pods.
        "subnetSelectorTerms": [{"tags": {DISCOVERY_TAG: stage.pod_subnets if pool.efa else stage.prefix}}],
        # EKS puts this tag on the security group that it makes for the cluster.
        "securityGroupSelectorTerms": [{"tags": {"aws:eks:cluster-name": stage.cluster_name(cluster)}}],
        "associatePublicIPAddress": False,
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": 1,  # pods do not reach the node's credentials
            "httpTokens": "required",
        },
        "blockDeviceMappings": _volumes(pool, volume_key_arn),
        "kubelet": {"maxPods": pool.pods_per_node},  # its own default assumes single addresses
        "tags": {
            **stage.tags,  # the provider's default tags do not reach what Karpenter starts
            "Name": name,
            CLUSTER_TAG: stage.cluster_name(cluster),
        },
    }
    if pool.local_nvme == "raid0":
        spec["instanceStorePolicy"] = "RAID0"
    if pool.placement_group:
        spec["placementGroupSelector"] = {"name": name}
    if pool.efa:
        spec["securityGroupSelectorTerms"].append({"tags": {DISCOVERY_TAG: name}})
        spec["networkInterfaces"] = [
            {"networkCardIndex": i.card, "deviceIndex": i.device, "interfaceType": i.kind}
            for i in efa_interfaces(pool.machines[0])
        ]
    if pool.reservation is not None:
        spec["capacityReservationSelectorTerms"] = [{"id": pool.reservation.id}]
    if boot_data := user_data(pool):
        spec["userData"] = boot_data
    return _manifest("karpenter.k8s.aws/v1", "EC2NodeClass", pool.name, spec)


def node_pool(pool: NodePoolSettings, zones: Sequence[str]) -> Manifest:
    """Returns the NodePool: which instances it may have, how many, and when they are removed. zones: of the pool."""
    requirements: dict[str, Sequence[str]] = {
        "kubernetes.io/os": ["linux"],
        "kubernetes.io/arch": [ARCHITECTURES[pool.machines[0].arch]],
        "node.kubernetes.io/instance-type": list(pool.instance_types),
        "topology.kubernetes.io/zone": list(zones),
        "karpenter.sh/capacity-type": [pool.capacity_type, *pool.fallback_capacity_types],
    }
    if pool.reservation is not None and pool.reservation.kind == "capacity-block":
        requirements[RESERVATION_TYPE] = ["capacity-block"]
    disruption = pool.disruption
    drain_hours = disruption.drain_hours
    grace = {} if drain_hours is None else {"terminationGracePeriod": f"{drain_hours}h"}
    spec = {
        "weight": WEIGHTS[pool.capacity_type],
        "limits": _limits(pool, len(zones)),
        "disruption": {
            "consolidationPolicy": _consolidation(pool),
            "consolidateAfter": f"{disruption.consolidate_after_minutes}m",
            "budgets": [{"nodes": f"{disruption.max_unavailable_percentage}%"}, *quiet_hours(pool.off_peak)],
        },
        "template": {
            "metadata": {"labels": dict(labels_of(pool))},
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": pool.name},
                "requirements": [_requirement(key, values) for key, values in requirements.items()],
                "taints": [_taint(taint) for taint in pool.taints],
                "expireAfter": f"{disruption.expire_after_hours}h",
                **grace,
            },
        },
    }
    return _manifest("karpenter.sh/v1", "NodePool", pool.name, spec)


def node_overlays(pool: NodePoolSettings) -> list[Manifest]:
    """Returns NodeOverlays with what Karpenter cannot learn from EC2: shared GPUs, and fractional GPUs.

    A node with shared GPUs offers no whole one, so its overlay sets them to zero. Otherwise a pod that requests a whole
    GPU makes Karpenter start such a node, where the pod never fits and which never counts as initialized. A taint does
    not help: EKS lets pods that request nvidia.com/gpu tolerate a taint of that name. Karpenter's documentation says
    that overlays only add resources; its code replaces them. Sources: kubernetes-sigs/karpenter v1.14.1,
    ApplyCapacityOverlay, tried with its scheduler; EKS user guide, "Platform versions" (ExtendedResourceToleration);
    read 2026-11.

    There is one for each number of GPUs on a node. The pool's name separates them from overlays of other pools, which
    may share the GPUs of the same instance types differently.
    """
    accelerator = pool.accelerator
    if accelerator is None or (pool.shared.strategy == "none" and not accelerator.fractional):
        return []
    types: dict[int, list[str]] = defaultdict(list)
    for machine in pool.machines:
        if machine.accelerator is not None:
            types[machine.accelerator.count].append(machine.name)
    resources_per_gpu = {WHOLE_GPU: 0, **pool.shared.resources(accelerator)}
    return [
        _manifest(
            "karpenter.sh/v1alpha1",
            "NodeOverlay",
            f"{pool.name}-{gpus}",
            {
                "requirements": [
                    _requirement("karpenter.sh/nodepool", [pool.name]),
                    _requirement("node.kubernetes.io/instance-type", names),
                ],
                "capacity": {resource: str(count * gpus) for resource, count in resources_per_gpu.items()},
            },
        )
        for gpus, names in sorted(types.items())
    ]


def quiet_hours(off_peak: OffPeakSettings | None) -> list[dict[str, Any]]:
    """Returns disruption budgets that keep nodes with pods outside off-peak hours. Empty nodes may always be removed.

    A budget that begins on Friday could last into Saturday, so hours across midnight become two budgets.
    """
    if off_peak is None:
        return []
    hour, minute = (int(part) for part in off_peak.begins.split(":"))
    first = (hour * 60 + minute + off_peak.hours * 60) % MINUTES_OF_A_DAY
    last = first + MINUTES_OF_A_DAY - off_peak.hours * 60
    windows = [(first, min(last, MINUTES_OF_A_DAY)), (0, last - MINUTES_OF_A_DAY)]
    days = "mon-fri" if off_peak.weekends else "*"
    return [
        {
            "nodes": "0",
            "reasons": ["Drifted", "Underutilized"],
            "schedule": f"{start % 60} {start // 60} * * {days}",
            "duration": f"{(end - start) // 60}h{(end - start) % 60}m",
        }
        for start, end in windows
        if end > start
    ]


def _manifest(api_version: str, kind: str, name: str, spec: Mapping[str, Any]) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _requirement(key: str, values: Sequence[str]) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": list(values)}


def _taint(taint: TaintSettings) -> dict[str, str]:
    without_value = {"key": taint.key, "effect": taint.effect}
    return {**without_value, "value": taint.value} if taint.value else without_value  # the CRD allows no empty value


def _consolidation(pool: NodePoolSettings) -> str:
    """Returns the policy. Training over many nodes fails when one node goes: with efa only empty nodes are removed."""
    if pool.disruption.consolidate == "when-empty" or pool.efa:
        return "WhenEmpty"
    return "WhenEmptyOrUnderutilized"


def _limits(pool: NodePoolSettings, zones: int) -> dict[str, str]:
    """Returns the limits of the pool, which also limit its cost.

    Nodes with shared GPUs only register the shares, so the shares have a limit too.
    """
    nodes = pool.most_nodes(zones)
    limits = {"nodes": nodes, "cpu": nodes * max(machine.vcpus for machine in pool.machines)}
    accelerator = pool.accelerator
    if accelerator is not None:
        most = max(machine.accelerator.count for machine in pool.machines if machine.accelerator is not None)
        devices = nodes * most if pool.max_gpus is None else pool.max_gpus
        limits[NEURON_DEVICE if accelerator.kind == "neuron" else WHOLE_GPU] = devices
        for resource, count in pool.shared.resources(accelerator).items():
            limits[resource] = devices * count
    return {resource: str(amount) for resource, amount in limits.items()}


def _volumes(pool: NodePoolSettings, key_arn: pulumi.Input[str]) -> list[dict[str, Any]]:
    """Returns the volumes of a node in the form of an EC2NodeClass."""
    common = {"volumeType": "gp3", "encrypted": True, "kmsKeyID": key_arn, "deleteOnTermination": True}

    def mapping(volume: NodeVolume) -> dict[str, Any]:
        fast = {"iops": volume.speed.iops, "throughput": volume.speed.throughput_mibps} if volume.speed else {}
        ebs = {"volumeSize": f"{volume.size_gib}Gi", **common, **fast}
        return {"deviceName": volume.device, "rootVolume": volume.root, "ebs": ebs}

    return [mapping(volume) for volume in node_volumes(pool.operating_system, pool.disk)]
