"""Pods get an address on every node: an interface of network card 0 is left for them."""

from collections.abc import Iterator

from catalog.pods_per_node import pods_on
from policies.pools import (
    LAUNCH_TEMPLATE,
    NODE_CLASS,
    NODE_GROUP,
    NODE_POOL,
    SUBNET,
    SUBNET_TERMS,
    Pool,
    pools,
    subnets_of,
)
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, each, number, text
from policies.samples import H100, L4, node_class, node_group, node_pool

TAG = ("tags", "kubernetes.io/role/cni")


def _nodes(stack: Stack, pool: Pool) -> Iterator[tuple[Resource, Resource | None, str, str]]:
    """Yields what selects the subnets of the pool, what has its interfaces, and the paths of both."""
    if not pool.karpenter:
        yield pool.resource, pool.template, "subnetIds", "networkInterfaces"
        return
    name = text(pool.resource, "spec.template.spec.nodeClassRef.name")
    for resource in stack.of(NODE_CLASS):
        if text(resource, "metadata.name") == name:
            yield resource, resource, SUBNET_TERMS, "spec.networkInterfaces"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for pool in pools(stack):
        for nodes, with_interfaces, path, interfaces_path in _nodes(stack, pool):
            interfaces = list(each(with_interfaces, interfaces_path)) if with_interfaces else []
            on_card_0 = [text(item, "interfaceType") for item in interfaces if not number(item, "networkCardIndex")]
            without = [
                machine.name
                for machine in pool.machines
                if pods_on(machine, efas_on_card_0=on_card_0.count("efa-only"), primary_serves_pods=False) == 0
            ]
            for subnet in subnets_of(stack, nodes) if without else ():
                if text(subnet, TAG) == "0":
                    problem = f"in which {without[0]} has no interface for pods: the primary one serves none"
                    yield nodes, path, f"includes {subnet.name}, {problem}"


def _sample(*kinds: str) -> list[dict[str, object]]:
    return [{"networkCardIndex": 0, "deviceIndex": index, "interfaceType": kind} for index, kind in enumerate(kinds)]


def _network(tag: str) -> dict[str, Sample]:
    return {"subnet": Sample(SUBNET, {"id": "subnet-1", "tags": {"kubernetes.io/role/cni": tag, "tier": "nodes"}})}


def _eks(tag: str, *kinds: str, machine: str = H100) -> StackCase:
    group = Sample(NODE_GROUP, node_group(machine), links={"subnetIds": ("subnet",), "launchTemplate": "template"})
    template = Sample(LAUNCH_TEMPLATE, {"networkInterfaces": _sample(*kinds)} if kinds else {})
    return StackCase({**_network(tag), "pool": group, "template": template}, at=("pool", "subnetIds"))


def _karpenter(tag: str, *kinds: str, term: dict[str, object] | None = None) -> StackCase:
    selecting = node_class(
        subnetSelectorTerms=[term or {"tags": {"tier": "nodes"}}], networkInterfaces=_sample(*kinds) if kinds else []
    )
    pool = Sample(NODE_POOL, node_pool(H100))
    return StackCase(
        {**_network(tag), "pool": pool, "class": Sample(NODE_CLASS, selecting)}, at=("class", SUBNET_TERMS)
    )


RULE = StackRule(
    id="net-pods-have-interface",
    applies_to=(NODE_GROUP, NODE_POOL, NODE_CLASS, LAUNCH_TEMPLATE, SUBNET),
    severity="high",
    standards=("EKS best practices: networking",),
    why="The node joins and costs its full price, and no pod that needs an address ever starts on it.",
    fix="Put nodes with EFA into the subnets of pods, or drop the EFA of network card 0.",
    no_mend="the subnet or the EFA of the template is wrong",
    check=check,
    good={
        "nothing set, without interfaces of its own": _eks("0"),
        "EFA in a subnet of pods": _eks("1", "interface", "efa-only"),
        "a type with more interfaces": _eks("0", "interface", "efa-only", machine="p5en.48xlarge"),
        "EFA on another card": StackCase(
            {
                **_eks("0").resources,
                "template": Sample(
                    LAUNCH_TEMPLATE,
                    {
                        "networkInterfaces": [
                            {"interfaceType": "interface"},
                            {"networkCardIndex": 1, "interfaceType": "efa-only"},
                        ]
                    },
                ),
            }
        ),
        "one GPU": _eks("0", machine=L4),
        "Karpenter, EFA in a subnet of pods": _karpenter("1", "interface", "efa-only"),
        "Karpenter without EFA": _karpenter("0"),
    },
    bad={
        "EFA in a subnet of nodes": _eks("0", "interface", "efa-only"),
        "Karpenter, EFA in a subnet of nodes": _karpenter("0", "interface", "efa-only"),
        "Karpenter, by the id of the subnet": _karpenter("0", "interface", "efa-only", term={"id": "subnet-1"}),
        "nothing set for the card, which is card 0": StackCase(
            {
                **_eks("0").resources,
                "template": Sample(
                    LAUNCH_TEMPLATE,
                    {"networkInterfaces": [{"interfaceType": "interface"}, {"interfaceType": "efa-only"}]},
                ),
            },
            at=("pool", "subnetIds"),
        ),
    },
)
