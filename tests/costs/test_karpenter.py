"""Karpenter pools cost from nothing to what their limits allow; a slice costs its part of a GPU."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.prices import on_demand_usd_per_hour, spot_usd_per_hour
from catalog.sharing import SHARING_LABEL
from common.values import UNKNOWN
from costs.free import why_free
from costs.resource import Resource
from costs.usage import Amount, Usage
from tests.costs.builders import group, items, price, reasons, resource

POOL, CLASS = "kubernetes:karpenter.sh/v1:NodePool", "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
COMPONENT = "urn:pulumi:dev::ml-platform::mlplatform:autoscaling:KarpenterPool::gpu"


def one_of(key, *values):
    return {"key": key, "operator": "In", "values": list(values)}


def pool(*types, capacity=("on-demand",), limits=None, sharing=None, more=(), parent="", **spec):
    requirements = [
        *([one_of("node.kubernetes.io/instance-type", *types)] if types else []),
        *([one_of("karpenter.sh/capacity-type", *capacity)] if capacity else []),
        one_of("topology.kubernetes.io/zone", "us-west-2a"),
        *more,
    ]
    template = {
        "metadata": {"labels": {} if sharing is None else {SHARING_LABEL: sharing}},
        "spec": {"nodeClassRef": {"kind": "EC2NodeClass", "name": "gpu"}, "requirements": requirements},
    }
    full_spec = {"template": template, "limits": {"nodes": "4"} if limits is None else limits, **spec}
    return resource(POOL, "pool", parent, metadata={"name": "gpu"}, spec=full_spec)


def node_class(name="gpu", parent="", size="200Gi", **ebs):
    mapping = {"deviceName": "/dev/xvda", "ebs": {"volumeSize": size, "volumeType": "gp3", **ebs}}
    return resource(CLASS, f"{parent}{name}", parent, metadata={"name": name}, spec={"blockDeviceMappings": [mapping]})


def nodes(result):
    (line,) = [item for item in result.items if item.item.startswith("nodes")]
    return line


def usd(name, region="us-west-2"):
    price = on_demand_usd_per_hour(name, region)
    assert price is not None
    return price.usd


def test_a_pool_costs_from_nothing_to_its_limit_of_nodes():
    line = nodes(price(pool("p4d.24xlarge"), node_class()))
    assert line.item == "nodes, p4d.24xlarge, on-demand"
    assert line.monthly_min_usd == 0, "Karpenter starts no node without a pod that needs it"
    assert line.monthly_max_usd == 4 * 730 * usd("p4d.24xlarge")


@pytest.mark.parametrize(
    ("limits", "maximum"),
    [
        ({"nodes": "4", "nvidia.com/gpu": "16"}, 2),
        ({"nodes": 1, "nvidia.com/gpu": 64}, 1),
        ({"cpu": "300"}, 3),
        ({"cpu": "96k", "memory": "2304Gi"}, 2),
        ({"nvidia.com/gpu": "7"}, 0),
    ],
)
def test_the_tightest_limit_counts(limits, maximum):
    assert nodes(price(pool("p4d.24xlarge", limits=limits), node_class())).quantity_max == maximum


def test_a_limit_in_slices_limits_the_nodes():
    result = price(pool("p4d.24xlarge", limits={"nvidia.com/gpu.shared": "64"}, sharing="time-slicing-4"), node_class())
    assert nodes(result).quantity_max == 2, "eight GPUs of four replicas each are 32 slices a node"


def test_the_maximum_is_the_most_expensive_type_under_the_limit():
    line = nodes(price(pool("g6.xlarge", "g6.48xlarge", limits={"nodes": 9, "nvidia.com/gpu": "16"}), node_class()))
    assert line.monthly_max_usd == 730 * 2 * usd("g6.48xlarge"), "it costs more per GPU, and two nodes have 16 GPUs"
    assert line.price_min.usd == usd("g6.xlarge")
    one_node = nodes(price(pool("g6.xlarge", "g6.48xlarge", limits={"nodes": 1, "nvidia.com/gpu": "16"}), node_class()))
    assert one_node.monthly_max_usd == 730 * usd("g6.48xlarge"), "now the limit in nodes is tighter"


@given(st.integers(1, 30), st.integers(1, 80), st.integers(0, 9), st.integers(0, 9))
def test_no_mix_within_the_limits_costs_more_than_the_maximum(node_limit, gpus, large, small):
    if large + small > node_limit or 8 * large + small > gpus:
        return
    limits = {"nodes": node_limit, "nvidia.com/gpu": gpus}
    line = nodes(price(pool("g6.xlarge", "g6.48xlarge", limits=limits), node_class()))
    mixed = 730 * (large * usd("g6.48xlarge") + small * usd("g6.xlarge"))
    assert line.monthly_max_usd >= mixed - 0.01
    assert line.quantity_max == int(line.quantity_max) or "mix of its types" in line.notes[0]
    disks = items(price(pool("g6.xlarge", "g6.48xlarge", limits=limits), node_class()))["node disks, gp3"]
    assert disks.quantity_max >= 200 * (large + small), "each node has a disk"


def test_a_pool_without_a_limit_is_unpriced():
    result = price(pool("p4d.24xlarge", limits={}), node_class())
    assert not [item for item in result.items if item.item.startswith("nodes")]
    expected = "p4d.24xlarge: no limit of the pool applies to these types. Set spec.limits.nodes"
    assert reasons(result)[0] == expected
    assert reasons(price(pool("m7i.large", limits={"nvidia.com/gpu": 8}), node_class()))[0].startswith("m7i.large: no")


def test_limits_for_one_type_each_are_not_added_up():
    limits = {"nvidia.com/gpu": 8, "aws.amazon.com/neuron": 4}
    result = price(pool("g6.xlarge", "inf2.xlarge", limits=limits), node_class())
    assert "no limit of the pool applies to all of its types" in reasons(result)[0]


def test_a_static_pool_runs_its_replicas_all_the_time():
    line = nodes(price(pool("p5.48xlarge", replicas=2), node_class()))
    assert (line.quantity_min, line.quantity_max) == (2, 2)


def test_requirements_may_describe_types_instead_of_naming_them():
    by_gpu = one_of("karpenter.k8s.aws/instance-gpu-name", "h100")
    single = one_of("karpenter.k8s.aws/instance-gpu-count", "1")
    line = nodes(price(pool(more=(by_gpu, single)), node_class()))
    assert line.item == "nodes, p5.4xlarge, on-demand"
    without = price(pool(more=(one_of("kubernetes.io/arch", "amd64"),)), node_class())
    assert reasons(without)[0].startswith("its requirements allow every instance type")
    impossible = price(pool(more=(by_gpu, one_of("karpenter.k8s.aws/instance-family", "g6"))), node_class())
    assert reasons(impossible)[0].startswith("no instance type of the catalog")


def test_only_types_of_the_region_count_when_requirements_describe_types():
    family = one_of("karpenter.k8s.aws/instance-family", "p4de")
    result = price(pool(more=(family,)), node_class())
    assert "p4de.24xlarge" in nodes(result).item
    elsewhere = resource(POOL, spec=pool(more=(family,)).inputs["spec"], region="eu-south-2")
    assert reasons(price(elsewhere))[0].startswith("no instance type of the catalog")


def test_a_type_that_the_catalog_does_not_know_is_listed_and_the_others_still_count():
    result = price(pool("p4d.24xlarge", "zz9.huge"), node_class())
    assert nodes(result).quantity_max == 4
    assert reasons(result)[0].startswith("zz9.huge: not in the catalog")


def test_spot_before_on_demand_is_a_range_of_prices():
    line = nodes(price(pool("g6.xlarge", capacity=("spot", "on-demand")), node_class()))
    assert line.item == "nodes, g6.xlarge, spot or on-demand"
    assert line.price_min == spot_usd_per_hour("g6.xlarge", "us-west-2")
    assert line.price_max.usd == usd("g6.xlarge"), "at most all nodes are on-demand"
    assert nodes(price(pool("g6.xlarge", capacity=()), node_class())).item.endswith("spot or on-demand")


def test_reserved_nodes_have_the_price_of_the_reservation():
    line = nodes(price(pool("p4d.24xlarge", capacity=("reserved",)), node_class()))
    assert line.price_max.usd == usd("p4d.24xlarge")
    assert "billed at this rate even when no node runs in it" in line.notes[0]


def test_a_capacity_block_has_no_price_per_hour():
    kind = one_of("karpenter.k8s.aws/capacity-reservation-type", "capacity-block")
    result = price(pool("p5.48xlarge", capacity=("reserved",), more=(kind,)), node_class())
    assert not [item for item in result.items if item.item.startswith("nodes")]
    assert "paid when the block was bought" in reasons(result)[0]
    fallback = price(pool("p5.48xlarge", capacity=("reserved", "on-demand"), more=(kind,)), node_class())
    assert nodes(fallback).item.endswith("on-demand"), "on-demand nodes beside the block are billed"


@pytest.mark.parametrize(
    ("sharing", "resource_name", "part"),
    [
        (None, "nvidia.com/gpu", 1),
        ("time-slicing-4", "nvidia.com/gpu.shared", 1 / 4),
        ("mps-2", "nvidia.com/gpu.shared", 1 / 2),
        ("mig-7x1g.5gb", "nvidia.com/mig-1g.5gb", 1 / 7),
    ],
)
def test_one_slice_costs_its_part_of_a_gpu(sharing, resource_name, part):
    line = nodes(price(pool("p4d.24xlarge", sharing=sharing), node_class()))
    assert line.slices == {resource_name: round(usd("p4d.24xlarge") / 8 * part, 4)}
    assert line.notes[-1] == f"one {resource_name} costs {usd('p4d.24xlarge') / 8 * part:.2f} USD per hour"
    assert line.as_json()["slices"] == dict(line.slices), "other programs read it too"


def test_slices_of_a_mixed_layout_share_the_gpu_by_their_memory():
    line = nodes(price(pool("p4de.24xlarge", sharing="mig-2x1g.10gb_1x2g.20gb_1x3g.40gb"), node_class()))
    small, middle, large = (line.slices[f"nvidia.com/mig-{name}"] for name in ("1g.10gb", "2g.20gb", "3g.40gb"))
    assert 2 * small + middle + large == pytest.approx(usd("p4de.24xlarge") / 8, abs=0.001), (
        "together they cost one GPU"
    )
    assert small < middle < large


@pytest.mark.parametrize("label", ["mps-0", "mig-0x1g.5gb", "by-lot", UNKNOWN])
def test_an_invalid_or_unknown_label_gives_no_slices(label):
    assert nodes(price(pool("p4d.24xlarge", sharing=label), node_class())).slices == {}


def test_nodes_without_accelerators_have_no_slices():
    assert nodes(price(pool("m7i.large"), node_class())).slices == {}


def test_the_disks_come_from_the_node_class_that_the_pool_names():
    disks = items(price(pool("p4d.24xlarge"), node_class(), node_class("other", size="999Gi")))["node disks, gp3"]
    assert (disks.quantity_min, disks.quantity_max) == (0, 800), "up to four nodes of 200 GiB"
    assert "IOPS over 3000" in str(items(price(pool("p4d.24xlarge"), node_class(iops=5000))).keys())


def test_of_two_node_classes_of_one_name_the_pool_uses_the_one_with_its_parent():
    sibling, other = node_class(parent=COMPONENT), node_class(parent=f"{COMPONENT}2", size="1Ti")
    disks = items(price(pool("p4d.24xlarge", parent=COMPONENT), sibling, other))["node disks, gp3"]
    assert disks.quantity_max == 800
    result = price(pool("p4d.24xlarge"), sibling, other)
    assert "there are 2 resources EC2NodeClass gpu" in reasons(result)[0], "a guess would be wrong half the time"


def test_a_node_class_that_is_missing_or_has_no_size_is_unpriced():
    assert "there is no resource EC2NodeClass gpu" in reasons(price(pool("p4d.24xlarge")))[0]
    bare = resource(CLASS, metadata={"name": "gpu"}, spec={"role": "node"})
    assert "sets no volume" in reasons(price(pool("p4d.24xlarge"), bare))[0]
    assert "volumeSize is not a quantity" in reasons(price(pool("p4d.24xlarge"), node_class(size="much")))[0]


def test_an_unknown_value_is_unpriced():
    assert "limits.nodes is not known" in reasons(price(pool("p4d.24xlarge", limits={"nodes": UNKNOWN})))[0]
    assert "requirements is not known" in reasons(price(pool(UNKNOWN)))[0]
    whole = Resource(pool().urn, POOL, {"spec": UNKNOWN})
    assert reasons(price(whole)) == ["spec.template.spec.requirements is not known before the update"]


def test_nodes_with_unknown_labels_have_a_price():
    unlabelled = pool("p4d.24xlarge")
    unlabelled.inputs["spec"]["template"]["metadata"] = UNKNOWN
    line = nodes(price(unlabelled, node_class()))
    assert line.monthly_max_usd > 0
    assert line.slices == {}, "whole GPUs would be a guess"
    assert nodes(price(group("p4d.24xlarge", labels=UNKNOWN))).slices == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
PATHS = [
    *(["limits"], ["limits", "nodes"], ["replicas"], ["template"], ["template", "metadata"], ["template", "spec"]),
    *(["template", "metadata", "labels"], ["template", "metadata", "labels", SHARING_LABEL]),
    *(["template", "spec", "requirements"], ["template", "spec", "nodeClassRef"]),
    ["template", "spec", "nodeClassRef", "name"],
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PATHS), JSON, st.sampled_from(["key", "operator", "values"]))
def test_no_value_raises_an_error_or_removes_the_pool(path, value, part):
    changed = pool("p4d.24xlarge", "g6.xlarge", more=({"key": "karpenter.k8s.aws/instance-cpu", "operator": "Gt"},))
    container = changed.inputs["spec"]
    container["template"]["spec"]["requirements"][-1][part] = value
    for step in path[:-1]:
        container = container[step]
    container[path[-1]] = value
    result = price(changed, node_class())
    assert len(result.items) + len(result.unpriced) >= 1, "the pool vanished from the estimate"


def test_a_queue_is_billed_by_request():
    queue = resource("aws:sqs/queue:Queue", name="dev-main")
    assert items(price(queue))["SQS requests"].monthly_max_usd == 0.4
    assert price(queue, usage=Usage(queue_requests_1m=Amount(10, 10))).monthly_min_usd == 4
    assert "standard queues" in reasons(price(resource("aws:sqs/queue:Queue", fifoQueue=True)))[0]


@pytest.mark.parametrize(
    "type_",
    [
        CLASS,
        "kubernetes:karpenter.sh/v1alpha1:NodeOverlay",
        "aws:sqs/queuePolicy:QueuePolicy",
        "aws:cloudwatch/eventRule:EventRule",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:autoscaling/schedule:Schedule",
        "aws:servicequotas/serviceQuota:ServiceQuota",
        "aws:ec2/placementGroup:PlacementGroup",
    ],
)
def test_resources_around_pools_are_free_and_have_a_reason(type_):
    assert price(resource(type_)).free == 1
    assert why_free(type_)
