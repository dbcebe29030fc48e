"""What an entry of `services/` says about a resource type. `services/ec2.py` has many to copy from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from simulator.aws import constraints, templates
from simulator.aws.constraints import Constraint
from simulator.aws.inputs import Form, fields, form_at
from simulator.aws.messages import Refused, Service
from simulator.aws.operation_context import OperationContext
from simulator.values import Props

Rule: TypeAlias = Callable[[OperationContext], None]
"""Looks at an operation and raises AwsError or ProviderError; a value that is not known yet ends it quietly."""

Value: TypeAlias = str | bool | int | list[Any] | dict[str, Any] | Callable[[OperationContext], Any]
"""An output: a template, a literal, or a function of the operation."""


class Autoname(NamedTuple):
    """How the provider names a resource that the program gives no name: `{logical name}-{7 hex digits}`.

    given_prefix: the input that asks for a name that starts with it instead.
    """

    property: str = "name"
    max_length: int = 255
    prefix: str = ""
    lower: bool = False
    given_prefix: str = ""
    suffix: Callable[[Props], str] | None = None


class Reference(NamedTuple):
    """An input that names another resource.

    by: the output that the value is compared with. outside: says of a value that it lives outside this cloud, as the
    policies do that AWS maintains. missing: AWS's answer; None for the one of the named type.
    """

    type: str
    by: str = "id"
    missing: Refused | None = None
    outside: Callable[[str], bool] | None = None


class Unique(NamedTuple):
    """Inputs that no two resources of the type may share."""

    inputs: str
    refused: Refused


class Quota(NamedTuple):
    """How many there may be in the region, or for each value of the input `per`."""

    code: str
    limit: int
    refused: Refused
    per: str = ""


class Use(NamedTuple):
    """Another resource that keeps this one from being deleted, for as long as it names it at `path`.

    by: what it names: the id, or an output. settles: the provider waits for it to go.
    """

    type: str
    path: str
    refused: Refused
    by: str = "id"
    settles: bool = False


class CascadeDelete(NamedTuple):
    """Resources that AWS deletes with this one: those that name it at `path`, by its id or the output at `by`."""

    type: str
    path: str
    by: str = "id"


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One resource type of the provider. Lists of names are texts, separated by spaces.

    creates, updates, deletes: API operations. human: as the provider's messages call the type, with the label behind it
        when one is made; creating, updating and deleting are the beginnings of messages that are not built so.
    id, arn: templates, see templates.py. The inputs are those of the SDK, see inputs.py.
    replace_on: paths whose change replaces the resource; replace_if: only when the function of old and new says so.
    defaults: what the provider writes into the inputs. omitted: what AWS fills in when the program says nothing: it
        is in the state only, and its absence is no change. computed: all other outputs.
    documents: inputs that hold JSON; another layout of the same content is no change. sets: lists without an order.
    one_of: groups of which exactly one has to be given. conflicts: groups of which at most one may be given.
    rules: for a create. update_rules: for an update. delete_rules: for a delete.
    brings: what comes into being with it. follows: what else changes in its state when it is updated.
    import_id: template of the id for `pulumi import`, where it is not the id itself.
    """

    type: str
    service: Service
    creates: str
    human: str
    id: str | Callable[[OperationContext], str]
    source: str
    label: str = ""
    updates: str = ""
    deletes: str = ""
    creating: str = ""
    updating: str = ""
    deleting: str = ""
    arn: str = ""
    arn_output: str = "arn"
    required: str = ""
    replace_on: str = ""
    replace_if: Mapping[str, Callable[[Props, Props], bool]] = field(default_factory=dict)
    delete_before_replace: bool = False
    autoname: Autoname | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    computed: Mapping[str, Value] = field(default_factory=dict)
    omitted: Mapping[str, Value] = field(default_factory=dict)
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    one_of: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    documents: str = ""
    sets: str = ""
    references: Mapping[str, Reference] = field(default_factory=dict)
    not_found: Refused | None = None
    unique: Unique | None = None
    quotas: tuple[Quota, ...] = ()
    rules: tuple[Rule, ...] = ()
    update_rules: tuple[Rule, ...] = ()
    delete_rules: tuple[Rule, ...] = ()
    used_by: tuple[Use, ...] = ()
    takes_along: tuple[CascadeDelete, ...] = ()
    brings: Rule | None = None
    follows: Rule | None = None
    import_id: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for a declaration about an input that the type does not have."""
        if fields(self.type) is None:  # a new entry: inputs.json is made from the entries, so it does not have it yet
            return
        mistakes = [*self._wrong_names(), *self._wrong_paths(), *self._wrong_outputs()]
        if mistakes:
            where = "The inputs are those of simulator/aws/inputs.json: after an upgrade of the SDK, run make generate."
            raise ValueError(f"{self.type}: {'; '.join(mistakes)}. {where}")

    def _wrong_names(self) -> Iterator[str]:
        for where, names in {
            "autoname": self.autoname and f"{self.autoname.property} {self.autoname.given_prefix}",
            "conflicts": " ".join(self.conflicts),
            "one_of": " ".join(self.one_of),
            "quotas.per": " ".join(quota.per for quota in self.quotas),
            "required": self.required,
            "unique": self.unique and self.unique.inputs,
        }.items():
            for name in (names or "").split():
                if name not in self.inputs:
                    yield f"{where} names {name}, which is no input"

    def _wrong_paths(self) -> Iterator[str]:
        for where, paths in {
            "constraints": self.constraints,
            "defaults": self.defaults,
            "documents": self.documents.split(),
            "omitted": self.omitted,
            "references": self.references,
            "replace_if": self.replace_if,
            "replace_on": self.replace_on.split(),
            "sets": self.sets.split(),
        }.items():
            for path in paths:
                form = form_at(self.type, path)
                if form is None:
                    yield f"{where} names {path}, which is no input"
                elif where == "sets" and not isinstance(form, list):
                    yield f"sets names {path}, which is no list"
                elif where == "documents" and form not in ("string", "any"):
                    yield f"documents names {path}, which is no text"
                elif where in ("documents", "sets") and "[*]" in path:
                    yield f"{where} names {path}, and what is inside a list is not compared"
        for path in self.computed:  # the SDK counts what is read-only inside a block among its inputs
            if path in self.inputs:
                yield f"computed names {path}, which is an input: say it in omitted"

    def _wrong_outputs(self) -> Iterator[str]:
        """Outputs are named as well by others that name this one, and in ids, ARNs and messages."""
        known = {"account", "id", "partition", "region", "value", *self.inputs, *self.omitted, *self.computed}
        known |= {self.arn_output, "arn"} if self.arn else set()
        users = [("used_by", use.by) for use in self.used_by]
        for where, path in [*users, *(("takes_along", cascade.by) for cascade in self.takes_along)]:
            if path.split(".")[0].removesuffix("[*]") not in known:
                yield f"{where} names {path}, which is neither an input nor an output"
        texts = [self.human, self.label, self.creating, self.updating, self.deleting, self.arn, self.import_id]
        texts += [
            value for value in (self.id, *self.omitted.values(), *self.computed.values()) if isinstance(value, str)
        ]
        answers = [self.not_found, self.unique and self.unique.refused]
        answers += [quota.refused for quota in self.quotas] + [use.refused for use in self.used_by]
        answers += [reference.missing for reference in self.references.values()]
        for template in (*texts, *(answer.message for answer in answers if answer)):
            for name in templates.fields(template):
                if name not in known and form_at(self.type, name) is None:
                    yield f"{{{name}}} in {template!r} is neither an input nor an output"

    @cached_property
    def inputs(self) -> Mapping[str, Form]:
        """All inputs, region included for a regional type."""
        found = fields(self.type)
        if found is None:
            raise LookupError(f"simulator/aws/inputs.json does not have {self.type} yet. Run make generate.")
        return found

    @cached_property
    def taggable(self) -> bool:
        """Whether the type has tags."""
        return "tags" in self.inputs

    @cached_property
    def regional(self) -> bool:
        """Whether the type lives in a region."""
        return "region" in self.inputs

    @cached_property
    def replacing(self) -> tuple[str, ...]:
        """Paths whose change replaces the resource, the region included."""
        return (*self.replace_on.split(), *(["region"] if self.regional else []))

    @cached_property
    def drawn_id(self) -> bool:
        """Whether AWS draws the id, so that a known id of the type is one of a resource that exists."""
        return isinstance(self.id, str) and templates.is_drawn(self.id)

    @cached_property
    def checks(self) -> tuple[tuple[str, Constraint], ...]:
        """Constraints, with those that every document and all tags have."""
        documents = [(path, constraints.json_text) for path in self.documents.split()]
        tags = [("tags", constraints.tags)] if self.taggable else []
        return (*self.constraints.items(), *documents, *tags)

    def prefix(self, doing: str) -> str:
        """Template of the beginning of its messages: doing is creating, updating or deleting."""
        given: str = getattr(self, doing)
        if given:
            return given
        label = self.label if doing == "creating" else "{id}"
        return f"{doing} {self.human} ({label})" if label else f"{doing} {self.human}"
