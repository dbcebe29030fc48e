"""What a pod takes from its PriorityClass and its RuntimeClass, and when the API server refuses it for that.

Source: plugin/pkg/admission/{priority,runtimeclass}/admission.go of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from common.quantities import parsed
from simulator.kubernetes.kinds import SYSTEM_PRIORITIES
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.pod_security import Pod

PRIORITY_CLASS = ("scheduling.k8s.io/v1", "PriorityClass")
RUNTIME_CLASS = ("node.k8s.io/v1", "RuntimeClass")
Find = Callable[[str, str, str], Mapping[str, Any] | None]
"""Returns the object of an apiVersion, a kind and a name; None when there is none."""


def missing(pod: Pod, find: Find) -> tuple[tuple[str, str], str] | None:
    """Returns the class that the pod names and that is not there, with the API server's words; or None."""
    spec = Node(pod["spec"])
    priority, runtime = spec["priorityClassName"].text, spec["runtimeClassName"].text
    if priority and priority not in SYSTEM_PRIORITIES and find(*PRIORITY_CLASS, priority) is None:
        return PRIORITY_CLASS, f"no PriorityClass with name {priority} was found"
    if runtime and find(*RUNTIME_CLASS, runtime) is None:
        return RUNTIME_CLASS, f'pod rejected: RuntimeClass "{runtime}" not found'
    return None


def contradiction(pod: Pod, find: Find, default: Mapping[str, Any] | None) -> str | None:
    """Returns what the pod says against its classes, or None. default: the PriorityClass of pods that name none."""
    spec = Node(pod["spec"])
    return _against_priority(spec, find, default) or _against_runtime(spec, find)


def _against_priority(spec: Node, find: Find, default: Mapping[str, Any] | None) -> str | None:
    named = spec["priorityClassName"]
    if named.is_unknown:
        return None
    chosen = find(*PRIORITY_CLASS, named.text) if named.text else default
    value = SYSTEM_PRIORITIES.get(named.text or "", Node(chosen)["value"].number or 0)
    policy = Node(chosen)["preemptionPolicy"].value or "PreemptLowerPriority"
    own, own_policy = spec["priority"].number, spec["preemptionPolicy"].text
    rest = "from the given PriorityClass name"
    if own is not None and own != value:
        return (
            f"the integer value of priority ({own}) must not be provided in pod spec; priority admission controller "
            f"computed {value} {rest}"
        )
    if own_policy and isinstance(policy, str) and own_policy != policy:
        return (
            f"the string value of PreemptionPolicy ({own_policy}) must not be provided in pod spec; priority admission "
            f"controller computed {policy} {rest}"
        )
    return None


def _against_runtime(spec: Node, find: Find) -> str | None:
    name, overhead = spec["runtimeClassName"], spec["overhead"]
    if name.is_unknown or overhead.is_unknown:
        return None
    runtime = Node(find(*RUNTIME_CLASS, name.text)) if name.text else Node(None)
    own = {key: parsed(each.value) for key, each in overhead.entries}
    fixed = {key: parsed(each.value) for key, each in runtime["overhead"]["podFixed"].entries}
    if None in own.values() or None in fixed.values():
        return None
    if own and not fixed:
        return "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
    if own and own != fixed:
        return "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
    for key, value in runtime["scheduling"]["nodeSelector"].entries:
        chosen = spec["nodeSelector"].entry(key)
        if chosen.text and value.text and chosen.text != value.text:
            return (
                f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value.text}; "
                f"pod.spec.nodeSelector[{key}] = {chosen.text}"
            )
    return None
