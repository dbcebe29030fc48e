"""Log groups keep logs for a limited time, and long enough."""

from collections.abc import Iterator

from catalog.limits import LOG_DAYS
from policies.rule import ENVIRONMENTS, Case, Option, Resource, Rule, number

DAYS = "retentionInDays"


def check(resource: Resource, *, min_days: float, max_days: float) -> Iterator[tuple[str, str]]:
    days = number(resource, DAYS, default=0) or 0  # CloudWatch reads 0 as: for ever
    if days == 0:
        yield DAYS, "is not set, so every line is kept and paid for without end"
    elif not min_days <= days <= max_days:
        yield DAYS, f"is {days:g}, not between {min_days:g} and {max_days:g}"


RULE = Rule(
    id="log-retention-bounded",
    applies_to="aws:cloudwatch/logGroup:LogGroup",
    severity="medium",
    standards=("CKV_AWS_66", "CKV_AWS_338"),
    why="With short retention an incident has no history; without a limit, storage becomes most of the bill.",
    fix="Set retention_days under clusters.<name>.logs, network.flow_logs, observability.logs or its namespaces.",
    mend={"retentionInDays": 90},
    on_unknown="fail",
    options={
        "min_days": Option(
            "The fewest days to keep logs.", 30, {name: LOG_DAYS[name][0] for name in ENVIRONMENTS}, stricter="more"
        ),
        "max_days": Option(
            "The most days to keep logs.", 400, {name: LOG_DAYS[name][1] for name in ENVIRONMENTS}, stricter="less"
        ),
    },
    dev="advisory",
    check=check,
    good={
        "a year": {"retentionInDays": 365},
        "the shortest in prod": {"retentionInDays": 90},
        "the longest": {"retentionInDays": 400},
        "a day in dev": Case({"retentionInDays": 1}, environment="dev"),
    },
    bad={
        "nothing set": Case({}, at=DAYS),
        "for ever": Case({"retentionInDays": 0}, at=DAYS),
        "too short for prod": Case({"retentionInDays": 60}, at=DAYS),
        "too long": Case({"retentionInDays": 731}, at=DAYS),
        "too long for dev": Case({"retentionInDays": 365}, environment="dev", at=DAYS),
    },
)
