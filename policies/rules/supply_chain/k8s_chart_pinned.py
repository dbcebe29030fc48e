"""Helm charts come at one exact version from a repository that we know."""

import re
from collections.abc import Iterator, Sequence

from catalog.charts import CHARTS
from policies.rule import Case, Option, Resource, Rule, text

EXACT = re.compile(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


def _known(repository: str, more: Sequence[str]) -> bool:
    known = {chart.repository.rstrip("/") for chart in CHARTS.values()} | {name.rstrip("/") for name in more}
    return repository.rstrip("/") in known


def check(resource: Resource, *, repositories: Sequence[str]) -> Iterator[tuple[str, str]]:
    version, chart = text(resource, "version"), text(resource, "chart")
    if not EXACT.fullmatch(version):
        yield "version", "is not one exact version, so the same program installs something else next week"
    repository = chart if chart.startswith("oci://") else text(resource, "repositoryOpts.repo")
    if not _known(repository, repositories):
        path = "chart" if chart.startswith("oci://") else "repositoryOpts.repo"
        yield path, "is the repository of no chart in the catalog, so nobody has looked at what comes from there"


_OCI = next(chart for chart in CHARTS.values() if chart.oci)
_INDEXED = next(chart for chart in CHARTS.values() if not chart.oci)


def _release(**more: object) -> dict[str, object]:
    return {"chart": _OCI.repository, "version": _OCI.version, **more}


RULE = Rule(
    id="k8s-chart-pinned",
    applies_to="kubernetes:helm.sh/v3:Release",
    severity="high",
    why="A chart runs with the rights of the cluster's administrator; which one it is must be known beforehand.",
    fix="Give the chart a row in the catalog, with its version, and install it from there.",
    on_unknown="fail",
    options={"repositories": Option("Repositories to admit beside those of the catalog.", [])},
    check=check,
    good={
        "from a registry": _release(),
        "from an indexed repository": {
            "chart": _INDEXED.chart,
            "version": _INDEXED.version,
            "repositoryOpts": {"repo": _INDEXED.repository + "/"},
        },
    },
    bad={
        "nothing said, so the newest comes": Case({"chart": _OCI.repository}, at="version"),
        "a range": Case(_release(version="^1.2.0"), at="version"),
        "a part of a version": Case(_release(version="1.2"), at="version"),
        "another registry": Case(_release(chart="oci://example.com/charts/thing"), at="chart"),
        "another repository": Case(
            _release(chart="thing", repositoryOpts={"repo": "https://charts.example.com"}), at="repositoryOpts.repo"
        ),
        "a folder on somebody's machine": Case(_release(chart="./charts/thing"), at="repositoryOpts.repo"),
    },
)
