"""ResourceQuota: counts what objects use of a namespace's quota, as the API server does.

Source: pkg/quota/v1/evaluator/core of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from simulator.kubernetes.clusters import Cluster, token
from simulator.kubernetes.kinds import plural
from simulator.kubernetes.limits import decimal_text, defaulted, ranges_of, totals
from simulator.kubernetes.meaning.containers import is_extended
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.meaning.quantities import parsed
from simulator.kubernetes.meaning.selectors import matches
from simulator.kubernetes.pod_security import Pod, pod_of
from simulator.kubernetes.schema import builtin_kind

_COUNTED = frozenset({"ConfigMap", "PersistentVolumeClaim", "ResourceQuota", "Secret", "Service"})
_REPLICAS = {"Deployment": "replicas", "ReplicaSet": "replicas", "StatefulSet": "replicas", "Job": "parallelism"}
_BARE = frozenset({"cpu", "memory", "ephemeral-storage"})
_REQUIRED = frozenset(
    {"cpu", "memory", *(f"{kind}.{name}" for kind in ("requests", "limits") for name in ("cpu", "memory"))}
)
_MOST_OF_A_CLAIM = 32
_OF_CLASS = ".storageclass.storage.k8s.io/"
Usage = Mapping[str, Decimal]
Complete = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def quantity(value: Any) -> Decimal:
    """Returns a Kubernetes quantity as a number; 0 when it cannot be parsed or is not known yet."""
    return parsed(value) or Decimal(0)


def usage(state: Mapping[str, Any], ranges: Iterable[Node] = ()) -> Usage:
    """Returns what an object uses; for a workload, what all its pods use. ranges: the limits that give defaults."""
    kind, one = builtin_kind(state), Decimal(1)
    group = str(state.get("apiVersion", "")).rpartition("/")[0]
    name = plural(state.get("kind", ""))
    used: dict[str, Decimal] = {f"count/{name}{f'.{group}' if group else ''}": one}
    spec = Node(state)["spec"]
    if kind in _COUNTED:
        used[name] = one
    if kind == "Service":
        type_, ports = spec["type"].value, Decimal(len(spec["ports"].items))
        if type_ == "LoadBalancer":
            used["services.loadbalancers"] = one
        if type_ == "NodePort" or (
            type_ == "LoadBalancer" and spec["allocateLoadBalancerNodePorts"].value is not False
        ):
            used["services.nodeports"] = ports
    if kind == "PersistentVolumeClaim":
        used["requests.storage"] = quantity(spec["resources"]["requests"]["storage"].value)
        if spec["storageClassName"].text:
            of_class = f"{spec['storageClassName'].text}{_OF_CLASS}"
            used |= {f"{of_class}requests.storage": used["requests.storage"], f"{of_class}{name}": one}
    if kind == "ResourceClaim":
        used |= _claimed(spec["devices"]["requests"])
    pod = pod_of(state)
    if pod is not None and kind != "CronJob":
        pods = _pods(kind, spec)
        used["pods"] = used["count/pods"] = pods
        for resource, amount in _pod_usage(defaulted(pod, list(ranges))).items():
            used[resource] = amount * pods
    return used


def _claimed(requests: Node) -> dict[str, Decimal]:
    """Returns what the requests of a claim may take from each class: of alternatives, the largest of each class."""
    used: Counter[str] = Counter()
    for request in requests.items:
        exactly, largest = request["exactly"], Counter[str]()
        for each in [exactly] if exactly.is_set else request["firstAvailable"].items:
            every = each["allocationMode"].text == "All"
            name = f"{each['deviceClassName'].text}.deviceclass.resource.k8s.io/devices"
            largest[name] = max(largest[name], _MOST_OF_A_CLAIM if every else each["count"].number or 1)
        used += largest
    return {name: Decimal(count) for name, count in used.items()}


def _pods(kind: str, spec: Node) -> Decimal:
    copies = spec[_REPLICAS.get(kind, "none")].number
    return Decimal(copies) if copies is not None else Decimal(0 if kind == "DaemonSet" else 1)


def _pod_usage(pod: Pod) -> dict[str, Decimal]:
    used: dict[str, Decimal] = {}
    for name, amount in totals(pod, "requests").items():
        if name in _BARE or is_extended(name) or name.startswith("hugepages-"):
            used[f"requests.{name}"] = amount
        if name in _BARE or name.startswith("hugepages-"):
            used[name] = amount
    return used | {f"limits.{name}": amount for name, amount in totals(pod, "limits").items() if name in _BARE}


def exceeded(cluster: Cluster, namespace: str, state: Mapping[str, Any], complete: Complete) -> str | None:
    """Returns why a quota of the namespace refuses the object, or None. complete: adds what webhooks add to pods."""
    quotas = [each.state for each in cluster.of_kind("v1", "ResourceQuota", namespace)]
    if not quotas:
        return None
    ranges = ranges_of(cluster, namespace)
    requested = usage(state, ranges)
    for quota in quotas:
        if _in_scope(quota, state, ranges):
            missing = _missing(quota, state, ranges)
            if missing:
                return f"failed quota: {quota['metadata']['name']}: must specify {missing}"
    inside = (each for each in cluster.objects() if each.id.startswith(f"{cluster.name}/{namespace}/"))
    identity = (token(state["apiVersion"], state["kind"]), f"{cluster.name}/{namespace}/{state['metadata']['name']}")
    others = [complete(each.state) for each in inside if (each.type, each.id) != identity]
    for quota in quotas:
        if not _in_scope(quota, state, ranges):
            continue
        counted = [usage(other, ranges) for other in others if _in_scope(quota, other, ranges)]
        over = []
        for name, limit in (quota["spec"].get("hard") or {}).items():
            used = sum((each.get(name, Decimal(0)) for each in counted), Decimal(0))
            most = parsed(limit)
            if most is not None and requested.get(name) and used + requested[name] > most:
                over.append((name, requested[name], used, limit))
        if over:
            requested_text, used_text = (
                ", ".join(f"{each[0]}={decimal_text(each[index], each[0])}" for each in over) for index in (1, 2)
            )
            limits = ", ".join(f"{name}={limit}" for name, _, _, limit in over)
            name = quota["metadata"]["name"]
            return f"exceeded quota: {name}, requested: {requested_text}, used: {used_text}, limited: {limits}"
    return None


def _missing(quota: Mapping[str, Any], state: Mapping[str, Any], ranges: list[Node]) -> str:
    """Returns which requests and limits the containers have to say, since the quota counts them."""
    pod = pod_of(state)
    needed = sorted(_REQUIRED & set(quota["spec"].get("hard") or ()))
    if pod is None or not needed or pod["spec"].get("resources") is not None:
        return ""
    spec = Node(defaulted(pod, ranges)["spec"])
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


def _in_scope(quota: Mapping[str, Any], state: Mapping[str, Any], ranges: list[Node]) -> bool:
    """Returns whether the quota counts the object; a quota with scopes counts pods only."""
    spec = Node(quota)["spec"]
    chosen = [{"scopeName": each.value, "operator": "Exists"} for each in spec["scopes"].items]
    scopes = [*map(Node, chosen), *spec["scopeSelector"]["matchExpressions"].items]
    pod = pod_of(state)
    if not scopes:
        return True
    return pod is not None and all(_matches(each, defaulted(pod, ranges)) for each in scopes)


def _matches(scope: Node, pod: Pod) -> bool:
    spec, name = Node(pod["spec"]), scope["scopeName"].text or ""
    if name.endswith("Terminating"):
        return (spec["activeDeadlineSeconds"].number is None) == name.startswith("Not")
    if name.endswith("BestEffort"):
        used = [amount for section in ("requests", "limits") for amount in _compute(pod, section)]
        return any(used) == name.startswith("Not")
    priority = spec["priorityClassName"]
    if name == "PriorityClass" and not priority.is_unknown:
        expression = {"key": name, "operator": scope["operator"].value, "values": scope["values"].value}
        return matches(Node({"matchExpressions": [expression]}), {name: priority.text} if priority.text else {})
    return False


def _compute(pod: Pod, section: str) -> list[Decimal]:
    return [amount for name, amount in totals(pod, section).items() if name in ("cpu", "memory")]
