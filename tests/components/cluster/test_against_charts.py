"""What we hand to Karpenter and to Helm, against the CRDs and the values of the very charts."""

import functools
import json
from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from jsonschema.protocols import Validator
from pydantic import ValidationError

from catalog.chart_facts import BroughtChart, chart_facts, has_facts, values_tree
from catalog.charts import CHARTS
from catalog.eks_addons import ADDONS
from catalog.instance_types import INSTANCE_TYPES
from catalog.mig import mig_gpu
from components.compute.karpenter.karpenter_manifests import node_class, node_overlays, node_pool
from components.core.addon_spec import AddOnContext, every_add_on, values_of
from components.core.tolerations import TOLERATES_ALL
from settings.cluster.helm_values import mistakes_of
from settings.compute.node_pool import NodePoolSettings
from simulator.kubernetes.custom import schema_of
from tests.components.compute.karpenter.karpenter_rules import broken_rules
from tests.components.stacks import POOL, stage
from tests.facts.reading import facts


@functools.cache
def validator(api_version: str, kind: str) -> Validator:
    """By the chart's own schema, which the simulator keeps; tests/facts holds its digest."""
    schema = schema_of(api_version, kind)
    assert schema is not None, f"{kind} is taken unread"
    return jsonschema.Draft202012Validator(closed(schema))


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with unknown fields refused, which the API server would drop without a word."""
    schema = dict(schema)
    if "properties" in schema:
        schema["properties"] = {name: closed(inner) for name, inner in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    if isinstance(schema.get("items"), dict):
        schema["items"] = closed(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = closed(schema["additionalProperties"])
    return schema


def mistakes(manifest: Any) -> list[str]:
    plain = json.loads(json.dumps(manifest))
    held = validator(plain["apiVersion"], plain["kind"])
    found = [f"{error.json_path}: {error.message}" for error in held.iter_errors(plain)]
    return [*found, *broken_rules(plain)]


def manifests(pool: NodePoolSettings) -> list[Any]:
    zones = pool.named_zones or ("us-west-2a", "us-west-2b")
    return [node_class(pool, stage(), "main", "key-arn"), node_pool(pool, zones), *node_overlays(pool)]


def karpenter_pool(**changes: Any) -> NodePoolSettings:
    raw = {"name": "gpu", "provisioner": "karpenter", "instance_types": ["g6.12xlarge"], "min_per_zone": 0}
    return NodePoolSettings.model_validate({**raw, **changes})


TYPES = sorted(name for name, machine in INSTANCE_TYPES.items() if machine.accelerator or name.startswith(("m7", "c6")))
BLOCK = {
    "id": "cr-0123456789abcdef0",
    "kind": "capacity-block",
    "zone": "us-west-2b",
    "starts": "2027-01-11T11:30:00Z",
    "ends": "2027-01-18T11:30:00Z",
}


def or_nothing(key: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.just({}) | values.map(lambda value: {key: value})


def ways_to_share(instance_type: str) -> st.SearchStrategy[dict[str, Any]]:
    accelerator = INSTANCE_TYPES[instance_type].accelerator
    gpu = mig_gpu(accelerator) if accelerator else None
    ways = [st.just({"strategy": "none"})]
    if accelerator is not None and accelerator.kind == "gpu" and not accelerator.fractional:
        ways += [
            st.builds(
                lambda s, n: {"strategy": s, "replicas": n}, st.sampled_from(["time-slicing", "mps"]), st.integers(2, 9)
            )
        ]
    if gpu is not None:
        ways += [st.sampled_from(sorted(gpu.profiles)).map(lambda name: {"strategy": "mig", "profile": name})]
    return st.one_of(ways)


@st.composite
def karpenter_pools(draw: st.DrawFn) -> NodePoolSettings:
    """Pools that the settings accept; what they say of the others is tested where they are."""
    name = draw(st.sampled_from(TYPES))
    raw: dict[str, Any] = {
        "instance_types": [name],
        "sharing": draw(ways_to_share(name)),
        "operating_system": draw(st.sampled_from(["al2023", "bottlerocket"])),
        "taints": [{"key": "gpu", "value": draw(st.sampled_from(["", "true"]))}],
    }
    for part in (
        or_nothing("efa", st.booleans()),
        or_nothing("local_nvme", st.just("raid0")),
        or_nothing("placement_group", st.booleans()),
        or_nothing("max_gpus", st.integers(1, 200)),
        or_nothing("max_per_zone", st.integers(1, 50)),
        or_nothing("zones", st.just(["us-west-2a"])),
        or_nothing("node_repair", st.booleans()),
        or_nothing("labels", st.just({"team": "vision"})),
        or_nothing("disk", st.just({"size_gib": 500, "iops": 6000})),
        or_nothing("off_peak", st.just({"begins": "20:30", "hours": 10})),
        or_nothing("disruption", st.just({"consolidate": "when-empty", "consolidate_after_minutes": 0})),
        st.sampled_from([{}, {"capacity_type": "spot"}, {"capacity_type": "reserved", "reservation": BLOCK}]),
    ):
        extended = {**raw, **draw(part)}
        try:
            karpenter_pool(**extended)
        except ValidationError:
            continue  # this part alone is refused
        raw = extended
    try:
        return karpenter_pool(**raw)
    except ValidationError:
        reject()


@given(karpenter_pools())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_any_karpenter_pool_is_one_that_its_crds_take(pool: NodePoolSettings) -> None:
    for manifest in manifests(pool):
        assert mistakes(manifest) == [], manifest["kind"]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("EC2NodeClass", {"metadataOption": {}}),
        ("EC2NodeClass", {"instanceProfile": "another"}),
        ("EC2NodeClass", {"tags": {"karpenter.sh/nodepool": "gpu"}}),
        ("EC2NodeClass", {"amiSelectorTerms": [{"alias": "al2023@v1"}, {"alias": "al2023@v2"}]}),
        (
            "EC2NodeClass",
            {"networkInterfaces": [{"networkCardIndex": 0, "deviceIndex": 1, "interfaceType": "efa-only"}]},
        ),
        ("NodePool", {"weight": 101}),
        ("NodePool", {"disruption": {"consolidateAfter": "1m", "budgets": [{"nodes": "0", "schedule": "0 8 * * *"}]}}),
        ("NodeOverlay", {"capacity": {"cpu": "4"}}),
        ("NodeOverlay", {"requirements": [{"key": "karpenter.sh/registered", "operator": "Exists"}]}),
    ],
)
def test_the_comparison_sees_what_is_wrong(kind: str, wrong: dict[str, Any]) -> None:
    pool = karpenter_pool(instance_types=["g6f.xlarge"])
    (manifest,) = [m for m in manifests(pool) if m["kind"] == kind]
    assert mistakes(manifest) == []
    assert mistakes({**manifest, "spec": {**manifest["spec"], **wrong}})


SHARED_GPUS = {
    "name": "shared",
    "instance_types": ["g6.12xlarge"],
    "sharing": {"strategy": "time-slicing", "replicas": 4},
    "taints": [{"key": "gpu", "value": "true"}],
}
CUT_GPUS = {
    "name": "cut",
    "instance_types": ["p4de.24xlarge"],
    "sharing": {"strategy": "mig", "profile": "1g.10gb"},
    "taints": [{"key": "gpu", "value": "mig"}],
}
POOL_SETS: dict[str, list[dict[str, Any]]] = {
    "machines without GPUs": [POOL],
    "whole, shared and cut GPUs": [POOL, SHARED_GPUS, CUT_GPUS],
    "training": [POOL, {"name": "train", "instance_types": ["p5.48xlarge"], "efa": True, "zones": ["us-west-2a"]}],
    "Neuron": [POOL, {"name": "trn", "instance_types": ["trn2.48xlarge"], "taints": [{"key": "neuron"}]}],
    "Karpenter": [
        POOL,
        {"name": "cpu", "provisioner": "karpenter", "instance_types": ["m7i.2xlarge"], "min_per_zone": 0},
    ],
}


def context_of(pools: list[dict[str, Any]], gpu_allocation: str = "device-plugin") -> AddOnContext:
    return AddOnContext(
        stage=stage(),
        cluster="main",
        kubernetes_version="1.35",
        pools=tuple(NodePoolSettings.model_validate(pool) for pool in pools),
        gpu_allocation=gpu_allocation,
    )


def value_at(values: Mapping[str, Any], path: str | None, default: Any) -> Any:
    """What we set at the path of a chart's values, or else the chart's default."""
    for key in path.split(".") if path else [""]:
        if not isinstance(values, Mapping) or key not in values:
            return default
        values = values[key]
    return values


@pytest.mark.parametrize("name", sorted(every_add_on()))
@pytest.mark.parametrize("pools", POOL_SETS.values(), ids=POOL_SETS)
@pytest.mark.parametrize("gpu_allocation", ["device-plugin", "dra"])
def test_every_value_that_we_set_is_one_that_the_chart_reads(
    name: str, pools: list[dict[str, Any]], gpu_allocation: str
) -> None:
    values = values_of(every_add_on()[name], context_of(pools, gpu_allocation))
    found = list(mistakes_of(name, values))
    assert not found, f"{name} would ignore these values, or refuse them"


def at(tree: Any, path: tuple[str, ...]) -> Any:
    return functools.reduce(lambda inner, key: inner[key], path, tree)


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_the_facts_are_those_of_the_version_that_we_install(name: str) -> None:
    assert has_facts(name), f"write the facts of {name}: see catalog/renew/chart_facts.py"
    assert chart_facts(name).version == CHARTS[name].version, "read its values anew: catalog/renew/chart_facts.py"


def brought_by(name: str) -> dict[str, BroughtChart]:
    """The charts from elsewhere that it brings, but for those that the stack file cannot turn on."""
    off = {each.path for each in every_add_on()[name].fixed if not each.keeps(True)}
    return {key: part for key, part in chart_facts(name).brings.items() if part.chart and not off & set(part.switches)}


@pytest.mark.parametrize("name", sorted(every_add_on()))
def test_the_templates_of_an_add_on_and_of_what_it_brings_were_read(name: str) -> None:
    brought = brought_by(name).values()
    unknown = [part for part in brought if not part.known]
    assert not unknown, "write their facts at this version: see catalog/renew/chart_facts.py"
    for chart in (name, *(part.chart for part in brought)):
        assert chart_facts(chart).templates_read, f"values.yaml alone does not say what {chart} reads"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("karpenter", {"settings": {"clustername": "main"}}),
        ("karpenter", {"replicas": "2"}),
        ("gpu-operator", {"node-feature-discovery": {"master": {"nodeselector": {}}}}),
        ("neuron-helm-chart", {"scheduler": {"securityContext": {}}}),
    ],
)
def test_a_value_that_no_chart_reads_is_seen(name: str, values: dict[str, Any]) -> None:
    assert list(mistakes_of(name, values))


@pytest.mark.parametrize("name", sorted(every_add_on()))
def test_daemons_name_paths_where_the_chart_reads_tolerations(name: str) -> None:
    for path in every_add_on()[name].daemons:
        if path == TOLERATES_ALL:
            assert values_tree(name)["tolerations"] == [{"operator": "Exists"}]
            continue
        assert path.endswith("olerations")
        assert isinstance(at(values_tree(name), tuple(path.split("."))), list), path


@pytest.mark.parametrize("name", sorted(every_add_on()))
def test_a_namespace_admits_what_the_chart_runs(name: str) -> None:
    """Pods that use the network or the files of a node, or are privileged, start under the level privileged alone."""
    add_on = every_add_on()[name]
    values = add_on.values(context_of([POOL]))
    strong = [
        pod
        for pod in chart_facts(name).pods
        if pod.get("privileged") or pod.get("host_path") or pod.get("host_network") is True
        if all(value_at(values, path, default=True) for path in pod.get("if", ()))
    ]
    assert not strong or add_on.pod_security == "privileged", strong


def workloads(chart: str) -> tuple[Any, Any]:
    """The DaemonSets and the service accounts of a chart."""
    version, daemon_sets, service_accounts = facts("chart_workloads")["charts"].get(chart, (None, [], []))
    assert version == CHARTS[chart].version, f"{chart}: read its templates, and write tests/facts/chart_workloads.json"
    return daemon_sets, service_accounts


@pytest.mark.parametrize("name", sorted(every_add_on()))
@pytest.mark.parametrize("pools", POOL_SETS.values(), ids=POOL_SETS)
@pytest.mark.parametrize("gpu_allocation", ["device-plugin", "dra"])
def test_daemons_are_the_daemon_sets_that_the_chart_makes_of_our_values(
    name: str, pools: list[dict[str, Any]], gpu_allocation: str
) -> None:
    add_on, context = every_add_on()[name], context_of(pools, gpu_allocation)
    daemon_sets, _ = workloads(name)
    values = add_on.values(context)
    made = {tolerations for tolerations, switch, default in daemon_sets if value_at(values, switch, default)}
    assert set(add_on.daemons) == made, "a DaemonSet that is not named here stays away from nodes with taints"


OF_OPERATORS = {"opentelemetry-operator": {"gateway-collector"}}
"""Service accounts that an operator makes for its pods."""


@pytest.mark.parametrize("name", sorted(every_add_on()))
def test_roles_are_for_service_accounts_that_the_chart_makes(name: str) -> None:
    add_on = every_add_on()[name]
    _, service_accounts = workloads(name)
    values = add_on.values(context_of([POOL]))
    made = {value_at(values, path, default) for path, default in service_accounts}
    made |= OF_OPERATORS.get(name, set())
    assert {account for _, account in add_on.service_accounts} <= made, "its pods would have no permissions"


@pytest.mark.parametrize("name", sorted(every_add_on()))
def test_two_readings_of_the_templates_agree(name: str) -> None:
    charts = {
        "": chart_facts(name),
        **{f"{key}.": chart_facts(part.chart) for key, part in brought_by(name).items()},
    }
    daemon_sets, service_accounts = workloads(name)
    tolerations = {
        f"{at}{pod.get('tolerations', TOLERATES_ALL)}"
        for at, facts_ in charts.items()
        for pod in facts_.pods
        if pod["kind"] == "DaemonSet"
    }
    assert tolerations <= {path for path, *_ in daemon_sets}
    assert {path for path, _ in service_accounts} <= {
        f"{at}{account.get('named_by')}" for at, facts_ in charts.items() for account in facts_.service_accounts
    }


def test_no_two_add_ons_have_the_same_service_account() -> None:
    """EKS allows one role for each, so the second association would fail."""
    helm = [(pair, name) for name, add_on in every_add_on().items() for pair in add_on.service_accounts]
    eks = [((addon.namespace, addon.service_account), addon.name) for addon in ADDONS.values() if addon.service_account]
    assert len({pair for pair, _ in [*helm, *eks]}) == len([*helm, *eks])
