"""Admission: what the API server refuses, given the other objects of the cluster and of the same preview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.control_plane.client import Refused
from simulator.kubernetes import classes, limits, pod_security, quota
from simulator.kubernetes.checking import PRUNED, invalid
from simulator.kubernetes.clusters import CRD, RELEASE, Cluster, token
from simulator.kubernetes.custom import object_findings
from simulator.kubernetes.injection import PROXY, SERVER, refused_probes
from simulator.kubernetes.karpenter import NODE_CLASS, NODE_OVERLAY, node_class_of, overlays_conflict
from simulator.kubernetes.kinds import BUILT_IN, IN_EVERY_NAMESPACE, kind_of_an_addon, plural
from simulator.kubernetes.made_policies import COLLECTOR, policy_of
from simulator.kubernetes.meaning.definitions import identity_findings
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.network_policies import POLICY
from simulator.kubernetes.planned import Planned
from simulator.kubernetes.readiness import SKIP
from simulator.kubernetes.schema import builtin_kind, version_numbers
from simulator.kubernetes.webhooks import INJECTOR, Request, Webhooks, webhooks_in
from simulator.provider import Call, Refusal
from simulator.values import Props

_RETRIED = "The preview of the real provider accepts this; its update tries for 63 s and then fails."
_LATE = "The preview of the real provider accepts this; its update fails."
_STARVES = (
    "The preview of the real provider accepts this; its update creates the object, waits ten minutes for pods that "
    "never start, and then fails without naming the reason."
)
_STARVES_UNSEEN = (
    "The preview of the real provider accepts this; its update creates the object and succeeds, but its pods never "
    "start."
)
_AWAITED = frozenset({"DaemonSet", "Deployment", "Job", "Pod", "ReplicationController", "StatefulSet"})
_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_NEVER_READY = (
    "The API server accepts the NodePool, but Karpenter never marks it ready, and pods that need it wait for ever. "
    "Create the EC2NodeClass, and let the NodePool depend on it."
)
_CONFLICT = (
    "The API server accepts both, but Karpenter ignores one of them, with the reason Conflict in its status, and pods "
    "that need its resources wait for ever. Give them different requirements, for example karpenter.sh/nodepool, or "
    "different weights."
)
_STORAGE_CLASS = ("storage.k8s.io/v1", "StorageClass")
_OF_DEVICES = ("v1", "v1beta2", "v1beta1")
_EXISTS = """

The resource already exists in the cluster. This can happen when:

  - Renaming a Pulumi resource: use an alias to preserve the identity,
    or use deleteBeforeReplace if the resource needs replacement.
  - Managing an existing resource: use a Patch resource (e.g. NamespacePatch)
    to manage specific fields without owning the resource lifecycle.
  - Adopting a resource into Pulumi: use `pulumi import`. Note that
    protected resources (e.g. kube-system) cannot be deleted on destroy.
  - Intentional upsert: set upsertExistingObjects on the provider to allow
    server-side apply to update existing objects on create."""


@dataclass(frozen=True)
class Admission:
    """The checks of one object that is created or updated in a cluster.

    state: the object as it would be stored. patience_seconds: how long to wait for something that is missing.
    """

    call: Call
    cluster: Cluster
    planned: Planned
    state: Props
    namespace: str
    patience_seconds: float

    def check_surroundings(self) -> None:
        """Raises Refusal when the cluster lacks what the object needs: its kind, its namespace, its node class."""
        self._kind_is_served()
        self._has_the_name_of_its_kind()
        self._namespace_exists()
        self.check_controllers()

    def check_controllers(self) -> None:
        """Raises Refusal when the API server accepts the object, but its controller never makes it ready."""
        self._node_class_exists()
        self._proxies_get_ready()

    def check_name(self) -> None:
        """Raises Refusal when another object has the name."""
        self._name_is_free()

    def check_content(self, before: Mapping[str, Any] | None = None) -> None:
        """Raises Refusal when the content of the object is not allowed. before: the object that an update changes."""
        self._custom_schema()
        self._classes()
        complete = self.webhooks.with_proxies(self.state)
        self._pod_security(complete)
        if before is None or builtin_kind(self.state) != "Pod":  # LimitRanges see no updates of pods
            self._limit_ranges(complete)
        self._quota(complete, before)
        self._warn_of_an_endless_job(complete)
        self._warn_of_refused_probes(complete)
        self._warn_of_an_open_collector()

    def check_webhooks(self) -> None:
        """Raises Refusal when a webhook does not answer that the API server must ask. Warns of pods without a proxy."""
        api_version, kind = self.state["apiVersion"], self.state["kind"]
        live = self.cluster.get(api_version, kind, self.namespace, self._name)
        request = self._request("CREATE" if live is None else "UPDATE")
        for each in self.webhooks.unanswered(self.state, request, live.state if live else None):
            webhook, of_pods = each.webhook, f'pods of {kind} "{self._name}": ' if each.of_pods else ""
            if webhook.fails:
                raise self._refused(f"{of_pods}{each.why}", self._late_for_pods)
            injects = webhook.name == INJECTOR
            if injects and self.webhooks.with_proxies(self.state, also_when_down=True) != self.state:
                self.call.warn(
                    f'{kind} "{self._name}" starts pods without a proxy while {webhook.service} does not answer: what '
                    "they send is not encrypted, and they have no identity. They get one when they start again."
                )

    def why_not_deleted(self) -> str:
        """Returns what the API server says when a webhook does not answer that sees a deletion; "" when all do."""
        unanswered = self.webhooks.unanswered(self.state, self._request("DELETE"))
        return next((each.why for each in unanswered if each.webhook.fails), "")

    def _request(self, operation: str) -> Request:
        group, _, version = self.state["apiVersion"].rpartition("/")
        versions = self.cluster.versions(group, self.state["kind"])
        return Request(operation, group, version, self._plural, bool(self.namespace), versions)

    @property
    def webhooks(self) -> Webhooks:
        """The webhooks that the API server asks."""
        planned = self.planned if self.call.preview else None
        return webhooks_in(self.cluster, self.namespace, (self._namespace() or {}) if self.namespace else {}, planned)

    def refused_by(self, refused: Refused) -> Refusal:
        """Returns the refusal of a real API server in the provider's words, with what the real preview hides."""
        text = str(refused)
        if refused.reason == "AlreadyExists":
            return self._refused(text + _EXISTS, _LATE)
        if "strict decoding error" in text and not self.cluster.builtin(self.state["apiVersion"], self.state["kind"]):
            return self._refused(text, PRUNED, always=True)
        return self._refused(text, self._late_for_pods if refused.reason == "Forbidden" else "")

    def check_overlays(self) -> None:
        """Warns when another NodeOverlay conflicts with this one. Raises Refusal when the same preview creates both.

        It only warns about a live one, since the same update may delete that.
        """
        if (self.state["apiVersion"], self.state["kind"]) != NODE_OVERLAY:
            return
        planned = self.planned.of_kind(self.cluster.place, *NODE_OVERLAY) if self.call.preview else []
        named = {each["metadata"]["name"] for each in planned}
        stored = [each.state for each in self.cluster.of_kind(*NODE_OVERLAY)]
        for other in [*planned, *(each for each in stored if each["metadata"]["name"] not in named)]:
            name = other["metadata"]["name"]
            settings = overlays_conflict(self.state, other) if name != self._name else None
            if settings is None:
                continue
            text = (
                f'{invalid(self.state)}: spec: it and NodeOverlay "{name}" both set {settings} for the same instance '
                "types with the same weight"
            )
            if other in planned:
                raise self._refused(text, _CONFLICT, always=True)
            self.call.warn(f"{text}. {_CONFLICT}")

    @property
    def _name(self) -> str:
        name: str = self.state["metadata"]["name"]
        return name

    @property
    def _plural(self) -> str:
        api_version, kind = self.state["apiVersion"], self.state["kind"]
        planned = self.planned.custom(self.cluster.place, api_version, kind)
        served = planned[0] if planned else self.cluster.served(api_version, kind)
        return served.plural if served else plural(kind)

    def _kind_is_served(self) -> None:
        api_version, kind = self.state["apiVersion"], self.state["kind"]
        if self.cluster.builtin(api_version, kind):
            return

        def served() -> bool:
            return bool(
                self.cluster.served(api_version, kind) or self.planned.custom(self.cluster.place, api_version, kind)
            )

        if self.call.preview and kind_of_an_addon(api_version, kind):
            return  # the same preview may create the add-on, but only the AWS provider knows that
        if not self.planned.wait(self.patience_seconds, served):
            raise Refusal(
                f'creation of resource "{self.call.urn}" with kind {api_version}/{kind} failed because the Kubernetes '
                "API server reported that the apiVersion for this resource does not exist. Verify that any required "
                f'CRDs have been created: no matches for kind "{kind}" in version "{api_version}"{self._note(_RETRIED)}'
            )

    def _proxies_get_ready(self) -> None:
        def why() -> str:
            return self.webhooks.why_proxies_wait(self.state)

        if not self.planned.wait(self.patience_seconds, lambda: not why()):
            raise self._refused(f'pods of {self.state["kind"]} "{self._name}" never get ready: {why()}', self._starves)

    def _has_the_name_of_its_kind(self) -> None:
        if (self.state["apiVersion"], self.state["kind"]) == CRD:
            for mistake in identity_findings(Node(self.state)):
                raise self._refused(f"{invalid(self.state)}: {mistake.path}: {mistake.text}", "")

    def _namespace_exists(self) -> None:
        def exists() -> bool:
            return self._namespace() is not None

        if self.namespace and not self.planned.wait(self.patience_seconds, exists):
            raise self._refused(f'namespaces "{self.namespace}" not found', _RETRIED)

    def _namespace(self) -> Mapping[str, Any] | None:
        """Returns the namespace as it is, or as this preview creates or changes it."""
        planned = self._planned("v1", "Namespace", self.namespace)
        stored = self.cluster.get("v1", "Namespace", "", self.namespace)
        if planned is not None or stored is not None:
            return planned if stored is None or planned is not None else stored.state
        built_in = ("Namespace", "", self.namespace) in BUILT_IN
        return {} if built_in or self.namespace in self.cluster.namespaces_of_addons() else None

    def _name_is_free(self) -> None:
        api_version, kind = self.state["apiVersion"], self.state["kind"]
        if not self.cluster.exists(api_version, kind, self.namespace, self._name):
            return
        stored = self.cluster.get(api_version, kind, self.namespace, self._name)
        if self.call.preview and stored is not None and stored.urn == self.call.urn:
            return  # this replacement deletes the stored object first
        group = api_version.rpartition("/")[0]
        text = f'{plural(kind)}{f".{group}" if group else ""} "{self._name}" already exists'
        raise self._refused(text + _EXISTS, _LATE)

    def _custom_schema(self) -> None:
        api_version, kind = self.state["apiVersion"], self.state["kind"]
        if self.cluster.builtin(api_version, kind):
            return
        planned = self.planned.custom(self.cluster.place, api_version, kind)
        schema = planned[1] if planned else self.cluster.custom_schema(api_version, kind)
        if schema is None:
            return
        fields = {key: value for key, value in self.state.items() if not key.startswith("__")}
        for finding in object_findings(fields, schema):
            note = PRUNED if finding.unknown_field else ""
            raise self._refused(
                f"{invalid(self.state)}: {finding.path}: {finding.text}", note, always=finding.unknown_field
            )

    def _pod_security(self, complete: Mapping[str, Any]) -> None:
        pod = pod_security.pod_of(complete)
        labels = (self._namespace() or {}).get("metadata", {}).get("labels") if pod and self.namespace else None
        level = labels.get(pod_security.ENFORCE) if isinstance(labels, Mapping) else None
        version = labels.get(f"{pod_security.ENFORCE}-version") or "latest" if isinstance(labels, Mapping) else "latest"
        if pod is None or not isinstance(level, str) or not isinstance(version, str):
            return
        numbers = version_numbers(self.cluster.version if version == "latest" else version)[:2]
        violations = pod_security.violations(level, pod, numbers)
        if violations:
            text = f'violates PodSecurity "{level}:{version}": {", ".join(violations)}'
            raise self._refused(self._pods_forbidden(text), self._late_for_pods)

    def _classes(self) -> None:
        pod = pod_security.pod_of(self.state)
        if pod is None:
            self._second_default()
            return

        def exists() -> bool:
            return classes.missing(pod, self._class) is None

        if not self.planned.wait(self.patience_seconds, exists):
            missing = classes.missing(pod, self._class)
            if missing is not None and not self._has_releases():
                raise self._refused(self._pods_forbidden(missing[1]), self._late_for_pods)
            if missing is not None and self.patience_seconds:  # the check is made again when the object is stored
                self.call.warn(
                    f"{self._pods_forbidden(missing[1])}. A Helm release may create it. {self._late_for_pods}"
                )
            return
        default = next((each for each in self._priority_classes() if each.get("globalDefault") is True), None)
        text = classes.contradiction(pod, self._class, default)
        if text:
            raise self._refused(self._pods_forbidden(text), self._late_for_pods)

    def _class(self, api_version: str, kind: str, name: str) -> Mapping[str, Any] | None:
        planned = self._planned(api_version, kind, name)
        stored = self.cluster.get(api_version, kind, "", name)
        return planned if planned is not None else stored.state if stored else None

    def _planned(self, api_version: str, kind: str, name: str) -> Mapping[str, Any] | None:
        return self.planned.object(self.cluster.place, api_version, kind, "", name) if self.call.preview else None

    def _priority_classes(self) -> list[Mapping[str, Any]]:
        return [each.state for each in self.cluster.of_kind(*classes.PRIORITY_CLASS)]

    def _has_releases(self) -> bool:
        """Returns whether the cluster has Helm releases, whose objects are not simulated."""
        return any(True for _ in self.cluster.releases())

    def _second_default(self) -> None:
        if (self.state["apiVersion"], self.state["kind"]) != classes.PRIORITY_CLASS:
            return
        if self.state.get("globalDefault") is not True:
            return
        planned = self.planned.of_kind(self.cluster.place, *classes.PRIORITY_CLASS) if self.call.preview else []
        known = {each["metadata"]["name"]: each for each in (*self._priority_classes(), *planned)}
        for name, other in known.items():
            if name != self._name and other.get("globalDefault") is True:
                text = f"PriorityClass {name} is already marked as default. Only one default can exist"
                raise self._refused(self._forbidden(text), _LATE)

    def _warn_of_an_endless_job(self, complete: Mapping[str, Any]) -> None:
        pod = pod_security.pod_of(complete) if builtin_kind(self.state) in ("CronJob", "Job") else None
        if pod is not None and any(each["name"].value == PROXY for each in Node(pod)["spec"]["containers"].items):
            self.call.warn(
                f'{self.state["kind"]} "{self._name}" never ends: {PROXY} runs beside its containers, and does not end '
                "with them. Let it be a native sidecar: drop proxy.nativeSidecar: false, or the pod's annotation."
            )

    def _warn_of_refused_probes(self, complete: Mapping[str, Any]) -> None:
        pod, rows = pod_security.pod_of(complete), self.cluster.of_kind(*SERVER, self.namespace)
        for why in refused_probes(pod, [row.state for row in rows]) if pod is not None else ():
            self.call.warn(
                f'pods of {self.state["kind"]} "{self._name}" never get ready: their proxy refuses {why}. Use httpGet, '
                "which it lets in, or let the ranges of nodes in by an AuthorizationPolicy."
            )

    def _warn_of_an_open_collector(self) -> None:
        if (self.state["apiVersion"], self.state["kind"]) != COLLECTOR or policy_of(self.cluster, self.state) is None:
            return
        if any(True for _ in self.cluster.of_kind(*POLICY, self.namespace)):
            self.call.warn(
                f'everybody reaches the ports of OpenTelemetryCollector "{self._name}": its operator makes a network '
                "policy that says so, beside those of the namespace. Write networkPolicy: {enabled: false}."
            )

    def _limit_ranges(self, complete: Mapping[str, Any]) -> None:
        ranges = self._ranges()
        pod = pod_security.pod_of(complete)
        if not ranges:
            return
        if builtin_kind(self.state) == "PersistentVolumeClaim" and (why := limits.claim_refusal(self.state, ranges)):
            raise self._refused(self._forbidden(why), _LATE)
        if pod is None:
            return
        pod = limits.defaulted(pod, ranges)
        for mistake in limits.resource_mistakes(pod, pod_security.spec_path(self.state)):
            raise self._refused(f"{invalid(self.state)}: {mistake.path}: {mistake.text}", self._late_for_pods)
        if why := limits.refusal(pod, ranges):
            raise self._refused(self._pods_forbidden(why), self._late_for_pods)
        for _, claim in quota.claims(complete):
            if why := limits.claim_refusal(claim, ranges):
                raise self._refused(self._made_forbidden("PersistentVolumeClaim", why), self._starves)

    def _quota(self, complete: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
        quotas = self._in_namespace("ResourceQuota")
        if not quotas:
            return
        counter = quota.Counter(self._ranges(), self._default_class(), self._template)
        asked, kept = list(counter.parts(complete)), list[quota.Part]()
        if before is not None:
            old = counter.parts(self.webhooks.with_proxies(before))
            asked, kept = quota.growth(asked, list(old), self.state)
        used = [*kept, *(part for each in self._others() for part in counter.parts(self.webhooks.with_proxies(each)))]
        for part in asked:
            why = quota.exceeded(quotas, [part], used)
            if why and part.itself:
                raise self._refused(self._forbidden(why), _LATE)
            if why:
                raise self._refused(self._made_forbidden(part.kind, why), self._starves)
            used.append(part)

    def _ranges(self) -> list[Node]:
        return [each for found in self._in_namespace("LimitRange") for each in Node(found)["spec"]["limits"].items]

    def _in_namespace(self, kind: str, api_version: str = "v1") -> list[Mapping[str, Any]]:
        """Returns the objects of a kind in the namespace, at preview also those that it makes or changes."""
        if not self.namespace:
            return []
        planned = self.planned.of_kind(self.cluster.place, api_version, kind) if self.call.preview else []
        stored = [each.state for each in self.cluster.of_kind(api_version, kind, self.namespace)]
        here = [each for each in planned if each["metadata"].get("namespace") == self.namespace]
        return list({each["metadata"]["name"]: each for each in (*stored, *here)}.values())

    def _others(self) -> list[Mapping[str, Any]]:
        """Returns the other objects of the namespace, also those that Kubernetes makes in it."""
        born = [{"apiVersion": "v1", "kind": kind, "metadata": {"name": name}} for kind, name in IN_EVERY_NAMESPACE]
        here = f"{self.cluster.name}/{self.namespace}/"
        stored = [each.state for each in self.cluster.objects() if each.id.startswith(here) and each.type != RELEASE]
        planned = self.planned.in_namespace(self.cluster.place, self.namespace) if self.call.preview else []
        found = {_identity(each): each for each in (*born, *stored, *planned)}
        found.pop(_identity(self.state), None)
        return list(found.values())

    def _default_class(self) -> str:
        """Returns the StorageClass of claims that name none; "" where there is none."""
        planned = self.planned.of_kind(self.cluster.place, *_STORAGE_CLASS) if self.call.preview else []
        stored = [each.state for each in self.cluster.of_kind(*_STORAGE_CLASS)]
        classes_ = {each["metadata"]["name"]: each["metadata"].get("annotations") or {} for each in (*stored, *planned)}
        return min((name for name, has in classes_.items() if "true" in map(has.get, _DEFAULT_CLASS)), default="")

    def _template(self, name: str) -> Mapping[str, Any] | None:
        """Returns the ResourceClaimTemplate of a name, of any version of its API."""
        found = (self._in_namespace("ResourceClaimTemplate", f"resource.k8s.io/{each}") for each in _OF_DEVICES)
        return next((each for some in found for each in some if each["metadata"]["name"] == name), None)

    def _node_class_exists(self) -> None:
        node_class = node_class_of(self.state)

        def exists() -> bool:
            return bool(self._planned(*NODE_CLASS, str(node_class))) or self.cluster.exists(
                *NODE_CLASS, "", str(node_class)
            )

        if node_class and not self.planned.wait(self.patience_seconds, exists):
            text = (
                f'{invalid(self.state)}: spec.template.spec.nodeClassRef.name: no EC2NodeClass is named "{node_class}"'
            )
            raise self._refused(text, _NEVER_READY, always=True)

    @property
    def _makes_pods(self) -> bool:
        return self.state["kind"] != "Pod" and pod_security.pod_of(self.state) is not None

    @property
    def _starves(self) -> str:
        """What the real provider does with an object whose pods are refused or wait for ever."""
        annotations = self.state["metadata"].get("annotations") or {}
        waits = self.state["kind"] in _AWAITED and annotations.get(SKIP) != "true"
        return _STARVES if waits else _STARVES_UNSEEN

    @property
    def _late_for_pods(self) -> str:
        return self._starves if self._makes_pods else _LATE

    def _forbidden(self, text: str) -> str:
        kind, group = self.state["kind"], self.state["apiVersion"].rpartition("/")[0]
        return f'{plural(kind)}{f".{group}" if group else ""} "{self._name}" is forbidden: {text}'

    def _pods_forbidden(self, text: str) -> str:
        return self._made_forbidden("Pod", text) if self._makes_pods else self._forbidden(text)

    def _made_forbidden(self, made: str, text: str) -> str:
        """Returns what a controller is told that makes something of the object."""
        return f'{plural(made)} of {self.state["kind"]} "{self._name}" is forbidden: {text}'

    def _refused(self, text: str, note: str, always: bool = False) -> Refusal:
        note_text = f"\n{note}" if always else self._note(note)
        return Refusal(
            f'resource "{self.call.urn}" was not successfully created by the Kubernetes API server: {text}{note_text}'
        )

    def _note(self, note: str) -> str:
        return f"\n{note}" if note and (self.call.preview or note in (_STARVES, _STARVES_UNSEEN)) else ""


def _identity(state: Mapping[str, Any]) -> tuple[str, str]:
    return token(state["apiVersion"], state["kind"]), state["metadata"]["name"]


def id_of(namespace: str, name: str) -> str:
    """Returns the Pulumi id of an object."""
    return f"{namespace}/{name}" if namespace else name
