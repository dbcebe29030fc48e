"""Warnings, from 120 days ahead, of the end of AWS's support for a cluster's Kubernetes version.

What is past is a mistake of the stack file: settings/stack/checks/versions.py.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from catalog.kubernetes import VERSIONS
from settings.cluster.cluster import ClusterSettings

DAYS_AHEAD = 120


def support_warnings(clusters: Mapping[str, ClusterSettings], today: date) -> Iterator[str]:
    """Yields a sentence for each cluster whose support, or standard price, ends soon."""
    for key, cluster in clusters.items():
        release = VERSIONS[cluster.version]
        extended = cluster.support_type == "EXTENDED" and today > release.end_standard
        ends = release.end_extended if extended else release.end_standard
        days = (ends - today).days
        if not 0 <= days <= DAYS_AHEAD:
            continue
        what = f"{'extended' if extended else 'standard'} support of Kubernetes {release.version} ends on {ends}"
        then = (
            "it costs six times as much an hour from then on"
            if cluster.support_type == "EXTENDED" and not extended
            else "AWS then upgrades the cluster by itself"
        )
        yield (
            f"clusters.{key}: {what}, in {days} days; {then}. Upgrade before: "
            "docs/guides/cluster/upgrade-kubernetes.md."
        )
