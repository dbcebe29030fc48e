"""Charts rendered by Helm with the values of a release, and held against a real API server."""

from pathlib import Path
from typing import Any

import pytest

from engine.progress import Progress
from simulator.conformance.charts import (
    ChartResult,
    check_charts,
    helm,
    helm_module,
    local_charts,
)
from simulator.control_plane.planes import ControlPlanes
from simulator.kubernetes.clusters import cluster_of
from simulator.kubernetes.real import RealServer
from tests.simulator.control_planes import is_built, planes  # noqa: F401
from tests.simulator.kubernetes.bench import EKS, Bench, bench, namespace

pytestmark = [
    is_built,
    pytest.mark.skipif(
        not helm_module().is_built(), reason="Helm is not built here: make conformance CHARTS=folder does"
    ),
]
CHARTS = Path(__file__).with_name("charts")
TAINT = {"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}


def release(**values: Any) -> dict[str, Any]:
    return {"chart": "oci://registry.invalid/charts/tiny", "version": "1.0.0", "values": values}


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    """A cluster with the namespace `tiny`, an untainted pool and a tainted one."""
    made = bench(tmp_path)
    made.make(namespace("tiny"), "tiny")
    for name, labels, taints in (
        ("system", {"ml-platform/pool": "system"}, []),
        ("gpu", {"ml-platform/pool": "gpu"}, [TAINT]),
    ):
        group = {"clusterName": "main", "nodeGroupName": name, "labels": labels, "taints": taints}
        made.cloud.put("aws:eks/nodeGroup:NodeGroup", f"main:{name}", group)
    return made


def check(cluster: Bench, planes: ControlPlanes, state: dict[str, Any]) -> list[ChartResult]:  # noqa: F811
    full = {"name": "tiny", "namespace": "tiny"} | state
    cluster.cloud.put("kubernetes:helm.sh/v3:Release", f"main/{full['namespace']}/tiny", full)
    inside = cluster_of(cluster.cloud, next(iter(cluster.cloud.of_type(EKS))))
    real = RealServer(inside, planes.server(inside.place, inside.version))
    real.bring_in()
    return list(check_charts(inside, real, local_charts(CHARTS), helm(Progress())))


def faults(cluster: Bench, planes: ControlPlanes, **values: Any) -> str:  # noqa: F811
    (result,) = check(cluster, planes, release(**values))
    return "\n".join(result.faults)


def associate(cluster: Bench, account: str) -> None:
    association = {"clusterName": "main", "namespace": "tiny", "serviceAccount": account}
    cluster.cloud.put("aws:eks/podIdentityAssociation:PodIdentityAssociation", account, association)


def test_a_good_chart_is_accepted_and_its_hooks_are_listed(cluster, planes) -> None:  # noqa: F811
    associate(cluster, "tiny")
    associate(cluster, "default")
    (result,) = check(cluster, planes, release())
    assert result == ChartResult("tiny", "tiny 1.0.0", 3, 3, ("Job tiny-cleanup: pre-delete",), ())


def test_values_that_make_a_wrong_object_are_found(cluster, planes) -> None:  # noqa: F811
    text = faults(cluster, planes, requests={"cpu": "2"})
    assert "Deployment tiny:" in text
    assert "must be less than or equal to cpu limit of 1" in text


def test_pods_that_the_namespace_forbids_are_found(cluster, planes) -> None:  # noqa: F811
    cluster.make(namespace("strict", **{"pod-security.kubernetes.io/enforce": "baseline"}), "strict")
    (result,) = check(cluster, planes, release(hostNetwork=True) | {"namespace": "strict"})
    assert 'violates PodSecurity "baseline:latest": host namespaces' in "".join(result.faults)


def test_pods_that_fit_no_pool_are_found(cluster, planes) -> None:  # noqa: F811
    assert "fits no pool" in faults(cluster, planes, nodeSelector={"ml-platform/pool": "sytem"})
    on_gpus = {"nodeSelector": {"ml-platform/pool": "gpu"}}
    assert "tolerates the taints of no pool that its nodeSelector fits (nvidia.com/gpu)" in faults(
        cluster, planes, **on_gpus
    )
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    assert not faults(cluster, planes, **on_gpus, tolerations=tolerations)


def test_a_role_whose_service_account_nobody_makes_is_found(cluster, planes) -> None:  # noqa: F811
    associate(cluster, "tyni")
    assert "an IAM role waits for the service account tyni of namespace tiny" in faults(cluster, planes)


def test_a_chart_of_another_version_is_a_fault(cluster, planes) -> None:  # noqa: F811
    (result,) = check(cluster, planes, release() | {"version": "2.0.0"})
    assert result.faults == ("the folder has tiny 1.0.0",)


def test_a_chart_that_helm_cannot_render_is_one_fault(cluster, planes) -> None:  # noqa: F811
    assert faults(cluster, planes, serviceAccount="[").startswith("Helm cannot render tiny")
