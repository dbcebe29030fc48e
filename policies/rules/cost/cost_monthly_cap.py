"""The stack cannot grow past what its environment may cost in a month."""

from collections.abc import Iterator

from common.urns import name_of
from common.values import opened
from policies.rule import Environment, Option, Resource, Sample, Stack, StackCase, StackRule

DRIVERS = 5
NODE_GROUP, CLUSTER = "aws:eks/nodeGroup:NodeGroup", "aws:eks/cluster:Cluster"


def check(stack: Stack, *, usd: float) -> Iterator[tuple[Resource, str, str]]:
    from costs.estimate import estimate  # here, since the price tables take longer to load than the pack to start
    from costs.resource import Resource as Priced

    priced = [
        Priced(
            urn=resource.urn,
            type=resource.type,
            inputs=opened(resource.value),
            parent=resource.parent,
            id=resource.id,
            property_dependencies={key: [each.urn for each in links] for key, links in resource.links.items()},
        )
        for resource in stack.resources
        if not resource.type.startswith("pulumi:")
    ]
    total = estimate(priced, stack.region, today=stack.setting.today)
    if total.monthly_max_usd <= usd:
        return
    dearest = sorted(total.items, key=lambda item: item.monthly_max_usd, reverse=True)[:DRIVERS]
    drivers = "; ".join(f"{name_of(item.urn)}, {item.item}: ${item.monthly_max_usd:,.0f}" for item in dearest)
    first = next(resource for resource in stack.resources if resource.urn == dearest[0].urn)
    yield (
        first,
        "monthly cost",
        (f"of the stack may reach ${total.monthly_max_usd:,.0f}, over the cap of ${usd:,.0f}; the dearest: {drivers}"),
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
    why="A pool's maximum is a promise to pay: the estimate counts every pool at its largest.",
    fix="Lower max_per_zone or max_gpus of the dearest pools, or raise the cap in the pack's configuration.",
    options={
        "usd": Option(
            "Most US dollars in a month, with every pool at its largest. Prod has room for a p4d, a p4de and a "
            "p5.48xlarge at list price in each of three zones, and for CPU pools; dev and staging have none for those.",
            250000,
            {"dev": 2500, "staging": 8000},
        )
    },
    dev="advisory",
    staging="advisory",
    check=check,
    good={"nothing said, nothing built": StackCase({}), "ten nodes": _stack(10)},
    bad={"a maximum with two zeros too many": _stack(1000), "too much for dev": _stack(10, "dev")},
)
