"""The record of a rule. The pack, the tests and the documentation are all made from it.

A module in `policies/rules/<group>/` sets `RULE` to a `Rule` (checks each resource alone) or a `StackRule` (checks the
resources of a stack together). The pack finds every such module. The rule's id is the file's name with dashes.
"""

import json
import re
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

    links: property -> names of the samples that the property refers to. provider: the URN of its provider. parent: the
    name of the sample that holds it.
    """

    type: str
    props: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    provider: str = ""
    parent: str = ""


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


def _edit(edit: tuple[str, Any]) -> str:
    path, value = edit
    return f"no {path}" if value is None else f"{path}: {json.dumps(value)}"


@dataclass(frozen=True, kw_only=True)
class _Record:
    """What all rules say of themselves.

    mend: end of a finding's path -> the value there that passes in every program; None: nothing stands there. A map is
        merged into what stands there. stack_file: path in the stack file -> the value that passes, where the platform
        takes it from there. In both, <...> stands for a word of the reader's.
    beside: end of a path in `mend` -> what the mend needs in the same map, so that no other rule fails then.
    no_mend: where no value of the resource mends a finding, such as "the bucket's policy is missing".
    """

    id: str
    applies_to: str | tuple[str, ...]
    severity: Severity
    why: str
    fix: str
    mend: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stack_file: Mapping[str, Any] = field(default_factory=dict)
    no_mend: str = ""
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

    def mend_at(self, path: str) -> dict[str, Any]:
        """Returns the path of a finding and what must stand beside it -> the value; {} if it depends on the program."""
        end = self._end_of(path)
        beside = {f"{path.removesuffix(end)}{key}": value for key, value in self.beside.get(end, {}).items()}
        return {path: self.mend[end], **beside} if end else {}

    def _end_of(self, path: str) -> str:
        """Returns the longest key of `mend` that the path ends with, or ""."""
        plain = re.sub(r"\[\d+\]", "[]", path)
        ends = (end for end in self.mend if f".{plain}".endswith(end if end[0] == "[" else f".{end}"))
        return max(ends, key=len, default="")

    def fix_at(self, *paths: str) -> str:
        """Returns the fix in one line, with the edits of the stack file and of the program: one of each kind."""
        first = {self._end_of(path): path for path in reversed(paths)}
        mends = {at: value for path in reversed(first.values()) for at, value in self.mend_at(path).items()}
        given = [("In the stack file", self.stack_file), ("In the program", mends)]
        edits = [f"{place}: {'; '.join(map(_edit, edits.items()))}." for place, edits in given if edits]
        return " ".join([self.fix, *edits])

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
