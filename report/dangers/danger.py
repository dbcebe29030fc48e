"""A danger, and the plan that dangers are found in."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.urns import name_of, type_of
from common.values import UNKNOWN
from components.tenancy.marks import TEAM
from costs.estimate import Estimate
from costs.resource import Resource
from report.events import Change, Operation
from report.tables import some
from report.tree import COMPONENT_PREFIX

CLUSTER, NAMESPACE = "aws:eks/cluster:Cluster", "kubernetes:core/v1:Namespace"
KINDS = ("judge", "data", "access", "nodes", "money", "protection")
LATER = "known after up"
ALONE = "make it a change of its own, with the reason in it"
_VERB = re.compile(r"\[(\w+)\|(\w+)\]")
LOST, GRAVE, SERIOUS, NOTE = range(4)
"""Severities. LOST: nothing brings it back, or what would refuse it is changed as well. NOTE: it endangers nothing."""


@dataclass(frozen=True, kw_only=True)
class Danger:
    """What a person must not miss.

    says: the sentence that a summary begins with, in which {} stands for the names, and [lets|let] for the verb of one
    and of several. at_stake: nodes, GPUs, objects.
    gently: what to do instead.
    """

    kind: str
    severity: int
    says: str
    names: tuple[str, ...] = ()
    at_stake: str = ""
    consequence: str
    gently: str = ""
    urns: tuple[str, ...] = ()

    @property
    def opening(self) -> str:
        """The sentence that a summary begins with."""
        says = _VERB.sub(r"\2" if len(self.names) > 1 else r"\1", self.says)
        return says.replace("{}", some(self.names, 5), 1)

    @property
    def rest(self) -> str:
        """What comes after the sentence: what is at stake, and the consequence."""
        return f"{f'{self.at_stake}: ' if self.at_stake else ''}{self.consequence}."

    def __str__(self) -> str:
        return f"{self.opening}{f' ({self.at_stake})' if self.at_stake else ''}: {self.consequence}."


def of_change(
    change: Change,
    kind: str,
    severity: int,
    says: str,
    consequence: str,
    gently: str = "",
    *,
    name: str = "",
    at_stake: str = "",
) -> Danger:
    """Returns the danger of one change. name: for which {} stands; without one, the name of the resource."""
    return Danger(
        kind=kind,
        severity=severity,
        says=says,
        names=(name or change.name,),
        at_stake=at_stake,
        consequence=consequence,
        gently=gently,
        urns=(change.urn,),
    )


@dataclass(frozen=True)
class Plan:
    """An operation with all resources before and after it, by URN, and their costs. Unknown inputs are LATER.

    complete: whether these are all of them.
    """

    operation: Operation
    before: Mapping[str, Resource]
    after: Mapping[str, Resource]
    parents: Mapping[str, str]
    cost_before: Estimate
    cost: Estimate
    complete: bool = True

    def changes(self, *types: str, ops: Sequence[str] = ("create", "update", "replace", "delete")) -> Iterator[Change]:
        """Yields the changes of these types, or of all."""
        for change in self.operation.changes:
            if (change.type in types or not types) and change.op in ops:
                yield change

    def inputs(self, urn: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Returns the inputs before and after; empty where there is no resource."""
        old, new = self.before.get(urn), self.after.get(urn)
        return (old.inputs if old else {}), (new.inputs if new else {})

    def stays(self, urn: str) -> bool:
        """Tells whether a resource stays where it is: in the stack, or retained when it leaves it."""
        return urn in self.after or any(each.urn == urn and each.retained for each in self.changes(ops=("delete",)))

    def has_namespace(self, provider: str, name: Any) -> bool:
        """Tells whether a namespace is there afterwards: only what the stack deletes is not."""
        named = [
            each.urn
            for each in self.before.values()
            if (each.type, each.provider, at(each.inputs, "metadata.name")) == (NAMESPACE, provider, name)
        ]
        return not named or any(map(self.stays, named))

    @property
    def with_teams(self) -> set[str]:
        """The providers of clusters that had namespaces of teams before."""
        namespaces = (each for each in self.before.values() if each.type == NAMESPACE)
        return {each.provider for each in namespaces if TEAM in (at(each.inputs, "metadata.labels") or {})}

    def goes_with(self, urn: str) -> bool:
        """Tells whether a resource goes together with what it is about, e.g. the policy of a bucket."""
        going = {self.before[each.urn].id for each in self.changes(ops=("delete",)) if each.urn in self.before} - {""}
        going -= {self.before[each].id for each in self.after if each in self.before}  # parts of a bucket have its id
        resource = self.before[urn]
        parent_goes = resource.parent in self.before and resource.parent not in self.after
        return parent_goes or any(each in going for each in resource.inputs.values() if isinstance(each, str))

    def stood(self, urn: str) -> bool:
        """Tells whether what a new resource is about was there before."""
        given = {each for each in self.after[urn].inputs.values() if isinstance(each, str)} - {""}
        return any(each.id in given for each in self.before.values())

    def component(self, urn: str) -> str:
        """Returns the URN of the nearest component of the project that a resource is in; "" when it is in none."""
        while urn and not type_of(urn).startswith(COMPONENT_PREFIX):
            urn = self.parents.get(urn, "")
        return urn

    def name(self, change: Change) -> str:
        """Returns the name of a resource that is the only one of its kind in its component, e.g. of a cluster."""
        return name_of(self.component(change.urn) or change.urn)

    def under(self, urn: str, ancestor: str) -> bool:
        """Tells whether a resource is inside a component."""
        seen: set[str] = set()
        while urn and urn not in seen and urn != ancestor:
            seen.add(urn)
            urn = self.parents.get(urn, "")
        return urn == ancestor


def known(value: Any) -> Any:
    """Returns a value in which a text stands for what is not known yet: UNKNOWN is neither true nor false."""
    if isinstance(value, Mapping):
        return {key: known(each) for key, each in value.items()}
    if isinstance(value, list):
        return [known(each) for each in value]
    return LATER if value is UNKNOWN else value


def because(causes: Iterable[str]) -> str:
    """Returns the inputs that force a replacement, as the end of a sentence."""
    named = sorted({re.split(r"[.\[]", cause)[0] for cause in causes} - {"replaceWith"})
    return f", because of {', '.join(named)}" if named else ""


def at(value: Any, path: str) -> Any:
    """Returns the value at a dotted path; None where there is none."""
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def every(value: Any, path: str) -> list[Any]:
    """Returns all values at a dotted path, on which lists are walked through; `*` stands for each key."""
    values = [value]
    for step in path.split("."):
        found = [
            list(each.values()) if step == "*" and isinstance(each, Mapping) else at(each, step) for each in values
        ]
        values = [inner for each in found for inner in (each if isinstance(each, list) else [each])]
    return [each for each in values if each is not None]
