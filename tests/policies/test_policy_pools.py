"""Rules about pools, tested with the whole catalog: good pools pass, impossible ones are found, no rule crashes."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.runtime.proto import analyzer_pb2 as wire

from catalog.instance_types import INSTANCE_TYPES, Accelerator, InstanceType
from catalog.mig import MIG_GPUS, mig_gpu
from catalog.sharing import SHARING_LABEL, WHOLE_GPU, Sharing
from common.wire import to_struct
from policies.analyzer import CRASHED, Analyzer
from policies.pools import LAUNCH_TEMPLATE, MIG_CONFIG_LABEL, NODE_CLASS, NODE_GROUP, NODE_POOL
from policies.rule import Rule, Sample, StackRule
from policies.rules.gpu.gpu_shared_pool_has_no_whole_gpu import NODE_OVERLAY, RELEASE
from policies.rules.gpu.gpu_visible_devices_closed import CLOSING
from policies.samples import NO_SCHEDULE, TAINT, node_class, node_group, node_pool, pod, requirement
from tests.policies.policy_harness import ALL, TODAY, stack_request, urn

POD = "kubernetes:core/v1:Pod"
GPU_RULES = {name: rule for name, rule in ALL.items() if name.startswith("gpu-")}
ACCELERATED = sorted(name for name, machine in INSTANCE_TYPES.items() if machine.accelerator)
PROFILES = sorted({profile for gpu in MIG_GPUS.values() for profile in gpu.profiles})
TOLERATION = {"key": "gpu", "operator": "Exists"}


def findings(resources: Mapping[str, Sample], rules: Mapping[str, Rule | StackRule] = ALL) -> list[tuple[str, str]]:
    """Returns (rule, message) of every finding of a pack of these rules, about single resources and the stack."""
    pack = Analyzer(rules, today=lambda: TODAY)
    diagnostics: list[wire.AnalyzeDiagnostic] = []
    for name, sample in resources.items():
        request = wire.AnalyzeRequest(type=sample.type, urn=urn(sample.type, name), properties=to_struct(sample.props))
        diagnostics += pack.Analyze(request, None).diagnostics
    diagnostics += pack.AnalyzeStack(stack_request(resources), None).diagnostics
    return [(d.policyName, d.message) for d in diagnostics]


def gpu_findings(resources: Mapping[str, Sample]) -> list[tuple[str, str]]:
    return findings(resources, GPU_RULES)


def accelerator(machine: InstanceType) -> Accelerator:
    assert machine.accelerator is not None, "these tests are about machines that have one"
    return machine.accelerator


def image(machine: InstanceType) -> str:
    arch = "ARM_64" if machine.arch == "arm64" else "x86_64"
    return f"AL2023_{arch}_{'NVIDIA' if accelerator(machine).kind == 'gpu' else 'NEURON'}"


def good_pools(machine: InstanceType, sharing: Sharing) -> dict[str, Sample]:
    """Returns a node group and a NodePool of the instance type that keep all rules about GPUs."""
    labels = {SHARING_LABEL: sharing.label}
    group = node_group(machine.name, amiType=image(machine), labels=labels, taints=[TAINT])
    pool = node_pool(machine.name, labels=labels, taints=(NO_SCHEDULE,))
    nodes = node_class(amiSelectorTerms=[{"alias": "al2023@v20261012"}], userData=CLOSING)
    template = {"userData": b64encode(CLOSING.encode()).decode()}
    parts = {
        "template": Sample(LAUNCH_TEMPLATE, template),
        "group": Sample(NODE_GROUP, group, links={"launchTemplate": "template"}),
        "pool": Sample(NODE_POOL, pool),
        "class": Sample(NODE_CLASS, nodes),
    }
    overlay = Sample(NODE_OVERLAY, {"spec": {"capacity": {WHOLE_GPU: "0"}}})
    gate = {"settings": {"featureGates": {"nodeOverlay": True}}}
    karpenter = Sample(RELEASE, {"chart": "karpenter", "version": "1.14.1", "values": gate})
    return parts if sharing.strategy == "none" else {**parts, "overlay": overlay, "karpenter": karpenter}


@pytest.mark.parametrize("name", ACCELERATED)
def test_pods_can_use_all_devices_of_every_accelerated_type_and_no_more(name: str) -> None:
    machine = INSTANCE_TYPES[name]
    devices = accelerator(machine)
    ways = [Sharing(), *([Sharing("time-slicing", 4)] if devices.kind == "gpu" else [])]
    gpu = mig_gpu(devices)
    ways += [Sharing("mig", 1, ((p.name, p.max_instances),)) for p in gpu.profiles.values()] if gpu else []
    for sharing in ways:
        pools = good_pools(machine, sharing)
        assert gpu_findings(pools) == [], sharing.label
        for resource, count in sharing.resources(devices).items():
            most = count * devices.count
            for kind in ("group", "pool"):
                enough = {**pools, "job": Sample(POD, pod({"limits": {resource: most}}, tolerations=[TOLERATION]))}
                del enough[{"group": "pool", "pool": "group"}[kind]]
                assert "gpu-pod-schedulable" not in dict(gpu_findings(enough)), f"{kind}: {most} of {resource}"
                more = {**enough, "job": Sample(POD, pod({"limits": {resource: most + 1}}, tolerations=[TOLERATION]))}
                assert "gpu-pod-schedulable" in dict(gpu_findings(more)), (
                    f"{kind}: a node has only {most} of {resource}"
                )


@pytest.mark.parametrize("name", ACCELERATED)
def test_every_accelerated_type_without_a_taint_or_a_driver_is_found(name: str) -> None:
    machine = INSTANCE_TYPES[name]
    bad_group = node_group(name, amiType=image(machine).rpartition("_")[0] + "_STANDARD")
    messages = dict(gpu_findings({"group": Sample(NODE_GROUP, bad_group), "pool": Sample(NODE_POOL, node_pool(name))}))
    assert {"gpu-pool-tainted", "gpu-ami-accelerated"} <= set(messages)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(ACCELERATED),
    layout=st.dictionaries(st.sampled_from(PROFILES), st.integers(1, 7), min_size=1, max_size=3),
    label=st.sampled_from([MIG_CONFIG_LABEL, SHARING_LABEL]),
)
def test_exactly_the_layouts_that_the_catalog_rules_out_are_found(
    name: str, layout: dict[str, int], label: str
) -> None:
    sharing, gpu = Sharing("mig", 1, tuple(layout.items())), mig_gpu(accelerator(INSTANCE_TYPES[name]))
    possible = gpu is not None and set(layout) <= set(gpu.profiles) and gpu.fits(layout)
    value = sharing.label if label == SHARING_LABEL else sharing.mig_config
    group = Sample(NODE_GROUP, node_group(name, labels={label: value}))
    assert ("gpu-mig-profile-valid" not in dict(gpu_findings({"group": group}))) == possible


NAMES = st.lists(st.sampled_from([*sorted(INSTANCE_TYPES), "p99.48xlarge", "", "p"]), max_size=3)
SHARINGS = st.sampled_from(["none", "time-slicing-4", "mps-99", "mig-7x1g.10gb", "mig-0x1g.5gb.me", "mig-", "?", ""])
CONFIGS = st.sampled_from(["all-disabled", "all-balanced", "all-1g.10gb", "all-9g.9gb", "2x1g.10gb_1x3g.40gb", "ours"])
LABELS = st.fixed_dictionaries({}, optional={SHARING_LABEL: SHARINGS, MIG_CONFIG_LABEL: CONFIGS})
AMOUNTS = st.sampled_from([0, 1, 8, "16", "1.5", "1k", "100Gi", "-1"])
LIMITS = st.dictionaries(
    st.sampled_from(["nodes", "cpu", "memory", "nvidia.com/gpu", "aws.amazon.com/neuron"]), AMOUNTS, max_size=3
)
KEYS = [
    *("category", "family", "generation", "size", "cpu", "memory", "gpu-name", "gpu-count", "accelerator-name"),
    *("network-bandwidth", "nothing"),
]
REQUIREMENTS = st.lists(
    st.builds(
        lambda key, operator, values: requirement(key, *values, operator=operator),
        st.sampled_from([*(f"karpenter.k8s.aws/instance-{key}" for key in KEYS), "karpenter.sh/capacity-type", "team"]),
        st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte", "Near"]),
        st.lists(st.sampled_from(["p", "g", "5", "a100", "spot", "on-demand", "x"]), max_size=2).map(tuple),
    ),
    max_size=3,
).map(tuple)
TAINTS = st.lists(st.sampled_from([NO_SCHEDULE, {"key": "gpu", "effect": "NoExecute"}]), max_size=2).map(tuple)
RESOURCES = st.dictionaries(
    st.sampled_from(["nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-1g.10gb", "aws.amazon.com/neuron"]),
    AMOUNTS,
    max_size=2,
)
GROUPS = st.builds(
    lambda types, labels, sizes, more: Sample(NODE_GROUP, node_group(*types, sizes=sizes, labels=labels, **more)),
    NAMES,
    LABELS,
    st.tuples(st.integers(0, 2), st.integers(0, 100), st.integers(0, 2)),
    st.fixed_dictionaries(
        {},
        optional={
            "amiType": st.sampled_from(["AL2023_x86_64_NVIDIA", "BOTTLEROCKET_ARM_64", "CUSTOM", "?"]),
            "capacityType": st.sampled_from(["ON_DEMAND", "SPOT", "CAPACITY_BLOCK", "?"]),
            "taints": st.just([TAINT]),
            "tags": st.just({"always-on": "true"}),
        },
    ),
)
POOLS = st.builds(
    lambda types, requirements, labels, taints, limits: Sample(
        NODE_POOL, node_pool(*types, requirements=requirements, labels=labels, taints=taints, limits=limits)
    ),
    *(NAMES, REQUIREMENTS, LABELS, TAINTS, LIMITS),
)
PODS = st.builds(
    lambda amounts, selector: Sample(POD, pod({"limits": amounts, "requests": amounts}, nodeSelector=selector)),
    RESOURCES,
    st.dictionaries(st.sampled_from(["team", "karpenter.k8s.aws/instance-gpu-name"]), st.just("a100"), max_size=1),
)


@settings(max_examples=200, deadline=None)
@given(group=GROUPS, pool=POOLS, job=PODS, alias=st.sampled_from(["al2023@latest", "bottlerocket@v1", "@", "?"]))
def test_no_pool_and_no_pod_crashes_a_rule(group: Sample, pool: Sample, job: Sample, alias: str) -> None:
    nodes = Sample(NODE_CLASS, node_class(amiSelectorTerms=[{"alias": alias}]))
    template = Sample(LAUNCH_TEMPLATE, {"instanceType": "p5.48xlarge"})
    block = Sample(NODE_GROUP, node_group(), links={"launchTemplate": "template"})
    stack: dict[str, Any] = {"group": group, "pool": pool, "class": nodes, "job": job}
    crashed = [text for name, text in findings({**stack, "template": template, "block": block}) if name == CRASHED.id]
    assert crashed == [], "a rule that crashes checks nothing"
