"""Reads `policies/waivers.yaml`: exceptions from one rule in one stack, with a reason, an owner and a last day."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path
from typing import Any

import yaml

from common.spelling import nearest
from common.urns import stack_of

LONGEST_DAYS = 90
MOST_RESOURCES = 10
"""That one waiver may cover: more are a rule that does not hold in the stack."""
_KEYS = ("rule", "urn", "reason", "owner", "expires")
_URN = re.compile(r"urn:pulumi:(?P<stack>[A-Za-z0-9_.-]+)::[^:]+::(?P<type>(?:(?!::).)+)::(?P<name>.+)")
_ESCAPED = re.compile(r"\[[\[*?]\]")
_WILDCARD = re.compile(r"[\[*?]")
_KIND = re.compile(r"(.*[*$])?[a-z][a-z0-9-]*:([^:]*:)?[A-Za-z][A-Za-z0-9]*")
"""A type in a pattern that names its package and its kind, such as `*aws:s3/bucket:Bucket` or `kubernetes:*:Secret`."""
_PLACEHOLDER = re.compile(r"<[a-z ]+>")
_SHORTEST_REASON_LETTERS = 10
_OWNER = re.compile(r"(team|role):[a-z0-9][a-z0-9-]*")


def today() -> date:
    """Returns the day in UTC, which counts for waivers wherever a run is."""
    return datetime.now(UTC).date()


class WaiverError(Exception):
    """The waiver file has mistakes. The text lists all of them, each with its place and what to write instead."""


@dataclass(frozen=True)
class Waiver:
    """Suppresses findings of one rule at resources whose URN matches `urn`, until the end of the day `expires`."""

    rule: str
    urn: str
    reason: str
    owner: str
    expires: date

    def covers(self, rule: str, urn: str) -> bool:
        """Tells whether the waiver is about this rule at this resource, expired or not."""
        return rule == self.rule and fnmatchcase(urn, self.urn)

    def has_expired(self, today: date) -> bool:
        """Tells whether the last day has passed."""
        return today > self.expires

    @property
    def stack(self) -> str:
        """The stack that the waiver is for."""
        return stack_of(self.urn)

    def __str__(self) -> str:
        return f"{self.rule} at {self.urn}, until {self.expires} ({self.owner}: {self.reason})"


def entry_for(rule: str, urn: str, today: date) -> str:
    """Returns an entry for the file, with placeholders that `load` refuses: nobody pastes it unread."""
    expires = today + timedelta(days=LONGEST_DAYS)
    said = {"urn": escape(urn), "owner": "team:<yours>", "reason": "<why>"}
    quoted = ", ".join(f"{key}: {json.dumps(value)}" for key, value in said.items())  # also what YAML takes for its own
    return f"- {{rule: {rule}, {quoted}, expires: {expires}}}"


def load(path: Path, rule_ids: Iterable[str], today: date) -> tuple[Waiver, ...]:
    """Returns the waivers of a file. Raises WaiverError with all mistakes at once."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise WaiverError(f"{path.name} is not valid YAML: {error}\nAn entry takes the place of [].") from error
    if not isinstance(entries, list):
        raise WaiverError(f"{path.name} is not a list. Write [] when there are no waivers.")
    known_rules, problems, waivers = sorted(rule_ids), [], []
    for index, entry in enumerate(entries):
        mistakes = list(_mistakes(entry, known_rules, today))
        problems += [f"{path.name}, waiver {index + 1}: {mistake}" for mistake in mistakes]
        if not mistakes:
            waivers.append(Waiver(**{key: entry[key] for key in _KEYS}))
    if problems:
        raise WaiverError("\n".join(problems))
    return tuple(waivers)


def _mistakes(entry: Any, rule_ids: list[str], today: date) -> Iterable[str]:
    if not isinstance(entry, Mapping):
        yield f"is not a map. Write one with the keys {', '.join(_KEYS)}."
        return
    for key in entry.keys() - set(_KEYS):
        yield f'there is no key "{key}"{did_you_mean(str(key), _KEYS)}. The keys are {", ".join(_KEYS)}.'
    for key in _KEYS:
        if not entry.get(key):
            yield f"{key} is missing. A waiver needs {', '.join(_KEYS)}."
        elif _PLACEHOLDER.search(str(entry[key])):
            yield f"{key} is still the placeholder {entry[key]}. Say it for this case, or change the resource."
    rule, urn, reason, owner, expires = (entry.get(key) for key in _KEYS)
    if rule and rule not in rule_ids:
        yield f'there is no rule "{rule}"{did_you_mean(str(rule), rule_ids)}.'
    if urn:
        yield from _urn_mistakes(str(urn))
    if (
        reason
        and not _PLACEHOLDER.search(str(reason))
        and sum(map(str.isalpha, str(reason))) < _SHORTEST_REASON_LETTERS
    ):
        yield f'reason "{reason}" tells nobody why. Say in a sentence why the rule does not hold, and until when.'
    if owner and not _PLACEHOLDER.search(str(owner)) and not _OWNER.fullmatch(str(owner)):
        yield f'owner "{owner}" may be a person, who can leave. Write team:<name> or role:<name>.'
    if expires and type(expires) is not date:
        yield "expires is not a date. Write it as 2026-12-31."
    elif expires and expires > today + timedelta(days=LONGEST_DAYS + 1):  # it may be tomorrow where it was written
        yield f"expires is more than {LONGEST_DAYS} days ahead, so nobody would review it soon. Write an earlier date."


def _urn_mistakes(urn: str) -> Iterable[str]:
    parts = _URN.fullmatch(urn)
    if not parts:
        yield (
            f'urn "{urn}" is not a URN in one stack. '
            "Write urn:pulumi:<stack>::<project>::<type>::<name>, with * only in type and name."
        )
    elif not _KIND.fullmatch(parts["type"]) and _WILDCARD.search(_ESCAPED.sub("", parts["name"])):
        yield (
            "urn covers the whole stack, or whatever is in it. Name a type with package and kind, such as "
            "*aws:s3/bucket:Bucket, or the whole name of a resource."
        )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Returns a suggestion in brackets with the nearest known word, or "" when none is near."""
    near = nearest(word, known)
    return f' (did you mean "{near}"?)' if near else ""
