"""Which charts of the stack, and images that our values name, have no digest in the catalog: they are listed.

A version or a tag can be published again with other content, which only a digest shows. None is invented: `make facts`
asks the registries where it reaches them.
"""

from collections.abc import Iterator, Sequence

from catalog.charts import CHARTS, UNRESOLVED, Chart
from catalog.images import IMAGES
from policies.rule import Option, Resource, Sample, Stack, StackCase, StackRule, text

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


def check(stack: Stack, *, also: Sequence[str]) -> Iterator[tuple[Resource, str, str]]:
    releases = {row.name: release for release in stack.of(RELEASE) if (row := _row(release)) is not None}
    charts = sorted(name for name in releases if CHARTS[name].digest == UNRESOLVED or name in also)
    if charts:
        yield releases[charts[0]], "version", f"is all that pins charts without a digest: {', '.join(charts)}"
    images = {name: image.chart for name, image in IMAGES.items() if image.digest == UNRESOLVED or name in also}
    of_stack = sorted(name for name, chart in images.items() if chart in releases)
    if of_stack:
        yield releases[images[of_stack[0]]], "values", f"name images without a digest: {', '.join(of_stack)}"


def _release(row: Chart) -> Sample:
    if row.oci:
        return Sample(RELEASE, {"chart": row.repository, "version": row.version})
    return Sample(RELEASE, {"chart": row.chart, "version": row.version, "repositoryOpts": {"repo": row.repository}})


_OCI = next(row for row in CHARTS.values() if row.oci)
_IMAGE, _NAMED = next(iter(IMAGES.items()))
_BOTH = {"also": [_OCI.name, _NAMED.chart, _IMAGE]}

RULE = StackRule(
    id="k8s-chart-digest-known",
    applies_to=RELEASE,
    severity="low",
    why="Who takes over a repository can publish a version again; nothing but a digest tells.",
    fix="Run `make facts` where the registries can be reached, and review the digests that it writes.",
    dev="advisory",
    staging="advisory",
    prod="advisory",
    options={"also": Option("Charts and images that are listed whatever the catalog says.", [])},
    check=check,
    good={
        "nothing set, since there is no chart": StackCase({}),
        "a chart of somebody's own, which another rule judges": StackCase(
            {"own": Sample(RELEASE, {"chart": "oci://example.com/charts/thing", "version": "1.2.3"})}
        ),
    },
    bad={
        "a chart without a digest": StackCase({"one": _release(_OCI)}, at=("one", "version"), options=_BOTH),
        "an image without a digest": StackCase(
            {"one": _release(CHARTS[_NAMED.chart])}, at=("one", "values"), options=_BOTH
        ),
    },
)
