"""Profiles: the defaults of `environment: dev | staging | prod`, which a stack file may override key by key.

A `*` stands for every entry of a map or list in the stack file. The models' own defaults suit production, so a profile
has only what differs in its environment.
"""

from collections.abc import Mapping
from typing import Any

from common.spelling import nearest
from settings.compute.presets import with_presets

PROFILES: Mapping[str, Mapping[str, Any]] = {
    # Cheap, and removed completely: one NAT gateway, two zones, spot, short retention.
    "dev": {
        "deletion_protection": False,
        "keys": {"deletion_window_days": 7},
        "admission": {"mode": "warn"},
        "secrets": {"recovery_days": 0},  # the stack goes and comes under the same names
        "network": {"zones": 2, "nat": "single", "flow_logs": {"retention_days": 14}},
        "clusters": {"*": {"logs": {"retention_days": 14}, "pools": {"*": {"capacity_type": "spot"}}}},
    },
    # Like production, but cheaper: the loss of a zone may stop it, and logs are kept for a shorter time.
    "staging": {
        "keys": {"deletion_window_days": 7},
        "secrets": {"recovery_days": 7},
        "network": {"zones": 3, "nat": "single", "flow_logs": {"retention_days": 30}},
        "clusters": {"*": {"logs": {"retention_days": 90}, "pools": {"*": {"capacity_type": "on-demand"}}}},
    },
    # Three independent zones, protection from deletion, a year of logs.
    "prod": {
        "deletion_protection": True,
        "network": {"zones": 3, "nat": "per-zone", "flow_logs": {"retention_days": 365}},
        "clusters": {"*": {"logs": {"retention_days": 365}, "pools": {"*": {"capacity_type": "on-demand"}}}},
    },
}


def with_defaults(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the stack file's values with the presets of its pools, then its environment's profile, as defaults."""
    return with_profile(with_presets(raw))


def with_profile(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the stack file's values with its environment's profile as defaults."""
    environment = raw.get("environment")
    known = nearest(environment, PROFILES) if isinstance(environment, str) else None  # a misspelt one is reported
    profile = PROFILES[known] if known else {}
    merged = _merge(profile, raw)
    return merged if isinstance(merged, dict) else dict(raw)


def _merge(profile: Any, own: Any) -> Any:
    if not isinstance(profile, Mapping):
        return own
    of_each_entry = profile.get("*")
    if isinstance(own, list):
        return own if of_each_entry is None else [_merge(of_each_entry, item) for item in own]
    if not isinstance(own, Mapping):
        return own
    merged = dict(own) if of_each_entry is None else {key: _merge(of_each_entry, value) for key, value in own.items()}
    for key, value in profile.items():
        if key == "*":
            continue
        if key in merged:
            merged[key] = _merge(value, merged[key])
        elif not _only_wildcards(value):
            merged[key] = value
    return merged


def _only_wildcards(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"*"}
