"""cluster-autoscaler: which groups it scales, what it knows of them without a node, and what it may do."""

from contextlib import nullcontext
from typing import Any

import pytest

from catalog.kubernetes import VERSIONS
from components.compute.addons.cluster_autoscaler import ADD_ON
from components.compute.autoscaling import AUTOSCALED_TAG, TEMPLATE, node_group_tags, scaling_group_tags
from components.compute.node_labels import labels_of
from components.core.addon_spec import AddOnContext
from settings.compute.node_pool import NodePoolSettings
from settings.compute.presets import PRESETS, preset_values
from tests.components.stacks import POOL, stack_with_cluster, stage

CLUSTER = "ml-platform-prod-main"
BLOCK = {
    "id": "cr-0123456789abcdef0",
    "kind": "capacity-block",
    "zone": "us-west-2a",
    "starts": "2099-01-11T11:30:00Z",
    "ends": "2099-01-18T11:30:00Z",
}
SHARES = {"strategy": "time-slicing", "replicas": 4}
MPS = {"strategy": "mps", "replicas": 4}
MIG = {"strategy": "mig", "profile": "1g.5gb"}


def pool(**values: Any) -> NodePoolSettings:
    return NodePoolSettings.model_validate({"name": "p", "min_per_zone": 0, "max_per_zone": 2, **values})


def context(version: str = "1.35", gpu_allocation: str = "device-plugin", environment: str = "prod") -> AddOnContext:
    return AddOnContext(
        stage=stage(environment=environment),
        cluster="main",
        kubernetes_version=version,
        pools=(NodePoolSettings.model_validate(POOL),),
        gpu_allocation=gpu_allocation,
    )


@pytest.mark.parametrize(
    ("scaled", "values"),
    [
        (True, {"instance_types": ["m7i.large"]}),
        (False, {"instance_types": ["m7i.large"], "scaling": "fixed"}),
        (False, {"instance_types": ["m7i.large"], "min_per_zone": 2}),
        (False, {"instance_types": ["m7i.large"], "provisioner": "karpenter"}),
        (True, {"instance_types": ["p5.48xlarge"], "efa": True}),
        (False, {"instance_types": ["p5.48xlarge"], "capacity_type": "reserved", "reservation": BLOCK}),
        (True, {"instance_types": ["g6.xlarge"]}),
        (False, {"instance_types": ["g6.xlarge"], "sharing": SHARES}),
        (False, {"instance_types": ["g6.xlarge"], "sharing": MPS}),
        (False, {"instance_types": ["p4d.24xlarge"], "sharing": MIG}),
        (False, {"instance_types": ["inf2.xlarge"]}),
        (True, {"instance_types": ["inf2.xlarge"], "scaling": "auto"}),
        (True, {"instance_types": ["p4d.24xlarge"], "sharing": MIG, "scaling": "auto"}),
    ],
)
def test_a_managed_pool_with_room_is_scaled(scaled, values):
    made = pool(**values)
    assert made.autoscaled == scaled
    assert (AUTOSCALED_TAG in scaling_group_tags(made, CLUSTER)) == scaled, "EKS's own tags are on every group"
    assert bool(node_group_tags(made)) == scaled


def test_the_default_is_auto_where_fixed_would_be_refused():
    devices = {"instance_types": ["g6.xlarge"], "sharing": SHARES}
    for values in ({"min_per_zone": 2}, {"provisioner": "karpenter"}):
        assert pool(**devices, **values).scaling == "auto"
    block = pool(instance_types=["p5.48xlarge"], sharing=SHARES, capacity_type="reserved", reservation=BLOCK)
    assert block.scaling == "auto"


def resources(**values: Any) -> dict[str, str]:
    tags = node_group_tags(pool(**{"scaling": "auto", **values}))
    return {key.removeprefix(f"{TEMPLATE}/resources/"): amount for key, amount in tags.items()}


@pytest.mark.parametrize(
    ("values", "offered"),
    [
        ({"instance_types": ["m7i.large"]}, {"ephemeral-storage": "85Gi"}),
        (
            {"instance_types": ["g6.12xlarge"], "disk": {"size_gib": 200}},
            {"ephemeral-storage": "170Gi", "nvidia.com/gpu": "4"},
        ),
        (
            {"instance_types": ["g6.12xlarge"], "sharing": {"strategy": "time-slicing", "replicas": 4}},
            {"ephemeral-storage": "85Gi", "nvidia.com/gpu": "0", "nvidia.com/gpu.shared": "16"},
        ),
        (
            {
                "instance_types": ["p4de.24xlarge"],
                "local_nvme": "raid0",
                "sharing": {"strategy": "mig", "layout": {"1g.10gb": 2, "3g.40gb": 1}},
            },
            {
                "ephemeral-storage": "6800G",
                "nvidia.com/gpu": "0",
                "nvidia.com/mig-1g.10gb": "16",
                "nvidia.com/mig-3g.40gb": "8",
            },
        ),
        (
            {"instance_types": ["p5.48xlarge"], "efa": True},
            {
                "ephemeral-storage": "85Gi",
                "nvidia.com/gpu": "8",
                "vpc.amazonaws.com/efa": "32",
                "hugepages-2Mi": "5120Mi",
            },
        ),
        ({"instance_types": ["inf2.24xlarge"]}, {"ephemeral-storage": "85Gi", "aws.amazon.com/neuron": "6"}),
    ],
)
def test_a_group_without_nodes_says_what_its_nodes_offer(values, offered):
    assert resources(**values) == offered, "a pod that asks for more would start no node; for less, nodes without end"


def test_the_names_fit_the_tags_of_aws():
    for name in PRESETS:
        made = NodePoolSettings.model_validate(
            {**preset_values(name), "provisioner": "managed", "disruption": {}, "scaling": "auto"}
        )
        tags = {**node_group_tags(made), **scaling_group_tags(made, CLUSTER)}
        assert tags
        assert all(len(key) <= 128 and len(value) <= 256 for key, value in tags.items())


def test_a_node_with_accelerators_ends_only_when_it_is_idle():
    shared = pool(instance_types=["g6.xlarge"], sharing=SHARES, scaling="auto")
    tags = scaling_group_tags(shared, CLUSTER)
    assert float(tags[f"{TEMPLATE}/autoscaling-options/scaledownutilizationthreshold"]) < 0.01, (
        "a shared GPU counts for nothing there, and the pods use little of the CPU"
    )
    assert set(scaling_group_tags(pool(instance_types=["m7i.large"]), CLUSTER)) == {AUTOSCALED_TAG}


def test_a_node_whose_device_plugin_is_down_keeps_its_pods_for_hours():
    whole = scaling_group_tags(pool(instance_types=["g6.xlarge"]), CLUSTER)
    assert whole[f"{TEMPLATE}/autoscaling-options/scaledownunreadytime"] == "8h0m0s", "the default is 20 minutes"
    for values in ({"instance_types": ["m7i.large"]}, {"instance_types": ["g6.xlarge"], "sharing": SHARES}):
        tags = scaling_group_tags(pool(**values, scaling="auto"), CLUSTER)
        assert f"{TEMPLATE}/autoscaling-options/scaledownunreadytime" not in tags, "only whole GPUs are waited for"


def test_a_taint_without_a_value_is_told_as_well():
    taints = [{"key": "nvidia.com/gpu"}, {"key": "gpu", "value": "mig"}]
    told = scaling_group_tags(pool(instance_types=["g6.xlarge"], taints=taints), CLUSTER)
    assert told[f"{TEMPLATE}/taint/nvidia.com/gpu"] == ":NoSchedule", "every pod would start a node with GPUs"
    assert f"{TEMPLATE}/taint/gpu" not in told


@pytest.mark.parametrize(
    ("value", "values", "allocation"),
    [
        ("l4", {"instance_types": ["g6.xlarge"]}, "device-plugin"),
        ("h100-80gb", {"instance_types": ["p5.48xlarge"], "efa": True}, "device-plugin"),
        (None, {"instance_types": ["g6.xlarge"], "scaling": "fixed"}, "device-plugin"),
        (None, {"instance_types": ["g6.xlarge"], "provisioner": "karpenter"}, "device-plugin"),
        (None, {"instance_types": ["g6.xlarge"], "min_per_zone": 1}, "dra"),
        (None, {"instance_types": ["g6.xlarge"], "sharing": MPS, "scaling": "auto"}, "device-plugin"),
        (None, {"instance_types": ["p4d.24xlarge"], "sharing": MIG, "scaling": "auto"}, "device-plugin"),
        (None, {"instance_types": ["inf2.xlarge"], "scaling": "auto"}, "device-plugin"),
        (None, {"instance_types": ["m7i.large"]}, "device-plugin"),
    ],
)
def test_only_nodes_that_will_offer_whole_gpus_wait_for_them(value, values, allocation):
    found = labels_of(pool(**values), allocation).get("k8s.amazonaws.com/accelerator")
    assert found == value, "without it each loop starts another node; without nvidia.com/gpu it is never ready"


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"instance_types": ["g6.xlarge"], "scaling": "fixed"}, False),
        ({"instance_types": ["g6.xlarge"], "sharing": SHARES, "scaling": "auto"}, True),
        ({"instance_types": ["p4d.24xlarge"], "sharing": MIG}, True),
        ({"instance_types": ["inf2.xlarge"]}, True),
        ({"instance_types": ["m7i.large"]}, True),
    ],
)
def test_nobody_says_by_hand_that_other_nodes_wait_for_whole_gpus(values, refused):
    with pytest.raises(ValueError, match="unready for ever") if refused else nullcontext():
        pool(**values, labels={"k8s.amazonaws.com/accelerator": "x"})


@pytest.mark.parametrize(("allocation", "value"), [("device-plugin", "l4"), ("dra", None)])
def test_a_cluster_tells_its_pools_who_allocates_gpus(cloud, allocation, value):
    gpu = {"name": "gpu", "instance_types": ["g6.xlarge"], "min_per_zone": 1}
    cloud.up_cluster(stack_with_cluster(pools=[POOL, gpu], gpu_allocation=allocation))
    labels = cloud.one("nodeGroup:NodeGroup", "main-gpu-us-west-2a").inputs["labels"]
    assert labels.get("k8s.amazonaws.com/accelerator") == value


def test_the_tags_reach_the_groups_and_no_node(cloud):
    cloud.up_cluster(
        stack_with_cluster(pools=[POOL, {"name": "gpu", "instance_types": ["g6.xlarge"], "min_per_zone": 0}])
    )
    groups = {group.name: group.inputs.get("tags") for group in cloud.all("nodeGroup:NodeGroup")}
    assert groups["main-gpu-us-west-2a"][f"{TEMPLATE}/resources/nvidia.com/gpu"] == "1"
    assert groups["main-system-us-west-2a"] is None, "POOL is fixed"
    tags = {tag.name: tag.inputs["tag"] for tag in cloud.all("autoscaling/tag:Tag")}
    found = {name for name, tag in tags.items() if tag["key"] == AUTOSCALED_TAG}
    assert found == {f"main-gpu-us-west-2{zone}-tag-ml-platform/autoscaled-in" for zone in "ab"}
    assert all(tags[name]["value"] == CLUSTER and not tags[name]["propagateAtLaunch"] for name in found)


def test_it_finds_its_groups_and_may_change_no_others():
    values = ADD_ON.values(context())
    assert values["autoDiscovery"]["tags"] == [f"{AUTOSCALED_TAG}={CLUSTER}"]
    (identity,) = ADD_ON.identities
    assert identity.service_account == values["rbac"]["serviceAccount"]["name"]
    writes = [
        statement
        for statement in identity.statements(context())
        if not all(":Describe" in action for action in statement["Action"])
    ]
    assert [statement.get("Condition") for statement in writes] == [
        {"StringEquals": {f"aws:ResourceTag/{AUTOSCALED_TAG}": CLUSTER}}
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_kubernetes_version_has_its_autoscaler(version):
    tag = ADD_ON.values(context(version))["image"]["tag"]
    assert tag.startswith(f"v{version}."), "it simulates the scheduler of that version"


def test_devices_of_dra_are_turned_on_where_they_are_off_by_default():
    flag = "enable-dynamic-resource-allocation"
    assert ADD_ON.values(context(gpu_allocation="dra"))["extraArgs"][flag] is True
    assert flag not in ADD_ON.values(context())["extraArgs"]


def test_it_survives_a_node_in_production():
    assert [ADD_ON.values(context(environment=name))["replicaCount"] for name in ("prod", "dev")] == [2, 1]
