"""Runs one rule and turns every outcome into findings. An error in a rule is a finding too, and stops no other rule."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal, TypeVar

from policies.rule import Rule, StackRule
from policies.views import NotKnownError, Reads, Resource, Stack, WrongTypeError

T = TypeVar("T")

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
    violations = ((resource, path, message) for path, message in _run_check(rule.check, resource, options))
    return list(_as_findings(rule, resource.urn, resource.reads, violations))


def evaluate_stack_rule(rule: StackRule, stack: Stack, options: Mapping[str, Any]) -> list[Finding]:
    """Returns the rule's findings about a stack. Never raises."""
    reads = stack.resources[0].reads if stack.resources else Reads()
    return list(_as_findings(rule, stack.urn, reads, _run_check(rule.check, stack, options)))


def _run_check(check: Callable[..., Iterable[T]], subject: Resource | Stack, options: Mapping[str, Any]) -> Iterator[T]:
    """Calls the check when the first violation is requested, so that `_as_findings` catches its errors."""
    yield from check(subject, **options)


def _as_findings(
    rule: Rule | StackRule, urn: str, reads: Reads, violations: Iterator[tuple[Resource, str, str]]
) -> Iterator[Finding]:
    reads.secret = False
    try:
        for resource, path, message in violations:
            yield Finding(rule.id, "violation", resource.urn, path, NOT_SHOWN if reads.secret else message)
    except NotKnownError as error:
        if rule.on_unknown == "fail":
            message = "is unknown at preview, and this rule needs it before anything is built: write a literal value"
            yield Finding(rule.id, "violation", error.resource.urn, error.path, message)
        elif rule.on_unknown == "defer":
            message = "is unknown before the update, so the rule is checked then"
            yield Finding(rule.id, "deferred", error.resource.urn, error.path, message)
    except WrongTypeError as error:
        yield Finding(rule.id, "violation", error.resource.urn, error.path, error.problem)
    except Exception as error:  # the engine must get a finding with the rule's name, whatever the rule raises
        yield Finding(rule.id, "crashed", urn, "", _where_it_crashed(error))


def _where_it_crashed(error: Exception) -> str:
    """Returns the error's class and the line of the rule. Its text is left out: it may contain a value."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"stopped with {type(error).__name__} at {PurePath(last.filename).name}:{last.lineno}"
