"""The record of a rule. The pack, the tests and the documentation are all made from it.

A module in `policies/rules/<group>/` sets `RULE` to a `Rule` (checks each resource alone) or a `StackRule` (checks the
resources of a stack together). The pack finds every such module. The rule's id is the file's name with dashes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from policies.views import (
    ENVIRONMENTS,
    Environment,
    EvaluationContext,
    NotKnownError,
    Resource,
    Stack,
    View,
    WrongTypeError,
    at,
    at_if_known,
    each,
    flag,
    keys,
    number,
    present,
    text,
    texts,
    without_tag,
)

__all__ = [
    "ENVIRONMENTS",
    "Case",
    "Environment",
    "EvaluationContext",
    "Level",
    "NotKnownError",
    "OnUnknown",
    "Option",
    "Resource",
    "Rule",
    "Sample",
    "Severity",
    "Stack",
    "StackCase",
    "StackRule",
    "View",
    "WrongTypeError",
    "at",
    "at_if_known",
    "each",
    "each_alone",
    "flag",
    "keys",
    "number",
    "present",
    "text",
    "texts",
    "without_tag",
]

Severity = Literal["low", "medium", "high", "critical"]
Level = Literal["mandatory", "advisory", "disabled"]
OnUnknown = Literal["pass", "defer", "fail"]
ResourceCheck = Callable[..., Iterable[tuple[str, str]]]
StackCheck = Callable[..., Iterable[tuple[Resource, str, str]]]


@dataclass(frozen=True)
class Option:
    """A number, string or list that a rule compares with. The check gets it as an argument of the option's name.

    by_environment: environments whose value is not the default. A stack file and `--policy-pack-config` override both.
    stricter: which way is stricter: `less` or `more` of a number, `fewer` or `more` entries of a list, or the strict
        one of two values. None where nobody can say.
    """

    description: str
    default: Any
    by_environment: Mapping[Environment, Any] = field(default_factory=dict)
    stricter: str | bool | None = field(default=None, kw_only=True)

    def value_in(self, environment: Environment) -> Any:
        """Returns the value that applies when the pack's configuration sets none."""
        return self.by_environment.get(environment, self.default)


PROVIDER: Mapping[str, Any] = {"region": "us-west-2", "allowedAccountIds": '["111122223333"]'}
"""The AWS provider of resources in cases."""


@dataclass(frozen=True)
class Case:
    """One resource that passes or fails a rule. type: its resource type, by default the rule's first one.

    at: in a bad case, the path that the finding must name. options: the rule's options in the pack's configuration.
    provider: the properties of its provider.
    """

    props: Mapping[str, Any]
    type: str = ""
    at: str = ""
    protect: bool = False
    provider: Mapping[str, Any] = field(default_factory=lambda: PROVIDER)
    environment: Environment = "prod"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """One resource of a `StackCase`.

    links: property -> names of the samples that the property refers to. provider: the URN of its provider.
    """

    type: str
    props: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    provider: str = ""


@dataclass(frozen=True)
class StackCase:
    """A small stack that passes or fails a rule.

    at: in a bad case, the sample and the path that the finding must name. options: the rule's options in the pack's
    configuration.
    """

    resources: Mapping[str, Sample]
    at: tuple[str, str] | None = None
    environment: Environment = "prod"
    options: Mapping[str, Any] = field(default_factory=dict)


def each_alone(kind: str, cases: Mapping[str, Mapping[str, Any] | Case]) -> dict[str, StackCase]:
    """Returns each case as a stack with only that resource. kind: the type of a resource whose case names none."""
    stacks: dict[str, StackCase] = {}
    for name, given in cases.items():
        case = given if isinstance(given, Case) else Case(given)
        resources = {"it": Sample(case.type or kind, case.props)}
        stacks[name] = StackCase(resources, ("it", case.at) if case.at else None, case.environment, case.options)
    return stacks


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
        """The resource types that the rule checks. A type that ends in `*` stands for all types with that prefix."""
        return (self.applies_to,) if isinstance(self.applies_to, str) else self.applies_to

    def level(self, environment: Environment) -> Level:
        """Returns the level of the rule in an environment."""
        levels: Mapping[Environment, Level] = {"dev": self.dev, "staging": self.staging, "prod": self.prod}
        return levels[environment]

    def covers(self, kind: str) -> bool:
        """Tells whether the rule checks resources of this type."""
        return any(kind == name or (name.endswith("*") and kind.startswith(name[:-1])) for name in self.types)


@dataclass(frozen=True, kw_only=True)
class Rule(_Record):
    """Checks each resource alone, by its inputs, before anything is built.

    check: gets the resource and the rule's options by name; yields (path, what is wrong there).
    on_unknown: what an unknown value means for the rule: `pass` (it is enough that the value is set), `defer` (a note
        names the rule and the path that it waits for), `fail` (the value must be known at preview).
    good, bad: name -> case. One case shows what happens when nothing is set.
    """

    check: ResourceCheck
    good: Mapping[str, Mapping[str, Any] | Case]
    bad: Mapping[str, Case]


@dataclass(frozen=True, kw_only=True)
class StackRule(_Record):
    """Checks the resources of a stack together, by their outputs, at the end of a preview.

    check: gets a Stack of the resources of the types in `applies_to`, and the rule's options by name; yields
        (resource, path, what is wrong there).
    """

    check: StackCheck
    good: Mapping[str, StackCase]
    bad: Mapping[str, StackCase]
