"""Exceptions from rules, kept in `policies/waivers.yaml`: one rule, one stack, a reason, an owner, and an end."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from common.spelling import nearest
from common.urns import stack_of

LONGEST_DAYS = 90
_KEYS = ("rule", "urn", "reason", "owner", "expires")
_URN = re.compile(r"urn:pulumi:(?P<stack>[A-Za-z0-9_.-]+)::[^:]+::(?P<type>.+)::(?P<name>[^:]+)")
_OWNER = re.compile(r"(team|role):[a-z0-9][a-z0-9-]*")


class WaiverError(Exception):
    """The waiver file holds mistakes; the text lists every one, with its place and what to write instead."""


@dataclass(frozen=True)
class Waiver:
    """Lets one rule pass at the resources whose URN fits `urn`, up to and including the day `expires`."""

    rule: str
    urn: str
    reason: str
    owner: str
    expires: date

    def is_for(self, rule: str, urn: str) -> bool:
        """Whether it speaks of this rule at this resource, expired or not."""
        return rule == self.rule and fnmatchcase(urn, self.urn)

    def is_over(self, today: date) -> bool:
        """Whether its last day has passed."""
        return today > self.expires

    @property
    def stack(self) -> str:
        """The stack it is for."""
        return stack_of(self.urn)

    def __str__(self) -> str:
        return f"{self.rule} at {self.urn}, until {self.expires} ({self.owner}: {self.reason})"


def load(path: Path, rule_ids: Iterable[str], today: date) -> tuple[Waiver, ...]:
    """The waivers of a file. Raises WaiverError with all mistakes at once."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise WaiverError(f"{path.name}: not readable as YAML: {error}") from error
    if not isinstance(entries, list):
        raise WaiverError(f"{path.name}: holds no list. Write [] when there is nothing to waive.")
    known, problems, waivers = sorted(rule_ids), [], []
    for index, entry in enumerate(entries):
        wrong = list(_mistakes(entry, known, today))
        problems += [f"{path.name}, waiver {index + 1}: {mistake}" for mistake in wrong]
        if not wrong:
            waivers.append(Waiver(**{key: entry[key] for key in _KEYS}))
    if problems:
        raise WaiverError("\n".join(problems))
    return tuple(waivers)


def _mistakes(entry: Any, rule_ids: list[str], today: date) -> Iterable[str]:
    if not isinstance(entry, Mapping):
        yield f"is no map. Give it {', '.join(_KEYS)}."
        return
    for key in entry.keys() - set(_KEYS):
        yield f'"{key}" is no key of a waiver{did_you_mean(str(key), _KEYS)}. It has {", ".join(_KEYS)}.'
    for key in _KEYS:
        if not entry.get(key):
            yield f"{key} is missing. An exception names all of {', '.join(_KEYS)}."
    rule, urn, owner, expires = (entry.get(key) for key in ("rule", "urn", "owner", "expires"))
    if rule and rule not in rule_ids:
        yield f'no rule is called "{rule}"{did_you_mean(str(rule), rule_ids)}.'
    if urn:
        yield from _urn_mistakes(str(urn))
    if owner and not _OWNER.fullmatch(str(owner)):
        yield f'owner "{owner}" may be a person, who may leave. Name who keeps answering: team:<name> or role:<name>.'
    if expires and type(expires) is not date:
        yield "expires is no day. Write it as 2026-12-31."
    elif expires and expires > today + timedelta(days=LONGEST_DAYS):
        yield f"expires lies more than {LONGEST_DAYS} days ahead, too far to be looked at again. Bring it nearer."


def _urn_mistakes(urn: str) -> Iterable[str]:
    parts = _URN.fullmatch(urn)
    if not parts:
        yield (
            f'urn "{urn}" is no URN of one stack. '
            "Write urn:pulumi:<stack>::<project>::<type>::<name>, with * only in the last two."
        )
    elif not parts["type"].strip("*") and not parts["name"].strip("*"):
        yield "urn covers the whole stack, which ends the rule instead of excepting from it. Name a type or resource."


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word as half a sentence, or nothing when none is near."""
    near = nearest(word, known)
    return f' (did you mean "{near}"?)' if near else ""
