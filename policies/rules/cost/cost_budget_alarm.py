"""A stack with clusters has a budget that tells somebody before the month is over."""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, each, present

CLUSTER, BUDGET = "aws:eks/cluster:Cluster", "aws:budgets/budget:Budget"
SUBSCRIBERS = ("subscriberEmailAddresses", "subscriberSnsTopicArns")


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    told = any(
        present(item, name)
        for budget in stack.of(BUDGET)
        for item in each(budget, "notifications")
        for name in SUBSCRIBERS
    )
    for cluster in stack.of(CLUSTER) if not told else ():
        yield cluster, "name", "is in a stack without a budget: what it costs is known when the bill comes"


def _stack(**budget: object) -> StackCase:
    resources = {"main": Sample(CLUSTER, {"name": "main"}), "budget": Sample(BUDGET, budget)}
    return StackCase(resources, at=("main", "name"))


RULE = StackRule(
    id="cost-budget-alarm",
    applies_to=(CLUSTER, BUDGET),
    severity="low",
    standards=("AWS Well-Architected COST02",),
    why="One pool of GPUs that nobody scales down costs more in a weekend than the rest of the month.",
    fix="Write observability.cloud_alarms.monthly_usd, or a budget for a team.",
    stack_file={
        "observability.cloud_alarms.monthly_usd": "<sum>",
        "observability.alerts.platform": {"mail": ["<your address>"]},
    },
    no_mend="the budget is missing, or is wrong",
    dev="disabled",
    staging="disabled",
    prod="advisory",
    check=check,
    good={
        "a budget": _stack(notifications=[{SUBSCRIBERS[0]: ["ml@example.com"]}]),
        "a budget that tells a topic": _stack(notifications=[{SUBSCRIBERS[1]: ["arn:aws:sns:us-west-2:1:alerts"]}]),
        "no cluster": StackCase({}),
    },
    bad={
        "nothing set": StackCase({"main": Sample(CLUSTER, {"name": "main"})}, at=("main", "name")),
        "a budget that tells nobody": _stack(notifications=[{"threshold": 80, SUBSCRIBERS[0]: []}]),
    },
)
