"""Which pools the pods of a workload can run on."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.conformance.placement import Pool, misplaced

GPU = Pool("gpu", {"ml-platform/pool": "gpu"}, [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}])
SYSTEM = Pool("system", {"ml-platform/pool": "system"}, [{"key": "busy", "effect": "PreferNoSchedule"}])


@pytest.mark.parametrize(
    ("toleration", "tolerates"),
    [
        ({"key": "nvidia.com/gpu", "operator": "Exists"}, True),
        ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}, True),
        ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": ""}, True),
        ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "nvidia.com/gpu", "value": "true"}, True),
        ({"key": "nvidia.com/gpu", "value": "false"}, False),
        ({"key": "nvidia.com/gpu"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"operator": "Exists"}, True),
        ({"operator": "Exists", "effect": "NoExecute"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_toleration_is_compared_with_a_taint_as_the_scheduler_does(toleration: Any, tolerates: bool) -> None:
    assert GPU.is_tolerated_by({"tolerations": [toleration]}) is tolerates


def test_a_preference_keeps_no_pod_away() -> None:
    assert SYSTEM.is_tolerated_by({})


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"ml-platform/pool": "system"}, None),
        ({"ml-platform/pool": "sytem"}, "its nodeSelector {'ml-platform/pool': 'sytem'} fits no pool"),
        ({"ml-platform/pool": "gpu"}, "it tolerates the taints of no pool that its nodeSelector fits (nvidia.com/gpu)"),
        ({"kubernetes.io/arch": "amd64"}, None),
    ],
)
def test_pods_that_fit_no_pool_are_told_why(labels: Any, reason: str | None) -> None:
    assert misplaced({"nodeSelector": labels}, [GPU, SYSTEM]) == reason
