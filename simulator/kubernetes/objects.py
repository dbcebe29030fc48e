"""Creates, compares, reads, updates and deletes Kubernetes objects."""

from __future__ import annotations

import copy
import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from simulator.cloud import CloudResource
from simulator.difference import changes
from simulator.kubernetes import (
    controllers,
    external_secrets,
    finalizers,
    gateways,
    limits,
    load_balancers,
    quota,
    telemetry,
)
from simulator.kubernetes.admission import Admission, id_of
from simulator.kubernetes.changing import refused_by_first_preview, refused_changes
from simulator.kubernetes.checking import invalid, missing_value
from simulator.kubernetes.clusters import CRD, Cluster, custom_kind_of, token
from simulator.kubernetes.custom import object_findings, schema_of, with_defaults, without_none
from simulator.kubernetes.file_mounts import daemon_of, why_not_mounted
from simulator.kubernetes.karpenter import NODE_CLAIM, NODE_CLASS, NODE_POOL, node_class_of
from simulator.kubernetes.kinds import ALWAYS_REPLACED_BY, SERVER_FIELDS, kind_facts
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.names import is_autonamed
from simulator.kubernetes.network_policies import KINDS
from simulator.kubernetes.patches import OWNERS, identity, is_patch, merged, refuse_conflicts, without_owners
from simulator.kubernetes.planned import Planned
from simulator.kubernetes.pods import service_range
from simulator.kubernetes.readiness import (
    is_simulated,
    status_of,
    waited_for,
    why_daemons_may_wait,
    why_no_spot,
    why_no_volumes,
    why_not_ready,
)
from simulator.kubernetes.real import RealServer
from simulator.kubernetes.schema import builtin_kind
from simulator.kubernetes.trace_collectors import why_no_spans
from simulator.kubernetes.webhooks import cut_off
from simulator.provider import Call, CreateResult, DiffResult, ReadResult, Refusal
from simulator.values import UNKNOWN, Props, has_unknown

_CREATED = "2026-01-01T00:00:00Z"  # a constant, since with a clock two equal runs would differ
_EMPTY: tuple[Any, ...] = ("", False, 0, [], {})
_SMALLER = "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
_CANNOT_GROW = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


def diff_object(call: Call, old: Props, new: Props) -> DiffResult:
    """Returns the changed paths, and the paths that make the provider replace the object."""
    changed = tuple(changes(old, new))
    facts = kind_facts(new)
    updates_in_place = facts.mutable_with and _is_true(call.config.get(facts.mutable_with))
    replacing = facts.replaced_by
    if updates_in_place or is_patch(call.type, new.get("kind")):
        replacing = ("type",) if updates_in_place and builtin_kind(new) == "Secret" else ()
    replaces = frozenset(each.path for each in changed if _is_under(each.path, (*ALWAYS_REPLACED_BY, *replacing)))
    renamed = {path for path in replaces if _is_under(path, ALWAYS_REPLACED_BY)}
    return DiffResult(changed, replaces, bool(replaces) and not renamed and not is_autonamed(new))


def _is_under(path: str, prefixes: tuple[str, ...]) -> bool:
    pattern = re.sub(r"\[\d+\]", "[*]", path)
    # A whole item of a list has every field of it, which the prefix may name.
    return any(
        pattern == prefix or pattern.startswith((f"{prefix}.", f"{prefix}[")) or prefix.startswith(f"{pattern}.")
        for prefix in prefixes
        if not prefix.startswith(f"{pattern}.") or pattern.endswith("[*]")
    )


def _is_true(value: Any) -> bool:
    return value is True or value == "true"


@dataclass(frozen=True)
class Objects:
    """One request about an object, in a cluster that exists.

    real: the cluster's real API server; None: the simulated admission answers.
    """

    call: Call
    cluster: Cluster
    planned: Planned
    patience_seconds: float
    real: RealServer | None = None

    def create(self, inputs: Props) -> CreateResult:
        """Creates the object. Raises Refusal when the API server would not create it, at preview as well."""
        if inputs["metadata"] is UNKNOWN or (self._is_patch(inputs) and self.call.preview):
            return CreateResult("", inputs)
        if self._is_patch(inputs):
            namespace = self._namespace(inputs)
            return CreateResult(id_of(namespace, inputs["metadata"]["name"]), self._apply({}, inputs, namespace))
        state = self._state(inputs)
        namespace = self._namespace(inputs)
        if UNKNOWN in (namespace, state["metadata"]["name"]):
            return CreateResult("", state)
        admission = self._admission(state, namespace)
        admission.check_surroundings()
        admission.check_overlays()
        if self.call.preview:
            state = self._created(admission, inputs)
            self._plan(state, namespace)
            return CreateResult("", state)
        self._wait_until_ready(state, f'resource "{self.call.urn}" was successfully created, but ', "it")
        state["metadata"]["resourceVersion"] = "1"
        with self.cluster.cloud.exclusive():
            self._admission(state, namespace, patience_seconds=0).check_surroundings()
            state = self._created(admission, inputs)
            state = self._put(state, namespace)
        self.planned.clear()
        self._warn_of_what_is_cut_off(state, namespace)
        return CreateResult(id_of(namespace, state["metadata"]["name"]), state)

    def read(self, id_: str, inputs: Props, state: Props) -> ReadResult | None:
        """Returns the live object, and the inputs with their live values."""
        api_version, kind = self._identity(inputs or state)
        namespace, _, name = id_.rpartition("/")
        stored = self.cluster.get(api_version, kind, namespace, name)
        if stored is None:
            return None
        live = without_owners(copy.deepcopy(stored.state))
        return ReadResult(id_, live, _live_values(inputs, live) if inputs else _inputs_of(live))

    def update(self, id_: str, old: Props, old_state: Props, new: Props) -> Props:
        """Updates the object. Raises Refusal for a change that the API server refuses, at preview as well."""
        api_version, kind = self._identity(old or old_state)
        namespace, _, name = id_.rpartition("/")
        if self._is_patch(new):
            return new if self.call.preview else self._apply(old, new, namespace)
        stored = self.cluster.get(api_version, kind, namespace, name)
        live = stored.state if stored else old_state
        state = self._state(merged(live, old, new))
        if not self.call.preview:
            self._wait_until_ready(state, "", f'"{id_}"')
        state["metadata"] |= {key: live["metadata"][key] for key in ("uid",) if key in live.get("metadata", {})}
        if not self.call.preview:
            version = int(live.get("metadata", {}).get("resourceVersion", "1")) + 1
            state["metadata"]["resourceVersion"] = str(version)
        with self.cluster.cloud.exclusive():
            state = self._updated(self._admission(state, namespace), id_, old, new, live)
            if self.call.preview:
                self._plan(state, namespace)
                return state
            if stored and api_version != state["apiVersion"]:
                self.cluster.delete(api_version, kind, namespace, name)
            state = self._put(state, namespace)
        self.planned.clear()
        self._warn_of_what_is_cut_off(state, namespace)
        return state

    def delete(self, id_: str, inputs: Props, state: Props) -> None:
        """Deletes the object and its contents. Raises Refusal when something still needs it."""
        api_version, kind = self._identity(inputs or state)
        namespace, _, name = id_.rpartition("/")
        if self._is_patch(inputs or state):
            self._relinquish(inputs, namespace)
            return
        self._refuse_in_use(id_, api_version, kind, name)
        self._refuse_unanswered(id_, api_version, kind, namespace, name)
        self._refuse_finalizers(id_, api_version, kind, namespace, name)
        with self.cluster.cloud.exclusive():
            if self.real is not None:
                self.real.delete(api_version, kind, namespace, name)
            self._end_nodes(self.cluster.get(api_version, kind, namespace, name))
            if (api_version, kind) == ("v1", "Namespace"):
                telemetry.empty(self.cluster, name)
            self.cluster.delete(api_version, kind, namespace, name)
            load_balancers.reconcile(self.cluster)
        self.planned.clear()

    def _is_patch(self, inputs: Props) -> bool:
        return is_patch(self.call.type, inputs.get("kind"))

    def _apply(self, old: Props, new: Props, namespace: str) -> Props:
        """Applies a patch, and returns the object. Raises Refusal for a conflict, and as for any change."""
        name = new["metadata"]["name"]
        with self.cluster.cloud.exclusive():
            stored = self.cluster.get(new["apiVersion"], new["kind"], namespace, name)
            brought = daemon_of(self.cluster, new) if stored is None else None
            live = stored.state if stored else brought or identity(new)
            state = self._state(merged(live, old, new))
            if not (stored or brought) and (missing := missing_value(state, self.cluster.version)):
                raise Refusal(missing)
            refuse_conflicts(live, old, new, state["__fieldManager"])
            state |= {key: live[key] for key in ("__fieldManager", "__initialApiVersion") if key in live}
            state["metadata"] |= {key: live["metadata"][key] for key in ("uid",) if key in live["metadata"]}
            admission = self._admission(state, namespace)
            admission.check_surroundings()
            admission.check_content(live if stored or brought else None)
            owners = {**live.get(OWNERS, {}), self.call.urn: new}
            if stored and daemon_of(self.cluster, new):  # other pods: their number in the order of creation is new
                self.cluster.delete(new["apiVersion"], new["kind"], namespace, name)
            self.cluster.put({**state, OWNERS: owners}, namespace)
        if why := why_daemons_may_wait(state, new):
            self.call.warn(why)
        self.planned.clear()
        return state

    def _relinquish(self, inputs: Props, namespace: str) -> None:
        """Takes the fields away that no other patch has. The object stays."""
        with self.cluster.cloud.exclusive():
            stored = self.cluster.get(inputs["apiVersion"], inputs["kind"], namespace, inputs["metadata"]["name"])
            if stored is not None:
                others = {urn: each for urn, each in stored.state.get(OWNERS, {}).items() if urn != self.call.urn}
                if not others and daemon_of(self.cluster, inputs):
                    self.cluster.delete(inputs["apiVersion"], inputs["kind"], namespace, inputs["metadata"]["name"])
                    return  # what an add-on brings is only stored while somebody changes it
                state = merged(stored.state, inputs, identity(inputs))
                for each in others.values():
                    state = merged(state, {}, each)
                self.cluster.put({**state, OWNERS: others}, namespace)
        self.planned.clear()

    def _put(self, state: Props, namespace: str) -> Props:
        """Stores the object, lets its controllers see it, and returns it as a program that has waited sees it."""
        self.cluster.put(state, namespace, self.call.urn)
        finalizers.reconcile(self.cluster)
        load_balancers.reconcile(self.cluster)
        stored = self.cluster.get(state["apiVersion"], state["kind"], namespace, state["metadata"]["name"])
        return copy.deepcopy(stored.state) if stored and gateways.is_ours(state) and waited_for(state) else state

    def _warn_of_what_is_cut_off(self, state: Props, namespace: str) -> None:
        if (state["apiVersion"], state["kind"]) not in KINDS:
            return
        name = "/".join(filter(None, (namespace, state["metadata"]["name"])))
        for why in cut_off(self.cluster, namespace):
            self.call.warn(f"with {state['kind']} {name}: {why}. Nobody else says so.")

    def _end_nodes(self, stored: CloudResource | None) -> None:
        """Lets Karpenter end the nodes of a NodePool that is deleted, unless a pod keeps them."""
        if stored is not None and stored.type == token(*NODE_POOL):
            for node in controllers.made_of(self.cluster.cloud, stored):
                if not controllers.why_kept(self.cluster, node):
                    controllers.delete(self.cluster.cloud, node)

    def _created(self, admission: Admission, inputs: Props) -> Props:
        """Returns the object as the API server stores it, or would store it. Raises Refusal."""
        admission.check_webhooks()
        if self.real is not None and self.real.can_answer(admission, inputs):
            return self.real.create(admission, inputs)
        admission.check_name()
        admission.check_content()
        return admission.state

    def _updated(self, admission: Admission, id_: str, old: Props, new: Props, live: Props) -> Props:
        """Returns the changed object as the API server stores it, or would store it. Raises Refusal."""
        if not has_unknown(admission.state["metadata"]):
            admission.check_controllers()
            admission.check_overlays()
            admission.check_webhooks()
        if self.real is not None and self.real.can_answer(admission, new):
            return self.real.update(admission, new)
        self._refuse_immutable(id_, old, new)
        if not has_unknown(admission.state["metadata"]):
            admission.check_content(live)
        return admission.state

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
        if reason := why_not_mounted(self.cluster, state):
            raise Refusal(
                f"{front}no pod can mount {name}: {reason}. The real provider waits for nothing here, and succeeds."
            )
        if reason := why_no_spans(self.cluster, state):
            raise Refusal(f"{front}the collector {name} gets no spans: {reason}. The real provider does not see it.")
        try:
            conditions = waited_for(state)
        except ValueError as mistake:
            raise Refusal(f"{state['metadata']['name']}: {mistake}") from None
        wanted = [condition for condition in conditions if is_simulated(state, condition)]
        if not wanted:
            self._refuse_no_traffic(state, front)
            return
        if not self.planned.wait(self.patience_seconds, lambda: not why_not_ready(self.cluster, state, wanted)):
            raise Refusal(
                f"{front}the Kubernetes API server reported that {named} failed to fully initialize or become live: "
                f"'{name}' timed out waiting to be Ready. {why_not_ready(self.cluster, state, wanted)}"
            )
        state["status"] = status_of(state)

    def _refuse_no_traffic(self, state: Props, front: str) -> None:
        def why() -> str:
            reason = gateways.why_no_traffic(self.cluster, state)
            return "" if "BackendNotFound" in reason else reason  # a team makes its Service later; until then: 503

        if not self.planned.wait(self.patience_seconds, lambda: not why()):
            raise Refusal(
                f"{front}nothing comes through {state['kind']} {state['metadata']['name']}: {why()}. The real provider "
                "waits for nothing here, and succeeds."
            )
        if reason := external_secrets.why_unread(self.cluster, state):
            raise Refusal(
                f"{front}ExternalSecret {state['metadata']['name']} never makes its Secret: {reason}. The real "
                "provider waits for nothing here, and succeeds."
            )
        if missing := gateways.why_unresolved(self.cluster, state):
            self.call.warn(f"{state['kind']} {state['metadata']['name']}: {missing}. Until then, clients get an error.")

    def _refuse_in_use(self, id_: str, api_version: str, kind: str, name: str) -> None:
        if (api_version, kind) != NODE_CLASS:
            return

        def users() -> list[str]:
            pools = [each.state for each in self.cluster.of_kind(*NODE_POOL)]
            nodes = [each.state for each in self.cluster.of_kind(*NODE_CLAIM)]
            return [
                *sorted(f"NodePool {pool['metadata']['name']}" for pool in pools if node_class_of(pool) == name),
                *(f"node {each['metadata']['name']}" for each in nodes if each["spec"]["nodeClassRef"]["name"] == name),
            ]

        if not self.planned.wait(self.patience_seconds, lambda: not users()):
            raise Refusal(
                f'the Kubernetes API server reported that "{id_}" still exists: {", ".join(users())} uses it. '
                "While it has nodes, the finalizer karpenter.k8s.aws/termination keeps the EC2NodeClass, and the real "
                "delete waits ten minutes and fails. Let the NodePool depend on the EC2NodeClass, so that the NodePool "
                "is deleted first."
            )

    def _refuse_unanswered(self, id_: str, api_version: str, kind: str, namespace: str, name: str) -> None:
        """A namespace deletes what is in it, and webhooks are asked about each."""
        stored = self.cluster.get(api_version, kind, namespace, name)
        if stored is None:
            return
        if why := self._admission(stored.state, namespace).why_not_deleted():
            raise Refusal(why)
        for each in self.cluster.inside(stored.state) or () if kind == "Namespace" else ():
            if why := self._admission(each, name).why_not_deleted():
                raise Refusal(
                    f'the Kubernetes API server reported that "{id_}" still exists: {each["kind"]} '
                    f"{each['metadata']['name']} in it stays: {why}. The real delete waits ten minutes, and fails."
                )

    def _refuse_finalizers(self, id_: str, api_version: str, kind: str, namespace: str, name: str) -> None:
        def why() -> str:
            stored = self.cluster.get(api_version, kind, namespace, name)
            return finalizers.why_kept(self.cluster, stored.state) if stored else ""

        if not self.planned.wait(self.patience_seconds, lambda: not why()):
            raise Refusal(
                f'the Kubernetes API server reported that "{id_}" still exists: {why()}. The real delete waits ten '
                "minutes, warns that finalizers might be preventing deletion, and fails. What has finalizers goes "
                "first, while its controller runs."
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
        planned = self.planned.custom(self.cluster.place, inputs["apiVersion"], inputs["kind"])
        namespaced = planned[0].namespaced if planned else self.cluster.namespaced(inputs["apiVersion"], inputs["kind"])
        namespace = inputs["metadata"].get("namespace")
        return ("default" if namespace in (None, "") else namespace) if namespaced else ""

    def _plan(self, state: Props, namespace: str) -> None:
        self.planned.add(self.cluster.place, state["apiVersion"], state["kind"], namespace, state)
        if (state["apiVersion"], state["kind"]) == CRD and not has_unknown(state["spec"]):
            versions = state["spec"].get("versions", ())
            schemas = {each["name"]: (each.get("schema") or {}).get("openAPIV3Schema") for each in versions}
            self.planned.add_kind(self.cluster.place, custom_kind_of(state), schemas)

    def _state(self, inputs: Props) -> Props:
        """Returns the object as the API server does: with uid, creation time, and the defaults that programs read."""
        state: Props = without_none(inputs)
        metadata = state["metadata"] = dict(state["metadata"])
        namespace = self._namespace(state)
        times = self.cluster.times_gone(state, namespace)  # an object that is made again gets another uid
        digest = hashlib.sha256(f"{self.cluster.name} {self.call.urn}{times or ''}".encode()).hexdigest()
        if namespace != "":
            metadata["namespace"] = namespace
        metadata |= {"creationTimestamp": _CREATED, "uid": str(uuid.UUID(digest[:32]))}
        _fill_in_defaults(state, digest, service_range(self.cluster))
        state = with_defaults(state, schema_of(state["apiVersion"], state["kind"]) or {})
        return state | {
            "__initialApiVersion": state["apiVersion"],
            "__fieldManager": f"pulumi-kubernetes-{digest[:8]}",
        }

    def _refuse_immutable(self, id_: str, old: Props, new: Props) -> None:
        mistakes = list(refused_changes(old, new))
        if builtin_kind(new) == "PersistentVolumeClaim":
            mistakes += filter(None, [self._resize_mistake(old, new)])
        if mistakes:
            raise _not_live(id_, new, "; ".join(mistakes))
        self._refuse_transition(id_, old, new)
        self._warn_of_first_preview(id_, old, new)

    def _warn_of_first_preview(self, id_: str, old: Props, new: Props) -> None:
        path = refused_by_first_preview(old, new) if self.call.preview else None
        namespace, _, name = id_.rpartition("/")
        stored = self.cluster.get(*self._identity(old), namespace, name) if path else None
        if stored is not None and stored.state["metadata"].get("resourceVersion") == "1":
            self.call.warn(
                f"{invalid(new)}: {path}: the first preview of the real provider after the create may refuse this "
                "change. Its update accepts it."
            )

    def _refuse_transition(self, id_: str, old: Props, new: Props) -> None:
        """Refuses what the rules of a custom kind forbid to change."""
        api_version, kind = new["apiVersion"], new["kind"]
        if old.get("apiVersion") != api_version or self.cluster.builtin(api_version, kind):
            return  # the API server converts an object of another version first, and the simulator cannot
        planned = self.planned.custom(self.cluster.place, api_version, kind)
        schema = planned[1] if planned else self.cluster.custom_schema(api_version, kind)
        for finding in object_findings(new, schema or schema_of(api_version, kind) or {}, old):
            raise _not_live(id_, new, f"{finding.path}: {finding.text}")

    def _resize_mistake(self, old: Props, new: Props) -> str | None:
        before, after = (Node(each).at("spec", "resources", "requests", "storage").value for each in (old, new))
        if UNKNOWN in (before, after) or before == after:
            return None
        if quota.quantity(after) < quota.quantity(before):
            return _SMALLER
        name = new["spec"].get("storageClassName")
        storage_class = (
            self.cluster.get("storage.k8s.io/v1", "StorageClass", "", name) if isinstance(name, str) else None
        )
        return None if storage_class and storage_class.state.get("allowVolumeExpansion") is True else _CANNOT_GROW


def _not_live(id_: str, new: Props, mistake: str) -> Refusal:
    return Refusal(
        f'the Kubernetes API server reported that "{id_}" failed to fully initialize or become live: '
        f"{invalid(new)}: {mistake}"
    )


def _fill_in_defaults(state: Props, digest: str, services: IPv4Network) -> None:
    """Fills in the API server's defaults of the fields that programs and policies read."""
    kind, metadata = builtin_kind(state), state["metadata"]
    if kind == "Namespace":
        labels = metadata.get("labels", {})
        name_label = {"kubernetes.io/metadata.name": metadata["name"]}
        metadata["labels"] = labels if labels is UNKNOWN else {**labels, **name_label}
        state.setdefault("spec", {"finalizers": ["kubernetes"]})
        state["status"] = {"phase": "Active"}
    elif kind == "LimitRange" and isinstance(state.get("spec"), dict) and isinstance(state["spec"].get("limits"), list):
        state["spec"] = {**state["spec"], "limits": [limits.with_defaults(each) for each in state["spec"]["limits"]]}
    elif kind == "StorageClass":
        state.setdefault("reclaimPolicy", "Delete")
        state.setdefault("volumeBindingMode", "Immediate")
    elif kind == "PriorityClass":
        state.setdefault("preemptionPolicy", "PreemptLowerPriority")
    elif kind == "PersistentVolumeClaim" and isinstance(state.get("spec"), dict):
        state["spec"] = {"volumeMode": "Filesystem"} | state["spec"]
        state["status"] = {"phase": "Pending"}
    elif kind == "Service" and isinstance(state.get("spec"), dict):
        address = str(services[int(digest[:4], 16) % services.num_addresses])
        state["spec"] = {"type": "ClusterIP", "clusterIP": address, "sessionAffinity": "None"} | state["spec"]
        balancer = {"ingress": [{"hostname": f"k8s-{digest[:16]}.elb.amazonaws.com"}]}
        state["status"] = {"loadBalancer": balancer if state["spec"]["type"] == "LoadBalancer" else {}}


def _inputs_of(live: Props) -> Props:
    """Returns inputs that would create the object: its fields without those that the server adds."""
    fields = {key: value for key, value in live.items() if key != "status" and not key.startswith("__")}
    fields["metadata"] = {key: value for key, value in live["metadata"].items() if key not in SERVER_FIELDS}
    return fields


def _live_values(inputs: Any, live: Any) -> Any:
    """Returns the live values of the fields in the inputs; fields that others have added are left out.

    An empty value that is not there is the same value: the API server leaves out many of them.
    """
    if isinstance(inputs, Mapping) and isinstance(live, Mapping):
        kept = {key: value for key, value in inputs.items() if key in live or value in _EMPTY}
        return {key: _live_values(value, live[key]) if key in live else value for key, value in kept.items()}
    if isinstance(inputs, list) and isinstance(live, list) and len(inputs) == len(live):
        return [_live_values(*pair) for pair in zip(inputs, live, strict=True)]
    return live
