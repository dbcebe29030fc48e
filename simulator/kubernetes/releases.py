"""Helm releases: simulates the Release resource without rendering charts.

The simulator knows a chart by its row in catalog/charts.py; a release installs the custom kinds of that row.
Source: a record of the real provider, 4.34 line.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from catalog.chart_facts import chart_facts, has_facts, schemas, values_tree
from catalog.charts import CHARTS, Chart
from common.helm_values import helm_lines, idle, part_of
from common.values import opened
from simulator.cloud import Cloud
from simulator.difference import changes
from simulator.kubernetes import chart_pods, finalizers, load_balancer_controller, load_balancers, telemetry
from simulator.kubernetes.admission import id_of
from simulator.kubernetes.certificates import why_control_plane_waits
from simulator.kubernetes.clusters import CRD, RELEASE, Cluster
from simulator.kubernetes.finalizers import why_finalized
from simulator.kubernetes.kinds import CustomKind
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.names import suffix
from simulator.kubernetes.network_policies import why_pods_wait
from simulator.kubernetes.planned import Planned
from simulator.kubernetes.webhooks import Request, Webhooks, leaves, taken_over, webhooks_in
from simulator.provider import Call, CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, Refusal
from simulator.values import UNKNOWN, Props, has_unknown

_API, _KIND = "helm.sh/v3", "Release"
_FALSE_BY_DEFAULT = (
    *("allowNullValues", "atomic", "cleanupOnFail", "createNamespace", "dependencyUpdate", "devel", "disableCRDHooks"),
    *("disableOpenapiValidation", "disableWebhooks", "forceUpdate", "lint", "recreatePods", "renderSubchartNotes"),
    *("replace", "resetValues", "reuseValues", "skipAwait", "skipCrds", "verify", "waitForJobs"),
)
_DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(_FALSE_BY_DEFAULT, False),
    "description": "",
    "keyring": "",
    "postrender": "",
}
PENDING = "pending-"
_RELEASE_ANNOTATION = "meta.helm.sh/release-name"
_TIMEOUT_SECONDS = 300
_KNOWN = frozenset(
    {
        *(*_DEFAULTS, "chart", "compat", "manifest", "maxHistory", "name", "namespace", "repositoryOpts"),
        *("resourceNames", "timeout", "valueYamlFiles", "values", "version"),
    }
)
_NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_WHICH_CHART = ("chart", "repositoryOpts", "version")
_RETRIED = "The preview of the real provider accepts this; its update fails."


def check_release(call: Call, old: Props, new: Props, seed: bytes) -> CheckResult:
    """Returns the inputs with defaults, chart version and name, and the mistakes; the chart must be in the catalog."""
    given = {key: value for key, value in copy.deepcopy(new).items() if value is not None}
    inputs = {**_DEFAULTS, "timeout": _TIMEOUT_SECONDS, **given}
    inputs.setdefault("namespace", "default")
    if "name" not in inputs:
        same = old.get("namespace") == inputs["namespace"] and "name" in old
        inputs["name"] = old["name"] if same else f"{call.name}-{suffix(call.urn, seed)}"
    failures = [
        CheckFailure(key, f"{key} is not an input of a Release. The real provider drops it without a message.")
        for key in sorted(inputs.keys() - _KNOWN)
    ]
    name = inputs["name"]
    if isinstance(name, str) and not (re.fullmatch(_NAME, name) and len(name) <= 53):
        rule = f"must match regex {_NAME} and the length must not be longer than 53"
        failures.append(CheckFailure("name", f'invalid release name, {rule}: "{name}"'))
    if not has_unknown([inputs.get(key) for key in _WHICH_CHART]):
        try:
            inputs["version"] = _chart(inputs).version
        except Refusal as refusal:
            failures.append(CheckFailure("chart", str(refusal)))
    return CheckResult(inputs, tuple(failures))


def diff_release(old: Props, new: Props) -> DiffResult:
    """Compares inputs: changes of name and namespace replace a release, and all others upgrade it."""
    changed = tuple(changes(old, new))
    return DiffResult(changed, frozenset(each.path for each in changed if each.path in ("name", "namespace")))


def _chart(inputs: Mapping[str, Any]) -> Chart:
    chart, version = str(inputs.get("chart")), inputs.get("version")
    repository = (inputs.get("repositoryOpts") or {}).get("repo") if not chart.startswith("oci://") else chart
    rows = [row for row in CHARTS.values() if _is_chart(row, chart, repository)]
    for row in rows:
        if version in (None, "", row.version):
            return row
    chart_text = f"{chart} of {repository}" if repository and repository != chart else chart
    if rows:
        known = ", ".join(sorted(row.version for row in rows))
        raise Refusal(
            f"version {version} of chart {chart_text} is not in the catalog, which has {known}. "
            "Pin that version, or update the chart's row in catalog/data/charts/."
        )
    raise Refusal(
        f"chart {chart_text} is not in the catalog, so its custom resources are not known. "
        "Add a row for it to a file of catalog/data/charts/."
    )


def _is_chart(row: Chart, chart: str, repository: Any) -> bool:
    if row.oci or chart.startswith("oci://"):
        return row.repository.rstrip("/") == chart.rstrip("/")
    return row.chart == chart and isinstance(repository, str) and row.repository.rstrip("/") == repository.rstrip("/")


def interrupt(cloud: Cloud, urn: str) -> None:
    """Leaves a release as Helm does that is killed while it waits. Such a release is never upgraded.

    Source: helm v3, pkg/action/upgrade.go (errPending) and pkg/release/status.go, read 2026-11.
    """
    for row in cloud.of_type(RELEASE):
        if row.urn == urn:
            status = row.state["status"]
            interrupted = {**status, "status": f"{PENDING}install" if status["revision"] == 1 else f"{PENDING}upgrade"}
            cloud.put(RELEASE, row.id, {**row.state, "status": interrupted}, row.urn, row.region)


_BROUGHT = {"policies.kyverno.io": "kyverno-api"}
"""API group -> the chart that its CRDs are in, where another one brings this: it has annotations of its own."""


def _crds_are_deleted(state: Mapping[str, Any], group: str) -> bool:
    """Returns whether the chart's CRDs of a group are deleted with the release. Any version in the catalog counts."""
    try:
        goes = _chart({**state, "version": None}).crds_go
    except Refusal:
        return False
    crds = Node(opened(state.get("values")))[_BROUGHT.get(group, "crds")]
    kept = [crds[name]["helm.sh/resource-policy"].value for name in ("annotations", "additionalAnnotations")]
    return goes and "keep" not in kept


@dataclass(frozen=True)
class Releases:
    """One request about a release, in a cluster that exists."""

    call: Call
    cluster: Cluster
    planned: Planned
    patience_seconds: float

    def create(self, inputs: Props) -> CreateResult:
        """Installs the release. Raises Refusal when the name is in use or the namespace is missing."""
        name, namespace = inputs["name"], inputs["namespace"]
        self._check_values(inputs)
        if self.call.preview:
            if UNKNOWN not in (name, namespace):
                self._refuse(name, namespace, inputs)
            self._plan(inputs)
            return CreateResult("", {**inputs, "status": UNKNOWN, "resourceNames": UNKNOWN})
        self._refuse(name, namespace, inputs)
        self._wait(inputs)
        with self.cluster.cloud.exclusive():
            self._refuse(name, namespace, inputs, patience_seconds=0)
            if inputs.get("createNamespace") is True and not self.cluster.exists("v1", "Namespace", "", namespace):
                self._make_namespace(namespace)
            state = self._install(inputs, revision=1)
        self.planned.clear()
        return CreateResult(id_of(namespace, name), state)

    def read(self, id_: str, inputs: Props) -> ReadResult | None:
        """Returns the deployed release, or None."""
        stored = self._stored(id_)
        if stored is None:
            return None
        live = {key: value for key, value in stored.items() if key in inputs or not inputs}
        live_inputs = {key: value for key, value in live.items() if key not in ("status", "resourceNames")}
        return ReadResult(id_, {key: value for key, value in stored.items() if not key.startswith("__")}, live_inputs)

    def update(self, id_: str, old_state: Props, new: Props) -> Props:
        """Upgrades the release to the next revision."""
        stored = self._stored(id_) or old_state
        self._check_values(new)
        if str((stored.get("status") or {}).get("status")).startswith(PENDING):
            note = f"\n{_RETRIED}" if self.call.preview else ""
            raise Refusal(f"another operation (install/upgrade/rollback) is in progress{note}")
        if self.call.preview:
            self._plan(new)
            return {**new, "status": UNKNOWN, "resourceNames": UNKNOWN}
        self._wait(new)
        with self.cluster.cloud.exclusive():
            state = self._install(new, int(stored.get("status", {}).get("revision", 0)) + 1)
        self.planned.clear()
        return state

    def delete(self, id_: str) -> None:
        """Uninstalls the release. CRDs and their objects stay, unless the CRDs are templates of the chart.

        Raises Refusal when an object of such a CRD keeps a finalizer of the controller that goes.
        """
        namespace, _, name = id_.rpartition("/")
        stored = self._stored(id_)
        with self.cluster.cloud.exclusive():
            definitions = self._uninstalled(stored, id_) if stored else []
            self._refuse_finalizers(id_, stored or {}, definitions)
            if left := leaves(self.cluster, stored or {}):
                self.call.warn(
                    f"uninstalling {id_} leaves webhooks behind, since no pod of it deletes them: what they are asked "
                    f"about is refused until you delete their configurations. They are {', '.join(left)}"
                )
            self.cluster.cloud.delete(RELEASE, f"{self.cluster.name}/{namespace}/{name}", self.cluster.region)
            telemetry.uninstall(self.cluster, stored or {})
            for definition in definitions:
                self._uninstall_kind(id_, definition)
        self.planned.clear()

    def _uninstalled(self, stored: Props, release: str) -> list[Props]:
        """Returns the definitions that go with the release."""
        return [
            each.state
            for each in self.cluster.of_kind(*CRD)
            if (each.state["metadata"].get("annotations") or {}).get(_RELEASE_ANNOTATION) == release
            and _crds_are_deleted(stored, each.state["spec"]["group"])
        ]

    def _refuse_finalizers(self, release: str, stored: Props, definitions: list[Props]) -> None:
        """Helm deletes the controller first, and waits for the definitions."""
        for each in (each for definition in definitions for each in self.cluster.inside(definition) or ()):
            if why := why_finalized(self.cluster, each, leaving=_chart({**stored, "version": None}).name):
                raise Refusal(
                    f"uninstalling {release} waits for its CRDs, and fails (context deadline exceeded): "
                    f"{each['kind']} {each['metadata']['name']} stays, because {why}. Delete such objects first, or "
                    "let the chart's CRDs have the annotation helm.sh/resource-policy: keep"
                )

    def _uninstall_kind(self, release: str, definition: Props) -> None:
        lost = self.cluster.inside(definition) or []
        owned = self.cluster.owned_by({each["metadata"].get("uid", "") for each in lost})
        names = [f"{each['kind']} {each['metadata']['name']}" for each in (*lost, *(row.state for row in owned))]
        if names:
            self.call.warn(f"uninstalling {release} also deletes its CRDs, and with them {', '.join(sorted(names))}")
        self.cluster.delete(*CRD, "", definition["metadata"]["name"])

    def _stored(self, id_: str) -> Props | None:
        namespace, _, name = id_.rpartition("/")
        release = self.cluster.get(_API, _KIND, namespace, name)
        return release.state if release else None

    def _wait(self, inputs: Props) -> None:
        if reason := why_control_plane_waits(self.cluster, inputs):
            raise Refusal(f"context deadline exceeded: {reason}")
        if inputs.get("skipAwait") is True:
            return

        def why() -> str:
            return why_pods_wait(self.cluster, inputs) or self._why_proxies_wait(inputs)

        if not self.planned.wait(self.patience_seconds, lambda: not why()):
            raise Refusal(f"context deadline exceeded: {why()}")

    def _refuse(self, name: str, namespace: str, inputs: Props, patience_seconds: float | None = None) -> None:
        note = f"\n{_RETRIED}" if self.call.preview else ""

        def exists() -> bool:
            return self.cluster.exists("v1", "Namespace", "", namespace) or bool(
                self.planned.object(self.cluster.place, "v1", "Namespace", "", namespace)
            )

        patience = self.patience_seconds if patience_seconds is None else patience_seconds
        if inputs.get("createNamespace") is False and not self.planned.wait(patience, exists):
            raise Refusal(f'create: failed to create: namespaces "{namespace}" not found{note}')
        stored = self.cluster.get(_API, _KIND, namespace, name)
        if stored is not None and not (self.call.preview and stored.urn == self.call.urn):
            raise Refusal(f"cannot re-use a name that is still in use: {namespace}/{name}{note}")
        if inputs.get("skipAwait") is not True and (reason := self._why_no_pods(inputs)):
            raise Refusal(f"context deadline exceeded: no pod of {namespace}/{name} is created: {reason}{note}")

    def _why_no_pods(self, inputs: Props) -> str:
        """Returns which webhook must be asked about the pods of a chart, and does not answer; "" when all do."""
        if has_unknown([inputs.get(key) for key in _WHICH_CHART]):
            return ""
        name = _chart(inputs).name
        if has_facts(name) and chart_facts(name).templates_read and not chart_facts(name).pods:
            return ""
        found = self._webhooks(inputs["namespace"])
        others = tuple(each for each in found.releases if each["name"] != inputs["name"])  # it starts its own pods
        pod = {"kind": "Pod", "metadata": {"labels": {"app.kubernetes.io/name": name}}}
        unanswered = replace(found, releases=others).unanswered(pod, Request("CREATE", "", "v1", "pods"))
        return next((each.why for each in unanswered if each.webhook.fails), "")

    def _webhooks(self, namespace: str) -> Webhooks:
        stored = self.cluster.get("v1", "Namespace", "", namespace)
        planned = self.planned.object(self.cluster.place, "v1", "Namespace", "", namespace)
        return webhooks_in(self.cluster, namespace, planned or (stored.state if stored else {}), None)

    def _why_proxies_wait(self, inputs: Props) -> str:
        """Returns why pods of a chart that get a proxy never get ready; "" when they do."""
        found = self._webhooks(inputs["namespace"])
        reasons = (found.why_proxies_wait(chart_pods.workload(pod)) for pod in chart_pods.pods_of(inputs).values())
        return next(filter(None, reasons), "")

    def _check_values(self, inputs: Props) -> None:
        """Warns about values that the chart does not read. Raises Refusal for those that its schema does not take."""
        values = opened(inputs.get("values"))
        if not isinstance(values, Mapping) or has_unknown([inputs.get(key) for key in _WHICH_CHART]):
            return
        chart = _chart(inputs)
        if not has_facts(chart.name):
            return
        facts = chart_facts(chart.name)
        label = f"{chart.name} {chart.version}"
        for path, sentence in idle(values, values_tree(chart.name), label, facts.templates_read):
            self.call.warn(f"values.{'.'.join(map(str, path))}: {sentence} Helm does not show this.")
        refused = {
            part: lines
            for at, (part, schema) in schemas(chart.name).items()
            if (lines := helm_lines(part_of(values, at), schema))
        }
        self._check_monitors(chart.name, values, inputs)
        if refused:
            text = "\n".join(line for part, lines in refused.items() for line in (f"{part}:", *lines))
            note = f"\n{_RETRIED}" if self.call.preview else ""
            raise Refusal(
                f"values don't meet the specifications of the schema(s) in the following chart(s):\n{text}{note}"
            )

    def _check_monitors(self, chart: str, values: Mapping[str, Any], inputs: Props) -> None:
        """Refuses objects of a kind that is not served, as Helm does; warns where the chart leaves them out."""
        kind = telemetry.kind_asked_for(chart, values)

        def served() -> bool:
            planned = self.planned.custom(self.cluster.place, telemetry.GROUP, kind)
            return bool(planned or self.cluster.served(telemetry.GROUP, kind))

        if not kind or served() or any(own.kind == kind for own in self._installed_kinds(inputs)):
            return
        if not telemetry.looks(chart):
            raise Refusal(telemetry.why_refused(str(inputs["name"]), kind))
        self.call.warn(
            f"the chart {chart} leaves its {kind} out without a word, since the cluster does not know the kind"
        )

    def _plan(self, inputs: Props) -> None:
        if inputs.get("createNamespace") is True and isinstance(inputs["namespace"], str):
            self.planned.add(self.cluster.place, "v1", "Namespace", "", {"metadata": {"name": inputs["namespace"]}})
        for served in self._installed_kinds(inputs):
            self.planned.add_kind(self.cluster.place, served)
        if UNKNOWN not in (inputs["name"], inputs["namespace"]):
            identity = {"apiVersion": _API, "kind": _KIND, "metadata": {"name": inputs["name"]}}
            self.planned.add(self.cluster.place, _API, _KIND, inputs["namespace"], {**inputs, **identity})

    def _installed_kinds(self, inputs: Props) -> list[CustomKind]:
        if inputs.get("skipCrds") is True or has_unknown([inputs.get(key) for key in _WHICH_CHART]):
            return []
        chart = _chart(inputs)
        if chart.crds_when and not any(_is_switched_on(inputs.get("values"), path) for path in chart.crds_when):
            return []
        return [CustomKind(crd.group, crd.kind, crd.plural, crd.scope != "Cluster", crd.versions) for crd in chart.crds]

    def _install(self, inputs: Props, revision: int) -> Props:
        chart, namespace, name = _chart(inputs), inputs["namespace"], inputs["name"]
        kinds = self._installed_kinds(inputs)
        for served in kinds:
            self._install_kind(served, f"{namespace}/{name}")
        status = {
            "appVersion": chart.app_version,
            "chart": chart.chart,
            "name": name,
            "namespace": namespace,
            "revision": revision,
            "status": "deployed",
            "version": chart.version,
        }
        plurals = [f"{served.plural}.{served.group}" for served in kinds]
        names = {f"{CRD[1]}.apiextensions.k8s.io/{CRD[0]}": plurals} if plurals else {}
        state = {**inputs, "status": status, "resourceNames": names}
        id_ = f"{self.cluster.name}/{namespace}/{name}"
        start = load_balancer_controller.at_start(self.cluster, state)
        stored = state | ({load_balancer_controller.AT_START: start} if start else {})
        self.cluster.cloud.put(RELEASE, id_, stored, self.call.urn, self.cluster.region)
        taken_over(self.cluster, stored)
        finalizers.reconcile(self.cluster)
        load_balancers.reconcile(self.cluster)
        telemetry.reconcile(self.cluster)
        return state

    def _install_kind(self, served: CustomKind, release: str) -> None:
        name = f"{served.plural}.{served.group}"
        if self.cluster.get(*CRD, "", name) is not None:
            return  # Helm does not change a CRD that exists
        definition = {
            "apiVersion": CRD[0],
            "kind": CRD[1],
            "metadata": {"name": name, "annotations": {_RELEASE_ANNOTATION: release}},
            "spec": {
                "group": served.group,
                "names": {"kind": served.kind, "plural": served.plural},
                "scope": "Namespaced" if served.namespaced else "Cluster",
                "versions": [{"name": version, "served": True} for version in served.versions],
            },
        }
        self.cluster.put(definition, "")

    def _make_namespace(self, namespace: str) -> None:
        labels = {"kubernetes.io/metadata.name": namespace, "name": namespace}
        namespace_object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
        self.cluster.put(namespace_object, "")


def _is_switched_on(values: Any, path: str) -> bool:
    """Returns whether a switch in the values is on; an unknown switch counts as on."""
    for key in path.split("."):
        if values is UNKNOWN:
            return True
        values = values.get(key) if isinstance(values, Mapping) else None
    return values is True or values is UNKNOWN
