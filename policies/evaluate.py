"""Runs one rule and turns all that happens into findings: one that breaks neither passes unseen nor stops others."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal, TypeVar

from policies.rule import Rule, StackRule
from policies.views import NotKnownError, Reads, Resource, Stack, WrongTypeError

T = TypeVar("T")

NOT_SHOWN = "has a value that breaks the rule; it comes from a secret, so it is not shown"


@dataclass(frozen=True)
class Finding:
    """What a rule says of one place.

    kind: `violation`; `deferred` (cannot be decided before the update); `crashed` (the rule itself is broken).
    """

    rule: str
    kind: Literal["violation", "deferred", "crashed"]
    urn: str
    path: str
    message: str


def judge(rule: Rule, resource: Resource, options: Mapping[str, Any]) -> list[Finding]:
    """What the rule says of the resource. Never raises."""
    found = ((resource, path, message) for path, message in _started(rule.check, resource, options))
    return list(_guarded(rule, resource.urn, resource.reads, found))


def judge_stack(rule: StackRule, stack: Stack, options: Mapping[str, Any]) -> list[Finding]:
    """What the rule says of the stack. Never raises."""
    reads = stack.resources[0].reads if stack.resources else Reads()
    return list(_guarded(rule, stack.urn, reads, _started(rule.check, stack, options)))


def _started(check: Callable[..., Iterable[T]], subject: Resource | Stack, options: Mapping[str, Any]) -> Iterator[T]:
    """The check, begun only when its first finding is asked for, so that it breaks inside the guard."""
    yield from check(subject, **options)


def _guarded(
    rule: Rule | StackRule, urn: str, reads: Reads, found: Iterator[tuple[Resource, str, str]]
) -> Iterator[Finding]:
    reads.secret = False
    try:
        for resource, path, message in found:
            yield Finding(rule.id, "violation", resource.urn, path, NOT_SHOWN if reads.secret else message)
    except NotKnownError as reason:
        if rule.on_unknown == "fail":
            why = "is not known at preview, and this rule has to see it before anything is built: write it out"
            yield Finding(rule.id, "violation", reason.resource.urn, reason.path, why)
        elif rule.on_unknown == "defer":
            why = "is not known before the update, so this is decided then"
            yield Finding(rule.id, "deferred", reason.resource.urn, reason.path, why)
    except WrongTypeError as reason:
        yield Finding(rule.id, "violation", reason.resource.urn, reason.path, reason.problem)
    except Exception as error:  # whatever a broken rule does, the engine must hear of it, by the rule's name
        yield Finding(rule.id, "crashed", urn, "", _crash(error))


def _crash(error: Exception) -> str:
    """Where the rule broke and with which error; its text is left out, since it may hold a value."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"stopped with {type(error).__name__} at {PurePath(last.filename).name}:{last.lineno}"
