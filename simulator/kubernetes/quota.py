"""ResourceQuota: counts what objects use of a namespace's quota, as the API server does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from simulator.kubernetes.clusters import Cluster, token
from simulator.kubernetes.pod_security import pod_of

_DECIMAL = {unit: Decimal(1000**power) for power, unit in enumerate("kMGTPE", start=1)}
_BINARY = {f"{unit}i": Decimal(1024**power) for power, unit in enumerate("KMGTPE", start=1)}
_UNITS = {"": Decimal(1), "m": Decimal("0.001"), **_DECIMAL, **_BINARY}
_COUNTED = {
    "ConfigMap": "configmaps",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "ResourceQuota": "resourcequotas",
    "Secret": "secrets",
    "Service": "services",
}
_REPLICAS = {"Deployment": "replicas", "ReplicaSet": "replicas", "StatefulSet": "replicas", "Job": "parallelism"}
Usage = Mapping[str, Decimal]


def quantity(value: Any) -> Decimal:
    """Returns a Kubernetes quantity as a number; 0 when it cannot be parsed or is not known yet."""
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)([numkMGTPE]?|[KMGTPE]i)", str(value))
    if not match:
        return Decimal(0)
    return Decimal(match[1]) * _UNITS.get(match[2], Decimal(0))


def usage(state: Mapping[str, Any]) -> Usage:
    """Returns what an object uses; for a workload, what all its pods use."""
    kind = state.get("kind", "")
    used: dict[str, Decimal] = {}
    if kind in _COUNTED:
        used[_COUNTED[kind]] = used[f"count/{_COUNTED[kind]}"] = Decimal(1)
    if kind == "PersistentVolumeClaim":
        used["requests.storage"] = quantity(_value_at(state, "spec", "resources", "requests", "storage"))
    pod = pod_of(state)
    if pod is not None and kind != "CronJob":
        copies = _value_at(state, "spec", _REPLICAS.get(kind, "none"))
        pods = Decimal(copies) if isinstance(copies, int) else Decimal(0 if kind == "DaemonSet" else 1)
        used["pods"] = used["count/pods"] = pods
        for name, amount in _requested(pod):
            used[name] = used.get(name, Decimal(0)) + amount * pods
    return used


def _requested(pod: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    containers = pod["spec"].get("containers")
    for container in containers if isinstance(containers, list) else ():
        for section in ("requests", "limits"):
            amounts = _value_at(container, "resources", section)
            for name, amount in amounts.items() if isinstance(amounts, Mapping) else ():
                yield f"{section}.{name}", quantity(amount)
                if section == "requests" and name in ("cpu", "memory"):
                    yield name, quantity(amount)


def exceeded(cluster: Cluster, namespace: str, state: Mapping[str, Any]) -> str | None:
    """Returns why a quota of the namespace refuses the object, or None."""
    quotas = [each for each in cluster.of_kind("v1", "ResourceQuota", namespace) if "scopes" not in each.state["spec"]]
    requested = usage(state) if quotas else {}
    if not requested:
        return None
    inside = (each for each in cluster.objects() if each.id.startswith(f"{cluster.name}/{namespace}/"))
    identity = (token(state["apiVersion"], state["kind"]), f"{cluster.name}/{namespace}/{state['metadata']['name']}")
    others = [each.state for each in inside if (each.type, each.id) != identity]
    for quota in quotas:
        hard = quota.state["spec"].get("hard") or {}
        over = []
        for name, limit in hard.items():
            used = sum((usage(other).get(name, Decimal(0)) for other in others), Decimal(0))
            if name in requested and requested[name] and used + requested[name] > quantity(limit):
                over.append((name, requested[name], used, limit))
        if over:
            requested_text, used_text = (
                ", ".join(f"{each[0]}={_text(each[index])}" for each in over) for index in (1, 2)
            )
            limits = ", ".join(f"{name}={limit}" for name, _, _, limit in over)
            name = quota.state["metadata"]["name"]
            return f"exceeded quota: {name}, requested: {requested_text}, used: {used_text}, limited: {limits}"
    return None


def _text(amount: Decimal) -> str:
    for unit in ("Ti", "Gi", "Mi", "Ki"):
        if amount and amount % _UNITS[unit] == 0:
            return f"{int(amount / _UNITS[unit])}{unit}"
    return str(int(amount)) if amount == amount.to_integral_value() else f"{int(amount * 1000)}m"


def _value_at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
