"""What is wrong with pools only beside each other, their cluster, the network, or the day."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from catalog.limits import IAM_ROLE_NAME_LENGTH
from catalog.quotas import QUOTAS
from settings.landing import landing_pools
from settings.needed_addons import FOR_POOLS, needed_addons
from settings.node_pool import NodePoolSettings
from settings.parts import ClusterParts, Mistake, Parts, Path
from settings.physical_names import karpenter_node_role_name
from settings.problems import listed, nearest_or_all

KARPENTER_REPLICAS = 2  # never two on one node. Source: values and affinity of the chart, read 2026-08
DRA_VERSION = (1, 34)  # Source: Kubernetes, "Dynamic Resource Allocation": general since 1.34, read 2026-08


def mistakes(parts: Parts, zones: tuple[str, ...] | None, today: date) -> Iterator[Mistake]:
    """Every mistake that shows only from outside a pool. zones: those of the network, where they can be told."""
    yield from _unknown_quotas(parts)
    for place, pool in parts.pools():
        yield from _one_zone(place, pool, zones, parts)
        yield from _most_gpus(place, pool, zones)
        yield from _ended(place, pool, today)
    for cluster, content in parts.clusters.items():
        at: Path = ("clusters", cluster)
        yield from _karpenter(at, content, zones, parts)
        yield from _alike_to_karpenter(at, content)
        yield from _addons(at, content)
        if content.gpu_allocation == "dra":
            yield from _dra(at, content)


def _hard_taints(pool: NodePoolSettings) -> set[tuple[str, str, str]]:
    """Those that keep pods away."""
    return {(t.key, t.value, t.effect) for t in pool.taints if t.effect != "PreferNoSchedule"}


def _one_zone(place: Path, pool: NodePoolSettings, zones: tuple[str, ...] | None, parts: Parts) -> Iterator[Mistake]:
    """Source: EC2 user guide, "Elastic Fabric Adapter", "Placement groups", read 2026-08."""
    reasons = [name for name, on in (("efa", pool.efa), ("placement_group", pool.placement_group)) if on]
    named = pool.named_zones
    if not reasons or (named is not None and len(named) == 1) or zones is None:
        return
    where = "names no zone" if named is None else f"names {listed(named)}"
    also = ""
    if parts.network is not None and isinstance(parts.network.zones, int):
        also = f" Name the zones of the network as well: `network: {{zones: [{listed(zones)}]}}`."
    yield (
        (*place, "zones"),
        (
            f"{where}, but with {' and '.join(reasons)} all nodes have to stand in one: neither reaches beyond a zone. "
            f"Write `zones: [{(named or zones)[0]}]`, where the type is offered.{also}"
        ),
    )


def _most_gpus(place: Path, pool: NodePoolSettings, zones: tuple[str, ...] | None) -> Iterator[Mistake]:
    if pool.provisioner != "managed" or pool.max_gpus is None or zones is None:
        return
    each = max(machine.accelerator.count for machine in pool.machines if machine.accelerator)
    nodes = pool.most_nodes(len(set(pool.named_zones or zones) & set(zones)))
    if nodes * each > pool.max_gpus:
        yield (
            (*place, "max_gpus"),
            (
                f"is {pool.max_gpus}, and the pool at its maximum has {nodes * each} ({nodes} nodes of {each}). Write "
                f"{nodes * each}, or lower max_per_zone or the number of zones."
            ),
        )


def _ended(place: Path, pool: NodePoolSettings, today: date) -> Iterator[Mistake]:
    ends = pool.reservation.ends if pool.reservation else None
    if ends is not None and ends.astimezone(UTC) < datetime(today.year, today.month, today.day, tzinfo=UTC):
        yield (
            (*place, "reservation", "ends"),
            (
                f"the Capacity Block ended on {ends.astimezone(UTC):%Y-%m-%d}, so no node can start. Name the next "
                "one, or drop the pool."
            ),
        )


def _karpenter(at: Path, cluster: ClusterParts, zones: tuple[str, ...] | None, parts: Parts) -> Iterator[Mistake]:
    pools = {index: pool for index, pool in cluster.pools.items() if pool.provisioner == "karpenter"}
    if not pools:
        return
    index, pool = next(iter(pools.items()))
    landing = landing_pools(cluster.pools.values())[:1]  # all add-ons that choose a pool choose the first
    if cluster.complete and landing and zones is not None:
        nodes = landing[0].start_per_zone * len(landing[0].named_zones or zones)
        if nodes < KARPENTER_REPLICAS:
            yield (
                (*at, "pools", index, "provisioner"),
                (
                    f"Karpenter runs in {KARPENTER_REPLICAS} copies on different nodes that are not its own, and "
                    f"{landing[0].name}, the first pool for add-ons, begins with {nodes}. Write min_per_zone: "
                    f"{KARPENTER_REPLICAS} in {landing[0].name}, or provisioner: managed in {pool.name}."
                ),
            )
    if parts.network is not None and parts.network.nat == "none":
        yield (
            ("network", "nat"),
            (
                f"is none, and Karpenter (pool {pool.name}) makes instance profiles through IAM, which has no endpoint "
                f"in a VPC. Write nat: single, or provisioner: managed in {pool.name}."
            ),
        )
    physical = parts.cluster_name(str(at[1]))
    role = karpenter_node_role_name(physical) if physical is not None else ""
    if len(role) > IAM_ROLE_NAME_LENGTH:
        yield (
            at,
            (
                f"the role of Karpenter's nodes, {role}, has {len(role)} characters, and IAM takes "
                f"{IAM_ROLE_NAME_LENGTH}. Shorten the name of the cluster by {len(role) - IAM_ROLE_NAME_LENGTH}."
            ),
        )
    if len({pool.node_repair for pool in pools.values()}) > 1:
        last = next(index for index, other in pools.items() if other.node_repair != pool.node_repair)
        yield (
            (*at, "pools", last, "node_repair"),
            (
                f"differs from that of {pool.name}, but Karpenter repairs the nodes of all its pools or of none. Write "
                f"node_repair: {str(pool.node_repair).lower()} here, or change it there."
            ),
        )


def _alike_to_karpenter(at: Path, cluster: ClusterParts) -> Iterator[Mistake]:
    """Karpenter takes nodes of shared GPUs for ones with whole GPUs too: only taints tell the two apart."""
    for index, pool in cluster.pools.items():
        if pool.provisioner != "karpenter" or pool.shared.strategy == "none":
            continue
        for other in cluster.pools.values():
            whole = (
                other.accelerator is not None and other.accelerator.kind == "gpu" and other.shared.strategy == "none"
            )
            if whole and _hard_taints(pool) <= _hard_taints(other):
                yield (
                    (*at, "pools", index, "taints"),
                    (
                        f"every pod that tolerates {other.name}, with its whole GPUs, tolerates this pool too, and "
                        "Karpenter would buy nodes here for it that never take it. Write "
                        f"`taints: [{{key: gpu, value: {pool.shared.strategy}}}]`."
                    ),
                )
                break


def _addons(at: Path, cluster: ClusterParts) -> Iterator[Mistake]:
    if cluster.addons is None or cluster.gpu_allocation is None:
        return
    needed = needed_addons(cluster.pools.values(), cluster.gpu_allocation)
    for name, asked in cluster.addons.items():
        if name not in FOR_POOLS or not isinstance(asked, Mapping):
            continue
        enabled = asked.get("enabled", True)
        if name in needed and not enabled:
            yield (
                (*at, "addons", name, "enabled"),
                (
                    f"is false, and pool {needed[name]} cannot do without {name}. Drop it here, or write "
                    f"{FOR_POOLS[name]}."
                ),
            )
        elif name not in needed and enabled and cluster.complete:
            yield (
                (*at, "addons", name),
                f"no pool needs {name}, so it would do nothing; it comes by itself with a pool that does. Drop it.",
            )


def _dra(at: Path, cluster: ClusterParts) -> Iterator[Mistake]:
    """Source: dra-driver-nvidia-gpu, README and feature gates; EKS user guide, "Manage GPU devices"; read 2026-08."""
    if cluster.version and tuple(map(int, cluster.version.split("."))) < DRA_VERSION:
        yield (
            (*at, "gpu_allocation"),
            (
                f"dra is there from Kubernetes {DRA_VERSION[0]}.{DRA_VERSION[1]}, and version is {cluster.version}. "
                "Raise it one minor version at a time, or write gpu_allocation: device-plugin."
            ),
        )
    gpus = {i: pool for i, pool in cluster.pools.items() if pool.accelerator and pool.accelerator.kind == "gpu"}
    if cluster.complete and not gpus:
        yield (*at, "gpu_allocation"), "is dra, but no pool has GPUs, so it would do nothing. Drop it."
    for index, pool in gpus.items():
        reasons = [
            *([] if pool.provisioner == "managed" else ["Karpenter cannot tell what devices its nodes would have"]),
            *([] if pool.operating_system == "al2023" else ["Bottlerocket runs a device plugin of its own"]),
            *([] if pool.shared.strategy in ("none", "mig") else [f"its driver knows no {pool.shared.strategy}"]),
        ]
        if reasons:
            yield (
                (*at, "pools", index),
                (
                    f"gpu_allocation is dra, and {', and '.join(reasons)}. Write gpu_allocation: device-plugin in the "
                    "cluster, or make the pool managed, on al2023, with sharing none or mig."
                ),
            )


def _unknown_quotas(parts: Parts) -> Iterator[Mistake]:
    for code in parts.quotas.vcpus if parts.quotas else ():
        if code not in QUOTAS:
            yield (
                ("quotas", "vcpus", code),
                f"is no code of an EC2 quota of running instances.{nearest_or_all(code, QUOTAS)}",
            )
