"""Creates, compares, reads, updates and deletes Kubernetes objects."""

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
from simulator.kubernetes.clusters import CRD, Cluster, custom_kind_of
from simulator.kubernetes.custom import schema_of, with_defaults
from simulator.kubernetes.karpenter import NODE_CLASS, NODE_POOL, becomes_or_stops_being_static, node_class_of
from simulator.kubernetes.kinds import ALWAYS_REPLACED_BY, kind_facts
from simulator.kubernetes.names import is_autonamed
from simulator.kubernetes.planned import Planned
from simulator.kubernetes.readiness import waited_for, why_no_spot, why_no_volumes, why_not_ready
from simulator.provider import Call, CreateResult, DiffResult, ReadResult, Refusal
from simulator.values import UNKNOWN, Props, has_unknown

_CREATED = "2026-01-01T00:00:00Z"  # a constant, since with a clock two equal runs would differ
_SERVER_FIELDS = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
_SMALLER = "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
_CANNOT_GROW = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


def diff_object(call: Call, old: Props, new: Props) -> DiffResult:
    """Returns the changed paths, and the paths that make the provider replace the object."""
    changed = tuple(changes(old, new))
    facts = kind_facts(new.get("kind", ""))
    updates_in_place = facts.mutable_with and _is_true(call.config.get(facts.mutable_with))
    replacing = (
        ("type",) if updates_in_place and new.get("kind") == "Secret" else () if updates_in_place else facts.replaced_by
    )
    replaces = frozenset(each.path for each in changed if _is_under(each.path, (*ALWAYS_REPLACED_BY, *replacing)))
    renamed = {path for path in replaces if _is_under(path, ALWAYS_REPLACED_BY)}
    return DiffResult(changed, replaces, bool(replaces) and not renamed and not is_autonamed(new))


def _is_under(path: str, prefixes: tuple[str, ...]) -> bool:
    return any(path == prefix or path.startswith((f"{prefix}.", f"{prefix}[")) for prefix in prefixes)


def _is_true(value: Any) -> bool:
    return value is True or value == "true"


@dataclass(frozen=True)
class Objects:
    """One request about an object, in a cluster that exists."""

    call: Call
    cluster: Cluster
    planned: Planned
    patience_seconds: float

    def create(self, inputs: Props) -> CreateResult:
        """Creates the object. Raises Refusal when the API server would not create it, at preview as well."""
        if inputs["metadata"] is UNKNOWN:
            return CreateResult("", inputs)
        state = self._state(inputs)
        namespace = self._namespace(inputs)
        if UNKNOWN in (namespace, state["metadata"]["name"]):
            return CreateResult("", state)
        admission = self._admission(state, namespace)
        admission.check_create()
        admission.check_overlays()
        if self.call.preview:
            self._plan(state, namespace)
            return CreateResult("", state)
        self._wait_until_ready(state, f'resource "{self.call.urn}" was successfully created, but ', "it")
        state["metadata"]["resourceVersion"] = "1"
        with self.cluster.cloud.exclusive():
            self._admission(state, namespace, patience_seconds=0).check_create()
            self.cluster.put(state, namespace, self.call.urn)
        self.planned.clear()
        return CreateResult(id_of(namespace, state["metadata"]["name"]), state)

    def read(self, id_: str, inputs: Props, state: Props) -> ReadResult | None:
        """Returns the live object, and the inputs with their live values."""
        api_version, kind = self._identity(inputs or state)
        namespace, _, name = id_.rpartition("/")
        stored = self.cluster.get(api_version, kind, namespace, name)
        if stored is None:
            return None
        live = copy.deepcopy(stored.state)
        return ReadResult(id_, live, _live_values(inputs, live) if inputs else _inputs_of(live))

    def update(self, id_: str, old: Props, old_state: Props, new: Props) -> Props:
        """Updates the object. Raises Refusal for a change that the API server refuses, at preview as well."""
        self._refuse_immutable(id_, old, new)
        api_version, kind = self._identity(old or old_state)
        namespace, _, name = id_.rpartition("/")
        stored = self.cluster.get(api_version, kind, namespace, name)
        live = stored.state if stored else old_state
        state = self._state(_merged(live, old, new))
        if not has_unknown(state["metadata"]):
            admission = self._admission(state, namespace)
            admission.check_update()
            admission.check_overlays()
        if self.call.preview:
            self._plan(state, namespace)
            return state
        self._wait_until_ready(state, "", f'"{id_}"')
        version = int(live.get("metadata", {}).get("resourceVersion", "1")) + 1
        state["metadata"] |= {key: live["metadata"][key] for key in ("uid",) if key in live.get("metadata", {})}
        state["metadata"]["resourceVersion"] = str(version)
        with self.cluster.cloud.exclusive():
            if stored and api_version != state["apiVersion"]:
                self.cluster.delete(api_version, kind, namespace, name)
            self.cluster.put(state, namespace, self.call.urn)
        self.planned.clear()
        return state

    def delete(self, id_: str, inputs: Props, state: Props) -> None:
        """Deletes the object and its contents. Raises Refusal when something still needs it."""
        api_version, kind = self._identity(inputs or state)
        namespace, _, name = id_.rpartition("/")
        self._refuse_in_use(id_, api_version, kind, name)
        with self.cluster.cloud.exclusive():
            self.cluster.delete(api_version, kind, namespace, name)
        self.planned.clear()

    def _wait_until_ready(self, state: Props, front: str, named: str) -> None:
        """Raises Refusal when the object names a condition to wait for, and it would never become true.

        The real provider creates the object first, and waits ten minutes. With nodes that EC2 refuses to start, or to
        give volumes, it succeeds, and pods wait for ever.
        """
        name = state["metadata"]["name"]
        if reason := why_no_spot(self.cluster, state):
            raise Refusal(f"{front}Karpenter could start no spot instance of {name}: {reason}")
        if reason := why_no_volumes(self.cluster, state):
            raise Refusal(f"{front}the EBS driver could attach no volume to nodes of {name}: {reason}")
        try:
            conditions = waited_for(state)
        except ValueError as mistake:
            raise Refusal(f"{state['metadata']['name']}: {mistake}") from None
        if not {"condition=Ready", "condition=Ready=True"} & set(conditions):
            return
        if not self.planned.wait(self.patience_seconds, lambda: not why_not_ready(self.cluster, state)):
            raise Refusal(
                f"{front}the Kubernetes API server reported that {named} failed to fully initialize or become live: "
                f"'{name}' timed out waiting to be Ready. {why_not_ready(self.cluster, state)}"
            )
        state["status"] = {"conditions": [{"type": "Ready", "status": "True"}]}

    def _refuse_in_use(self, id_: str, api_version: str, kind: str, name: str) -> None:
        if (api_version, kind) != NODE_CLASS:
            return

        def users() -> list[str]:
            pools = [each.state for each in self.cluster.of_kind(*NODE_POOL)]
            return sorted(pool["metadata"]["name"] for pool in pools if node_class_of(pool) == name)

        if not self.planned.wait(self.patience_seconds, lambda: not users()):
            raise Refusal(
                f'the Kubernetes API server reported that "{id_}" still exists: NodePool {", ".join(users())} uses it. '
                "While it has nodes, the finalizer karpenter.k8s.aws/termination keeps the EC2NodeClass, and the real "
                "delete waits ten minutes and fails. Let the NodePool depend on the EC2NodeClass, so that the NodePool "
                "is deleted first."
            )

    def _admission(self, state: Props, namespace: str, patience_seconds: float | None = None) -> Admission:
        patience = self.patience_seconds if patience_seconds is None else patience_seconds
        return Admission(self.call, self.cluster, self.planned, state, namespace, patience)

    def _identity(self, props: Props) -> tuple[str, str]:
        """Returns apiVersion and kind; for an import, from the type token."""
        _, group, kind = self.call.type.split(":")
        return props.get("apiVersion", group.removeprefix("core/")), props.get("kind", kind)

    def _namespace(self, inputs: Props) -> Any:
        """Returns the namespace of the object: `default` when none is given, without a warning, as in reality."""
        planned = self.planned.custom(self.cluster.name, inputs["apiVersion"], inputs["kind"])
        namespaced = planned[0].namespaced if planned else self.cluster.namespaced(inputs["apiVersion"], inputs["kind"])
        namespace = inputs["metadata"].get("namespace")
        return ("default" if namespace in (None, "") else namespace) if namespaced else ""

    def _plan(self, state: Props, namespace: str) -> None:
        self.planned.add(self.cluster.name, state["kind"], namespace, state)
        if (state["apiVersion"], state["kind"]) == CRD and not has_unknown(state["spec"]):
            for version in state["spec"].get("versions", ()):
                schema = (version.get("schema") or {}).get("openAPIV3Schema")
                self.planned.add_kind(self.cluster.name, custom_kind_of(state), schema)

    def _state(self, inputs: Props) -> Props:
        """Returns the object as the API server does: with uid, creation time, and the defaults that programs read."""
        state: Props = _without_none(inputs)
        digest = hashlib.sha256(f"{self.cluster.name} {self.call.urn}".encode()).hexdigest()
        metadata = state["metadata"] = dict(state["metadata"])
        namespace = self._namespace(state)
        if namespace != "":
            metadata["namespace"] = namespace
        metadata |= {"creationTimestamp": _CREATED, "uid": str(uuid.UUID(digest[:32]))}
        _fill_in_defaults(state, digest)
        state = with_defaults(state, schema_of(state["apiVersion"], state["kind"]) or {})
        return state | {
            "__initialApiVersion": state["apiVersion"],
            "__fieldManager": f"pulumi-kubernetes-{digest[:8]}",
        }

    def _refuse_immutable(self, id_: str, old: Props, new: Props) -> None:
        facts = kind_facts(new.get("kind", ""))
        mistake = None
        for change in changes(old, new):
            reason = next((text for path, text in facts.refused.items() if _is_under(change.path, (path,))), None)
            if reason:
                verb = "Forbidden" if "may not" in reason or "forbidden" in reason else "Invalid value"
                mistake = f"{change.path}: {verb}: {reason}"
            elif change.path == "immutable" and old.get("immutable") is True:
                mistake = "immutable: Forbidden: field is immutable when `immutable` is set"
            elif change.path == "spec.resources.requests.storage" and new.get("kind") == "PersistentVolumeClaim":
                mistake = self._resize_mistake(old, new)
            elif change.path == "spec.replicas" and becomes_or_stops_being_static(old, new):
                mistake = 'spec: Invalid value: "object": replicas cannot be added to a NodePool, or removed from it'
            if mistake:
                raise Refusal(
                    f'the Kubernetes API server reported that "{id_}" failed to fully initialize or become live: '
                    f"{invalid(new)}: {mistake}"
                )

    def _resize_mistake(self, old: Props, new: Props) -> str | None:
        before, after = (each["spec"]["resources"]["requests"]["storage"] for each in (old, new))
        if UNKNOWN in (before, after):
            return None
        if quota.quantity(after) < quota.quantity(before):
            return _SMALLER
        name = new["spec"].get("storageClassName")
        storage_class = (
            self.cluster.get("storage.k8s.io/v1", "StorageClass", "", name) if isinstance(name, str) else None
        )
        return None if storage_class and storage_class.state.get("allowVolumeExpansion") is True else _CANNOT_GROW


def _fill_in_defaults(state: Props, digest: str) -> None:
    """Fills in the API server's defaults of the fields that programs and policies read."""
    kind, metadata = state["kind"], state["metadata"]
    if kind == "Namespace":
        labels = metadata.get("labels", {})
        name_label = {"kubernetes.io/metadata.name": metadata["name"]}
        metadata["labels"] = labels if labels is UNKNOWN else {**labels, **name_label}
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


def _inputs_of(live: Props) -> Props:
    """Returns inputs that would create the object: its fields without those that the server adds."""
    fields = {key: value for key, value in live.items() if key != "status" and not key.startswith("__")}
    fields["metadata"] = {key: value for key, value in live["metadata"].items() if key not in _SERVER_FIELDS}
    return fields


def _live_values(inputs: Any, live: Any) -> Any:
    """Returns the live values of the fields in the inputs; fields that others have added are left out."""
    if isinstance(inputs, Mapping) and isinstance(live, Mapping):
        return {key: _live_values(value, live[key]) for key, value in inputs.items() if key in live}
    if isinstance(inputs, list) and isinstance(live, list) and len(inputs) == len(live):
        return [_live_values(*pair) for pair in zip(inputs, live, strict=True)]
    return live


def _merged(live: Any, old: Any, new: Any) -> Any:
    """Merges like server-side apply: fields removed from the inputs are deleted, and fields that others set stay."""
    if not (isinstance(live, Mapping) and isinstance(new, Mapping)):
        return new
    before = old if isinstance(old, Mapping) else {}
    remaining = {key: value for key, value in live.items() if key not in before or key in new}
    return remaining | {
        key: _merged(live[key], before.get(key), value) if key in live else value for key, value in new.items()
    }
