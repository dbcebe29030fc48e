"""Two judges of the corpus: the simulator, in this process, and a real API server."""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from catalog.kubernetes import CLUSTER_SCOPED
from simulator.cloud import Cloud
from simulator.conformance.cases import Case, Change, Object
from simulator.control_plane.client import ApiServer, Refused
from simulator.eks.kubeconfig import kubeconfig
from simulator.kubernetes import injection
from simulator.kubernetes.clusters import RELEASE
from simulator.kubernetes.package import KubernetesPackage
from simulator.kubernetes.pod_security import pod_of
from simulator.provider import Call, Refusal

_ENDPOINT = "https://0123456789ABCDEF0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com"
_SETTLED_SECONDS = 10.0
_GONE_SECONDS = 90.0  # until a definition of an earlier case is gone, which a busy server tries again and again
_CACHED_SECONDS = 0.2  # until the admission plug-ins have seen new objects
_MOST_TRIES = 10
_LINKERD = "linkerd"
_MESHED = {injection.INJECT: "enabled"}
_NOT_DRY = frozenset({"Service"})  # a dry run allocates no ports and addresses


@dataclass(frozen=True)
class Verdict:
    """What a judge says: whether the object is accepted, and its message. replaced: the provider makes it anew."""

    accepted: bool
    message: str = ""
    replaced: bool = False

    @property
    def provider(self) -> str:
        """The verdict on a change, in the words of the corpus."""
        return "replaced" if self.replaced else "in place" if self.accepted else "refused"


class Judge(Protocol):
    """Says whether the object or the change of a case is accepted."""

    def judge(self, case: Case | Change) -> Verdict:
        """Returns the verdict; afterwards nothing of the case is left."""
        ...


class SimulatorJudge:
    """The simulated provider of one EKS cluster. preview: whether it judges previews; only objects that are created."""

    def __init__(self, folder: Path, version: str = "1.35", *, preview: bool = False) -> None:
        cloud = Cloud(folder / "cloud.sqlite")
        cloud.put("aws:eks/cluster:Cluster", "main", {"name": "main", "version": version, "endpoint": _ENDPOINT})
        self._cloud, self._preview = cloud, preview
        self._config = {"kubeconfig": json.dumps(kubeconfig("main", _ENDPOINT, "Y2E=", "us-west-2"))}
        self._package = KubernetesPackage(cloud, patience_seconds=0.0)
        self._numbers = itertools.count(1)

    def judge(self, case: Case | Change) -> Verdict:
        made: list[tuple[Call, str, Object]] = []
        try:
            if isinstance(case, Change):
                return self._judge_change(case, made)
            namespace = self._namespace(case.labels, made, {} if case.mesh is None else _MESHED)
            self._mesh(case.mesh)
            for each in case.given:
                self._make(_placed(each, namespace), made)
            return self._verdict(_placed(case.object, namespace), made)
        finally:
            for call, id_, inputs in reversed(made):
                self._package.delete(call, id_, inputs, inputs)

    def _judge_change(self, case: Change, made: list[tuple[Call, str, Object]]) -> Verdict:
        namespace = self._namespace({}, made)
        for each in case.given:
            self._make(_placed(each, namespace), made)
        before, after = (_placed(each, namespace) for each in (case.before, case.after))
        id_, old, state = self._make(before, made)
        state |= copy.deepcopy(dict(case.live))
        call = self._call(after, preview=True)
        checked = self._package.check(call, old, copy.deepcopy(after), b"")
        if checked.failures:
            return Verdict(False, _joined(checked.failures))
        if self._package.diff(call, id_, old, state, checked.inputs).replaces:
            return Verdict(False, replaced=True)
        try:
            self._package.update(call, id_, old, state, checked.inputs)
        except Refusal as refusal:
            return Verdict(False, str(refusal))
        return Verdict(True)

    def _verdict(self, inputs: Object, made: list[tuple[Call, str, Object]]) -> Verdict:
        call = self._call(inputs, self._preview)
        checked = self._package.check(call, {}, copy.deepcopy(inputs), b"")
        if checked.failures:
            return Verdict(False, _joined(checked.failures))
        try:
            id_ = self._package.create(call, checked.inputs).id
        except Refusal as refusal:
            return Verdict(False, str(refusal))
        if id_:
            made.append((call, id_, checked.inputs))
        return Verdict(True)

    def _namespace(
        self, labels: Any, made: list[tuple[Call, str, Object]], annotations: Mapping[str, str] | None = None
    ) -> str:
        name = f"case-{next(self._numbers)}"
        metadata = {"name": name, "labels": dict(labels), "annotations": dict(annotations or {})}
        self._make({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, made)
        return name

    def _mesh(self, values: Mapping[str, Any] | None) -> None:
        """Installs the control plane of a mesh with these values, or removes that of an earlier case."""
        id_ = f"main/{_LINKERD}/{injection.CHART}"
        if values is None:
            self._cloud.delete(RELEASE, id_)
        else:
            self._cloud.put(RELEASE, id_, _control_plane(values))

    def _make(self, inputs: Object, made: list[tuple[Call, str, Object]]) -> tuple[str, Object, Object]:
        call = self._call(inputs)
        checked = self._package.check(call, {}, copy.deepcopy(inputs), b"")
        if checked.failures:
            raise ValueError(f"the simulator refuses what a case is given: {_joined(checked.failures)}")
        created = self._package.create(call, checked.inputs)
        made.append((call, created.id, checked.inputs))
        return created.id, checked.inputs, created.state

    def _call(self, inputs: Object, preview: bool = False) -> Call:
        api_version = inputs["apiVersion"]
        token = f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{inputs['kind']}"
        urn = f"urn:pulumi:test::conformance::{token}::x"
        return Call(urn, self._config, preview, lambda _: None)


class ServerJudge:
    """A real API server. It judges by dry runs, and removes what a case was given.

    Cases that are given something have a namespace of their own; all others leave nothing, and share one.
    """

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._numbers = itertools.count(time.time_ns() // 1_000_000)
        self._shared: dict[str, str] = {}

    def judge(self, case: Case | Change) -> Verdict:
        with self._namespace_of(case) as namespace:
            made: list[Object] = []
            try:
                for each in case.given:
                    self._give(each, namespace, made)
                time.sleep(_CACHED_SECONDS if case.given else 0)
                if isinstance(case, Change):
                    self._judge_change(case, namespace, made)
                elif case.mesh is not None:
                    self._server.create(_meshed_pod(case, case.mesh, namespace), namespace, dry_run=True)
                elif case.object["kind"] in _NOT_DRY:
                    made.append(self._server.create(_placed(case.object, namespace), namespace))
                else:
                    self._server.create(_placed(case.object, namespace), namespace, dry_run=True)
            except Refused as refused:
                return Verdict(False, str(refused))
            finally:
                for each in reversed(made):
                    self._remove(each, namespace)
            return Verdict(True)

    def _judge_change(self, case: Change, namespace: str, made: list[Object]) -> None:
        stored = self._give(case.before, namespace, made)
        if case.live:
            stored = self._set_status(stored, namespace, case.live)
        identity = stored["apiVersion"], stored["kind"], namespace, stored["metadata"]["name"]
        for _ in range(_MOST_TRIES):
            try:
                self._server.replace(_changed(stored, case.before, case.after), namespace, dry_run=True)
                return
            except Refused as refused:
                if refused.reason != "Conflict":
                    raise
            stored = self._server.get(*identity) or stored  # a controller has written its status

    def _give(self, each: Object, namespace: str, made: list[Object]) -> Object:
        stored = self._create(_placed(each, namespace), namespace, made)
        settled = _SETTLED.get(each["kind"])
        return self._wait_for(stored, namespace, settled) if settled else stored

    def _create(self, each: Object, namespace: str, made: list[Object]) -> Object:
        deadline = time.monotonic() + _GONE_SECONDS
        while True:
            try:
                stored = self._server.create(each, namespace)
            except Refused as refused:
                if "is being deleted" not in str(refused) or time.monotonic() > deadline:
                    raise ValueError(f"the API server refuses what a case is given: {refused}") from None
                time.sleep(0.1)  # of an earlier case
            else:
                made.append(each)
                return stored

    def _set_status(self, stored: Object, namespace: str, live: Any) -> Object:
        resource = self._server.resource(stored["apiVersion"], stored["kind"])
        assert resource is not None
        path = f"{resource.path(namespace, stored['metadata']['name'])}/status"
        return self._server.request("PATCH", path, dict(live), content_type="application/merge-patch+json")

    def _wait_for(self, stored: Object, namespace: str, settled: Callable[[Object], bool]) -> Object:
        deadline = time.monotonic() + _SETTLED_SECONDS
        identity = stored["apiVersion"], stored["kind"], namespace, stored["metadata"]["name"]
        while not settled(live := self._server.get(*identity) or {}) and time.monotonic() < deadline:
            time.sleep(0.02)
        return live

    def _remove(self, each: Object, namespace: str) -> None:
        api_version, kind, name = each["apiVersion"], each["kind"], each["metadata"]["name"]
        with suppress(Refused):  # a finalizer keeps it, and goes with its namespace
            if kind == "VolumeAttributesClass":  # no controller of the control plane takes its finalizer away
                self._server.merge(each, namespace, {"metadata": {"finalizers": None}})
            self._server.delete(api_version, kind, namespace, name)

    @contextmanager
    def _namespace_of(self, case: Case | Change) -> Iterator[str]:
        if isinstance(case, Case) and not case.given:
            key = json.dumps(case.labels, sort_keys=True)
            if key not in self._shared:
                self._shared[key] = self._make_namespace(dict(case.labels))
            yield self._shared[key]
            return
        name = self._make_namespace({} if isinstance(case, Change) else dict(case.labels))
        try:
            yield name
        finally:
            self._server.delete("v1", "Namespace", "", name, wait=False)

    def _make_namespace(self, labels: dict[str, str]) -> str:
        name = f"case-{next(self._numbers)}"
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        self._server.create(namespace, "")
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        self._wait_for(account, name, bool)  # pods are refused without it
        return name


def _control_plane(values: Mapping[str, Any]) -> Object:
    return {"chart": injection.CHART, "name": injection.CHART, "namespace": _LINKERD, "values": dict(values)}


def _meshed_pod(case: Case, values: Mapping[str, Any], namespace: str) -> Object:
    """Returns a pod of the object as the injector makes it: the real server has no injector, and makes no pods."""
    pod = pod_of(case.object)
    assert pod is not None, f"{case.name}: only objects with pods are meshed"
    metadata = {"name": namespace, "annotations": _MESHED}
    made = copy.deepcopy(dict(injection.injected(pod, metadata, _control_plane(values))))
    named = {**(made.get("metadata") or {}), "name": "pod-of-template", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": named, "spec": made["spec"]}


def _placed(inputs: Object, namespace: str) -> Object:
    """Returns a copy in the namespace, if the kind belongs to namespaces."""
    made = copy.deepcopy(inputs)
    if made["kind"] not in CLUSTER_SCOPED and isinstance(made.get("metadata"), dict):
        made["metadata"].setdefault("namespace", namespace)
    return made


def _changed(live: Any, before: Any, after: Any, name: str = "") -> Any:
    """Returns the live object with the difference of the two, as server-side apply merges it.

    A strategy whose type changes loses the rest of the old one: the provider owns the defaults as well.
    """
    if isinstance(live, list) and isinstance(after, list) and all(isinstance(each, dict) for each in (*live, *after)):
        known = [*live, *(None for _ in after)], [*(before or ()), *(None for _ in after)]
        return [_changed(known[0][index], known[1][index], item) for index, item in enumerate(after)]
    if not (isinstance(live, dict) and isinstance(after, dict)) or (
        name.lower().endswith("strategy") and "type" in after and after["type"] != live.get("type")
    ):
        return after
    earlier = before if isinstance(before, dict) else {}
    kept = {key: value for key, value in live.items() if key not in earlier or key in after}
    return kept | {key: _changed(live.get(key), earlier.get(key), value, key) for key, value in after.items()}


def _is_established(definition: Object) -> bool:
    conditions = definition.get("status", {}).get("conditions") or ()
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


_SETTLED: Mapping[str, Callable[[Object], bool]] = {
    # kind -> whether the controllers have done with a new object
    "CustomResourceDefinition": _is_established,
    "ResourceQuota": lambda quota: "hard" in quota.get("status", {}),
}


def _joined(failures: Any) -> str:
    return "; ".join(each.reason for each in failures)
