"""Which charts of the stack, and images that our values name, have no digest in the catalog: they are listed.

A version or a tag can be published again with other content, which only a digest shows. None is invented: `make facts`
asks the registries where it reaches them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

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


def check(stack: Stack, *, unresolved: Sequence[str]) -> Iterator[tuple[Resource, str, str]]:
    releases = {row.name: release for release in stack.of(RELEASE) if (row := _row(release)) is not None}
    if charts := sorted(name for name in releases if name in unresolved):
        yield releases[charts[0]], "version", f"is all that pins charts without a digest: {', '.join(charts)}"
    images = {name: image.chart for name, image in IMAGES.items() if name in unresolved}
    if of_stack := sorted(name for name, chart in images.items() if chart in releases):
        yield releases[images[of_stack[0]]], "values", f"name images without a digest: {', '.join(of_stack)}"


def _release(row: Chart) -> Sample:
    if row.oci:
        return Sample(RELEASE, {"chart": row.repository, "version": row.version})
    return Sample(RELEASE, {"chart": row.chart, "version": row.version, "repositoryOpts": {"repo": row.repository}})


def _case(release: Sample, *names: str, at: str = "") -> StackCase:
    return StackCase({"one": release}, at=("one", at), options={"unresolved": [*names]})


_OCI = next(row for row in CHARTS.values() if row.oci)
_INDEXED = next(row for row in CHARTS.values() if not row.oci)
_IMAGE, _NAMED = next(iter(IMAGES.items()))

RULE = StackRule(
    id="k8s-chart-digest-known",
    applies_to=RELEASE,
    severity="low",
    why="Who takes over a repository can publish a version again; nothing but a digest tells.",
    fix="Run `make facts` where the registries can be reached, and review the digests that it writes.",
    no_mend="the catalog lacks the digest",
    dev="disabled",
    staging="advisory",
    prod="advisory",
    options={
        "unresolved": Option(
            "Charts and images of the catalog whose digest no registry has told.",
            sorted(name for table in (CHARTS, IMAGES) for name, row in table.items() if row.digest == UNRESOLVED),
            stricter="more",
        )
    },
    check=check,
    good={
        "nothing set, since there is no chart": StackCase({}),
        "a digest that is known": _case(_release(_OCI)),
        "an image of a chart that is not there": _case(_release(_OCI), _IMAGE),
        "another version, which is in no catalog": _case(_release(replace(_OCI, version="0.0.1")), _OCI.name),
        "another repository, which another rule judges": _case(
            _release(replace(_INDEXED, repository="https://charts.example.com")), _INDEXED.name
        ),
        "another chart of its repository": _case(_release(replace(_INDEXED, chart="thing")), _INDEXED.name),
    },
    bad={
        "a chart of a registry": _case(_release(_OCI), _OCI.name, at="version"),
        "a chart of an index": _case(_release(_INDEXED), _INDEXED.name, at="version"),
        "an image": _case(_release(CHARTS[_NAMED.chart]), _IMAGE, at="values"),
    },
)
