"""ResourceQuota: counts what objects use of a namespace's quota, as the API server does.

A workload uses what its controllers make of it: pods, volume claims, device claims. DaemonSets count as none, since
their pods depend on nodes, and so do suspended Jobs. What operators make of custom kinds: operated.py.
Source: pkg/quota/v1/evaluator/core and apiserver/pkg/admission/plugin/resourcequota of Kubernetes 1.35.4, read in
November 2026.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from common.quantities import parsed
from simulator.kubernetes.kinds import plural
from simulator.kubernetes.limits import decimal_text, defaulted, totals
from simulator.kubernetes.meaning.containers import is_extended
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.meaning.selectors import matches
from simulator.kubernetes.operated import groups_of, pods_of_job
from simulator.kubernetes.pod_security import Pod, pod_of
from simulator.kubernetes.schema import builtin_kind
from simulator.values import has_unknown

_COUNTED = frozenset(
    {"ConfigMap", "PersistentVolumeClaim", "ReplicationController", "ResourceQuota", "Secret", "Service"}
)
_REPLICAS = dict.fromkeys(("Deployment", "ReplicaSet", "StatefulSet"), "replicas")
_BARE = frozenset({"cpu", "memory", "ephemeral-storage"})
_REQUIRED = frozenset(
    {"cpu", "memory", *(f"{kind}.{name}" for kind in ("requests", "limits") for name in ("cpu", "memory"))}
)
_OF_CLASS = ".storageclass.storage.k8s.io/"
_OF_DEVICES = ".deviceclass.resource.k8s.io/devices"
_OF_DEVICE_CLASS = "deviceclass.resource.kubernetes.io/"  # an extended resource, by the name of a device class
_ALL_DEVICES = 32  # what a request for all devices of a class counts as
_ONE = Decimal(1)
Usage = Mapping[str, Decimal]
Claims = Iterator[tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Part:
    """What an object is, or what controllers make of it: `count` times `each`.

    kind: of the subject, which is a pod, a claim, or the object itself. name: tells several claims apart.
    """

    kind: str
    subject: Mapping[str, Any]
    each: Usage
    count: Decimal = _ONE
    itself: bool = False
    name: str = ""

    def uses(self, resource: str) -> Decimal:
        """Returns how much of a resource all of them use."""
        return self.each.get(resource, Decimal(0)) * self.count


@dataclass(frozen=True)
class Counter:
    """Counts objects of one namespace.

    ranges: the limits that give defaults. default_class: StorageClass of claims that name none; "" where there is none.
    template: returns the ResourceClaimTemplate of a name, or None.
    """

    ranges: Sequence[Node] = ()
    default_class: str = ""
    template: Callable[[str], Mapping[str, Any] | None] = lambda _: None

    def parts(self, state: Mapping[str, Any]) -> Iterator[Part]:
        """Yields the object itself, and then what controllers make of it."""
        kind, pod, spec = builtin_kind(state), pod_of(state), Node(state)["spec"]
        if pod is not None:
            pod = defaulted(pod, list(self.ranges))
        group = str(state.get("apiVersion", "")).rpartition("/")[0]
        count = {f"count/{plural(state.get('kind', ''))}{f'.{group}' if group else ''}": _ONE}
        subject = pod if kind == "Pod" and pod is not None else state
        yield Part(kind, subject, count | self._own(kind, subject), itself=True)
        for name, template, number in groups_of(state):
            made = defaulted(template.value, list(self.ranges))
            yield from self._of_pods(made, claims({"apiVersion": "v1", "kind": "Pod", **made}), Decimal(number), name)
        if pod is not None and kind != "CronJob":
            yield from self._of_pods(pod, claims(state), _pods(kind, spec), "", made=kind != "Pod")

    def _of_pods(
        self, pod: Pod, claimed_volumes: Claims, copies: Decimal, group: str, *, made: bool = True
    ) -> Iterator[Part]:
        """Yields pods of one template, and what comes with each. made: whether they are not the object itself."""
        if made:
            yield Part("Pod", pod, {"count/pods": _ONE} | self._own("Pod", pod), copies, name=group)
        within = f"{group}/" if group else ""
        for name, claim in claimed_volumes:
            each = {"count/persistentvolumeclaims": _ONE} | self._own("PersistentVolumeClaim", claim)
            yield Part("PersistentVolumeClaim", claim, each, copies, name=f"{within}{name}")
        for claimed in Node(pod)["spec"]["resourceClaims"].items:
            template = self.template(claimed["resourceClaimTemplateName"].text or "")
            if template is not None:
                each = {"count/resourceclaims.resource.k8s.io": _ONE} | _devices(Node(template)["spec"]["spec"])
                yield Part("ResourceClaim", template, each, copies, name=f"{within}{claimed['name'].text or ''}")

    def _own(self, kind: str, subject: Mapping[str, Any]) -> dict[str, Decimal]:
        spec = Node(subject)["spec"]
        used = {plural(kind): _ONE} if kind in _COUNTED else {}
        if kind == "Service":
            type_, ports = spec["type"].value, spec["ports"].items
            if type_ == "LoadBalancer":
                used["services.loadbalancers"] = _ONE
                if spec["allocateLoadBalancerNodePorts"].value is False:
                    ports = [each for each in ports if each["nodePort"].number]
            if type_ in ("LoadBalancer", "NodePort"):
                used["services.nodeports"] = Decimal(len(ports))
        if kind == "PersistentVolumeClaim":
            size, named = quantity(spec["resources"]["requests"]["storage"].value), spec["storageClassName"]
            used["requests.storage"] = size.to_integral_value(rounding="ROUND_CEILING")
            if class_ := named.text if named.is_set else self.default_class:
                used |= {f"{class_}{_OF_CLASS}{name}": used[name] for name in ("requests.storage", plural(kind))}
        if kind == "ResourceClaim":
            used |= _devices(spec)
        return used | _of_pod(subject) if kind == "Pod" else used


def claims(state: Mapping[str, Any]) -> Claims:
    """Yields name and template of the volume claims that controllers make for each pod of an object."""
    if builtin_kind(state) == "StatefulSet":
        for claim in Node(state)["spec"]["volumeClaimTemplates"].items:
            yield claim["metadata"]["name"].text or "", claim.value
    for volume in Node(pod_of(state))["spec"]["volumes"].items:
        template = volume["ephemeral"]["volumeClaimTemplate"].value
        if isinstance(template, Mapping):
            yield volume["name"].text or "", template


def quantity(value: Any) -> Decimal:
    """Returns a Kubernetes quantity as a number; 0 when it cannot be parsed or is not known yet."""
    return parsed(value) or Decimal(0)


def _pods(kind: str, spec: Node) -> Decimal:
    if kind in ("DaemonSet", "Job"):
        return Decimal(pods_of_job(spec) if kind == "Job" else 0)
    copies = spec[_REPLICAS.get(kind, "none")].number
    return Decimal(1 if copies is None else copies)


def _of_pod(pod: Pod) -> dict[str, Decimal]:
    used = {"pods": _ONE}
    for name, amount in totals(pod, "requests").items():
        pages = name.startswith("hugepages-")
        if name in _BARE or pages or is_extended(name) or name.startswith(_OF_DEVICE_CLASS):
            used[f"requests.{name}"] = amount
        if name in _BARE or pages:
            used[name] = amount
    return used | {f"limits.{name}": amount for name, amount in totals(pod, "limits").items() if name in _BARE}


def _devices(claim: Node) -> dict[str, Decimal]:
    """Returns the devices of each class that the spec of a claim asks for; the most, where there are alternatives."""
    used: dict[str, Decimal] = {}
    for request in claim["devices"]["requests"].items:
        most: dict[str, Decimal] = {}
        for each in request["firstAvailable"].items or [request["exactly"]]:
            name = f"{each['deviceClassName'].text}{_OF_DEVICES}"
            count = _ALL_DEVICES if each["allocationMode"].value == "All" else each["count"].number or 1
            if each["deviceClassName"].text:
                most[name] = max(Decimal(count), most.get(name, Decimal(0)))
        for name, amount in most.items():
            used[name] = used.get(name, Decimal(0)) + amount
    return used


def growth(new: Sequence[Part], before: Sequence[Part], state: Mapping[str, Any]) -> tuple[list[Part], list[Part]]:
    """Returns what an update of an object asks for, and what the object goes on using meanwhile.

    state: the object as it will be. Pods of another template are new; a Deployment that may miss none of its pods
    starts the first new one beside the old ones. A template with unknown values counts as the same.
    """
    asked, kept = [], []
    for part in new:
        was = next((each for each in before if (each.kind, each.name) == (part.kind, part.name)), None)
        if was is None:
            asked.append(part)
        elif part.itself:
            more = {
                name: max(amount - was.each.get(name, Decimal(0)), Decimal(0)) for name, amount in part.each.items()
            }
            asked.append(replace(part, each=more))
            kept.append(was)
        elif part.kind == "Pod" and part.subject != was.subject and not has_unknown(part.subject):
            surges = builtin_kind(state) == "Deployment" and _keeps_all_pods(Node(state)["spec"], int(part.count))
            asked.append(replace(part, count=min(part.count, _ONE)) if surges else part)
            kept += [was] if surges else []
        else:
            asked.append(replace(part, count=max(part.count - was.count, Decimal(0))))
            kept.append(was)
    return asked, kept


def _keeps_all_pods(spec: Node, replicas: int) -> bool:
    """Returns whether a Deployment starts a new pod before it ends an old one."""
    if spec["strategy"]["type"].text == "Recreate":
        return False
    rolling = spec["strategy"]["rollingUpdate"]
    surge = _share(rolling["maxSurge"].value, replicas, math.ceil)
    return surge > 0 and _share(rolling["maxUnavailable"].value, replicas, math.floor) == 0


def _share(value: Any, replicas: int, rounded: Callable[[float], int]) -> int:
    text = "25%" if value is None else str(value)
    if text.endswith("%"):
        return rounded(replicas * int(text[:-1]) / 100)
    return int(text) if text.isdigit() else 0


def exceeded(quotas: Iterable[Mapping[str, Any]], asked: Sequence[Part], used: Sequence[Part]) -> str | None:
    """Returns why a quota of the namespace refuses one of the parts that are asked for, or None."""
    scoped = [(quota, [part for part in asked if _in_scope(quota, part)]) for quota in quotas]
    for quota, parts in scoped:
        for part in parts:
            missing = _missing(quota, part.subject) if part.kind == "Pod" else ""
            if missing:
                return f"failed quota: {quota['metadata']['name']}: must specify {missing}"
    for quota, parts in scoped:
        counted = [part for part in used if _in_scope(quota, part)]
        over: list[tuple[str, tuple[Decimal, Decimal], Any]] = []
        for name, limit in Node(quota)["spec"]["hard"].entries:
            wanted, before = (sum((part.uses(name) for part in each), Decimal(0)) for each in (parts, counted))
            most = parsed(limit.value)
            if most is not None and wanted and before + wanted > most:
                over.append((name, (wanted, before), limit.value))
        if over:
            over.sort()
            wanted_text, before_text = (
                ",".join(f"{name}={decimal_text(amounts[index], name)}" for name, amounts, _ in over)
                for index in (0, 1)
            )
            limited = ",".join(f"{name}={limit}" for name, _, limit in over)
            name = quota["metadata"]["name"]
            return f"exceeded quota: {name}, requested: {wanted_text}, used: {before_text}, limited: {limited}"
    return None


def _missing(quota: Mapping[str, Any], pod: Pod) -> str:
    """Returns which requests and limits the containers have to say, since the quota counts them."""
    needed = sorted(_REQUIRED & {name for name, _ in Node(quota)["spec"]["hard"].entries})
    spec = Node(pod)["spec"]
    if not needed or spec["resources"].is_set:
        return ""
    lacking = []
    for name in needed:
        section, _, resource = name.rpartition(".")
        names = sorted(
            str(container["name"].value)
            for kind in ("containers", "initContainers")
            for container in spec[kind].items
            if not container["resources"][section or "requests"].entry(resource).is_set
        )
        if names:
            lacking.append(f"{name} for: {','.join(names)}")
    return "; ".join(lacking)


def _in_scope(quota: Mapping[str, Any], part: Part) -> bool:
    """Returns whether the quota counts the part; a quota with scopes counts pods and volume claims only."""
    spec = Node(quota)["spec"]
    if spec["scopes"].is_unknown or spec["scopeSelector"]["matchExpressions"].is_unknown:
        return False
    chosen = [{"scopeName": each.value, "operator": "Exists"} for each in spec["scopes"].items]
    scopes = [*map(Node, chosen), *spec["scopeSelector"]["matchExpressions"].items]
    return all(_matches(each, part) for each in scopes)


def _matches(scope: Node, part: Part) -> bool:
    spec, name = Node(part.subject)["spec"], scope["scopeName"].text or ""
    if part.kind == "PersistentVolumeClaim":
        return name == "VolumeAttributesClass" and _selects(scope, spec["volumeAttributesClassName"])
    if part.kind != "Pod":
        return False
    if name.endswith("Terminating"):
        return (spec["activeDeadlineSeconds"].number is None) == name.startswith("Not")
    if name.endswith("BestEffort"):
        amounts = [totals(part.subject, section) for section in ("requests", "limits")]
        return any(each.get(resource) for each in amounts for resource in ("cpu", "memory")) == name.startswith("Not")
    if name == "CrossNamespacePodAffinity":
        return any(map(_crosses_namespaces, spec["affinity"].has("podAffinity", "podAntiAffinity")))
    return name == "PriorityClass" and _selects(scope, spec["priorityClassName"])


def _selects(scope: Node, class_: Node) -> bool:
    if class_.is_unknown:
        return False
    expression = {"key": "class", "operator": scope["operator"].value, "values": scope["values"].value}
    return matches(Node({"matchExpressions": [expression]}), {"class": class_.text} if class_.text else {})


def _crosses_namespaces(affinity: Node) -> bool:
    terms = [
        *affinity["requiredDuringSchedulingIgnoredDuringExecution"].items,
        *(each["podAffinityTerm"] for each in affinity["preferredDuringSchedulingIgnoredDuringExecution"].items),
    ]
    return any(each["namespaces"].items or each["namespaceSelector"].is_set for each in terms)
