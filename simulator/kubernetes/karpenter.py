"""Karpenter's own rules, which its CRDs contain beside their schemas, and references between its objects.

Sources: CEL rules of chart karpenter-crd 1.14.1; Karpenter v1.14, "NodePools", "NodeClasses", "NodeOverlays";
kubernetes-sigs/karpenter, controllers nodeoverlay; aws/karpenter-provider-aws, controller nodeclass/termination; read
2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from catalog.requirements import exclude_each_other
from simulator.kubernetes.schema import Finding
from simulator.values import UNKNOWN, has_unknown

NODE_CLASS = ("karpenter.k8s.aws/v1", "EC2NodeClass")
NODE_POOL = ("karpenter.sh/v1", "NodePool")
NODE_OVERLAY = ("karpenter.sh/v1alpha1", "NodeOverlay")
_CAPACITY_BUFFER = ("autoscaling.x-k8s.io/v1beta1", "CapacityBuffer")

_FAMILIES = {  # family of an alias -> the amiFamily that is allowed with it
    "al2": "AL2",
    "al2023": "AL2023",
    "bottlerocket": "Bottlerocket",
    "windows2019": "Windows2019",
    "windows2022": "Windows2022",
    "windows2025": "Windows2025",
}
_RESERVED_TAGS = frozenset(
    {"eks:eks-cluster-name", "karpenter.sh/nodepool", "karpenter.sh/nodeclaim", "karpenter.k8s.aws/ec2nodeclass"}
)
_RESERVABLE = frozenset({"cpu", "memory", "ephemeral-storage", "pid"})
_EVICTION_SIGNALS = frozenset(f"{what}.available" for what in ("memory", "nodefs", "imagefs", "pid")) | frozenset(
    {"nodefs.inodesFree", "imagefs.inodesFree"}
)
_OVERLAY_KEYS = frozenset(
    {"karpenter.k8s.aws/ec2nodeclass"}
    | {
        f"karpenter.k8s.aws/instance-{name}"
        for name in (
            *("encryption-in-transit-supported", "category", "hypervisor", "family", "generation", "local-nvme"),
            *("size", "cpu", "cpu-manufacturer", "cpu-sustained-clock-speed-mhz", "memory", "ebs-bandwidth"),
            *("network-bandwidth", "gpu-name", "gpu-manufacturer", "gpu-count", "gpu-memory", "accelerator-name"),
            *("accelerator-manufacturer", "accelerator-count", "capability-flex"),
        )
    }
)
_POOL_KEYS = _OVERLAY_KEYS | {
    f"karpenter.k8s.aws/{name}"
    for name in (
        *("instance-tenancy", "capacity-reservation-type", "capacity-reservation-id"),
        *("capacity-reservation-interruptible", "placement-group-id", "placement-group-partition"),
    )
}
_NOT_IN_AN_OVERLAY = ("cpu", "memory", "ephemeral-storage", "pods")
_NUMERIC = ("Gt", "Lt", "Gte", "Lte")


def rule_findings(inputs: Mapping[str, Any]) -> Iterator[Finding]:
    """Yields the violations of Karpenter's own rules. Unknown values are not checked."""
    rules = _RULES.get((str(inputs.get("apiVersion")), str(inputs.get("kind"))))
    spec = inputs.get("spec")
    if rules is not None and isinstance(spec, Mapping):
        yield from rules(spec)


def node_class_of(state: Mapping[str, Any]) -> str | None:
    """Returns the name of the EC2NodeClass that a NodePool uses; None for other objects, and while it is not known."""
    if (state.get("apiVersion"), state.get("kind")) != NODE_POOL:
        return None
    reference = _value_at(state, "spec", "template", "spec", "nodeClassRef")
    name = reference.get("name") if isinstance(reference, Mapping) and reference.get("kind") == NODE_CLASS[1] else None
    return name if isinstance(name, str) else None


def becomes_or_stops_being_static(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Returns whether a NodePool becomes static or stops being static: whether `replicas` is added or removed."""
    is_node_pool = (new.get("apiVersion"), new.get("kind")) == NODE_POOL
    return is_node_pool and (_value_at(old, "spec", "replicas") is None) != (_value_at(new, "spec", "replicas") is None)


def overlays_conflict(one: Mapping[str, Any], other: Mapping[str, Any]) -> str | None:
    """Returns what two NodeOverlays both set for the same instance types with the same weight; None without a conflict.

    Karpenter ignores one of them, even when both set the same value.
    """
    specs = [each.get("spec") for each in (one, other)]
    if not all(isinstance(spec, Mapping) and not has_unknown(spec) for spec in specs):
        return None
    first, second = (spec for spec in specs if isinstance(spec, Mapping))
    if first.get("weight", 0) != second.get("weight", 0):
        return None
    set_by_both = sorted((first.get("capacity") or {}).keys() & (second.get("capacity") or {}).keys())
    if all("price" in spec or "priceAdjustment" in spec for spec in (first, second)):
        set_by_both.append("price")
    if not set_by_both or exclude_each_other(first.get("requirements") or [], second.get("requirements") or []):
        return None
    return ", ".join(set_by_both)


def _node_class(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if ("role" in _keys_with_values(spec)) == ("instanceProfile" in _keys_with_values(spec)):
        yield _invalid_value("spec", "object", "give either role or instanceProfile, and not both")
    yield from _image_terms(spec)
    for name in ("subnetSelectorTerms", "securityGroupSelectorTerms", "capacityReservationSelectorTerms"):
        yield from _selector_terms(name, spec.get(name))
    group = spec.get("placementGroupSelector")
    if isinstance(group, Mapping) and len(_keys_with_values(group) & {"name", "id"}) != 1:
        yield _invalid_value("spec.placementGroupSelector", "object", "give either name or id, and not both")
    yield from _network_interfaces(spec.get("networkInterfaces"))
    yield from _volumes(spec.get("blockDeviceMappings"))
    for key in _keys(spec.get("tags")):
        if key in _RESERVED_TAGS or key.startswith("kubernetes.io/cluster") or not key:
            yield _invalid_value("spec.tags", "object", f'the tag "{key}" is reserved for Karpenter, or empty')
    yield from _kubelet(spec.get("kubelet"))


def _image_terms(spec: Mapping[str, Any]) -> Iterator[Finding]:
    path, terms, family = "spec.amiSelectorTerms", spec.get("amiSelectorTerms"), spec.get("amiFamily")
    if not isinstance(terms, list) or not all(isinstance(term, Mapping) for term in terms):
        return
    kinds = {"tags", "id", "name", "alias", "ssmParameter"}
    if not all(_keys_with_values(term) & kinds for term in terms):
        yield _invalid_value(path, "array", f"each term needs one of {', '.join(sorted(kinds))}")
    for selector, forbidden in (("id", {"alias", "tags", "name", "owner"}), ("alias", {"id", "tags", "name", "owner"})):
        if any(selector in _keys_with_values(term) and _keys_with_values(term) & forbidden for term in terms):
            yield _invalid_value(path, "array", f"{selector} must be the only selector in its term")
    aliased = [term["alias"] for term in terms if "alias" in _keys_with_values(term)]
    if aliased and len(terms) > 1:
        yield _invalid_value(path, "array", "a term with alias must be the only term")
    if not aliased and family is None:
        yield _invalid_value("spec", "object", "amiFamily is needed when no term has an alias")
    for alias in aliased:
        if isinstance(alias, str):
            yield from _alias(alias, family)


def _alias(alias: str, family: Any) -> Iterator[Finding]:
    path = "spec.amiSelectorTerms[0].alias"
    name, separator, version = alias.partition("@")
    if not separator or not version or name not in _FAMILIES:
        text = f"an alias is <family>@<version>, with a family of {', '.join(_FAMILIES)}"
        yield _invalid_value(path, "string", text)
    elif name.startswith("windows") and version != "latest":
        yield _invalid_value(path, "string", "the only version of Windows is latest")
    elif family not in (None, UNKNOWN, "Custom", _FAMILIES[name]):
        text = f"with an alias of {name}, amiFamily must be {_FAMILIES[name]}, Custom or absent"
        yield _invalid_value("spec", "object", text)


def _selector_terms(name: str, terms: Any) -> Iterator[Finding]:
    if not isinstance(terms, list) or not all(isinstance(term, Mapping) for term in terms):
        return
    path, reservations = f"spec.{name}", name.startswith("capacity")
    if not terms and not reservations:
        yield _invalid_value(path, "array", "at least one term is needed")
    others = {"tags", "instanceMatchCriteria"} if reservations else {"tags", "name"}
    if not all(_keys_with_values(term) & (others | {"id"}) for term in terms):
        yield _invalid_value(path, "array", f"each term needs one of {', '.join(sorted(others | {'id'}))}")
    if terms and all(
        "id" in _keys_with_values(term) and _keys_with_values(term) & (others | {"ownerID"}) for term in terms
    ):
        yield _invalid_value(path, "array", "id must be the only selector in its term")
    if any(key == "" or value == "" for term in terms for key, value in _items(term.get("tags"))):
        yield _invalid_value(path, "array", "tags need a key and a value")


def _network_interfaces(interfaces: Any) -> Iterator[Finding]:
    if not isinstance(interfaces, list) or not interfaces or has_unknown(interfaces):
        return
    path = "spec.networkInterfaces"
    layout = [
        (each.get("networkCardIndex"), each.get("deviceIndex"), each.get("interfaceType"))
        for each in interfaces
        if isinstance(each, Mapping)
    ]
    if (0, 0, "interface") not in layout:
        yield _invalid_value(path, "array", "card 0, device 0 is needed, with type interface")
    positions = [(card, device) for card, device, _ in layout]
    cards = [card for card, _, kind in layout if kind == "efa-only"]
    if len(set(positions)) < len(positions) or len(set(cards)) < len(cards):
        yield _invalid_value(path, "array", "a card and device occurs twice, or a card has more than one efa-only")


def _volumes(mappings: Any) -> Iterator[Finding]:
    volumes = [each for each in mappings if isinstance(each, Mapping)] if isinstance(mappings, list) else []
    for index, each in enumerate(volumes):
        ebs = each.get("ebs")
        if isinstance(ebs, Mapping) and not _keys_with_values(ebs) & {"volumeSize", "snapshotID"}:
            path = f"spec.blockDeviceMappings[{index}].ebs"
            yield _invalid_value(path, "object", "volumeSize or snapshotID is needed")
    if sum(each.get("rootVolume") is True for each in volumes) > 1:
        yield _invalid_value("spec.blockDeviceMappings", "array", "only one mapping may be the rootVolume")


def _kubelet(kubelet: Any) -> Iterator[Finding]:
    if not isinstance(kubelet, Mapping):
        return
    known = {"kubeReserved": _RESERVABLE, "systemReserved": _RESERVABLE}
    known |= dict.fromkeys(("evictionHard", "evictionSoft", "evictionSoftGracePeriod"), _EVICTION_SIGNALS)
    for name, allowed in known.items():
        if unknown := sorted(set(_keys(kubelet.get(name))) - allowed):
            text = f"{', '.join(unknown)} is not allowed; the keys are {', '.join(sorted(allowed))}"
            yield _invalid_value(f"spec.kubelet.{name}", "object", text)
    if set(_keys(kubelet.get("evictionSoft"))) != set(_keys(kubelet.get("evictionSoftGracePeriod"))):
        yield _invalid_value("spec.kubelet", "object", "evictionSoft and evictionSoftGracePeriod need the same keys")
    high, low = kubelet.get("imageGCHighThresholdPercent"), kubelet.get("imageGCLowThresholdPercent")
    if isinstance(high, int) and isinstance(low, int) and high <= low:
        yield _invalid_value(
            "spec.kubelet", "object", "imageGCHighThresholdPercent must be over imageGCLowThresholdPercent"
        )


def _node_pool(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if spec.get("replicas") is not None:
        if spec.get("weight") is not None:
            yield _invalid_value("spec", "object", "a static NodePool (with replicas) must not have a weight")
        if set(_keys(spec.get("limits"))) - {"nodes"}:
            yield _invalid_value("spec", "object", "a static NodePool (with replicas) may only limit nodes")
    budgets = _value_at(spec, "disruption", "budgets")
    for each in budgets if isinstance(budgets, list) else ():
        if isinstance(each, Mapping) and ("schedule" in _keys_with_values(each)) != (
            "duration" in _keys_with_values(each)
        ):
            yield _invalid_value("spec.disruption.budgets", "array", "schedule and duration must be given together")
    path = "spec.template.spec.requirements"
    yield from _requirements(
        path, _value_at(spec, "template", "spec", "requirements"), _POOL_KEYS, "karpenter.sh/nodepool"
    )
    for key in _keys(_value_at(spec, "template", "metadata", "labels")):
        if reason := _restricted(key, _POOL_KEYS, "karpenter.sh/nodepool"):
            yield _invalid_value("spec.template.metadata.labels", "object", reason)
    reference = _value_at(spec, "template", "spec", "nodeClassRef")
    for key, value in _items(reference):
        if value == "":
            yield _invalid_value(f"spec.template.spec.nodeClassRef.{key}", "string", "must not be empty")


def _node_overlay(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if {"price", "priceAdjustment"} <= _keys_with_values(spec):
        yield _invalid_value("spec", "object", "give either price or priceAdjustment, and not both")
    if standard := [key for key in _NOT_IN_AN_OVERLAY if key in _keys(spec.get("capacity"))]:
        text = f"an overlay adds extended resources; {', '.join(standard)} cannot be replaced"
        yield _invalid_value("spec.capacity", "object", text)
    yield from _requirements("spec.requirements", spec.get("requirements"), _OVERLAY_KEYS)


def _capacity_buffer(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if len(_keys_with_values(spec) & {"podTemplateRef", "scalableRef"}) != 1:
        yield _invalid_value("spec", "object", "give either podTemplateRef or scalableRef, and not both")
    if "podTemplateRef" in _keys_with_values(spec) and not _keys_with_values(spec) & {"replicas", "limits"}:
        yield _invalid_value("spec", "object", "with podTemplateRef, replicas or limits is needed")


def _requirements(path: str, requirements: Any, keys: frozenset[str], own_key: str = "") -> Iterator[Finding]:
    for index, each in enumerate(requirements if isinstance(requirements, list) else ()):
        if not isinstance(each, Mapping):
            continue
        key, operator, values = each.get("key"), each.get("operator"), each.get("values", [])
        if isinstance(key, str) and (reason := _restricted(key, keys, own_key)):
            yield _invalid_value(f"{path}[{index}].key", "string", reason)
        if not isinstance(values, list) or has_unknown(values):
            continue
        least = each.get("minValues")
        if operator == "In" and not values:
            yield _invalid_value(path, "array", f"{key} In needs values")
        elif operator in _NUMERIC and not (len(values) == 1 and str(values[0]).isdecimal()):
            yield _invalid_value(path, "array", f"{key} {operator} needs one number of zero or more")
        elif operator == "In" and isinstance(least, int) and len(values) < least:
            yield _invalid_value(path, "array", f"{key} has {len(values)} values, and minValues is {least}")


def _restricted(key: str, keys: frozenset[str], own_key: str) -> str | None:
    domain = key.rpartition("/")[0]
    if key in (own_key, "kubernetes.io/hostname"):
        return f'label "{key}" is restricted'
    if domain.endswith("karpenter.sh") and key not in ("karpenter.sh/capacity-type", "karpenter.sh/nodepool"):
        return 'label domain "karpenter.sh" is restricted'
    if domain.endswith("karpenter.k8s.aws") and key not in keys:
        return 'label domain "karpenter.k8s.aws" is restricted'
    return None


_RULES: Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Iterator[Finding]]] = {
    NODE_CLASS: _node_class,
    NODE_POOL: _node_pool,
    NODE_OVERLAY: _node_overlay,
    _CAPACITY_BUFFER: _capacity_buffer,
}


def _invalid_value(path: str, of_type: str, text: str) -> Finding:
    return Finding(path, f'Invalid value: "{of_type}": {text}')


def _keys_with_values(value: Mapping[str, Any]) -> set[str]:
    return {key for key, item in value.items() if item is not None}


def _keys(value: Any) -> Sequence[str]:
    return [key for key in value if isinstance(key, str)] if isinstance(value, Mapping) else []


def _items(value: Any) -> Sequence[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _value_at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
