"""What `environment: dev | staging | prod` stands for: defaults that a stack file may override key by key.

A `*` stands for every entry of a map or list that the stack file has. The models' own defaults are those of
production, so that a profile holds only what an environment does differently.
"""

from collections.abc import Mapping
from typing import Any

from settings.compute.presets import with_presets

PROFILES: Mapping[str, Mapping[str, Any]] = {
    # Cheap, and gone without a trace: one NAT gateway, two zones, spot, short memories.
    "dev": {
        "deletion_protection": False,
        "keys": {"deletion_window_days": 7},
        "network": {"zones": 2, "nat": "single", "flow_logs": {"retention_days": 14}},
        "clusters": {"*": {"logs": {"retention_days": 14}, "pools": {"*": {"capacity_type": "spot"}}}},
    },
    # Built like production, with less paid for the loss of a zone and for old logs.
    "staging": {
        "keys": {"deletion_window_days": 7},
        "network": {"zones": 3, "nat": "single", "flow_logs": {"retention_days": 30}},
        "clusters": {"*": {"logs": {"retention_days": 90}, "pools": {"*": {"capacity_type": "on-demand"}}}},
    },
    # Three zones that stand alone, nothing deleted by accident, a year of logs.
    "prod": {
        "deletion_protection": True,
        "network": {"zones": 3, "nat": "per-zone", "flow_logs": {"retention_days": 365}},
        "clusters": {"*": {"logs": {"retention_days": 365}, "pools": {"*": {"capacity_type": "on-demand"}}}},
    },
}


def with_defaults(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The stack file's own values, the presets of its pools under them, the profile of its environment under both."""
    return with_profile(with_presets(raw))


def with_profile(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The stack file's own values with its environment's profile laid under them."""
    environment = raw.get("environment")
    profile = PROFILES.get(environment, {}) if isinstance(environment, str) else {}
    merged = _under(profile, raw)
    return merged if isinstance(merged, dict) else dict(raw)


def _under(profile: Any, own: Any) -> Any:
    if not isinstance(profile, Mapping):
        return own
    every = profile.get("*")
    if isinstance(own, list):
        return own if every is None else [_under(every, item) for item in own]
    if not isinstance(own, Mapping):
        return own
    merged = dict(own) if every is None else {key: _under(every, value) for key, value in own.items()}
    for key, value in profile.items():
        if key == "*":
            continue
        if key in merged:
            merged[key] = _under(value, merged[key])
        elif not _only_wildcards(value):
            merged[key] = value
    return merged


def _only_wildcards(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"*"}
