"""Objects of the API: made, compared, read, changed and deleted."""

from __future__ import annotations

import copy
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.difference import changes
from simulator.kubernetes import quota
from simulator.kubernetes.admission import Admission, id_of
from simulator.kubernetes.checking import invalid
from simulator.kubernetes.clusters import CRD, Cluster, served_by
from simulator.kubernetes.custom import schema_of, with_defaults
from simulator.kubernetes.karpenter import NODE_CLASS, NODE_POOL, node_class_of, turns_static
from simulator.kubernetes.kinds import ALWAYS_REPLACED_BY, kind_facts
from simulator.kubernetes.names import is_autonamed
from simulator.kubernetes.planned import Planned
from simulator.provider import Call, Difference, Found, Made, Refusal
from simulator.values import UNKNOWN, Props, has_unknown

_BORN = "2026-01-01T00:00:00Z"  # the same in every run, so that nothing differs from run to run
_SERVER_MADE = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
_SMALLER = "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
_NO_GROWTH = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


def diff_object(call: Call, old: Props, new: Props) -> Difference:
    """The changed paths, and those that make the provider replace the object."""
    found = tuple(changes(old, new))
    facts = kind_facts(new.get("kind", ""))
    mutable = facts.mutable_with and _on(call.config.get(facts.mutable_with))
    special = ("type",) if mutable and new.get("kind") == "Secret" else () if mutable else facts.replaced_by
    replaces = frozenset(each.path for each in found if _under(each.path, (*ALWAYS_REPLACED_BY, *special)))
    moved = {path for path in replaces if _under(path, ALWAYS_REPLACED_BY)}
    return Difference(found, replaces, bool(replaces) and not moved and not is_autonamed(new))


def _under(path: str, prefixes: tuple[str, ...]) -> bool:
    return any(path == prefix or path.startswith((f"{prefix}.", f"{prefix}[")) for prefix in prefixes)


def _on(value: Any) -> bool:
    return value is True or value == "true"


@dataclass(frozen=True)
class Objects:
    """One request about an object of a cluster that can be reached."""

    call: Call
    cluster: Cluster
    planned: Planned
    patience_seconds: float

    def create(self, inputs: Props) -> Made:
        """Raises Refusal when the API server would not make it, at preview as well."""
        if inputs["metadata"] is UNKNOWN:
            return Made("", inputs)
        state = self._state(inputs)
        namespace = self._namespace(inputs)
        if UNKNOWN in (namespace, state["metadata"]["name"]):
            return Made("", state)
        admission = self._admission(state, namespace)
        admission.create()
        admission.overlays()
        if self.call.preview:
            self._plan(state, namespace)
            return Made("", state)
        state["metadata"]["resourceVersion"] = "1"
        with self.cluster.cloud.exclusive():
            self._admission(state, namespace, patience_seconds=0).create()
            self.cluster.put(state, namespace, self.call.urn)
        self.planned.made()
        return Made(id_of(namespace, state["metadata"]["name"]), state)

    def read(self, id_: str, inputs: Props, state: Props) -> Found | None:
        """The live object; of the inputs, those whose live values differ follow them."""
        api_version, kind = self._identity(inputs or state)
        namespace, _, name = id_.rpartition("/")
        stored = self.cluster.get(api_version, kind, namespace, name)
        if stored is None:
            return None
        live = copy.deepcopy(stored.state)
        return Found(id_, live, _project(inputs, live) if inputs else _own(live))

    def update(self, id_: str, old: Props, old_state: Props, new: Props) -> Props:
        """Raises Refusal for a change that the API server refuses, at preview as well."""
        self._refuse_immutable(id_, old, new)
        api_version, kind = self._identity(old or old_state)
        namespace, _, name = id_.rpartition("/")
        stored = self.cluster.get(api_version, kind, namespace, name)
        live = stored.state if stored else old_state
        state = self._state(_merged(live, old, new))
        if not has_unknown(state["metadata"]):
            admission = self._admission(state, namespace)
            admission.change()
            admission.overlays()
        if self.call.preview:
            self._plan(state, namespace)
            return state
        version = int(live.get("metadata", {}).get("resourceVersion", "1")) + 1
        state["metadata"] |= {key: live["metadata"][key] for key in ("uid",) if key in live.get("metadata", {})}
        state["metadata"]["resourceVersion"] = str(version)
        with self.cluster.cloud.exclusive():
            if stored and api_version != state["apiVersion"]:
                self.cluster.delete(api_version, kind, namespace, name)
            self.cluster.put(state, namespace, self.call.urn)
        self.planned.made()
        return state

    def delete(self, id_: str, inputs: Props, state: Props) -> None:
        """Deletes the object with what is in it. Raises Refusal when something holds it."""
        api_version, kind = self._identity(inputs or state)
        namespace, _, name = id_.rpartition("/")
        self._refuse_held(id_, api_version, kind, name)
        with self.cluster.cloud.exclusive():
            self.cluster.delete(api_version, kind, namespace, name)
        self.planned.made()

    def _refuse_held(self, id_: str, api_version: str, kind: str, name: str) -> None:
        if (api_version, kind) != NODE_CLASS:
            return

        def users() -> list[str]:
            pools = [each.state for each in self.cluster.of_kind(*NODE_POOL)]
            return sorted(pool["metadata"]["name"] for pool in pools if node_class_of(pool) == name)

        if not self.planned.wait(self.patience_seconds, lambda: not users()):
            raise Refusal(
                f'the Kubernetes API server reported that "{id_}" is still there: NodePool {", ".join(users())} stands '
                "on it. While nodes of it run, the finalizer karpenter.k8s.aws/termination holds the EC2NodeClass, and "
                "the real delete waits ten minutes and fails. Let the NodePool depend on it, so that the NodePool goes "
                "first."
            )

    def _admission(self, state: Props, namespace: str, patience_seconds: float | None = None) -> Admission:
        patience = self.patience_seconds if patience_seconds is None else patience_seconds
        return Admission(self.call, self.cluster, self.planned, state, namespace, patience)

    def _identity(self, said: Props) -> tuple[str, str]:
        """apiVersion and kind; from the type token for an import."""
        _, group, kind = self.call.type.split(":")
        return said.get("apiVersion", group.removeprefix("core/")), said.get("kind", kind)

    def _namespace(self, inputs: Props) -> Any:
        """Where the object lands: an object that says no namespace lands in `default`, and nothing warns."""
        planned = self.planned.custom(self.cluster.name, inputs["apiVersion"], inputs["kind"])
        namespaced = planned[0].namespaced if planned else self.cluster.namespaced(inputs["apiVersion"], inputs["kind"])
        said = inputs["metadata"].get("namespace")
        return ("default" if said in (None, "") else said) if namespaced else ""

    def _plan(self, state: Props, namespace: str) -> None:
        self.planned.add(self.cluster.name, state["kind"], namespace, state)
        if (state["apiVersion"], state["kind"]) == CRD and not has_unknown(state["spec"]):
            for version in state["spec"].get("versions", ()):
                schema = (version.get("schema") or {}).get("openAPIV3Schema")
                self.planned.add_kind(self.cluster.name, served_by(state), schema)

    def _state(self, inputs: Props) -> Props:
        """The object as the API server returns it: with identity, and the defaults that programs read."""
        state: Props = _without_none(inputs)
        digest = hashlib.sha256(f"{self.cluster.name} {self.call.urn}".encode()).hexdigest()
        metadata = state["metadata"] = dict(state["metadata"])
        namespace = self._namespace(state)
        if namespace != "":
            metadata["namespace"] = namespace
        metadata |= {"creationTimestamp": _BORN, "uid": str(uuid.UUID(digest[:32]))}
        _fill(state, digest)
        state = with_defaults(state, schema_of(state["apiVersion"], state["kind"]) or {})
        return state | {
            "__initialApiVersion": state["apiVersion"],
            "__fieldManager": f"pulumi-kubernetes-{digest[:8]}",
        }

    def _refuse_immutable(self, id_: str, old: Props, new: Props) -> None:
        facts = kind_facts(new.get("kind", ""))
        said = None
        for change in changes(old, new):
            reason = next((text for path, text in facts.refused.items() if _under(change.path, (path,))), None)
            if reason:
                verb = "Forbidden" if "may not" in reason or "forbidden" in reason else "Invalid value"
                said = f"{change.path}: {verb}: {reason}"
            elif change.path == "immutable" and old.get("immutable") is True:
                said = "immutable: Forbidden: field is immutable when `immutable` is set"
            elif change.path == "spec.resources.requests.storage" and new.get("kind") == "PersistentVolumeClaim":
                said = self._resized(old, new)
            elif change.path == "spec.replicas" and turns_static(old, new):
                said = 'spec: Invalid value: "object": a NodePool is static, with replicas, or not, for good'
            if said:
                raise Refusal(
                    f'the Kubernetes API server reported that "{id_}" failed to fully initialize or become live: '
                    f"{invalid(new)}: {said}"
                )

    def _resized(self, old: Props, new: Props) -> str | None:
        before, after = (each["spec"]["resources"]["requests"]["storage"] for each in (old, new))
        if UNKNOWN in (before, after):
            return None
        if quota.quantity(after) < quota.quantity(before):
            return _SMALLER
        name = new["spec"].get("storageClassName")
        found = self.cluster.get("storage.k8s.io/v1", "StorageClass", "", name) if isinstance(name, str) else None
        return None if found and found.state.get("allowVolumeExpansion") is True else _NO_GROWTH


def _fill(state: Props, digest: str) -> None:
    """Defaults of the API server, for the fields that programs and policies read."""
    kind, metadata = state["kind"], state["metadata"]
    if kind == "Namespace":
        labels = metadata.get("labels", {})
        own = {"kubernetes.io/metadata.name": metadata["name"]}
        metadata["labels"] = labels if labels is UNKNOWN else {**labels, **own}
        state.setdefault("spec", {"finalizers": ["kubernetes"]})
        state["status"] = {"phase": "Active"}
    elif kind == "StorageClass":
        state.setdefault("reclaimPolicy", "Delete")
        state.setdefault("volumeBindingMode", "Immediate")
    elif kind == "PriorityClass":
        state.setdefault("preemptionPolicy", "PreemptLowerPriority")
    elif kind == "PersistentVolumeClaim" and isinstance(state.get("spec"), dict):
        state["spec"] = {"volumeMode": "Filesystem"} | state["spec"]
        state["status"] = {"phase": "Pending"}
    elif kind == "Service" and isinstance(state.get("spec"), dict):
        address = f"10.100.{int(digest[:2], 16)}.{int(digest[2:4], 16)}"
        state["spec"] = {"type": "ClusterIP", "clusterIP": address, "sessionAffinity": "None"} | state["spec"]
        balancer = {"ingress": [{"hostname": f"k8s-{digest[:16]}.elb.amazonaws.com"}]}
        state["status"] = {"loadBalancer": balancer if state["spec"]["type"] == "LoadBalancer" else {}}


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value


def _own(live: Props) -> Props:
    """What inputs would have made the object: nothing that the server adds."""
    kept = {key: value for key, value in live.items() if key != "status" and not key.startswith("__")}
    kept["metadata"] = {key: value for key, value in live["metadata"].items() if key not in _SERVER_MADE}
    return kept


def _project(inputs: Any, live: Any) -> Any:
    """The live values of the fields that the inputs name; fields that others added do not show."""
    if isinstance(inputs, Mapping) and isinstance(live, Mapping):
        return {key: _project(value, live[key]) for key, value in inputs.items() if key in live}
    if isinstance(inputs, list) and isinstance(live, list) and len(inputs) == len(live):
        return [_project(*pair) for pair in zip(inputs, live, strict=True)]
    return live


def _merged(live: Any, old: Any, new: Any) -> Any:
    """Server-side apply: what was said before and is said no more goes, what others said stays."""
    if not (isinstance(live, Mapping) and isinstance(new, Mapping)):
        return new
    before = old if isinstance(old, Mapping) else {}
    kept = {key: value for key, value in live.items() if key not in before or key in new}
    return kept | {
        key: _merged(live[key], before.get(key), value) if key in live else value for key, value in new.items()
    }
