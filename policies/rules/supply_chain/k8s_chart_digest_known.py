"""Which charts of the stack have a version in the catalog, and no digest: one finding lists them.

A version can be published again with other content, which only a digest shows. None is invented: `make facts` asks the
repositories where it reaches them.
"""

from collections.abc import Iterator

from catalog.charts import CHARTS, UNRESOLVED, Chart
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, text

RELEASE = "kubernetes:helm.sh/v3:Release"


def _row(release: Resource) -> Chart | None:
    chart, version = text(release, "chart"), text(release, "version")
    repository = chart if chart.startswith("oci://") else text(release, "repositoryOpts.repo")
    return next(
        (
            row
            for row in CHARTS.values()
            if row.version == version
            and row.repository.rstrip("/") == repository.rstrip("/")
            and (row.oci or row.chart == chart)
        ),
        None,
    )


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    rows = {release.urn: (release, _row(release)) for release in stack.of(RELEASE)}
    found = {row.name: release for release, row in rows.values() if row is not None and row.digest == UNRESOLVED}
    if found:
        names = sorted(found)
        yield (
            found[names[0]],
            "version",
            f"is all that pins these charts, whose digest is unresolved: {', '.join(names)}",
        )


def _release(row: Chart) -> Sample:
    if row.oci:
        return Sample(RELEASE, {"chart": row.repository, "version": row.version})
    return Sample(RELEASE, {"chart": row.chart, "version": row.version, "repositoryOpts": {"repo": row.repository}})


_UNRESOLVED = [row for _, row in sorted(CHARTS.items()) if row.digest == UNRESOLVED]

RULE = StackRule(
    id="k8s-chart-digest-known",
    applies_to=RELEASE,
    severity="low",
    why="Who takes over a repository can publish a version again; nothing but a digest tells.",
    fix="Run `make facts` where the repositories can be reached, and review the digests that it writes.",
    dev="advisory",
    staging="advisory",
    prod="advisory",
    check=check,
    good={
        "nothing set, since there is no chart": StackCase({}),
        "a chart of somebody's own, which another rule judges": StackCase(
            {"own": Sample(RELEASE, {"chart": "oci://example.com/charts/thing", "version": "1.2.3"})}
        ),
    },
    bad={
        "a chart without a digest": StackCase({"one": _release(_UNRESOLVED[0])}, at=("one", "version")),
        "two, and one finding": StackCase(
            {"one": _release(_UNRESOLVED[0]), "two": _release(_UNRESOLVED[1])}, at=("one", "version")
        ),
    },
)
