"""Runs one rule and turns every outcome into findings. An error in a rule is a finding too, and stops no other rule."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Literal

from policies.rule import Rule, StackRule
from policies.views import NotKnownError, Reads, Resource, Stack, WrongTypeError

_MOST_UNKNOWN = 50
NEEDED = "is unknown at preview, and this rule needs it before anything is built: write a literal value"
WAITS = "is unknown before the update, so the rule is checked then"
TOO_MANY = f"comes after {_MOST_UNKNOWN} unknown values, so the rest is not judged: the rule is checked in the update"
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
    """Yields what the check finds. At an unknown value it starts again, and reads that value as absent.

    So one unknown value hides nothing beside it. What is found at the unknown value itself is not said: it may be fine.
    """
    unknown: list[NotKnownError] = []
    found: dict[tuple[str, str], list[Finding]] = {}
    try:
        while True:
            last, stopped = _run(rule, urn, reads, check)
            found |= _by_place(each for each in last if not any(_is_at(each, error) for error in unknown))
            if stopped is None or len(unknown) == _MOST_UNKNOWN:
                break
            unknown.append(stopped)
            stopped.resource.set_aside.add(stopped.path)
    finally:
        for error in unknown:
            error.resource.set_aside.discard(error.path)
    for findings in found.values():
        yield from findings
    for error in unknown:
        yield from _undecided(rule, error, WAITS)
    if stopped:
        yield from _undecided(replace(rule, on_unknown="defer"), stopped, TOO_MANY)


def _by_place(findings: Iterable[Finding]) -> dict[tuple[str, str], list[Finding]]:
    """Returns the findings by resource and path."""
    by_place: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        by_place.setdefault((finding.urn, finding.path), []).append(finding)
    return by_place


def _is_at(finding: Finding, unknown: NotKnownError) -> bool:
    at, path = finding.path, unknown.path
    return finding.urn == unknown.resource.urn and (at == path or at.startswith((f"{path}.", f"{path}[")))


def _undecided(rule: Rule | StackRule, error: NotKnownError, message: str) -> Iterator[Finding]:
    in_production = error.resource.context.environment == "prod"
    if rule.on_unknown == "fail" or (rule.on_unknown == "defer" and rule.severity == "critical" and in_production):
        yield Finding(rule.id, "violation", error.resource.urn, error.path, NEEDED)
    elif rule.on_unknown == "defer":
        yield Finding(rule.id, "deferred", error.resource.urn, error.path, message)


def _run(
    rule: Rule | StackRule, urn: str, reads: Reads, check: Callable[[], Iterable[tuple[Resource, str, str]]]
) -> tuple[list[Finding], NotKnownError | None]:
    """Returns what the check finds, and the unknown value that it stopped at."""
    reads.secret, found = False, list[Finding]()
    try:
        for resource, path, message in check():
            found.append(Finding(rule.id, "violation", resource.urn, path, NOT_SHOWN if reads.secret else message))
    except NotKnownError as error:
        return found, error
    except WrongTypeError as error:
        found.append(Finding(rule.id, "violation", error.resource.urn, error.path, error.problem))
    except Exception as error:  # the engine must get a finding with the rule's name, whatever the rule raises
        found.append(Finding(rule.id, "crashed", urn, "", _where_it_crashed(error)))
    return found, None


def _where_it_crashed(error: Exception) -> str:
    """Returns the error's class and the line of the rule. Its text is left out: it may contain a value."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"stopped with {type(error).__name__} at {PurePath(last.filename).name}:{last.lineno}"
