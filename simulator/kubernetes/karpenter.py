"""What Karpenter's controllers do with references between its objects, and with overlays that conflict.

Sources: Karpenter v1.14, "NodePools", "NodeOverlays"; kubernetes-sigs/karpenter, controllers nodeoverlay;
aws/karpenter-provider-aws, controller nodeclass/termination; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.requirements import exclude_each_other
from simulator.values import has_unknown

NODE_CLASS = ("karpenter.k8s.aws/v1", "EC2NodeClass")
NODE_POOL = ("karpenter.sh/v1", "NodePool")
NODE_CLAIM = ("karpenter.sh/v1", "NodeClaim")
NODE_OVERLAY = ("karpenter.sh/v1alpha1", "NodeOverlay")


def node_class_of(state: Mapping[str, Any]) -> str | None:
    """Returns the name of the EC2NodeClass that a NodePool uses; None for other objects, and while it is not known."""
    if (state.get("apiVersion"), state.get("kind")) != NODE_POOL:
        return None
    reference = _value_at(state, "spec", "template", "spec", "nodeClassRef")
    name = reference.get("name") if isinstance(reference, Mapping) and reference.get("kind") == NODE_CLASS[1] else None
    return name if isinstance(name, str) else None


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


def _value_at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
