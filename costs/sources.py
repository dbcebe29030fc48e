"""Reads the resources of an estimate from the formats that Pulumi writes.

Each reader returns the resources after the operation, without deleted ones and without those that Pulumi only reads
(`external`): somebody else pays for them. Secrets become `UNKNOWN`: no billed amount is a secret. Formats:
sdk/go/common/apitype of Pulumi 3.259 (`events.go`, `deployments.go`), checked against the engine's own output.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from common.values import OUTPUT_SIGNATURE, SIGNATURE_KEY, UNKNOWN, UNKNOWN_TEXTS
from costs.resource import Resource

_UNKNOWN_OR_SECRET = UNKNOWN_TEXTS | {"[secret]"}
_NOT_BILLED = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "read", "read-replacement"})


class SourceError(Exception):
    """The input has another format. `str()` says which one is expected and how to get it."""


def from_preview_json(document: Mapping[str, Any]) -> tuple[Resource, ...]:
    """Returns the resources of `pulumi preview --json`. Raises SourceError for anything else."""
    steps = document.get("steps") if isinstance(document, Mapping) else None
    if not isinstance(steps, list):
        raise SourceError("this is not a preview: it has no steps. Make one with `pulumi preview --json`.")
    return _collect((step["newState"], step.get("op", "")) for step in steps if step.get("newState"))


def from_deployment(document: Mapping[str, Any]) -> tuple[Resource, ...]:
    """Returns the resources of `pulumi stack export`. Raises SourceError for anything else."""
    deployment = document.get("deployment") if isinstance(document, Mapping) else None
    if not isinstance(deployment, Mapping):
        raise SourceError("this is not a stack export: it has no key deployment. Make one with `pulumi stack export`.")
    states = deployment.get("resources") or []  # an empty stack does not have the key
    return _collect((state, "") for state in states if not state.get("delete"))


def from_event_log(lines: Iterable[str]) -> tuple[Resource, ...]:
    """Returns the resources after the operation from an engine's event log, with one event per line.

    The log has no property dependencies; pricers use the parents instead. Raises SourceError for anything else.
    """
    return _collect((step["new"], step["op"]) for step in _steps(lines) if step.get("new"))


def before_from_event_log(lines: Iterable[str]) -> tuple[Resource, ...]:
    """Returns the resources before the operation from the same log."""
    return _collect((step["old"], "") for step in _steps(lines) if step.get("old"))


def _steps(lines: Iterable[str]) -> Iterable[Mapping[str, Any]]:
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            event = json.loads(text)
        except json.JSONDecodeError as error:
            raise SourceError(f"line {number} of the event log is not JSON: {error}") from None
        if "resourcePreEvent" in event:
            yield event["resourcePreEvent"]["metadata"]


def _collect(states: Iterable[tuple[Mapping[str, Any], str]]) -> tuple[Resource, ...]:
    """Returns one resource per URN: of the steps of a replacement, the last one that keeps a resource."""
    by_urn: dict[str, Resource] = {}
    for state, op in states:
        if op in _NOT_BILLED or state.get("external") or state.get("delete"):
            continue
        by_urn[state["urn"]] = Resource(
            urn=state["urn"],
            type=state["type"],
            inputs={key: _plain(value) for key, value in (state.get("inputs") or {}).items()},
            property_dependencies=state.get("propertyDependencies") or {},
            parent=state.get("parent") or "",
            provider=(state.get("provider") or "").rpartition("::")[0],
            id=state.get("id") or "",
        )
    return tuple(by_urn.values())


def _plain(value: Any) -> Any:
    """Returns the value without Pulumi's wrappers; secrets and unknown values become UNKNOWN."""
    if isinstance(value, Mapping):
        if SIGNATURE_KEY in value:
            known = value[SIGNATURE_KEY] == OUTPUT_SIGNATURE and "value" in value and not value.get("secret")
            return _plain(value["value"]) if known else UNKNOWN
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return UNKNOWN if value in _UNKNOWN_OR_SECRET else value
