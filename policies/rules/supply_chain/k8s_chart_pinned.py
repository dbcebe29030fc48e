"""Helm charts have one exact version and come from a known repository.

A Release says both. Chart, Directory and ConfigFile are components that register no inputs, so nothing shows what they
install. Source: pulumi/pulumi-kubernetes, provider/pkg/provider/helm/v4/chart.go; read 2026-11.
"""

import re
from collections.abc import Iterator, Sequence

from catalog.charts import CHARTS
from policies.charts import RELEASE
from policies.rule import Case, Option, Resource, Rule, text

OPAQUE = (
    *("kubernetes:helm.sh/v4:Chart", "kubernetes:kustomize/v2:Directory"),
    *("kubernetes:yaml/v2:ConfigFile", "kubernetes:yaml/v2:ConfigGroup"),
)
OLDER = ("kubernetes:helm.sh/v3:Chart*", "kubernetes:kustomize:Directory*", "kubernetes:yaml:Config*")
EXACT = re.compile(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


def _is_known(repository: str, more_repositories: Sequence[str]) -> bool:
    known = {chart.repository.rstrip("/") for chart in CHARTS.values()}
    return repository.rstrip("/") in known | {name.rstrip("/") for name in more_repositories}


def check(resource: Resource, *, repositories: Sequence[str]) -> Iterator[tuple[str, str]]:
    if resource.type != RELEASE:
        of_chart, other = ("version nor repository", "a Release"), ("file nor address", "objects of the program")
        says, instead = of_chart if resource.type.startswith("kubernetes:helm.sh") else other
        yield "type", f"says neither {says}, so nobody has reviewed what it brings; use {instead}"
        return
    version, chart = text(resource, "version"), text(resource, "chart")
    if not EXACT.fullmatch(version):
        yield "version", "is not an exact version, so the same program installs another chart next week"
    repository = chart if chart.startswith("oci://") else text(resource, "repositoryOpts.repo")
    if not _is_known(repository, repositories):
        path = "chart" if chart.startswith("oci://") else "repositoryOpts.repo"
        yield path, "is not a repository of the catalog's charts, so nobody has reviewed what it contains"


_OCI = next(chart for chart in CHARTS.values() if chart.oci)
_INDEXED = next(chart for chart in CHARTS.values() if not chart.oci)


def _release(**more: object) -> dict[str, object]:
    return {"chart": _OCI.repository, "version": _OCI.version, **more}


RULE = Rule(
    id="k8s-chart-pinned",
    applies_to=(RELEASE, *OPAQUE, *OLDER),
    severity="high",
    why="A chart is installed with administrator rights in the cluster, so its exact content must be reviewed first.",
    fix="Add the chart with its version to the catalog, and install it from there.",
    no_mend="the resource itself must go",
    on_unknown="fail",
    options={"repositories": Option("Repositories to allow in addition to the catalog's.", [], stricter="fewer")},
    check=check,
    good={
        "from an OCI registry": _release(),
        "from an indexed repository": {
            "chart": _INDEXED.chart,
            "version": _INDEXED.version,
            "repositoryOpts": {"repo": _INDEXED.repository + "/"},
        },
    },
    bad={
        "nothing set, so Helm installs the newest": Case({"chart": _OCI.repository}, at="version"),
        **{f"a component: {kind}": Case({}, type=kind, at="type") for kind in OPAQUE},
        "a range": Case(_release(version="^1.2.0"), at="version"),
        "an incomplete version": Case(_release(version="1.2"), at="version"),
        "another registry": Case(_release(chart="oci://example.com/charts/thing"), at="chart"),
        "another repository": Case(
            _release(chart="thing", repositoryOpts={"repo": "https://charts.example.com"}), at="repositoryOpts.repo"
        ),
        "a folder on somebody's machine": Case(_release(chart="./charts/thing"), at="repositoryOpts.repo"),
    },
)
