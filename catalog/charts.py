"""Helm charts at pinned versions, in `data/charts/<room>.json`. Each row names its source and the month it was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.rows import LazyTable, read_table, tables

UNRESOLVED = "unresolved"
"""Stands for a digest that no published source has told. None is invented: `make facts` asks the repositories."""


@dataclass(frozen=True, kw_only=True)
class Crd:
    """One custom resource definition that a chart installs. `versions` are the served ones."""

    group: str
    kind: str
    plural: str
    scope: str
    versions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart.

    room: the domain in whose file the row stands.
    repository: the URL of the repository; for a chart in an OCI registry, the `oci://` reference of the chart itself.
    crds: in the file, each is [group, kind, plural, scope, [served versions]].
    crds_when: dotted paths of values; the chart installs its CRDs only when one of them is true. Empty means always.
    crds_go: True when the CRDs are templates of the chart: deleting the release deletes them and all their objects.
        Otherwise Helm leaves the CRDs in the cluster.
    digest: of the chart's archive or, in an OCI registry, of its manifest; UNRESOLVED where nobody has asked for it. In
        the file, `digests` has it by version, so that another version is unresolved.
    kubernetes: the newest version of Kubernetes that its makers name for this release; "" where they name none.
    """

    name: str
    room: str
    repository: str
    chart: str
    version: str
    app_version: str
    namespace: str
    crds: tuple[Crd, ...]
    crds_when: tuple[str, ...]
    crds_go: bool
    digest: str
    kubernetes: str
    source: str
    read: str

    @property
    def oci(self) -> bool:
        """Whether `repository` is a whole chart reference in an OCI registry."""
        return self.repository.startswith("oci://")


def _chart(room: str, name: str, row: Mapping[str, Any]) -> Chart:
    return Chart(
        name=name,
        room=room,
        repository=row["repository"],
        chart=row["chart"],
        version=row["version"],
        app_version=row["app_version"],
        namespace=row["namespace"],
        crds=tuple(
            Crd(group=group, kind=kind, plural=plural, scope=scope, versions=tuple(versions))
            for group, kind, plural, scope, versions in row.get("crds", ())
        ),
        crds_when=tuple(row.get("crds_when", ())),
        crds_go=row.get("crds_go", False),
        digest=row.get("digests", {}).get(row["version"], UNRESOLVED),
        kubernetes=row.get("kubernetes", {}).get("newest", ""),
        source=row["source"],
        read=row["read"],
    )


def _load() -> dict[str, Chart]:
    charts: dict[str, Chart] = {}
    for room in tables("charts"):
        for name, row in read_table(f"charts/{room}")["charts"].items():
            if name in charts:
                files = f"charts/{charts[name].room}.json and charts/{room}.json"
                raise ValueError(f"{name} has a row in {files}. Keep one of them.")
            charts[name] = _chart(room, name, row)
    return charts


CHARTS: Mapping[str, Chart] = LazyTable(_load)
