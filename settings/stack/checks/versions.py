"""Versions of Kubernetes on a day, and of the EKS add-ons that go with them."""

from collections.abc import Iterator, Mapping
from datetime import date

from catalog.eks_addons import ADDONS
from catalog.kubernetes import VERSIONS
from settings.cluster.managed_addons import needed_managed_addons
from settings.core.problems import Mistake, listed
from settings.stack.parts import Parts
from settings.storage.drivers import needed_drivers


def mistakes(parts: Parts, today: date) -> list[Mistake]:
    """Versions without support; where there are none, add-ons that the catalog pins no version of."""
    return _versions(parts, today) or list(_addon_versions(parts))  # a version that has to go needs no add-ons


def _versions(parts: Parts, today: date) -> list[Mistake]:
    found: list[Mistake] = []
    supported = listed(known.version for known in VERSIONS.values() if known.end_standard >= today)
    for cluster, content in parts.clusters.items():
        known = VERSIONS.get(content.version or "")
        if known is None:
            continue
        if known.end_extended < today:
            sentence = (
                f"{known.version} has had no support since {known.end_extended}, and AWS upgrades such clusters by "
                f"itself. Write one of {supported}, going up one minor version at a time."
            )
        elif known.end_standard < today and content.support_type == "STANDARD":
            sentence = (
                f"{known.version} left standard support on {known.end_standard}, and with support_type STANDARD AWS "
                f"upgrades the cluster by itself. Write one of {supported}, or support_type: EXTENDED, which costs six "
                "times as much an hour."
            )
        else:
            continue
        found.append((("clusters", cluster, "version"), sentence))
    return found


def _addon_versions(parts: Parts) -> Iterator[Mistake]:
    for cluster, content in parts.clusters.items():
        if content.version is None or content.managed_addons is None:
            continue
        unpinned = []
        stored = needed_drivers(parts.storage, cluster, parts.clusters) if parts.storage else ()
        stored += needed_managed_addons((), snapshots=content.snapshots is True)
        for name, addon in ADDONS.items():
            asked = content.managed_addons.get(name)
            given = asked.get("version") if isinstance(asked, Mapping) else None
            wanted = addon.every_cluster or asked is not None or name in stored
            if wanted and given is None and content.version not in addon.versions:
                unpinned.append(name)
        if unpinned:
            yield (
                ("clusters", cluster, "managed_addons"),
                (
                    f"the catalog pins no version of {listed(unpinned)} for Kubernetes {content.version}. Give "
                    f"`{unpinned[0]}: {{version: ...}}` one that `aws eks describe-addon-versions` lists"
                    f"{', and each of the others' if len(unpinned) > 1 else ''}."
                ),
            )
