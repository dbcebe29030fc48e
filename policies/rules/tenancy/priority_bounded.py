"""No PriorityClass is the default of all pods, or higher than those that serve people.

A default also holds for pods of add-ons that name none: a low one makes them the first to go, a high one lets each pod
end others. Source: Kubernetes 1.35, "Pod Priority and Preemption"; read 2026-11.
"""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.objects import objects
from policies.rule import Case, Option, Resource, Rule, flag, number


def check(resource: Resource, *, most: float) -> Iterator[tuple[str, str]]:
    for each in objects(resource, "scheduling.k8s.io", "PriorityClass"):
        if flag(each, "globalDefault"):
            yield each.under("globalDefault"), "is true, so it holds for every pod that names no class"
        if (number(each, "value") or 0) > most:
            yield each.under("value"), f"is above {most:g}, so its pods end those that serve people"


CLASS = "kubernetes:scheduling.k8s.io/v1:PriorityClass"

RULE = Rule(
    id="priority-bounded",
    applies_to=f"{CLASS}*",
    severity="medium",
    why="What may preempt everything ends training of days for a trial, and the add-ons of the cluster.",
    mend={"globalDefault": False, "value": 1000000},
    fix="Use the classes of the platform, and leave globalDefault out.",
    options={"most": Option("The highest value of a class.", 1_000_000, stricter="less")},
    on_unknown="fail",
    check=check,
    good={
        "nothing set": Case({}, type=CLASS),
        "the highest": Case({"value": 1_000_000, "globalDefault": False}, type=CLASS),
        "below zero": Case({"value": -10}, type=CLASS),
    },
    bad={
        "the default of all": Case({"value": 100, "globalDefault": True}, type=CLASS, at="globalDefault"),
        "above all": Case({"value": 1_000_001}, type=CLASS, at="value"),
        "a value that is known later": Case({"value": UNKNOWN}, type=CLASS, at="value"),
        "a patch": Case({"value": 1e9}, type=f"{CLASS}Patch", at="value"),
    },
)
