"""What a rule is: one record that the pack, its tests and its documentation are all made from.

A rule module in `policies/rules/<group>/` sets `RULE` to a `Rule` (judges resources one by one) or a `StackRule`
(judges how resources stand to each other). It is found by being there, and its id is its file's name with dashes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from policies.views import (
    ENVIRONMENTS,
    Environment,
    NotKnownError,
    Resource,
    Setting,
    Stack,
    View,
    WrongTypeError,
    at,
    at_if_known,
    each,
    every,
    flag,
    keys,
    number,
    present,
    separately,
    text,
    texts,
)

__all__ = [
    "ENVIRONMENTS",
    "Case",
    "Environment",
    "Level",
    "NotKnownError",
    "OnUnknown",
    "Option",
    "Resource",
    "Rule",
    "Sample",
    "Setting",
    "Severity",
    "Stack",
    "StackCase",
    "StackRule",
    "View",
    "WrongTypeError",
    "at",
    "at_if_known",
    "each",
    "every",
    "flag",
    "keys",
    "number",
    "present",
    "separately",
    "text",
    "texts",
]

Severity = Literal["low", "medium", "high", "critical"]
Level = Literal["mandatory", "advisory", "disabled"]
OnUnknown = Literal["pass", "defer", "fail"]
ResourceCheck = Callable[..., Iterable[tuple[str, str]]]
StackCheck = Callable[..., Iterable[tuple[Resource, str, str]]]


@dataclass(frozen=True)
class Option:
    """A number, text or list that a rule compares with. Handed to its check under the option's name.

    by_environment: where it differs from the default. `--policy-pack-config` overrides both.
    """

    means: str
    default: Any
    by_environment: Mapping[Environment, Any] = field(default_factory=dict)

    def value_in(self, environment: Environment) -> Any:
        """The value when no configuration says otherwise."""
        return self.by_environment.get(environment, self.default)


@dataclass(frozen=True)
class Case:
    """One resource that a rule passes or fails. `type` is the rule's first one unless given.

    at: the path that the finding has to name, in a bad case. options: what the pack's configuration says of the rule.
    """

    props: Mapping[str, Any]
    type: str = ""
    at: str = ""
    protect: bool = False
    environment: Environment = "prod"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """One resource of a `StackCase`. links: property -> the samples that it was computed from."""

    type: str
    props: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class StackCase:
    """A small stack that a rule passes or fails.

    at: sample and path that the finding has to name, in a bad case. options: what the pack's configuration says of the
    rule.
    """

    resources: Mapping[str, Sample]
    at: tuple[str, str] | None = None
    environment: Environment = "prod"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Record:
    id: str
    applies_to: str | tuple[str, ...]
    severity: Severity
    why: str
    fix: str
    standards: tuple[str, ...] = ()
    on_unknown: OnUnknown = "defer"
    options: Mapping[str, Option] = field(default_factory=dict)
    dev: Level = "mandatory"
    staging: Level = "mandatory"
    prod: Level = "mandatory"

    @property
    def types(self) -> tuple[str, ...]:
        """The resource types that the rule is asked about. One that ends in `*` stands for all that begin so."""
        return (self.applies_to,) if isinstance(self.applies_to, str) else self.applies_to

    def level(self, environment: Environment) -> Level:
        """How a finding counts there: mandatory stops the deployment, advisory is shown."""
        levels: Mapping[Environment, Level] = {"dev": self.dev, "staging": self.staging, "prod": self.prod}
        return levels[environment]

    def covers(self, kind: str) -> bool:
        """Whether the rule is asked about resources of this type."""
        return any(kind == name or (name.endswith("*") and kind.startswith(name[:-1])) for name in self.types)


@dataclass(frozen=True, kw_only=True)
class Rule(_Record):
    """Judges resources one by one, by their inputs, before anything is built.

    check: given the resource and the rule's options by name, yields (path, what is wrong there).
    on_unknown: what a value means that only the update can tell: `pass` (that it is set is enough), `defer` (a note
        says which rule waits for which path), `fail` (it has to be written out).
    good, bad: cases by what they show; `bad` always has the one where nothing was said.
    """

    check: ResourceCheck
    good: Mapping[str, Mapping[str, Any] | Case]
    bad: Mapping[str, Case]


@dataclass(frozen=True, kw_only=True)
class StackRule(_Record):
    """Judges how resources stand to each other, by their outputs, once all are known: at the end of a preview.

    check: given a Stack of the resources named in `applies_to` and the rule's options by name, yields
        (resource, path, what is wrong there).
    """

    check: StackCheck
    good: Mapping[str, StackCase]
    bad: Mapping[str, StackCase]
