"""Checks pools against each other, their cluster, the network and the date."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from catalog.limits import EKS_NODE_GROUPS_PER_CLUSTER
from catalog.sharing import WHOLE_GPU, WHOLE_GPUS_LABEL
from settings.cluster.landing import landing_pools
from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import Mistake, Path, listed
from settings.stack.parts import Parts

KARPENTER_REPLICAS = 2  # each on a node of its own. Source: values and affinity of the chart, read 2026-08
DRA_VERSION = (1, 34)  # Source: Kubernetes, "Dynamic Resource Allocation": general since 1.34, read 2026-08


def mistakes(parts: Parts, zones: tuple[str, ...] | None, today: date) -> Iterator[Mistake]:
    """Yields every mistake between a pool and the rest. zones: of the network; None when not known."""
    for path, pool in parts.pools():
        yield from _one_zone(path, pool, zones, parts)
        yield from _too_many_gpus(path, pool, zones)
        yield from _ended_block(path, pool, today)
    yield from _no_landing_pool(parts)
    for cluster, content in parts.clusters.items():
        cluster_path: Path = ("clusters", cluster)
        yield from _too_many_node_groups(cluster_path, content, zones)
        yield from _karpenter(cluster_path, content, zones, parts)
        if content.gpu_allocation == "dra":
            yield from _dra(cluster_path, content)


def _no_landing_pool(parts: Parts) -> Iterator[Mistake]:
    for cluster, content in parts.clusters.items():
        if not content.complete:
            continue
        path: Path = ("clusters", cluster, "pools")
        open_pools = landing_pools(content.pools.values())
        if not open_pools:
            lacks = [
                *(f" {pool.name} has off_peak." for pool in content.pools.values() if pool.off_peak is not None),
                *(
                    f" cluster-autoscaler may end all nodes of {pool.name}."
                    for pool in content.pools.values()
                    if pool.start_per_zone and not pool.kept_per_zone
                ),
            ]
            yield (
                path,
                (
                    "no managed pool without taints and off_peak always has a node, so CoreDNS and the other add-ons "
                    "could not run. Give one managed pool no taints, no off_peak, and min_per_zone of 1 or more."
                    + "".join(lacks)
                ),
            )
        elif parts.environment in ("staging", "prod") and all(p.capacity_type == "spot" for p in open_pools):
            yield (
                path,
                (
                    "every pool that add-ons can run on is spot, so AWS could take back all their nodes at once; in "
                    f"{parts.environment} that stops the cluster. Make one pool without taints on-demand."
                ),
            )


def _too_many_node_groups(path: Path, content: ClusterParts, zones: tuple[str, ...] | None) -> Iterator[Mistake]:
    """A managed pool has a node group in each of its zones, and EKS refuses one more than its quota during `up`."""
    managed = [pool for pool in content.pools.values() if pool.provisioner == "managed"]
    groups = sum(len(pool.named_zones or zones or ()) for pool in managed)
    if groups > EKS_NODE_GROUPS_PER_CLUSTER:
        yield (
            (*path, "pools"),
            (
                f"{len(managed)} managed pools have {groups} node groups, one in each zone, but EKS allows "
                f"{EKS_NODE_GROUPS_PER_CLUSTER} in a cluster. Name fewer zones in some pools, join pools with the same "
                "labels and taints, or write provisioner: karpenter."
            ),
        )


def _one_zone(path: Path, pool: NodePoolSettings, zones: tuple[str, ...] | None, parts: Parts) -> Iterator[Mistake]:
    """Source: EC2 user guide, "Elastic Fabric Adapter", "Placement groups", read 2026-08."""
    reasons = [name for name, on in (("efa", pool.efa), ("placement_group", pool.placement_group)) if on]
    named = pool.named_zones
    if not reasons or (named is not None and len(named) == 1) or zones is None:
        return
    current = "names no zone" if named is None else f"names {listed(named)}"
    also = ""
    if parts.network is not None and isinstance(parts.network.zones, int):
        also = f" Name the zones of the network as well: `network: {{zones: [{listed(zones)}]}}`."
    yield (
        (*path, "zones"),
        (
            f"{current}, but with {' and '.join(reasons)} all nodes must be in one zone. Write for example `zones: "
            f"[{(named or zones)[0]}]`, a zone that offers the type.{also}"
        ),
    )


def _too_many_gpus(path: Path, pool: NodePoolSettings, zones: tuple[str, ...] | None) -> Iterator[Mistake]:
    if pool.provisioner != "managed" or pool.max_gpus is None or zones is None:
        return
    gpus_per_node = max(machine.accelerator.count for machine in pool.machines if machine.accelerator)
    nodes = pool.most_nodes(len(set(pool.named_zones or zones) & set(zones)))
    if nodes * gpus_per_node > pool.max_gpus:
        yield (
            (*path, "max_gpus"),
            (
                f"is {pool.max_gpus}, but the pool at its maximum has {nodes * gpus_per_node} ({nodes} nodes with "
                f"{gpus_per_node}). Write {nodes * gpus_per_node}, or lower max_per_zone or the number of zones."
            ),
        )


def _ended_block(path: Path, pool: NodePoolSettings, today: date) -> Iterator[Mistake]:
    ends = pool.reservation.ends if pool.reservation else None
    if ends is not None and ends.astimezone(UTC) < datetime(today.year, today.month, today.day, tzinfo=UTC):
        yield (
            (*path, "reservation", "ends"),
            (
                f"the Capacity Block ended on {ends.astimezone(UTC):%Y-%m-%d}, so no node can start. Name a new "
                "block, or drop the pool."
            ),
        )


def _karpenter(path: Path, cluster: ClusterParts, zones: tuple[str, ...] | None, parts: Parts) -> Iterator[Mistake]:
    pools = {index: pool for index, pool in cluster.pools.items() if pool.provisioner == "karpenter"}
    if not pools:
        return
    index, pool = next(iter(pools.items()))
    landing = landing_pools(cluster.pools.values())[:1]  # add-ons that select a pool select the first one
    if cluster.complete and landing and zones is not None:
        nodes = landing[0].kept_per_zone * len(landing[0].named_zones or zones)
        if nodes < KARPENTER_REPLICAS:
            yield (
                (*path, "pools", index, "provisioner"),
                (
                    f"Karpenter needs {KARPENTER_REPLICAS} nodes that it does not manage, one for each replica, but "
                    f"{landing[0].name}, the first pool for add-ons, keeps {nodes}. Write min_per_zone: "
                    f"{KARPENTER_REPLICAS} in {landing[0].name}, or provisioner: managed in {pool.name}."
                ),
            )
    if parts.network is not None and parts.network.nat == "none":
        yield (
            ("network", "nat"),
            (
                f"is none, but Karpenter (pool {pool.name}) makes instance profiles in IAM, which has no VPC "
                f"endpoint. Write nat: single, or provisioner: managed in {pool.name}."
            ),
        )
    if len({pool.node_repair for pool in pools.values()}) > 1:
        last = next(index for index, other in pools.items() if other.node_repair != pool.node_repair)
        yield (
            (*path, "pools", last, "node_repair"),
            (
                f"differs from that of {pool.name}, but Karpenter repairs the nodes of all its pools or of none. "
                f"Write node_repair: {str(pool.node_repair).lower()} here, or change it in {pool.name}."
            ),
        )


def _dra(path: Path, cluster: ClusterParts) -> Iterator[Mistake]:
    """Source: dra-driver-nvidia-gpu, README and feature gates; EKS user guide, "Manage GPU devices"; read 2026-08."""
    if cluster.version and tuple(map(int, cluster.version.split("."))) < DRA_VERSION:
        yield (
            (*path, "gpu_allocation"),
            (
                f"dra needs Kubernetes {DRA_VERSION[0]}.{DRA_VERSION[1]} or newer, but version is {cluster.version}. "
                "Raise it one minor version at a time, or write gpu_allocation: device-plugin."
            ),
        )
    gpus = {i: pool for i, pool in cluster.pools.items() if pool.accelerator and pool.accelerator.kind == "gpu"}
    if cluster.complete and not gpus:
        yield (*path, "gpu_allocation"), "is dra, but no pool has GPUs, so it would do nothing. Drop it."
    for index, pool in gpus.items():
        if WHOLE_GPUS_LABEL in pool.labels:
            yield (
                (*path, "pools", index, "labels"),
                (
                    f"{WHOLE_GPUS_LABEL} is given, but with gpu_allocation: dra the nodes offer no {WHOLE_GPU}, so "
                    "cluster-autoscaler would take them for unready for ever. Drop it."
                ),
            )
        reasons = [
            *([] if pool.provisioner == "managed" else ["Karpenter cannot predict the devices of its nodes"]),
            *(
                ["cluster-autoscaler knows no devices of a pool that has no node"]
                if pool.autoscaled and not pool.min_per_zone
                else []
            ),
            *([] if pool.operating_system == "al2023" else ["Bottlerocket runs a device plugin of its own"]),
            *(
                []
                if pool.shared.strategy in ("none", "mig")
                else [f"its driver does not support {pool.shared.strategy}"]
            ),
        ]
        if reasons:
            yield (
                (*path, "pools", index),
                (
                    f"gpu_allocation is dra, but {', and '.join(reasons)}. Write gpu_allocation: device-plugin in the "
                    "cluster, or make the pool managed, with scaling: fixed or min_per_zone: 1, on al2023, with "
                    "sharing none or mig."
                ),
            )
