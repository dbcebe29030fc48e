"""Reads the engine's event log: changes, policy findings and errors."""

import json
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from common.urns import name_of
from report.properties import Property, properties_of

_COLOUR = re.compile(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m")
_SENTENCE = re.compile(r"[.:] ")
_INDEX = re.compile(r"\[\d+\]")
_CHANGE_OF_OP = {
    "create": "create",
    "import": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "import-replacement": "replace",
}
"""Operation of the engine -> change of the resource. All steps of a replacement are one change."""

PARTS = ("Why", "Fix", "More", "Waive")
"""Of the message of a policy, after what is wrong; one line each."""
CAUSE = "production"
"""A finding of the pack from which others follow: what is production says that it is something else."""

CHANGES = ("create", "update", "replace", "delete")


@dataclass(frozen=True)
class Change:
    """The change of one resource.

    because: the inputs that changed, or that force the replacement. retained: it leaves the stack and stays in AWS.
    steps: the engine's operations in their order.
    """

    urn: str
    type: str
    op: str
    parent: str = ""
    because: tuple[str, ...] = ()
    protected: bool = False
    retained: bool = False
    properties: tuple[Property, ...] = ()
    steps: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The logical name."""
        return name_of(self.urn)


@dataclass(frozen=True)
class Finding:
    """One finding of the policy pack. level: `mandatory` or `advisory`."""

    policy: str
    level: str
    urn: str
    message: str

    @property
    def problem(self) -> str:
        """What is wrong, without the parts that follow."""
        return " ".join(line for line in self._lines if not line.startswith(tuple(f"{name}:" for name in PARTS)))

    def part(self, name: str) -> str:
        """Returns one of PARTS; "" when the message does not say it."""
        return next((line.removeprefix(f"{name}: ") for line in self._lines if line.startswith(f"{name}: ")), "")

    @property
    def _lines(self) -> list[str]:
        return [line.strip() for line in self.message.splitlines() if line.strip()]


@dataclass(frozen=True)
class Operation:
    """The result of one command of the engine.

    counts: operation -> number of resources, from the engine's summary. succeeded: None when the log has no summary.
    failed_at: URN of the first resource with an error; "" when the error is about none.
    protected: number of resources. unprotected: URNs of those that are protected before the operation and not after it.
    """

    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    errors: tuple[str, ...]
    counts: Mapping[str, int]
    succeeded: bool | None
    protected: int
    failed_at: str = ""
    unprotected: tuple[str, ...] = ()

    @property
    def mandatory(self) -> tuple[Finding, ...]:
        """The findings that stop the operation."""
        return tuple(finding for finding in self.findings if finding.level == "mandatory")

    @property
    def resources(self) -> int:
        """The number of resources in the operation."""
        return sum(self.counts.values())


def read(lines: Iterable[str], protected_before: Container[str] = ()) -> Operation:
    """Reads an event log with one event per line.

    protected_before: URNs of resources that are protected although the log does not say so.
    """
    changes: dict[str, Change] = {}
    findings: dict[Finding, None] = {}
    errors: list[str] = []
    said: list[str] = []
    failed_at: list[str] = []
    protected, unprotected = set[str](), set[str]()
    counts: Mapping[str, int] = {}
    succeeded: bool | None = None
    for event in map(json.loads, filter(str.strip, lines)):
        if "resourcePreEvent" in event:
            step = event["resourcePreEvent"]["metadata"]
            old, new = step.get("old") or {}, step.get("new") or {}
            was_protected = bool(old.get("protect")) or (bool(old) and step["urn"] in protected_before)
            change = _change(step, was_protected)
            if change is not None:
                before = changes.get(change.urn)
                changes[change.urn] = change if before is None else _together(before, change)
            if new.get("protect"):
                protected.add(step["urn"])
            elif new and was_protected:
                unprotected.add(step["urn"])
        elif "policyEvent" in event:
            findings[_finding(event["policyEvent"])] = None
        elif "diagnosticEvent" in event and event["diagnosticEvent"]["severity"] == "error":
            errors.append(_plain(event["diagnosticEvent"]["message"]))
            failed_at += filter(None, [event["diagnosticEvent"].get("urn")])
        elif "diagnosticEvent" in event and event["diagnosticEvent"]["severity"] == "info#err":
            said.append(_plain(event["diagnosticEvent"]["message"]))
        elif "summaryEvent" in event:
            counts = event["summaryEvent"]["resourceChanges"] or {}
            succeeded = event["summaryEvent"].get("result", "succeeded") == "succeeded"
    if succeeded is None and not errors and said:
        errors.append("\n".join(said))  # a policy pack that does not start writes the reason, and the engine none
    return Operation(
        tuple(changes[urn] for urn in sorted(changes)),
        tuple(sorted(findings, key=order)),
        tuple(errors),
        counts,
        succeeded,
        len(protected),
        next(iter(failed_at), ""),
        tuple(sorted(unprotected)),
    )


def order(finding: Finding) -> tuple[object, ...]:
    """Returns the place of a finding among others: what others follow from comes first, then mandatory ones."""
    return finding.policy != CAUSE, finding.level != "mandatory", finding.policy, finding.urn, finding.message


def fixes(findings: Iterable[Finding], most: int = 3) -> str:
    """Returns how to fix findings of one rule: once what all say, then what each kind of place takes beside it."""
    each = {_INDEX.sub("[]", fix): fix for fix in (finding.part("Fix") for finding in reversed([*findings])) if fix}
    first, *others = [*reversed(each.values())] or [""]
    rest = []
    for fix in others[: most - 1]:
        shared = next((index for index, (one, other) in enumerate(zip(first, fix, strict=False)) if one != other), 0)
        start = max((found.end() for found in _SENTENCE.finditer(fix[:shared])), default=0)
        rest.append(fix[start:].rstrip("."))
    more = f"; and {len(others) - most + 1} more" if len(others) >= most else ""
    return f"{first.rstrip('.')}; {'; '.join(rest)}{more}." if rest else first


def parents(lines: Iterable[str]) -> Mapping[str, str]:
    """Returns URN -> URN of its parent, for all resources in the log."""
    by_urn: dict[str, str] = {}
    for event in map(json.loads, filter(str.strip, lines)):
        step = event.get("resourcePreEvent", {}).get("metadata", {})
        for state in (step.get("old"), step.get("new")):
            if state:
                by_urn[state["urn"]] = state.get("parent") or ""
    return by_urn


def count_resources(lines: Iterable[str]) -> int:
    """Returns how many resources are done, for a progress display. It is fast and tolerates a half-written line."""
    return sum(1 for line in lines if '"resOutputsEvent"' in line[:80])


def counted(counts: Mapping[str, int]) -> str:
    """Returns the engine's counts as text, e.g. `12 create, 3 same`."""
    by_change: Counter[str] = Counter()
    for op, number in counts.items():
        by_change[_CHANGE_OF_OP.get(op, op)] += number
    order = {change: index for index, change in enumerate((*CHANGES, "same"))}
    changes = sorted(by_change, key=lambda change: order.get(change, 9))
    return ", ".join(f"{by_change[change]} {change}" for change in changes if by_change[change])


def _change(step: Mapping[str, Any], protected: bool) -> Change | None:
    op = _CHANGE_OF_OP.get(step["op"])
    if op is None:
        return None
    old = step.get("old") or {}
    state = step.get("new") or old
    because = step.get("keys") or step.get("diffs") or ()
    return Change(
        step["urn"],
        step["type"],
        op,
        state.get("parent") or "",
        tuple(because),
        protected,
        bool(old.get("retainOnDelete")),
        properties_of(step),
        (step["op"],),
    )


def _together(first: Change, second: Change) -> Change:
    """Returns the steps of one resource as one change."""
    return replace(
        second,
        because=first.because or second.because,
        protected=first.protected or second.protected,
        retained=first.retained or second.retained,
        properties=first.properties or second.properties,
        steps=first.steps + second.steps,
    )


def _finding(event: Mapping[str, Any]) -> Finding:
    level = "mandatory" if event["enforcementLevel"] == "mandatory" else "advisory"
    urn, message = event.get("resourceUrn", ""), _plain(event["message"])
    if message.startswith("urn:"):  # about a resource that goes, which the engine shows at the stack
        urn, _, rest = message.partition(" ")
        message = f"{name_of(urn)} {rest}"
    return Finding(event["policyName"], level, urn, message)


def _plain(text: str) -> str:
    return _COLOUR.sub("", text).strip()
