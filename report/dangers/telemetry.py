"""What Prometheus keeps: samples that go, with the volume or by its settings, and volumes that stay too small.

Source: prometheus-operator v0.93.0, pkg/prometheus/server (claims of a StatefulSet keep their size); Prometheus 3.14,
"Storage"; read 2026-11.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from report.dangers.danger import GRAVE, LOST, SERIOUS, Danger, Plan, at, of_change
from report.dangers.doors import RELEASE, chart_of

CHART = "kube-prometheus-stack"
_SPEC = "values.prometheus.prometheusSpec"
_SIZE = f"{_SPEC}.storageSpec.volumeClaimTemplate.spec.resources.requests.storage"
GROWS = "docs/guides/observability/metrics.md#a-larger-volume"


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what a change of Prometheus takes away, in clusters that stay."""
    stays = {each.provider for each in plan.after.values()}
    for change in plan.changes(RELEASE, ops=("update", "replace", "delete")):
        before, after = plan.inputs(change.urn)
        if chart_of(before) != CHART or plan.before[change.urn].provider not in stays:
            continue
        if change.op != "update":
            says = "all samples of Prometheus go, by {}"
            consequence = "nothing brings them back, and until it is there again nobody hears of an alert"
            gently = "export what has to stay: docs/guides/observability/metrics.md"
            yield of_change(change, "data", LOST, says, consequence, gently)
            continue
        for says, consequence, gently in (*_less(before, after), *_other_size(before, after)):
            severity = GRAVE if "full" in consequence else SERIOUS
            yield of_change(change, "data", severity, says, consequence, gently)


def _less(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for key in ("retention", "retentionSize"):
        was, now = at(before, f"{_SPEC}.{key}"), at(after, f"{_SPEC}.{key}")
        if _number(now) < _number(was):
            says = f"Prometheus keeps {now} of samples, not {was}, by {{}}"
            yield says, "older ones are deleted within two hours", "export what has to stay first"
    was, now = (_number(at(each, f"{_SPEC}.replicas")) for each in (before, after))
    if now < was:
        yield "one Prometheus goes with its samples, by {}", "the loss of the other one's node is a gap", ""


def _other_size(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    was, now = at(before, _SIZE), at(after, _SIZE)
    if _number(now) > _number(was):
        says = f"Prometheus may fill {now}, and its volumes have {was} until somebody enlarges them, by {{}}"
        yield says, "a full volume ends it", f"enlarge the claims first: {GROWS}"
    elif _number(now) < _number(was):
        yield f"volumes of Prometheus keep {was}, not {now}, by {{}}", "Kubernetes makes no volume smaller", ""


def _number(text: Any) -> float:
    found = re.match(r"\d+", str(text))
    return float(found.group()) if found else 0.0
