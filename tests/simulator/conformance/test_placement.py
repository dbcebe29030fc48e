"""Where the pods of a workload can run: labels, taints and tolerations, without a server."""

import pytest

from simulator.conformance.placement import Pool, misplaced

TAINT = {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}
SYSTEM = Pool("system", {"ml-platform/pool": "system"}, [])
GPU = Pool("gpu", {"ml-platform/pool": "gpu"}, [TAINT])
POOLS = [SYSTEM, GPU]


def affinity(*pools: str) -> dict:
    expression = {"key": "ml-platform/pool", "operator": "In", "values": list(pools)}
    required = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


@pytest.mark.parametrize(
    "toleration",
    [
        {"operator": "Exists"},
        {"key": "nvidia.com/gpu", "operator": "Exists"},
        {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"},
    ],
)
def test_a_daemon_that_tolerates_every_taint_runs_everywhere(toleration):
    assert misplaced("DaemonSet", {"tolerations": [toleration]}, POOLS) is None


@pytest.mark.parametrize(
    "toleration",
    [
        {"key": "nvidia.com/gp", "operator": "Exists"},
        {"key": "nvidia.com/gpu", "value": "false"},
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoExecute"},
    ],
)
def test_a_daemon_that_misses_a_tainted_pool_is_misplaced(toleration):
    spec = {"tolerations": [toleration]}
    assert misplaced("DaemonSet", spec, POOLS) == (
        "a DaemonSet without toleration for nvidia.com/gpu misses the nodes of gpu"
    )
    assert misplaced("Deployment", spec, POOLS) is None, "one pool is enough for it"


def test_the_required_node_affinity_counts_like_the_node_selector():
    assert misplaced("Deployment", affinity("system"), POOLS) is None
    assert "fits no pool" in str(misplaced("Deployment", affinity("sistem"), POOLS))
    assert "tolerates the taints of no pool" in str(misplaced("Deployment", affinity("gpu"), POOLS))


def test_labels_of_the_hardware_may_come_later():
    assert misplaced("DaemonSet", {"nodeSelector": {"nvidia.com/gpu.present": "true"}}, [SYSTEM]) is None
