"""A cluster with the metrics stack measures its nodes, and its GPUs where it has any.

Source: prometheus-community/helm-charts kube-prometheus-stack-88.5.3 and NVIDIA/gpu-operator v26.7.0, values.yaml
(nodeExporter.enabled, dcgmExporter.enabled: on by default); read 2026-11.
"""

from collections.abc import Iterator

from policies.charts import PROMETHEUS_STACK, RELEASE, chart_of
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, flag

OPERATOR, PLUGIN, DCGM, NODE = "gpu-operator", "nvidia-device-plugin", "dcgm-exporter", "prometheus-node-exporter"
CHART = "chart"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    by_cluster: dict[str, dict[str, Resource]] = {}
    for release in stack.of(RELEASE):
        by_cluster.setdefault(release.provider_urn, {})[chart_of(release)] = release
    for charts in by_cluster.values():
        if (metrics := charts.get(PROMETHEUS_STACK)) is None:
            continue
        if NODE not in charts and not flag(metrics, "values.nodeExporter.enabled", default=True):
            yield metrics, "values.nodeExporter.enabled", f"is off, and there is no {NODE}: nodes are not measured"
        gpus = next((charts[name] for name in (OPERATOR, PLUGIN) if name in charts), None)
        if gpus is None or DCGM in charts:
            continue
        if chart_of(gpus) == PLUGIN:
            yield gpus, CHART, f"gives pods GPUs, and there is no {DCGM}: nobody sees which are idle or broken"
        elif not flag(gpus, "values.dcgmExporter.enabled", default=True):
            yield gpus, "values.dcgmExporter.enabled", f"is off, and there is no {DCGM}: GPUs are not measured"


def _stack(at: tuple[str, str] | None = None, **charts: dict[str, object]) -> StackCase:
    resources = {
        name: Sample(RELEASE, {CHART: f"oci://example.com/{name.replace('_', '-')}", "values": values}, provider="main")
        for name, values in charts.items()
    }
    return StackCase(resources, at=at)


OFF: dict[str, object] = {"enabled": False}

RULE = StackRule(
    id="obs-nodes-and-gpus-measured",
    applies_to=RELEASE,
    severity="medium",
    why="An idle or broken GPU costs as much as one that works, and only its counters tell.",
    fix=f"Leave dcgmExporter and nodeExporter on, or install {DCGM} and {NODE}.",
    mend={"enabled": True},
    no_mend="the release is missing",
    dev="advisory",
    check=check,
    good={
        "nothing set": _stack(kube_prometheus_stack={}, gpu_operator={}),
        "exporters of their own": _stack(
            kube_prometheus_stack={"nodeExporter": OFF},
            prometheus_node_exporter={},
            gpu_operator={"dcgmExporter": OFF},
            dcgm_exporter={},
        ),
        "no GPUs": _stack(kube_prometheus_stack={}),
        "no metrics": _stack(gpu_operator={"dcgmExporter": OFF}),
    },
    bad={
        "nothing set beside a device plugin": _stack(
            ("nvidia_device_plugin", CHART), kube_prometheus_stack={}, nvidia_device_plugin={}
        ),
        "no exporter of GPUs": _stack(
            ("gpu_operator", "values.dcgmExporter.enabled"),
            kube_prometheus_stack={},
            gpu_operator={"dcgmExporter": OFF},
        ),
        "no exporter of nodes": _stack(
            ("kube_prometheus_stack", "values.nodeExporter.enabled"), kube_prometheus_stack={"nodeExporter": OFF}
        ),
        "an exporter in another cluster": StackCase(
            {
                "metrics": Sample(RELEASE, {CHART: PROMETHEUS_STACK, "values": {"nodeExporter": OFF}}, provider="main"),
                "exporter": Sample(RELEASE, {CHART: NODE}, provider="other"),
            },
            at=("metrics", "values.nodeExporter.enabled"),
        ),
    },
)
