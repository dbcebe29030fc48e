"""What a run of a stack tells the next one, in the output `kept`: what AWS and clusters keep, and no setting says."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from components.core.namespaces import ClusterNamespace
from components.storage.lustre import linked
from settings.storage.storage import StorageSettings


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the runs before have left.

    older_copies: whether copies keep the names that they had before these named the stack's region.
    namespaces: those of people that it has made. retained_namespaces: those of them that nothing names any more.
    links: name of each link of a Lustre file system -> what it shows.
    locked: buckets that have had a lock.
    secrets_key: whether teams have had secrets in AWS: a secret that is restored needs its key.
    images_key: whether teams have had repositories with a key of the stack: one that is retained is read with it.
    """

    older_copies: bool = False
    namespaces: frozenset[ClusterNamespace] = frozenset()
    retained_namespaces: frozenset[ClusterNamespace] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()
    secrets_key: bool = False
    images_key: bool = False

    @classmethod
    def of(cls, outputs: Mapping[str, Any], settings: StorageSettings) -> "Kept":
        """Reads what the last run kept. outputs: of the stack that is up, if it is."""
        kept = outputs.get("kept")
        if kept is None:  # a new stack, or one of an earlier release
            return cls(older_copies=bool(outputs and settings.copy_regions))
        return cls(
            older_copies=kept.get("older_copies", False),
            namespaces=_pairs(kept.get("namespaces", ())),
            retained_namespaces=_pairs(kept.get("retained_namespaces", ())),
            links=kept.get("links", {}),
            locked=frozenset(kept.get("locked", ())),
            secrets_key=kept.get("secrets_key", False),
            images_key=kept.get("images_key", False),
        )

    def after(
        self,
        settings: StorageSettings,
        namespaces: Collection[ClusterNamespace],
        clusters: Collection[str],
        *,
        secrets_key: bool = False,
        images_key: bool = False,
    ) -> "Kept":
        """Returns what this run keeps. namespaces: those that it makes. clusters: keys of those that it has.

        secrets_key, images_key: whether it has a key of secrets, and of images.
        """
        locked = {name for name, bucket in settings.buckets.items() if bucket.object_lock_days is not None}
        links = [linked(name, file_system.links) for name, file_system in settings.lustre.items()]
        used = frozenset(namespaces)
        left = (self.namespaces | self.retained_namespaces) - used
        return replace(
            self,
            namespaces=used,
            retained_namespaces=frozenset(each for each in left if each[0] in clusters),
            locked=self.locked | locked,
            secrets_key=secrets_key,
            images_key=images_key,
            links={name: shown for each in links for name, shown in each.items()},
        )

    def outputs(self) -> dict[str, Any]:
        return {
            "older_copies": self.older_copies,
            "namespaces": sorted("/".join(each) for each in self.namespaces),
            "retained_namespaces": sorted("/".join(each) for each in self.retained_namespaces),
            "links": dict(self.links),
            "locked": sorted(self.locked),
            **({"secrets_key": True} if self.secrets_key else {}),
            **({"images_key": True} if self.images_key else {}),
        }


def _pairs(names: Collection[str]) -> frozenset[ClusterNamespace]:
    return frozenset((cluster, name) for cluster, _, name in (each.partition("/") for each in names))
