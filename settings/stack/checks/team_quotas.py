"""Checks the quotas of teams against the pools of their cluster, each other, and what storage makes in namespaces."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from settings.compute.devices import Counts, most_devices, per_device, resource_of
from settings.compute.node_pool import NodePoolSettings
from settings.compute.quota_needs import zones_of
from settings.core.problems import Mistake, Path, listed, nearest_or_all
from settings.stack.namespaces import cluster_of
from settings.stack.parts import Parts
from settings.tenancy.team import TeamSettings
from settings.tenancy.team_quota import TeamQuotaSettings


class _Entry(NamedTuple):
    """What the quota of one namespace has of a pool."""

    path: Path
    namespace: str
    pool: NodePoolSettings
    counts: Counts
    oversubscribed: bool


def mistakes(parts: Parts, zones: tuple[str, ...] | None) -> Iterator[Mistake]:
    """Yields every mistake between a quota and the rest. zones: of the network; None when not known."""
    by_pool: dict[tuple[str, str], list[_Entry]] = {}
    for index, team in parts.teams.items():
        cluster = cluster_of(team, parts.clusters)
        if cluster is None or cluster not in parts.clusters:
            continue  # the check of teams says so
        content = parts.clusters[cluster]
        pools = {pool.name: pool for pool in content.pools.values()}
        if content.complete:
            yield from _unknown_pools(("teams", index, "pools"), team, pools)
        yield from _claims(("teams", index), team, cluster, parts)
        for namespace, quota in team.quota.items():
            for name, counts in quota.gpus.items():
                path: Path = ("teams", index, "quota", namespace, "gpus", name)
                if name in pools:
                    wrong = list(_against_pool(path, team, pools[name], counts))
                    yield from wrong
                    if not wrong:
                        entry = _Entry(path, namespace, pools[name], counts, quota.oversubscribed)
                        by_pool.setdefault((cluster, name), []).append(entry)
                elif content.complete:
                    yield path, f"there is no pool {name} in {cluster}.{nearest_or_all(name, pools)}"
    for entries in by_pool.values() if zones is not None else ():
        yield from _against_capacity(entries, len(zones_of(entries[0].pool, zones or ())))


def _unknown_pools(path: Path, team: TeamSettings, pools: Mapping[str, NodePoolSettings]) -> Iterator[Mistake]:
    for place, name in enumerate(team.pools or ()):
        if name not in pools:
            yield (*path, place), f"there is no pool {name} in the team's cluster.{nearest_or_all(name, pools)}"


def _against_pool(path: Path, team: TeamSettings, pool: NodePoolSettings, counts: Counts) -> Iterator[Mistake]:
    offered = per_device(pool)
    profiles = pool.shared.layout
    if not offered:
        yield path, f"the pool {pool.name} has no GPUs and no Neuron devices. Drop the entry."
        return
    if team.pools is not None and pool.name not in team.pools:
        yield (
            path,
            (
                f"{pool.name} is not among the team's pools, which are {listed(team.pools)}, so no pod of it could be "
                "there. Add it to pools, or drop the entry."
            ),
        )
    if isinstance(counts, int) and profiles:
        yield (
            path,
            (
                f"{counts} is a number, and {pool.name} cuts its GPUs into slices of several sizes. Write profile: "
                f"slices, for example {{{profiles[0][0]}: {counts}}}; it has {listed(name for name, _ in profiles)}."
            ),
        )
    elif isinstance(counts, Mapping) and not profiles:
        yield (
            path,
            (
                f"names profiles of MIG, and the GPUs of {pool.name} are not cut into slices. Write a number: of "
                f"{'shares' if pool.shared.replicas > 1 else 'devices'}."
            ),
        )
    elif isinstance(counts, Mapping):
        known = [name for name, _ in profiles]
        for profile in counts:
            if profile not in known:
                yield (
                    (*path, profile),
                    f"the pool {pool.name} has no slices of {profile}. Write one of {listed(known)}.",
                )
        if not counts:
            yield path, f"names no profile. Write for example {{{known[0]}: 1}}, or drop the entry."


def _against_capacity(entries: list[_Entry], zones: int) -> Iterator[Mistake]:
    """Yields quotas that are above what their pool can have at its maximum, alone or together."""
    pool = entries[0].pool
    devices = most_devices(pool, zones)
    most = {name: count * devices for name, count in per_device(pool).items()}
    used = [(each, _by_resource(each)) for each in entries]
    above = {name for _, counts in used for name, count in counts.items() if count > most[name]}
    for entry, counts in used:
        for name, count in counts.items():
            if count > most[name]:
                yield (
                    _place(entry, name),
                    (
                        f"{count} is more than the {most[name]} that {pool.name} has at its maximum size, {devices} "
                        "GPUs or devices. Lower it, or raise max_per_zone or max_gpus."
                    ),
                )
    together: Counter[str] = Counter()
    for _, counts in used:
        together.update(counts)
    for name, count in together.items():
        promised = [entry for entry, counts in used if name in counts and not entry.oversubscribed]
        if count > most[name] and name not in above and promised:
            shares = listed(f"{entry.namespace} {counts[name]}" for entry, counts in used if name in counts)
            yield (
                _place(promised[-1], name),
                (
                    f"{pool.name} has {most[name]} at its maximum size, and quotas promise {count} ({shares}). Lower "
                    "one, or write oversubscribed: true in each: who comes first has them."
                ),
            )


def _by_resource(entry: _Entry) -> dict[str, int]:
    """Returns resource -> its number in one quota."""
    if isinstance(entry.counts, Mapping):
        return {resource_of(profile): count for profile, count in entry.counts.items()}
    return dict.fromkeys(per_device(entry.pool), entry.counts)


def _place(entry: _Entry, resource: str) -> Path:
    profiles = entry.counts if isinstance(entry.counts, Mapping) else ()
    return (*entry.path, *(profile for profile in profiles if resource_of(profile) == resource))


def _claims(path: Path, team: TeamSettings, cluster: str, parts: Parts) -> Iterator[Mistake]:
    """Yields quotas without room for the claims that storage makes. Each asks for 1 GiB, whatever is behind it."""
    mounted = parts.storage.mounted() if parts.storage else ()
    users = [{user.namespace for user in entry.used_by if user.cluster in (cluster, None)} for entry in mounted]
    claims = Counter(namespace for each in users for namespace in each)
    for namespace, quota in team.quota.items():
        for where, most in _room(quota).items():
            if most < claims[namespace]:
                yield (
                    (*path, "quota", namespace, *where),
                    (
                        f"{most} is less than the {claims[namespace]} that storage needs for its claims in "
                        f"{namespace}. Write {claims[namespace]} or more."
                    ),
                )


def _room(quota: TeamQuotaSettings) -> Mapping[tuple[str, ...], int]:
    """Returns the path of each setting that limits claims -> its value."""
    room: dict[tuple[str, ...], int] = {("storage_gib",): quota.storage_gib}
    for kind, count in quota.objects.items():
        if kind == "persistentvolumeclaims":
            room["objects", kind] = count
    return room
