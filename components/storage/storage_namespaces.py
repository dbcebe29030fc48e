"""The namespaces that mount storage."""

from collections.abc import Iterable, Mapping

from components.core.namespaces import ClusterNamespace
from settings.storage.storage_entry import StorageEntry


def cluster_namespaces(entries: Iterable[StorageEntry], clusters: Mapping[str, object]) -> tuple[ClusterNamespace, ...]:
    """Returns every namespace that uses one of the entries, in alphabetical order."""
    return tuple(
        sorted({(user.cluster_among(clusters), user.namespace) for entry in entries for user in entry.used_by})
    )
