"""A budget says what it counts, in the form that AWS Budgets counts, and somebody hears of it.

AWS takes a filter of any form: a tag without `user:` before its key, or without `$` before its value, fits no cost.
Source: hashicorp/terraform-provider-aws, issue 39850 and website/docs/r/budgets_budget.html.markdown; read 2026-11.
"""

import re
from collections.abc import Iterator

from common.values import UNKNOWN
from policies.rule import Case, Resource, Rule, each, present, text, texts

FILTERS, NOTIFICATIONS, VALUES = "costFilters", "notifications", "values"
TAG = re.compile(r"(user|aws):[^$]+\$.*")
SUBSCRIBERS = ("subscriberEmailAddresses", "subscriberSnsTopicArns")


def _notifications(resource: Resource) -> Iterator[tuple[str, str]]:
    told = [item for item in each(resource, NOTIFICATIONS) if any(present(item, name) for name in SUBSCRIBERS)]
    if not told:
        yield NOTIFICATIONS, "names nobody, so nobody hears of it"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, FILTERS) and not present(resource, "filterExpression"):
        yield FILTERS, "is not set, so the budget counts the whole account"
    for item in each(resource, FILTERS):
        if text(item, "name") == "TagKeyValue" and not all(map(TAG.fullmatch, texts(item, VALUES))):
            yield item.under(VALUES), "is not of the form user:<key>$<value>, so the budget stands at 0 USD for ever"
    yield from _notifications(resource)


def _budget(at: str = "", value: object = "user:team$research", **changes: object) -> Case:
    given = {
        FILTERS: [{"name": "TagKeyValue", VALUES: [value]}],
        NOTIFICATIONS: [{"threshold": 80, SUBSCRIBERS[0]: ["ml@example.com"]}],
        **changes,
    }
    return Case({name: each for name, each in given.items() if each is not None}, at=at)


RULE = Rule(
    id="cost-budget-counts",
    applies_to="aws:budgets/budget:Budget",
    severity="medium",
    standards=("AWS Well-Architected COST02",),
    why="A budget that counts nothing, or everything, is quiet in the month in which it is needed.",
    fix="Filter by TagKeyValue with user:<key>$<value>, and name who gets the mails.",
    dev="advisory",
    on_unknown="fail",
    check=check,
    good={
        "a tag of people": _budget(),
        "a tag of AWS": _budget(value="aws:createdBy$Root"),
        "a service": _budget(costFilters=[{"name": "Service", VALUES: ["Amazon Simple Storage Service"]}]),
        "an expression": _budget(costFilters=None, filterExpression={"tags": {"key": "team"}}),
        "a topic": _budget(notifications=[{SUBSCRIBERS[1]: [UNKNOWN]}]),
        "two notifications": _budget(notifications=[{}, {SUBSCRIBERS[0]: ["ml@example.com"]}]),
    },
    bad={
        "nothing set": Case({}, at=FILTERS),
        "the whole account": _budget(FILTERS, costFilters=None),
        "a key without user:": _budget(f"{FILTERS}[0].{VALUES}", "team$research"),
        "a key and a value with =": _budget(f"{FILTERS}[0].{VALUES}", "user:team=research"),
        "a key alone": _budget(f"{FILTERS}[0].{VALUES}", "user:team"),
        "a value that is known later": _budget(f"{FILTERS}[0].{VALUES}[0]", UNKNOWN),
        "no notifications": _budget(NOTIFICATIONS, notifications=None),
        "nobody to tell": _budget(NOTIFICATIONS, notifications=[{"threshold": 80}]),
    },
)
