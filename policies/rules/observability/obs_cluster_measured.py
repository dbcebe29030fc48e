"""Somebody would hear of what is wrong in a cluster: the stack has a Prometheus.

A stack may measure some of its clusters alone, on purpose; one that measures none has mostly forgotten it.
"""

from collections.abc import Iterator

from policies.charts import PROMETHEUS_STACK, RELEASE, chart_of
from policies.rule import Resource, Sample, Stack, StackCase, StackRule

CLUSTER, NAME = "aws:eks/cluster:Cluster", "name"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    if not any(chart_of(release) == PROMETHEUS_STACK for release in stack.of(RELEASE)):
        for cluster in stack.of(CLUSTER):
            yield cluster, NAME, f"is a cluster of a stack without {PROMETHEUS_STACK}: nobody hears when it breaks"


def _stack(**charts: str) -> StackCase:
    releases = {name: Sample(RELEASE, {"chart": chart}) for name, chart in charts.items()}
    return StackCase({"main": Sample(CLUSTER, {NAME: "ml-prod"}), **releases}, at=("main", NAME))


RULE = StackRule(
    id="obs-cluster-measured",
    applies_to=(CLUSTER, RELEASE),
    severity="medium",
    why="Without metrics and alerts a broken GPU, a full volume or an idle node is found by users, or by the bill.",
    fix="Write observability with a receiver in observability.alerts.platform.",
    stack_file={"observability.alerts.platform": {"mail": ["<your address>"]}},
    no_mend="the release is missing",
    dev="disabled",
    staging="disabled",
    prod="advisory",
    check=check,
    good={
        "its chart": _stack(kps=PROMETHEUS_STACK),
        "its chart, from a registry": _stack(kps=f"oci://example.com/charts/{PROMETHEUS_STACK}"),
        "no cluster": StackCase({"dns": Sample(RELEASE, {"chart": "external-dns"})}),
    },
    bad={"nothing set": _stack(), "other charts alone": _stack(crds="prometheus-operator-crds")},
)
