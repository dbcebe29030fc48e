"""Prometheus keeps its samples on a claim, and stops before that is full.

Without a claim the samples end with the pod; a full volume ends Prometheus, and it does not start again.
Source: prometheus-operator v0.93.0, PrometheusSpec (storage, retentionSize); prometheus.io, "Storage"; read 2026-11.
"""

from collections.abc import Iterator

from common.quantities import size
from policies.charts import PROMETHEUS_STACK, RELEASE, chart_of
from policies.rule import Case, Resource, Rule, flag, present, text

PROMETHEUS = "kubernetes:monitoring.coreos.com/v1:Prometheus"
SPEC = "values.prometheus.prometheusSpec"
SIZE, CLAIM = "retentionSize", "volumeClaimTemplate.spec.resources.requests.storage"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    of_helm = resource.type == RELEASE
    if of_helm and (
        chart_of(resource) != PROMETHEUS_STACK or not flag(resource, "values.prometheus.enabled", default=True)
    ):
        return
    spec = SPEC if of_helm else "spec"
    storage = f"{spec}.{'storageSpec' if of_helm else 'storage'}"
    if not present(resource, f"{storage}.volumeClaimTemplate"):
        yield f"{storage}.volumeClaimTemplate", "is not set: samples end with the pod"
        return
    kept = size(text(resource, f"{spec}.{SIZE}"))
    claimed = size(text(resource, f"{storage}.{CLAIM}"))
    if not kept:
        yield f"{spec}.{SIZE}", "is not set: a full volume ends Prometheus, which does not start again"
    elif claimed and kept >= claimed:
        yield f"{spec}.{SIZE}", "is not below the size of the claim: the volume fills up before anything is deleted"


def _claim(storage: str = "100Gi") -> dict[str, object]:
    return {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": storage}}}}}


def _release(at: str = "", **changes: object) -> Case:
    spec = {"storageSpec": _claim(), SIZE: "80GiB", **changes}
    values = {"prometheus": {"prometheusSpec": spec}}
    return Case({"chart": f"oci://example.com/charts/{PROMETHEUS_STACK}", "values": values}, at=f"{SPEC}.{at}")


RULE = Rule(
    id="obs-prometheus-bounded",
    applies_to=(RELEASE, PROMETHEUS),
    severity="medium",
    why="A Prometheus that is full or has lost its samples sees nothing on the day on which it is needed.",
    fix="Write storageSpec.volumeClaimTemplate, and retentionSize of four fifths of its size.",
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={
        "four fifths": _release(),
        "a size in bytes of Prometheus": _release(retentionSize="80GB"),
        "its custom resource": Case({"spec": {"storage": _claim(), SIZE: "80GB"}}, type=PROMETHEUS),
        "no Prometheus": {"chart": PROMETHEUS_STACK, "values": {"prometheus": {"enabled": False}}},
        "nothing set in another chart": {"chart": "grafana"},
    },
    bad={
        "nothing set": Case({"chart": PROMETHEUS_STACK}, at=f"{SPEC}.storageSpec.volumeClaimTemplate"),
        "a folder of the node": _release("storageSpec.volumeClaimTemplate", storageSpec={"emptyDir": {}}),
        "no size": _release(SIZE, retentionSize=None),
        "an empty size": _release(SIZE, retentionSize=""),
        "all of the claim": _release(SIZE, retentionSize="100GB"),
        "more than the claim": _release(SIZE, retentionSize="1TB"),
        "a custom resource without a claim": Case({"spec": {SIZE: "80GB"}}, type=PROMETHEUS, at="spec.storage"),
    },
)
