"""Clusters, and pools without accelerators, are in several zones."""

from collections.abc import Iterator
from dataclasses import replace

from policies.machines import GROUP, machines
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, SUBNET, pools, subnets_of
from policies.rule import Option, Resource, Sample, Stack, StackCase, StackRule, text, texts
from policies.samples import A100, PLAIN, node_group, node_group_of_template

SUBNETS = "vpcZoneIdentifiers"
CLUSTER = "aws:eks/cluster:Cluster"


def _zones(subnets: list[Resource]) -> set[str]:
    return {text(each, "availabilityZone") or text(each, "availabilityZoneId") for each in subnets}


def check(stack: Stack, *, zones: float) -> Iterator[tuple[Resource, str, str]]:
    for cluster in stack.of(CLUSTER):
        path = "vpcConfig"
        subnets = [each for each in cluster.links.get(path, ()) if each.type == SUBNET]
        if subnets and len(_zones(subnets)) < zones:
            yield cluster, path, f"is in fewer zones than {zones:g}, so the loss of one may stop the cluster"
    for pool in pools(stack):
        subnets = subnets_of(stack, pool.resource) if pool.resource.type == NODE_GROUP else []
        if subnets and not pool.accelerated and len(_zones(subnets)) < min(zones, 2) and not _beside(stack, pool.name):
            yield pool.resource, "subnetIds", "is in one zone, so its pods stop when the zone does"
    with_devices = {each.resource.urn for each in machines(stack) if each.devices}
    for group in stack.of(GROUP):
        subnets = stack.linked(group, SUBNETS, (SUBNET,))
        known = _zones(subnets) or texts(group, SUBNETS) or texts(group, "availabilityZones")
        if len(known) == 1 and group.urn not in with_devices:
            yield group, SUBNETS, "is in one zone, so its machines stop when the zone does"


def _beside(stack: Stack, name: str) -> bool:
    """Tells whether the group is one of a pool that has a group in each zone: their names end in the zones."""
    pool = name.rpartition("-")[0].rstrip("0123456789")
    return sum(each.name.startswith(pool) for each in stack.of(NODE_GROUP)) > 1 if pool else False


def _stack(
    *, zones: str = "abc", of_pool: str = "ab", kind: str = PLAIN, name: str = "cpu", more: bool = False
) -> StackCase:
    subnets = {f"s{zone}": Sample(SUBNET, {"availabilityZone": f"us-west-2{zone}"}) for zone in "abc"}
    cluster = Sample(CLUSTER, links={"vpcConfig": tuple(f"s{zone}" for zone in zones)})
    group = Sample(NODE_GROUP, node_group(kind), links={"subnetIds": tuple(f"s{zone}" for zone in of_pool)})
    beside = {"cpu-us-west-2b": Sample(NODE_GROUP, node_group(kind), links={"subnetIds": ("sb",)})} if more else {}
    at = ("cluster", "vpcConfig") if len(zones) < 2 else (name, "subnetIds")
    return StackCase({**subnets, "cluster": cluster, name: group, **beside}, at=at)


RULE = StackRule(
    id="rel-multi-az",
    applies_to=(CLUSTER, NODE_GROUP, SUBNET, LAUNCH_TEMPLATE, GROUP),
    severity="high",
    standards=("FSBP AutoScaling.2", "EKS best practices: reliability"),
    why="AWS promises less for one zone than for two, and a zone does fail.",
    fix="Name more zones in network.zones; a pool that needs one zone, such as for training, has accelerators.",
    dev="disabled",
    staging="advisory",
    on_unknown="pass",
    options={"zones": Option("The least zones of a cluster.", 2, stricter="more")},
    check=check,
    good={
        "nothing set": StackCase({}),
        "two zones": _stack(zones="ab"),
        "two of three zones that are asked for": replace(_stack(), options={"zones": 3}),
        "GPUs in one zone": _stack(of_pool="a", kind=A100),
        "GPUs by their launch template, in one zone": StackCase(
            {
                **_stack(of_pool="a").resources,
                "cpu": Sample(
                    NODE_GROUP, node_group_of_template(), links={"subnetIds": ("sa",), "launchTemplate": "template"}
                ),
                "template": Sample(LAUNCH_TEMPLATE, {"instanceType": A100}),
            }
        ),
        "a group of Auto Scaling in two subnets": StackCase({"it": Sample(GROUP, {SUBNETS: ["subnet-1", "subnet-2"]})}),
        "a group of Auto Scaling with GPUs": StackCase(
            {
                "it": Sample(
                    GROUP, {"maxSize": 1, "availabilityZones": ["us-west-2a"]}, links={"launchTemplate": "template"}
                ),
                "template": Sample(LAUNCH_TEMPLATE, {"instanceType": A100}),
            }
        ),
        "a group in each zone": _stack(of_pool="a", name="cpu-us-west-2a", more=True),
    },
    bad={
        "a cluster in one zone": _stack(zones="a"),
        "a group of Auto Scaling in one zone": StackCase(
            {"it": Sample(GROUP, {"availabilityZones": ["us-west-2a"]})}, at=("it", SUBNETS)
        ),
        "a group of Auto Scaling in one subnet": StackCase(
            {"it": Sample(GROUP, {SUBNETS: ["s-1"]})}, at=("it", SUBNETS)
        ),
        "a group of Auto Scaling in two subnets of a zone": StackCase(
            {
                **{name: Sample(SUBNET, {"availabilityZone": "us-west-2a"}) for name in ("a", "b")},
                "it": Sample(GROUP, links={SUBNETS: ("a", "b")}),
            },
            at=("it", SUBNETS),
        ),
        "a pool in one zone": _stack(of_pool="a"),
        "a group of a zone, without others": _stack(of_pool="a", name="gpu-us-west-2a", more=True),
    },
)
