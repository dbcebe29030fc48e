"""Hooks of charts that run at destroy. Their Jobs need nodes, network and permissions until they have ended."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from catalog.chart_facts import chart_facts
from catalog.sharing import POOL_LABEL
from components.core.addon_spec import AddOnContext, every_add_on, values_of
from settings.compute.node_pool import NodePoolSettings
from tests.components.stacks import CLUSTER, POOL, stack, stage

GPUS = {"name": "gpu", "instance_types": ["g6.xlarge"], "min_per_zone": 0, "taints": [{"key": "nvidia.com/gpu"}]}
NOT_SET: Any = object()


def at(values: Mapping[str, Any], path: str) -> Any:
    below: Any = values
    for key in path.split("."):
        below = below.get(key, NOT_SET) if isinstance(below, Mapping) else NOT_SET
    return below


def jobs_at_destroy(chart: str, prefix: str = "") -> Iterator[tuple[str, tuple[str, ...], str | None]]:
    """The Jobs of a chart and of those that it brings: name, the values that switch it on, its node selector."""
    for hook in chart_facts(chart).hooks:
        if hook["kind"] == "Job" and {"pre-delete", "post-delete"} & set(hook["events"]):
            selector = hook.get("node_selector")
            yield hook["name"], tuple(prefix + path for path in hook.get("if", ())), selector and prefix + selector
    for key, part in ((key, part) for key, part in chart_facts(chart).brings.items() if part.known):
        for job, switches, selector in jobs_at_destroy(part.chart, f"{prefix}{key}."):
            yield job, (*switches, *(prefix + path for path in part.switches)), selector


CONTEXT = AddOnContext(
    stage=stage(),
    cluster="main",
    kubernetes_version="1.35",
    pools=tuple(NodePoolSettings.model_validate(pool) for pool in (POOL, GPUS)),
    gpu_allocation="device-plugin",
)
JOBS = [
    (name, job, selector)
    for name, add_on in every_add_on().items()
    for job, switches, selector in jobs_at_destroy(name)
    if not any(at(values_of(add_on, CONTEXT), path) is False for path in switches)
]


def test_the_jobs_of_gpu_operator_are_known() -> None:
    assert {(name, job) for name, job, _ in JOBS} >= {
        ("gpu-operator", "gpu-operator-cleanup-gpucluster"),
        ("gpu-operator", "*-prune"),
    }


@pytest.mark.parametrize(("name", "job", "selector"), JOBS, ids=[f"{name}: {job}" for name, job, _ in JOBS])
def test_a_job_at_destroy_runs_on_the_landing_pool(name: str, job: str, selector: str | None) -> None:
    assert selector is not None
    chosen = at(values_of(every_add_on()[name], CONTEXT), selector)
    assert chosen[POOL_LABEL] == CONTEXT.landing_pool.name, f"{job} waits for a node of a pool that may have none"


@pytest.mark.parametrize("name", sorted({name for name, *_ in JOBS}))
def test_its_release_goes_before_what_its_jobs_need(cloud, name):
    """The engine deletes a resource before everything that it depends on."""
    cloud.up(stack(clusters={"main": {**CLUSTER, "pools": [POOL, GPUS]}}, admission={"kyverno": {}}))
    by_urn = cloud.registered
    release = cloud.one("Release", f"main-{name}")
    later, waiting = set(), [release]
    while waiting:
        resource = waiting.pop()
        below = {*resource.dependencies, *(urn for urns in resource.property_dependencies.values() for urn in urns)}
        below |= {resource.parent, resource.provider.rpartition("::")[0]} - {""}
        waiting += [by_urn[urn] for urn in below - later if urn in by_urn]
        later |= below
    system = [group for group in cloud.all("nodeGroup:NodeGroup") if group.name.startswith("main-system")]
    addons = [cloud.one("addon:Addon", f"main-{addon}") for addon in ("vpc-cni", "kube-proxy", "coredns")]
    network = [r for kind in ("ec2/natGateway:NatGateway", "ec2/route:Route") for r in cloud.all(kind)]
    namespace = cloud.one("Namespace", f"main-namespace-{every_add_on()[name].chart.namespace}")
    assert len(system) >= 2
    assert network
    needed = [*system, *addons, *network, namespace, cloud.one("eks:index:Cluster")]
    assert [each.name for each in needed if each.urn not in later] == [], "its Jobs would wait for them for ever"
