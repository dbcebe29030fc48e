"""Where logs, metrics and traces go, and what of them is billed by use.

Sources: fluent/fluent-bit-docs f92ae08, pipeline/outputs; prometheus-operator v0.93.0, RemoteWriteSpec; read 2026-11.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from components.observability.collectors import GATEWAY
from report.dangers.danger import GRAVE, LATER, SERIOUS, Danger, Plan, at, every, of_change
from report.dangers.doors import RELEASE, chart_of
from report.tables import some

COLLECTOR, WORKSPACE = "kubernetes:opentelemetry.io/v1beta1:OpenTelemetryCollector", "aws:amp/workspace:Workspace"
_WRITES = "values.prometheus.prometheusSpec.remoteWrite"
_PLACE = re.compile(r"^\s*(?:host|endpoint|uri|role_arn|bucket|brokers)\s+(\S+)", re.IGNORECASE | re.MULTILINE)
_INSIDE = re.compile(r"\.svc(\.cluster\.local)?\.?$")
Inputs = Mapping[str, Any]


def find(plan: Plan) -> Iterator[Danger]:
    """Yields telemetry that goes to another place, and more of it that is billed."""
    own = {each.id for each in plan.before.values() if each.type == WORKSPACE and each.id}
    for change in plan.changes(RELEASE, COLLECTOR, ops=("create", "update", "replace")):
        before, after = plan.inputs(change.urn)
        what = _what(change.type, after)
        new = {each for each in _places(after) - _places(before) if not any(workspace in each for workspace in own)}
        if hosts := sorted({urlsplit(each).hostname or each for each in new}):
            severity = SERIOUS if all(map(_INSIDE.search, hosts)) else GRAVE
            says = f"{what} of all teams go to {some(hosts)}, by {{}}"
            consequence = "who reads there reads them, and nothing here takes them back"
            gently = "see first who reads there, and for how long they are kept"
            yield of_change(change, "access", severity, says, consequence, gently)
        if change.op == "create":
            continue
        if more := _more_metrics(before, after):
            says = f"more metrics go to Amazon Managed Prometheus, by {{}}: {some(more, 5)}"
            consequence = "each sample is billed, up to max_series"
            yield of_change(change, "money", SERIOUS, says, consequence, "count their series in the cluster first")


def _what(type_: str, inputs: Inputs) -> str:
    return "traces" if type_ == COLLECTOR else "logs" if chart_of(inputs) == "fluent-bit" else "metrics"


def _places(inputs: Inputs) -> set[str]:
    """Returns the hosts, addresses, buckets and roles that something sends to; () for AWS in its own account."""
    if chart_of(inputs) == "fluent-bit":
        return set(_PLACE.findall(str(at(inputs, "values.config.outputs"))))
    of_gateway = "spec.config.exporters.*" if at(inputs, "metadata.name") == GATEWAY else ""
    found = every(inputs, f"{of_gateway}.endpoint") if of_gateway else every(inputs, f"{_WRITES}.url")
    return {str(each) for each in found} - {LATER}


def _more_metrics(before: Inputs, after: Inputs) -> list[str]:
    old, new = _sent(before), _sent(after)
    beginnings = tuple(each.removesuffix(".*") for each in old if each.endswith(".*"))
    return sorted(each for each in new - old if not each.startswith(beginnings)) if old else []


def _sent(inputs: Inputs) -> set[str]:
    """Returns names of metrics, and beginnings of them, that remote write keeps."""
    return {
        name
        for rule in every(inputs, f"{_WRITES}.writeRelabelConfigs")
        if at(rule, "action") == "keep" and at(rule, "sourceLabels") == ["__name__"]
        for name in str(at(rule, "regex")).split("|")
    }
