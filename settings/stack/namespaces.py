"""The namespaces of people: those of teams, and those that mount storage; and what storage is one team's own."""

from collections.abc import Collection, Iterable

from settings.storage.storage import StorageSettings
from settings.storage.storage_entry import VolumeUserSettings
from settings.tenancy.team import TeamSettings


def cluster_of(entry: TeamSettings | VolumeUserSettings, clusters: Collection[str]) -> str | None:
    """Returns the cluster that an entry names, or the only one; None where there are several, or none."""
    return entry.cluster_among(clusters) if entry.cluster is not None or len(clusters) == 1 else None


def peoples_namespaces(
    teams: Iterable[TeamSettings], storage: StorageSettings | None, clusters: Collection[str]
) -> dict[tuple[str | None, str], str | None]:
    """Returns cluster and name of each -> its team; None where it only mounts storage.

    The cluster is None where an entry names none and there are several, which the checks refuse.
    """
    mounted = storage.mounted() if storage is not None else ()
    users = {(cluster_of(user, clusters), user.namespace): None for entry in mounted for user in entry.used_by}
    return {**users, **{(cluster_of(team, clusters), name): team.name for team in teams for name in team.namespaces}}


def named_service_accounts(
    storage: StorageSettings | None, clusters: Collection[str]
) -> dict[tuple[str | None, str], set[str]]:
    """Returns cluster and name of each namespace -> the service accounts that may use a bucket from there."""
    found: dict[tuple[str | None, str], set[str]] = {}
    for bucket in storage.buckets.values() if storage is not None else ():
        for user in bucket.used_by:
            found.setdefault((cluster_of(user, clusters), user.namespace), set()).add(user.service_account)
    return found


def teams_of_storage(
    teams: Collection[TeamSettings], storage: StorageSettings, clusters: Collection[str]
) -> dict[tuple[str, str], str]:
    """Returns map and name of each entry of storage that one team alone uses -> that team.

    Its tag tells whose cost it is. What several teams use has none: AWS would count all of it for one of them.
    """
    owners = {(cluster_of(team, clusters), name): team.name for team in teams for name in team.namespaces}
    users = {
        (kind, name): {owners.get((cluster_of(user, clusters), user.namespace)) for user in entry.used_by}
        for kind, name, entry in storage.entries()
    }
    return {entry: team for entry, found in users.items() if len(found) == 1 for team in found if team is not None}
