"""Runs one rule and turns every outcome into findings. An error in a rule is a finding too, and stops no other rule."""

import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from policies.rule import Rule, StackRule
from policies.views import NotKnownError, Reads, Resource, Stack, WrongTypeError

_STEP = re.compile(r"[.\[]")
NEEDED = (
    "is unknown at preview, and this rule needs it before anything is built: write a literal value where you can; "
    "otherwise build it in two steps, or waive it until then"
)
WAITS = "is unknown before the update, so the rule is checked then"
NOT_SHOWN = "has a value that breaks the rule; the value comes from a secret, so it is not shown"


@dataclass(frozen=True)
class Finding:
    """What a rule reports about one path of one resource.

    kind: `violation`; `deferred` (the rule needs a value that is unknown before the update); `crashed` (the rule itself
    raised an error).
    """

    rule: str
    kind: Literal["violation", "deferred", "crashed"]
    urn: str
    path: str
    message: str


def evaluate_rule(rule: Rule, resource: Resource, options: Mapping[str, Any]) -> list[Finding]:
    """Returns the rule's findings about one resource. Never raises."""

    def check() -> Iterator[tuple[Resource, str, str]]:
        return ((resource, path, message) for path, message in rule.check(resource, **options))

    return list(_findings(rule, resource.urn, resource.reads, check))


def evaluate_stack_rule(rule: StackRule, stack: Stack, options: Mapping[str, Any]) -> list[Finding]:
    """Returns the rule's findings about a stack. Never raises."""
    reads = stack.resources[0].reads if stack.resources else Reads()
    return list(_findings(rule, stack.urn, reads, lambda: rule.check(stack, **options)))


def _findings(
    rule: Rule | StackRule, urn: str, reads: Reads, check: Callable[[], Iterable[tuple[Resource, str, str]]]
) -> Iterator[Finding]:
    """Yields what the check finds. At a value that is unknown or of a wrong type it starts again without that value.

    So one value hides nothing beside it. What is found at a value that is left out is not said: it may be fine. It is
    left out at every resource and item at once, so that a check starts again once for each path.
    """
    found: dict[tuple[str, str], list[Finding]] = {}
    try:
        while True:
            last, stopped = _run(rule, urn, reads, check)
            without = {(resource.urn, path) for resource, path in reads.left_out}
            found |= _by_place(each for each in last if not any((each.urn, path) in without for path in _down_to(each)))
            if stopped is None or not reads.leave_out(stopped):
                break
        left_out, wrong = dict(reads.left_out), dict(reads.wrong)
    finally:
        reads.begin()
    for findings in found.values():
        yield from findings
    for (resource, path), problem in wrong.items():
        yield Finding(rule.id, "violation", resource.urn, path, problem)
    for resource, path in left_out:
        if (resource, path) not in wrong:
            yield from _undecided(rule, resource, path)


def _by_place(findings: Iterable[Finding]) -> dict[tuple[str, str], list[Finding]]:
    """Returns the findings by resource and path."""
    by_place: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        by_place.setdefault((finding.urn, finding.path), []).append(finding)
    return by_place


def _down_to(finding: Finding) -> Iterator[str]:
    """Yields the path of a finding and those of the values that it is in."""
    yield from (finding.path[: each.start()] for each in _STEP.finditer(finding.path))
    yield finding.path


def _undecided(rule: Rule | StackRule, resource: Resource, path: str) -> Iterator[Finding]:
    in_production = resource.context.environment == "prod"
    if rule.on_unknown == "fail" or (rule.on_unknown == "defer" and rule.severity == "critical" and in_production):
        yield Finding(rule.id, "violation", resource.urn, path, NEEDED)
    elif rule.on_unknown == "defer":
        yield Finding(rule.id, "deferred", resource.urn, path, WAITS)


def _run(
    rule: Rule | StackRule, urn: str, reads: Reads, check: Callable[[], Iterable[tuple[Resource, str, str]]]
) -> tuple[list[Finding], NotKnownError | WrongTypeError | None]:
    """Returns what the check finds, and the value that it stopped at."""
    reads.secret, found = False, list[Finding]()
    try:
        for resource, path, message in check():
            found.append(Finding(rule.id, "violation", resource.urn, path, NOT_SHOWN if reads.secret else message))
    except (NotKnownError, WrongTypeError) as error:
        return found, error
    except Exception as error:  # the engine must get a finding with the rule's name, whatever the rule raises
        found.append(Finding(rule.id, "crashed", urn, "", _where_it_crashed(error)))
    return found, None


def _where_it_crashed(error: Exception) -> str:
    """Returns the error's class and the line of the rule. Its text is left out: it may contain a value."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"stopped with {type(error).__name__} at {PurePath(last.filename).name}:{last.lineno}"
