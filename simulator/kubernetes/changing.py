"""Changes of an object: what the API server refuses in place, and what the real preview refuses once too often.

Source: the Validate...Update functions of Kubernetes 1.35.4, and a record of the real provider; read in November 2026.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.difference import changes
from simulator.kubernetes.kinds import Fixed, kind_facts
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.schema import builtin_kind
from simulator.values import UNKNOWN, has_unknown

_ONLY_SOME = (
    "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
    "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_MUST_REMAIN = (
    "missing from spec.versions; {0} was previously a storage version, and must remain in spec.versions until a "
    "storage migration ensures no data remains persisted in {0} and removes {0} from status.storedVersions"
)


def refused_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yields why the API server refuses the new inputs in place, for changes that the provider does not replace."""
    kind = builtin_kind(new)
    for path, fixed in kind_facts(new).refused.items():
        yield from _changed_field(path, fixed, old, new)
    if kind and old.get("immutable") is True and new.get("immutable") in (None, False):
        yield "immutable: Forbidden: field is immutable when `immutable` is set"
    if kind == "Pod":
        yield from _pod_changes(Node(old)["spec"], Node(new)["spec"])
    if kind == "CustomResourceDefinition":
        yield from _stored_versions(Node(old)["spec"]["versions"], Node(new)["spec"]["versions"])


def _changed_field(path: str, fixed: Fixed, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = (_value_at(each, path) for each in (old, new))
    before, after = (fixed.default if each is None else each for each in (before, after))
    if before == after or has_unknown(before) or has_unknown(after) or (fixed.settable and before is None):
        return
    if path == "spec.loadBalancerClass" and any(
        Node(each)["spec"]["type"].value != "LoadBalancer" for each in (old, new)
    ):
        return  # it comes and goes with the type
    yield f"{path}: {fixed.text.format(value=json.dumps(after, separators=(',', ':')))}"


def _value_at(value: Any, path: str) -> Any:
    first_of_list = path.endswith("[0]")
    node = Node(value).at(*path.removesuffix("[0]").split("."))
    return (node.items[0].value if node.items else None) if first_of_list and not node.is_unknown else node.value


def _pod_changes(old: Node, new: Node) -> Iterator[str]:
    if not isinstance(old.value, dict) or not isinstance(new.value, dict):
        return
    before, after = old["activeDeadlineSeconds"].number, new["activeDeadlineSeconds"].number
    if before is not None and after is not None and after > before:
        yield f"spec.activeDeadlineSeconds: Invalid value: {after}: must be less than or equal to previous value"
    if before is not None and new["activeDeadlineSeconds"].value is None:
        yield "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value"
    if not has_unknown(new["tolerations"].value):
        values = [_without_seconds(each.value) for each in new["tolerations"].items]
        if any(_without_seconds(each.value) not in values for each in old["tolerations"].items):
            yield "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"
    free = ("activeDeadlineSeconds", "tolerations")
    rest = [{key: value for key, value in each.value.items() if key not in free} for each in (old, new)]
    for change in changes(*rest):
        if not has_unknown(_value_at(new.value, change.path.partition("[")[0])):
            yield _ONLY_SOME
            return


def _without_seconds(toleration: Any) -> Any:
    return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}


def _stored_versions(old: Node, new: Node) -> Iterator[str]:
    names = new.texts("name")
    for each in old.items:
        name = each["name"].text
        if each["storage"].value is True and name and names is not None and name not in names:
            yield f'status.storedVersions[0]: Invalid value: "{name}": {_MUST_REMAIN.format(name)}'


def refused_by_first_preview(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """Returns the field for which the real preview may refuse a change that the update accepts.

    The real provider creates an object with one field manager and updates it with another. Its first preview after the
    create leaves the fields of the first one in place.
    """
    before, after = Node(old)["spec"], Node(new)["spec"]
    kind = builtin_kind(new)
    if kind == "Service" and before["ports"].value != after["ports"].value and after["ports"].items:
        ports = [
            {(each["port"].value, each["protocol"].value or "TCP") for each in spec["ports"].items}
            for spec in (before, after)
        ]
        return "spec.ports" if ports[0] - ports[1] else None
    if kind == "PodDisruptionBudget":
        for first, second in (("minAvailable", "maxUnavailable"), ("maxUnavailable", "minAvailable")):
            if before[first].is_set and after[second].is_set and not after[first].is_set:
                return f"spec.{second}"
    if kind == "Deployment" and after["strategy"]["type"].text == "Recreate" != before["strategy"]["type"].value:
        return "spec.strategy"
    if (
        kind == "StatefulSet"
        and after["updateStrategy"]["type"].text == "OnDelete" != before["updateStrategy"]["type"].value
    ):
        return "spec.updateStrategy"
    if kind == "ValidatingAdmissionPolicyBinding":
        actions = [spec["validationActions"].value for spec in (before, after)]
        return "spec.validationActions" if actions[0] != actions[1] and UNKNOWN not in actions else None
    return None
