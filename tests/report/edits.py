"""What an edit of a live stack tells: the resources of two stacks as a preview sees them, with no engine."""

from collections.abc import Mapping, Sequence
from functools import cache
from json import dumps, loads
from typing import Any

from report.dangers import dangers, plan_from
from report.dangers.danger import Danger
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack
from tests.in_process.providers import Registered
from tests.report.logs import UNKNOWN_TEXT, seen, state, step, summary

Stack = Mapping[str, Any]


def edit(before: Stack, after: Stack, changed: Mapping[str, Any] | None = None) -> Sequence[Danger]:
    """What a change from one stack to another tells. Each is what a small stack says otherwise.

    changed: end of a URN -> inputs that this resource has otherwise after the change.
    """
    old, new = (built(each) for each in (before, after))
    return dangers(plan_from(seen([*_steps(old, new, changed or {}), summary()])))


def built(changes: Stack) -> Mapping[str, Registered]:
    """The resources of a small stack that says something otherwise."""
    return _built(dumps(changes, sort_keys=True))


@cache
def _built(changes: str) -> dict[str, Registered]:
    cloud = PlatformCloud()
    cloud.up(stack(**loads(changes)), preview=True)
    return {each.urn: each for each in cloud.registered.values()}


def _steps(old: Mapping[str, Registered], new: Mapping[str, Registered], changed: Mapping[str, Any]) -> list[str]:
    """The steps of the preview that makes the second of these resources of the first."""
    log = []
    for urn in {**old, **new}:
        was, becomes = (plain(each[urn].inputs) if urn in each else None for each in (old, new))
        for end, inputs in changed.items():
            becomes = {**becomes, **inputs} if isinstance(becomes, dict) and urn.endswith(end) else becomes
        one = new.get(urn) or old[urn]
        op = "create" if was is None else "delete" if becomes is None else "same" if was == becomes else "update"
        more = {"retainOnDelete": True} if one.retained else {}
        live = None if was is None else state(urn, one.parent, inputs=was, provider=one.provider, **more)
        log.append(step(op, urn, one.parent, old=live, inputs=becomes or {}, provider=one.provider, **more))
    return log


def plain(value: Any) -> Any:
    """The value as an event log has it."""
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value if value is None or isinstance(value, str | int | float) else UNKNOWN_TEXT
