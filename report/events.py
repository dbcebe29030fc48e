"""The engine's event log, as what changed and what the policies said."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from common.urns import name_of

_COLOUR = re.compile(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m")
_SHOWN = {
    "create": "create",
    "import": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "import-replacement": "replace",
}
"""Ops as the engine names them -> what happens to the resource; the steps of a replacement are one replacement."""

CHANGES = ("create", "update", "replace", "delete")


@dataclass(frozen=True)
class Change:
    """What happens to one resource. because: the inputs that changed, or that force the replacement."""

    urn: str
    type: str
    op: str
    parent: str = ""
    because: tuple[str, ...] = ()
    protected: bool = False

    @property
    def name(self) -> str:
        """What the program called it."""
        return name_of(self.urn)


@dataclass(frozen=True)
class Finding:
    """One finding of the policy pack. level: `mandatory` or `advisory`."""

    policy: str
    level: str
    urn: str
    message: str
    severity: str = ""

    @property
    def short(self) -> str:
        """What is wrong and what to do, without the reasons that the policy gives each time."""
        lines = (line.strip() for line in self.message.splitlines())
        return " ".join(line for line in lines if line and not line.startswith(("Why:", "More:")))


@dataclass(frozen=True)
class Operation:
    """What one command of the engine did, or would do.

    counts: op -> number of resources, as in the engine's own summary. succeeded: None when it ended without a summary.
    """

    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    errors: tuple[str, ...]
    counts: Mapping[str, int]
    succeeded: bool | None
    protected: int

    @property
    def mandatory(self) -> tuple[Finding, ...]:
        """The findings that stop the operation."""
        return tuple(finding for finding in self.findings if finding.level == "mandatory")

    @property
    def resources(self) -> int:
        """How many resources the operation looked at."""
        return sum(self.counts.values())


def read(lines: Iterable[str]) -> Operation:
    """The operation that an event log, one event a line, tells of."""
    changes: dict[str, Change] = {}
    findings: dict[Finding, None] = {}
    errors: list[str] = []
    protected: set[str] = set()
    counts: Mapping[str, int] = {}
    succeeded: bool | None = None
    for event in map(json.loads, filter(str.strip, lines)):
        if "resourcePreEvent" in event:
            step = event["resourcePreEvent"]["metadata"]
            change = _change(step)
            if change is not None:
                before = changes.get(change.urn, change)
                changes[change.urn] = replace(change, because=before.because or change.because)
            if (step.get("new") or {}).get("protect"):
                protected.add(step["urn"])
        elif "policyEvent" in event:
            findings[_finding(event["policyEvent"])] = None
        elif "diagnosticEvent" in event and event["diagnosticEvent"]["severity"] == "error":
            errors.append(_plain(event["diagnosticEvent"]["message"]))
        elif "summaryEvent" in event:
            counts = event["summaryEvent"]["resourceChanges"] or {}
            succeeded = event["summaryEvent"].get("result", "succeeded") == "succeeded"
    return Operation(tuple(changes.values()), tuple(findings), tuple(errors), counts, succeeded, len(protected))


def parents(lines: Iterable[str]) -> Mapping[str, str]:
    """URN -> URN of its parent, of everything the log tells of."""
    found: dict[str, str] = {}
    for event in map(json.loads, filter(str.strip, lines)):
        step = event.get("resourcePreEvent", {}).get("metadata", {})
        for state in (step.get("old"), step.get("new")):
            if state:
                found[state["urn"]] = state.get("parent") or ""
    return found


def count_resources(lines: Iterable[str]) -> int:
    """How many resources are done so far, for showing progress; cheap, and blind to what is half written."""
    return sum(1 for line in lines if '"resOutputsEvent"' in line[:80])


def counted(counts: Mapping[str, int]) -> str:
    """The engine's counts as text, e.g. `12 create, 3 same`."""
    shown: Counter[str] = Counter()
    for op, number in counts.items():
        shown[_SHOWN.get(op, op)] += number
    order = {op: place for place, op in enumerate((*CHANGES, "same"))}
    return ", ".join(f"{shown[op]} {op}" for op in sorted(shown, key=lambda op: order.get(op, 9)) if shown[op])


def _change(step: Mapping[str, Any]) -> Change | None:
    op = _SHOWN.get(step["op"])
    if op is None:
        return None
    state = step.get("new") or step.get("old") or {}
    because = step.get("keys") or step.get("diffs") or ()
    old = step.get("old") or {}
    return Change(
        step["urn"], step["type"], op, state.get("parent") or "", tuple(because), bool(old.get("protect", False))
    )


def _finding(event: Mapping[str, Any]) -> Finding:
    level = "mandatory" if event["enforcementLevel"] == "mandatory" else "advisory"
    urn, message = event.get("resourceUrn", ""), _plain(event["message"])
    return Finding(event["policyName"], level, urn, message, event.get("severity", ""))


def _plain(text: str) -> str:
    return _COLOUR.sub("", text).strip()
