"""The answers of a real API server for the objects of a simulated cluster.

The objects still live in the cloud, as everything does. An API server starts empty, and each command brings in what it
lacks, so that a cloud file can be copied, and changed by hand, and works with and without a real server.
"""

from __future__ import annotations

import copy
import http.client
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from simulator.control_plane.client import ApiServer, Object, Refused, Unreachable
from simulator.kubernetes import pod_security
from simulator.kubernetes.admission import Admission
from simulator.kubernetes.clusters import CRD, RELEASE, Cluster, token
from simulator.kubernetes.custom import definition
from simulator.kubernetes.kinds import SERVER_FIELDS, CustomKind
from simulator.kubernetes.schema import builtin_kind
from simulator.kubernetes.webhooks import Webhooks, webhooks_in
from simulator.provider import Refusal
from simulator.values import Props, has_unknown

_MANAGER = "pulumi-kubernetes"
_OF_THE_SIMULATOR = ("creationTimestamp", "resourceVersion", "uid")  # the server's own differ from run to run
_FIRST = ("CustomResourceDefinition", "Namespace", "PriorityClass", "RuntimeClass", "StorageClass", "ServiceAccount")
_WAIT_SECONDS = 10.0
_NO_ACCOUNT = "error looking up service account"
_APPROVED = {"api-approved.kubernetes.io": "unapproved, stands for the definition of a chart"}  # asked for in *.k8s.io
_GP2 = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "gp2"},
    "provisioner": "kubernetes.io/aws-ebs",
    "parameters": {"type": "gp2", "fsType": "ext4"},
    "volumeBindingMode": "WaitForFirstConsumer",
}


class RealServer:
    """One cluster's API server. Every method may raise Unreachable."""

    def __init__(self, cluster: Cluster, server: ApiServer) -> None:
        self._cluster, self._server = cluster, server
        self._brought_in = server.brought_in

    def bring_in(self) -> list[str]:
        """Creates what the cloud has and the server lacks, and deletes what the cloud has no longer.

        Returns a text for each object that the simulated admission accepted and the real server refuses, once.
        """
        refusals = []
        wanted = {_key(state): state for state in self.objects()}
        for key, gone in [each for each in self._brought_in.items() if each[0] not in wanted]:
            with suppress(Refused):  # such as a kind that is gone with its definition
                self._server.delete(*identity(gone), wait=False)
            del self._brought_in[key]
        for key, state in wanted.items():
            if key not in self._brought_in:
                try:
                    self.restore(state)
                except Refused as refused:
                    which = f"{state['kind']} {state['metadata']['name']}"
                    refusals.append(f"the cloud has {which}, which the real API server refuses: {refused}")
                self._brought_in[key] = state
        return refusals

    def objects(self) -> list[Object]:
        """Returns the objects that the cloud has for this cluster, in an order in which they can be created.

        Without those that have an owner: its controller makes them, and they are no more than their names here.
        """
        definitions = [_definition(served) for served in self._cluster.custom_kinds()]
        stored = [
            _complete(each.state)
            for each in self._cluster.objects()
            if each.type != RELEASE and "ownerReferences" not in each.state["metadata"]
        ]
        spaces = [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            for name in self._cluster.namespaces_of_addons()
        ]
        by_key = {_key(state): state for state in (_GP2, *spaces, *definitions, *stored)}
        return sorted(by_key.values(), key=lambda state: _place(builtin_kind(state)))

    def restore(self, state: Object) -> None:
        """Creates an object of the cloud. Raises Refused, but not when it exists."""
        body, namespace = _body(state), identity(state)[2]
        try:
            if str(state["metadata"].get("resourceVersion", "1")) != "1" and "__fieldManager" in state:
                self._server.apply(body, namespace, str(state["__fieldManager"]))
            else:
                self._server.create(body, namespace, manager=_MANAGER)
        except Refused as refused:
            if refused.code != http.client.CONFLICT:
                raise
        self._wait_until_served(body)

    def can_answer(self, admission: Admission, inputs: Props) -> bool:
        """Returns whether everything is known; at preview, the kind or the namespace may still be only planned."""
        state, namespace = admission.state, admission.namespace
        try:
            if has_unknown(inputs) or self._server.resource(state["apiVersion"], state["kind"]) is None:
                return False
            return not namespace or self._server.get("v1", "Namespace", "", namespace) is not None
        except Unreachable as problem:
            raise Refusal(str(problem)) from None

    def try_out(self, state: Object, namespace: str) -> None:
        """Asks whether an object and its pods would be accepted; one that exists counts. Raises Refused."""
        stored = self._cluster.get("v1", "Namespace", "", namespace)
        webhooks = webhooks_in(self._cluster, namespace, stored.state if stored else {}, None)
        self._check_pods(state, namespace, webhooks)
        try:
            self._server.create(state, namespace, dry_run=True)
        except Refused as refused:
            if refused.code != http.client.CONFLICT:
                raise

    def create(self, admission: Admission, inputs: Props) -> Props:
        """Creates the object, at preview as a dry run, and returns it as stored. Raises Refusal."""
        state, namespace, dry_run = admission.state, admission.namespace, admission.call.preview
        body = _body({**inputs, "metadata": {**inputs["metadata"], "name": state["metadata"]["name"]}})
        with self._refusals_of(admission):
            self._check_pods(body, namespace, admission.webhooks)
            answer = self._server.create(body, namespace, dry_run=dry_run, manager=_MANAGER)
            if not dry_run:
                self._wait_until_served(body)
                self._brought_in[_key(answer)] = answer
        return _stored(answer, state)

    def update(self, admission: Admission, inputs: Props) -> Props:
        """Changes the object as the provider does, by server-side apply, and returns it as stored. Raises Refusal.

        At preview, warns of a change that the provider's own preview refuses though its update succeeds: after a
        create, fields still belong to another field manager, and only an update hands them over.
        """
        state, namespace = admission.state, admission.namespace
        body = _body({**inputs, "metadata": {**inputs["metadata"], "name": state["metadata"]["name"]}})
        with self._refusals_of(admission):
            self._check_pods(body, namespace, admission.webhooks)
            live = self._server.get(body["apiVersion"], body["kind"], namespace, body["metadata"]["name"])
            if live is None:  # the server refused the object as it was
                return _stored(self._server.create(body, namespace, dry_run=admission.call.preview), state)
            if admission.call.preview:
                return _stored(self._preview_update(admission, body, live), state)
            manager = str(state["__fieldManager"])
            self._hand_over(live, namespace, manager)
            answer = self._server.apply(body, namespace, manager)
            self._wait_until_served(body)
            self._brought_in[_key(answer)] = answer
        return _stored(answer, state)

    def _preview_update(self, admission: Admission, body: Object, live: Object) -> Object:
        state, namespace = admission.state, admission.namespace
        only_created = any(entry.get("manager") == _MANAGER for entry in live["metadata"].get("managedFields", ()))
        try:
            manager = str(state["__fieldManager"])
            return self._server.apply(body, namespace, manager, dry_run=True, force=only_created)
        except Refused as refused:
            replaced = _body(state)
            replaced["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
            answer = self._server.replace(replaced, namespace, dry_run=True)
            admission.call.warn(
                f"{refused}. Only the first preview after the object was created says this: the real provider refuses "
                "it there, but its update succeeds. Run the update with --skip-preview."
            )
            return answer

    @contextmanager
    def _refusals_of(self, admission: Admission) -> Iterator[None]:
        with self._cluster.cloud.exclusive():
            try:
                yield
            except Refused as refused:
                raise admission.refused_by(refused) from None
            except Unreachable as problem:
                raise Refusal(str(problem)) from None

    def delete(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        """Deletes the object, and waits until it is gone with its contents. Raises Refusal."""
        try:
            self._server.delete(api_version, kind, namespace, name)
        except (Refused, Unreachable) as problem:
            raise Refusal(str(problem)) from None
        self._brought_in.pop((token(api_version, kind), namespace, name), None)

    def _wait_until_served(self, body: Object) -> None:
        if (body["apiVersion"], body["kind"]) == CRD:
            self._server.wait_until_served(body)

    def _hand_over(self, live: Object, namespace: str, manager: str) -> None:
        """Gives the fields of the create to the manager of updates, so that fields that are left out are removed."""
        entries = copy.deepcopy(live["metadata"].get("managedFields", []))
        created = [entry for entry in entries if entry.get("manager") == _MANAGER and "subresource" not in entry]
        for entry in created:
            entry |= {"manager": manager, "operation": "Apply"}
        if created:
            version = live["metadata"]["resourceVersion"]
            patch = {"metadata": {"managedFields": entries, "resourceVersion": version}}
            self._server.merge(live, namespace, patch)

    def _check_pods(self, body: Object, namespace: str, webhooks: Webhooks) -> None:
        """Raises Refused when the pods of a workload would be forbidden: the server accepts the workload itself.

        They are the pods that Linkerd's injector makes. The server has no injector, so a Pod is asked about as well.
        """
        complete = webhooks.with_proxies(body)
        pod = pod_security.pod_of(complete)
        if pod is None or (body["kind"] == "Pod" and complete is body):
            return
        spec = {key: value for key, value in pod["spec"].items() if not key.startswith("serviceAccount")}
        claims = [each["metadata"]["name"] for each in body["spec"].get("volumeClaimTemplates", ())]
        spec["volumes"] = [*spec.get("volumes", ()), *({"name": name, "emptyDir": {}} for name in claims)]
        labels = (pod.get("metadata") or {}).get("labels", {})
        metadata = {"name": "pod-of-template", "namespace": namespace, "labels": labels}
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                one_pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
                self._server.create(one_pod, namespace, dry_run=True)
                return
            except Refused as refused:
                if _NO_ACCOUNT in str(refused) and time.monotonic() < deadline:
                    time.sleep(0.05)  # a controller makes the account `default` of a new namespace
                elif refused.reason == "Forbidden":
                    raise
                else:
                    return  # the workload's own validation says this better


def _place(kind: str) -> int:
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)


def identity(state: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Returns apiVersion, kind, namespace and name of an object; the namespace is "" when it has none."""
    metadata = state["metadata"]
    return state["apiVersion"], state["kind"], metadata.get("namespace", ""), metadata["name"]


def _key(state: Mapping[str, Any]) -> tuple[str, ...]:
    _, kind, *place = identity(state)
    return token(state["apiVersion"], kind), *place


def _body(state: Mapping[str, Any]) -> Object:
    """Returns what is sent: the object without what the server adds, and without the provider's notes."""
    fields = {key: copy.deepcopy(value) for key, value in state.items() if key != "status" and not key.startswith("__")}
    not_sent = (*SERVER_FIELDS, "finalizers")  # no controller runs there that would take them off again
    fields["metadata"] = {key: value for key, value in fields["metadata"].items() if key not in not_sent}
    return fields


def _stored(answer: Object, state: Props) -> Props:
    """Returns the server's answer with the simulator's identity and status, so that two equal runs do not differ."""
    metadata = {key: value for key, value in answer["metadata"].items() if key not in SERVER_FIELDS}
    metadata |= {key: state["metadata"][key] for key in _OF_THE_SIMULATOR if key in state["metadata"]}
    status = {"status": state["status"]} if "status" in state else {}
    notes = {key: value for key, value in state.items() if key.startswith("__")}
    return {**answer, "metadata": metadata, **status, **notes}


def _complete(state: Mapping[str, Any]) -> Object:
    """Returns the object; a chart's definition, which is stored by name alone, with its schemas and rules."""
    spec = state["spec"] if (state["apiVersion"], state["kind"]) == CRD else None
    if spec is None or all("schema" in version for version in spec["versions"]):
        return dict(state)
    versions = tuple(version["name"] for version in spec["versions"])
    names = spec["names"]
    return _definition(CustomKind(spec["group"], names["kind"], names["plural"], spec["scope"] != "Cluster", versions))


def _definition(served: CustomKind) -> Object:
    """Returns the definition of a kind that a chart or an add-on brings; an open one where its schema is not known."""
    known = definition(served.group, served.kind)
    if known is not None:
        return dict(known)
    versions = [
        {"name": name, "served": True, "storage": index == 0, "schema": _open_schema()}
        for index, name in enumerate(served.versions)
    ]
    return {
        "apiVersion": CRD[0],
        "kind": CRD[1],
        "metadata": {"name": f"{served.plural}.{served.group}", "annotations": _APPROVED},
        "spec": {
            "group": served.group,
            "names": {"kind": served.kind, "plural": served.plural, "singular": served.kind.lower()},
            "scope": "Namespaced" if served.namespaced else "Cluster",
            "versions": versions,
        },
    }


def _open_schema() -> Object:
    return {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
