"""The stack at its largest costs no more per month than the environment's cap, and no part of it is without a price."""

from collections.abc import Collection, Iterator, Mapping

from common.urns import name_of
from common.values import opened
from policies.pools import NODE_GROUP, POOLS
from policies.rule import Environment, Option, Resource, Sample, Stack, StackCase, StackRule
from policies.samples import node_group

ITEMS_SHOWN = 5
DATABASE = "aws:rds/clusterInstance:ClusterInstance"
CENTS = frozenset(
    (
        *("aws:guardduty/detector:Detector", "aws:guardduty/detectorFeature:DetectorFeature"),
        *("aws:ec2/flowLog:FlowLog", "aws:lb/listener:Listener"),
        *("aws:acm/certificate:Certificate", "aws:cloudwatch/logMetricFilter:LogMetricFilter"),
        *("aws:cloudwatch/metricAlarm:MetricAlarm", "aws:route53/zone:Zone", "aws:ssm/parameter:Parameter"),
        *("aws:ecs/cluster:Cluster", "aws:ecs/taskDefinition:TaskDefinition", "aws:lb/targetGroup:TargetGroup"),
        *("aws:elasticache/subnetGroup:SubnetGroup", "aws:rds/subnetGroup:SubnetGroup"),
    )
)
"""Types without a price here that cost nothing, cents a month, or by use. Source: price pages; read 2026-11."""
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
CLUSTER = "aws:eks/cluster:Cluster"


def _is_small(resource: Resource, counted: Collection[str], parents: Collection[str]) -> bool:
    """Tells whether what has no price is only a part of the resource, a component, or little money."""
    if resource.type in POOLS:
        return False
    of_others = resource.type.startswith("kubernetes:") or (
        resource.urn in parents and not resource.type.startswith("aws:")
    )
    return of_others or resource.urn in counted or resource.type in CENTS


def check(stack: Stack, *, usd: float, accepted: Collection[str]) -> Iterator[tuple[Resource, str, str]]:
    from costs.estimate import estimate  # imported here because price tables take longer to load than the pack
    from costs.nodes import CAPACITY_BLOCK
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
    unpriced = {each.urn: each.reason for each in total.unpriced if each.reason != CAPACITY_BLOCK}
    counted, parents = {item.urn for item in total.items}, {resource.parent for resource in stack.resources}
    for resource in stack.resources:
        why = unpriced.get(resource.urn)
        if why and not _is_small(resource, counted, parents) and resource.type not in accepted:
            what = f"is not in the sum, so the cap may not hold: {why.partition(';')[0]}"
            yield resource, "monthly cost", what
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


_UNPRICED: Mapping[str, Mapping[str, object]] = {
    "aws:autoscaling/group:Group": {"maxSize": 1000},
    "aws:opensearch/domain:Domain": {"clusterConfig": {"instanceType": "r7g.16xlarge.search"}},
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": {"productionVariants": [{}]},
    "aws:lambda/function:Function": {},
    "gcp:compute/instance:Instance": {},
}

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
        "what costs cents": StackCase({"a": Sample("aws:route53/zone:Zone")}),
        "a component of others, whose parts are counted": StackCase(
            {"a": Sample("acme:net:Vpc"), "b": Sample("aws:ec2/vpc:Vpc", parent="a")}
        ),
        "a claim of a storage class of elsewhere": StackCase({"a": Sample(CLAIM, {"spec": {}})}),
    },
    bad={
        "a thousand nodes": _stack(1000),
        "ten nodes in dev": _stack(10, "dev"),
        "nodes of a type without a price": StackCase(
            {
                "main": Sample(CLUSTER, {"version": "1.35"}),
                "cpu": Sample(NODE_GROUP, node_group("u-24tb1.112xlarge", sizes=(0, 100, 0))),
            },
            at=("cpu", "monthly cost"),
        ),
        **{
            f"what nobody has priced: {kind}": StackCase({"a": Sample(kind, props)}, at=("a", "monthly cost"))
            for kind, props in _UNPRICED.items()
        },
        "what holds others": StackCase(
            {"a": Sample(DATABASE), "b": Sample("aws:ec2/vpc:Vpc", parent="a")}, at=("a", "monthly cost")
        ),
        "a database, whose price nobody knows": StackCase(
            {"a": Sample(DATABASE, {"instanceClass": "db.r6g.large"})}, at=("a", "monthly cost")
        ),
    },
)
