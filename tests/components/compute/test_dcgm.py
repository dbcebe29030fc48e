"""Metrics of GPUs: one exporter on each node, which knows the pods of whole GPUs, of slices and of claims."""

import csv
from dataclasses import replace
from typing import Any

import pytest

from catalog.rows import read_table
from catalog.sharing import SHARED_GPU
from components.compute import dcgm_counters
from components.compute.node_labels import labels_of
from components.core.addon_spec import AddOnContext, every_add_on, values_of
from components.observability.monitors import monitors
from settings.compute.node_pool import NodePoolSettings
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, POOL, stack, stage

WHOLE = {"name": "gpu", "instance_types": ["p4de.24xlarge"], "min_per_zone": 0}
SLICED = {**WHOLE, "sharing": {"strategy": "time-slicing", "replicas": 2}}
MPS = {**WHOLE, "sharing": {"strategy": "mps", "replicas": 2}}
CUT = {**WHOLE, "sharing": {"strategy": "mig", "layout": {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}}}
BOTTLEROCKET = {"operating_system": "bottlerocket"}
OPERATOR, CHART = "gpu-operator", "dcgm-exporter"


def context(*pools: dict[str, Any], gpu_allocation: str = "device-plugin") -> AddOnContext:
    made = tuple(NodePoolSettings.model_validate(pool) for pool in (POOL, *pools))
    return AddOnContext(
        stage=stage(), cluster="main", kubernetes_version="1.35", pools=made, gpu_allocation=gpu_allocation
    )


def exporter(add_on: str, *pools: dict[str, Any], **more: Any) -> dict[str, Any]:
    values = values_of(every_add_on()[add_on], context(*pools, **more))
    return values["dcgmExporter"] if add_on == OPERATOR else values


def variables(add_on: str, *pools: dict[str, Any], **more: Any) -> dict[str, str]:
    values = exporter(add_on, *pools, **more)
    return {each["name"]: each["value"] for each in values["env" if add_on == OPERATOR else "extraEnv"]}


def exporters_on(pool: NodePoolSettings) -> list[str]:
    """As the operator and the scheduler decide. The operator labels nodes with a GPU, unless a label keeps it away."""
    labels = labels_of(pool)
    operator = labels["nvidia.com/gpu.present"] == "true" and labels.get("nvidia.com/gpu.deploy.operands") != "false"
    chart = exporter(CHART)["nodeSelector"].items() <= labels.items()
    return [name for name, on in ((OPERATOR, operator), (CHART, chart)) if on]


@pytest.mark.parametrize("system", ["al2023", "bottlerocket"])
@pytest.mark.parametrize("types", ["g6.12xlarge", "p6e-gb200.36xlarge"])
def test_each_gpu_node_has_one_exporter(system: str, types: str) -> None:
    of_pool = NodePoolSettings.model_validate({**WHOLE, "instance_types": ["g6.12xlarge"], "operating_system": system})
    pool = of_pool.model_copy(update={"instance_types": (types,)})
    assert exporters_on(pool) == [OPERATOR if system == "al2023" else CHART], "two compete, and none is blind"
    brought = every_add_on()[exporters_on(pool)[0]]
    assert brought.needed_by(replace(stack().parts_of("main"), pools={0: pool})) == "pool gpu"


def test_exporters_run_on_nodes_of_people_with_any_taint() -> None:
    assert exporter(CHART, {**SLICED, "taints": [{"key": "gpu"}]})["tolerations"] == [{"operator": "Exists"}]
    values = values_of(every_add_on()[OPERATOR], context({**SLICED, "taints": [{"key": "gpu"}]}))
    assert values["daemonsets"]["tolerations"] == [{"operator": "Exists"}]


@pytest.mark.parametrize(("add_on", "system"), [(OPERATOR, {}), (CHART, BOTTLEROCKET)])
@pytest.mark.parametrize("shared", [SLICED, MPS])
def test_each_pod_of_a_shared_gpu_has_series_of_its_own(
    add_on: str, system: dict[str, str], shared: dict[str, Any]
) -> None:
    assert "KUBERNETES_VIRTUAL_GPUS" not in variables(add_on, {**WHOLE, **system})
    found = variables(add_on, {**shared, **system})
    assert found["NVIDIA_RESOURCE_NAMES"] == SHARED_GPU, "else pods on slices are on no metric"
    assert found["KUBERNETES_VIRTUAL_GPUS"] == "true", "else the last pod takes the whole GPU"
    values = exporter(add_on, {**shared, **system})
    by_uid = values if add_on == OPERATOR else values["kubernetes"]
    assert (values["hostPID"], by_uid["enablePodUID"]) == (True, True), "else each pod uses no memory"


def test_a_mig_instance_has_one_pod_so_its_exporter_needs_no_more() -> None:
    assert exporter(OPERATOR, CUT) == exporter(OPERATOR, WHOLE)


def test_an_exporter_heeds_the_pools_that_it_runs_on_alone() -> None:
    assert exporter(OPERATOR, WHOLE, {**SLICED, "name": "b", **BOTTLEROCKET}) == exporter(OPERATOR, WHOLE)
    assert "hostPID" not in exporter(CHART, SLICED, {**WHOLE, "name": "b", **BOTTLEROCKET})


def test_with_claims_the_exporter_finds_pods_by_the_slices_of_drivers() -> None:
    found = variables(OPERATOR, CUT, gpu_allocation="dra")
    assert found["KUBERNETES_ENABLE_DRA"] == "true"
    assert "KUBERNETES_VIRTUAL_GPUS" not in found, "the exporter would not look at claims then"
    assert exporter(OPERATOR, CUT, gpu_allocation="dra")["enablePodUID"], "its pods have a token only then"


def test_what_the_exporter_reads_of_claims_it_may_read(cloud: PlatformCloud) -> None:
    def build(allocation: str) -> None:
        pools = [POOL, {**CUT, "min_per_zone": 1}]
        cloud.up_cluster(stack(clusters={"main": {**CLUSTER, "pools": pools, "gpu_allocation": allocation}}))

    build("dra")
    (role,) = [each.inputs for each in cloud.all("ClusterRole") if "dcgm" in each.name]
    (binding,) = [each.inputs for each in cloud.all("ClusterRoleBinding") if "dcgm" in each.name]
    assert role["rules"] == [
        {"apiGroups": ["resource.k8s.io"], "resources": ["resourceslices"], "verbs": ["get", "list", "watch"]}
    ]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    (subject,) = binding["subjects"]
    assert (subject["namespace"], subject["name"]) == ("gpu-operator", "nvidia-dcgm-exporter")
    build("device-plugin")
    assert not [each for each in cloud.all("ClusterRole") if "dcgm" in each.name]


def test_switching_a_pool_to_slices_changes_the_release_in_the_preview(cloud: PlatformCloud) -> None:
    releases = []
    for pool in (WHOLE, SLICED):
        cloud.up_cluster(stack(clusters={"main": {**CLUSTER, "pools": [POOL, pool]}}))
        releases.append(cloud.one("Release", "main-gpu-operator").inputs["values"]["dcgmExporter"])
    assert releases[0] != releases[1]
    assert {"name": "KUBERNETES_VIRTUAL_GPUS", "value": "true"} in releases[1]["env"]


def test_the_list_is_one_that_the_exporter_can_read() -> None:
    rows = list(csv.reader(dcgm_counters.counters().splitlines()))
    assert all(len(row) == 3 for row in rows), "a comma too many ends it"
    assert {row[0] for row in rows} == set(read_table("metrics/dcgm")["metrics"])
    assert {row[1].strip() for row in rows} == {"gauge", "counter"}


def test_both_charts_read_the_same_list() -> None:
    assert exporter(OPERATOR)["config"]["data"] == exporter(CHART)["customMetrics"] == dcgm_counters.counters()
    assert variables(OPERATOR)["DCGM_EXPORTER_INTERVAL"] == "15000", "a reading more often finds nothing new"


def test_another_list_reaches_the_pods_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def names() -> tuple[Any, Any]:
        return exporter(OPERATOR)["config"]["name"], exporter(CHART)["podAnnotations"]

    before = names()
    monkeypatch.setattr(dcgm_counters, "counters", lambda: "DCGM_FI_DEV_GPU_UTIL, gauge, .\n")
    assert all(old != new for old, new in zip(before, names(), strict=True)), "pods read the list when they start"


def test_series_are_those_of_the_node_and_of_the_pod_that_has_the_gpu() -> None:
    parts = stack(observability={}).parts_of("main")
    for name, namespace in ((OPERATOR, "gpu-operator"), (CHART, "dcgm-exporter")):
        (scrape,) = every_add_on()[name].metrics(parts)
        (endpoint,) = monitors([replace(scrape, namespace=namespace)])[0]["spec"]["podMetricsEndpoints"]
        assert (endpoint["interval"], endpoint["honorLabels"]) == ("15s", False)
        assert {"action": "labeldrop", "regex": "container|namespace|pod|service"} in endpoint["relabelings"]
        assert "node" in [each.get("targetLabel") for each in endpoint["relabelings"]]


def test_the_standalone_exporter_sees_gpus_of_its_own_and_asks_no_other_engine() -> None:
    values = exporter(CHART, {**SLICED, **BOTTLEROCKET})
    assert "-r" not in values["arguments"]
    assert "--disable-startup-validate" in values["arguments"], (
        "it looks into a cache that the GPU's injection replaced"
    )
    assert "securityContext" not in values, "the chart's own adds SYS_ADMIN, without which it would see no GPU"


def test_a_pool_that_is_shared_from_now_on_changes_both_charts_in_a_preview() -> None:
    def previewed(pool: dict[str, Any]) -> list[Any]:
        cloud = PlatformCloud()
        pools = [POOL, {**pool, "name": "gpu"}, {**pool, **BOTTLEROCKET, "name": "rocket"}]
        cloud.up(stack(clusters={"main": {**CLUSTER, "pools": pools}}, observability={}), preview=True)
        return [cloud.one("helm.sh/v3:Release", f"main-{name}").inputs["values"] for name in (OPERATOR, CHART)]

    for before, after in zip(previewed(WHOLE), previewed(SLICED), strict=True):
        assert before != after, "an exporter that was told of no slices names one pod of several"
        shared = "KUBERNETES_VIRTUAL_GPUS"
        assert shared not in str(before)
        assert shared in str(after)
