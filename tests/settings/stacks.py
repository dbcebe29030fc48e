"""A valid stack file, for tests to break in one setting."""

from copy import deepcopy
from datetime import date
from typing import Any

from components.stack.stack_file import load
from settings.cluster.cluster import ClusterSettings
from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import PathPart
from settings.stack.loader import Problem, SettingsError

TODAY = date(2026, 11, 21)  # support of versions begins and ends: the tests stay on one date
SOURCE = "Pulumi.test.yaml"

RIGHT: dict[str, Any] = {
    "environment": "prod",
    "region": "us-west-2",
    "owner": "ml-platform-team",
    "cost_center": "research",
    "network": {"zones": ["us-west-2a", "us-west-2b", "us-west-2c"]},
    "clusters": {
        "main": {
            "version": "1.35",
            "endpoint": {"private_security_group_ids": ["sg-0123456789abcdef0"]},
            "pools": [
                {"name": "system", "instance_types": ["m5.large"], "min_per_zone": 1, "max_per_zone": 2},
                {"name": "cpu", "instance_types": ["m5.2xlarge", "m5.4xlarge"], "max_per_zone": 4},
            ],
        }
    },
}


def cluster_of(*pools: NodePoolSettings, **settings: Any) -> ClusterParts:
    """Builds a valid cluster with these pools."""
    return ClusterParts.of(ClusterSettings(version="1.35", pools=pools, **settings))


POOL: tuple[PathPart, ...] = ("clusters", "main", "pools", 1)
ABSENT = object()


def stack(*changes: tuple[tuple[PathPart, ...], Any]) -> dict[str, Any]:
    """Returns the valid stack file with each value set at its path; `ABSENT` removes a key."""
    raw = deepcopy(RIGHT)
    for path, value in changes:
        parent: Any = raw
        for part in path[:-1]:
            parent = parent[part] if isinstance(part, int) else parent.setdefault(part, {})
        if value is ABSENT:
            del parent[path[-1]]
        else:
            parent[path[-1]] = value
    return raw


def problems(raw: dict[str, Any], today: date = TODAY) -> tuple[Problem, ...]:
    """Returns the problems that the loader reports; none when it accepts the file."""
    try:
        load(raw, SOURCE, today)
    except SettingsError as error:
        return error.problems
    return ()
