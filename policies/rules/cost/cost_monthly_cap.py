"""The stack at its largest costs no more per month than the environment's cap, and no part of it is without a price."""

from collections.abc import Collection, Iterator

from common.urns import name_of
from common.values import opened
from policies.rule import Environment, Option, Resource, Sample, Stack, StackCase, StackRule

ITEMS_SHOWN = 5
DATABASE = "aws:rds/clusterInstance:ClusterInstance"
SIZES = {"instanceClass", "instanceType", "nodeType", "storageCapacity"}
"""Inputs of what is billed by the hour. What has none of them, and no price here, is mostly free or cheap."""
NODE_GROUP, CLUSTER = "aws:eks/nodeGroup:NodeGroup", "aws:eks/cluster:Cluster"


def check(stack: Stack, *, usd: float, accepted: Collection[str]) -> Iterator[tuple[Resource, str, str]]:
    from costs.estimate import estimate  # imported here because price tables take longer to load than the pack
    from costs.resource import Resource as Priced

    priced = [
        Priced(
            urn=resource.urn,
            type=resource.type,
            inputs=opened(resource.inputs),  # as the report prices it; of outputs, a preview knows less
            parent=resource.parent,
            id=resource.id,
            property_dependencies={key: [each.urn for each in links] for key, links in resource.links.items()},
        )
        for resource in stack.resources
        if not resource.type.startswith("pulumi:")
    ]
    total = estimate(priced, stack.region, today=stack.context.today)
    unpriced = {each.urn: each.reason for each in total.unpriced}
    for resource in stack.resources:
        if (why := unpriced.get(resource.urn)) and resource.type not in accepted and resource.inputs.keys() & SIZES:
            yield (
                resource,
                "monthly cost",
                f"is not in the sum, so the cap may not hold: {why.partition(';')[0]}",
            )
    if total.monthly_max_usd <= usd:
        return
    largest = sorted(total.items, key=lambda item: (-item.monthly_max_usd, item.urn))[:ITEMS_SHOWN]
    shown = "; ".join(f"{name_of(item.urn)}, {item.item}: ${item.monthly_max_usd:,.0f}" for item in largest)
    first = next(resource for resource in stack.resources if resource.urn == largest[0].urn)
    yield (
        first,
        "monthly cost",
        f"of the stack may reach ${total.monthly_max_usd:,.0f}, above the cap of ${usd:,.0f}; most of it: {shown}",
    )


def _stack(max_size: int, environment: Environment = "prod") -> StackCase:
    pool = {
        "instanceTypes": ["m5.4xlarge"],
        "capacityType": "ON_DEMAND",
        "scalingConfig": {"minSize": 1, "maxSize": max_size, "desiredSize": 1},
    }
    resources = {"main": Sample(CLUSTER, {"version": "1.35"}), "cpu": Sample(NODE_GROUP, pool)}
    return StackCase(resources, at=("cpu", "monthly cost"), environment=environment)


RULE = StackRule(
    id="cost-monthly-cap",
    applies_to="*",
    severity="high",
    why="A pool may grow to its maximum at any time, so the estimate counts every pool at its largest.",
    fix="Lower max_per_zone or max_gpus of the largest pools; or set "
    "policies.cost-monthly-cap.usd or policies.cost-monthly-cap.accepted.",
    no_mend="what has no price is accepted in the configuration",
    options={
        "usd": Option(
            "The most US dollars per month, with every pool at its largest. The cap of prod allows a p4d, a p4de and a "
            "p5.48xlarge at list price in each of three zones, and CPU pools; the caps of dev and staging do not.",
            250000,
            {"dev": 3000, "staging": 8000},
            stricter="less",
        ),
        "accepted": Option("Types without a price here whose cost somebody has looked at.", [], stricter="fewer"),
    },
    dev="advisory",
    staging="advisory",
    check=check,
    good={
        "nothing set, so nothing to pay": StackCase({}),
        "ten nodes": _stack(10),
        "a database that somebody has looked at": StackCase(
            {"a": Sample(DATABASE, {"instanceClass": "db.r6g.large"})}, options={"accepted": [DATABASE]}
        ),
        "what names no size": StackCase({"a": Sample("aws:ecs/cluster:Cluster")}),
    },
    bad={
        "a thousand nodes": _stack(1000),
        "ten nodes in dev": _stack(10, "dev"),
        "a database, whose price nobody knows": StackCase(
            {"a": Sample(DATABASE, {"instanceClass": "db.r6g.large"})}, at=("a", "monthly cost")
        ),
    },
)
