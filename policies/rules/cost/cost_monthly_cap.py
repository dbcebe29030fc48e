"""The stack at its largest costs no more per month than the environment's cap."""

from collections.abc import Iterator

from common.urns import name_of
from common.values import opened
from policies.rule import Environment, Option, Resource, Sample, Stack, StackCase, StackRule

ITEMS_SHOWN = 5
NODE_GROUP, CLUSTER = "aws:eks/nodeGroup:NodeGroup", "aws:eks/cluster:Cluster"


def check(stack: Stack, *, usd: float) -> Iterator[tuple[Resource, str, str]]:
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
    fix="Lower max_per_zone or max_gpus of the most expensive pools, or raise the cap in the pack's configuration.",
    options={
        "usd": Option(
            "The most US dollars per month, with every pool at its largest. The cap of prod allows a p4d, a p4de and a "
            "p5.48xlarge at list price in each of three zones, and CPU pools; the caps of dev and staging do not.",
            250000,
            {"dev": 3000, "staging": 8000},
            stricter="less",
        )
    },
    dev="advisory",
    staging="advisory",
    check=check,
    good={"nothing set, so nothing to pay": StackCase({}), "ten nodes": _stack(10)},
    bad={"a thousand nodes": _stack(1000), "ten nodes in dev": _stack(10, "dev")},
)
