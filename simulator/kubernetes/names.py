"""Automatic names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from simulator.values import UNKNOWN, Props

AUTONAMED = "pulumi.com/autonamed"


def suffix(urn: str, seed: bytes) -> str:
    """Returns eight hex digits, from the engine's seed if it gives one, so that a replacement has a new name."""
    return hashlib.sha256(seed + urn.encode()).hexdigest()[:8]


def autoname(inputs: Props, old: Props, urn_name: str, urn: str, seed: bytes) -> None:
    """Gives an object without a name an automatic name, or the automatic name that it had before."""
    metadata = inputs["metadata"] = {} if inputs.get("metadata") is None else inputs["metadata"]
    if metadata is UNKNOWN or metadata.get("name") is not None:
        return
    earlier = old.get("metadata") or {}
    old_name = earlier.get("name") if is_autonamed(old) else None
    metadata["name"] = old_name or f"{urn_name}-{suffix(urn, seed)}"
    annotations = metadata.get("annotations")
    if annotations is not UNKNOWN:
        metadata["annotations"] = {**(annotations or {}), AUTONAMED: "true"}


def is_autonamed(inputs: Mapping[str, Any]) -> bool:
    """Returns whether the provider chose the name."""
    metadata = inputs.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return isinstance(annotations, Mapping) and annotations.get(AUTONAMED) == "true"
