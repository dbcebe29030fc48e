"""The declaration of a simulated resource type: an entry of `services/`. `services/ec2.py` has many examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from simulator.aws import constraints, templates
from simulator.aws.constraints import Constraint
from simulator.aws.inputs import Form, fields, form_at
from simulator.aws.messages import ErrorTemplate, Service
from simulator.aws.operation_context import OperationContext
from simulator.values import Props

Rule: TypeAlias = Callable[[OperationContext], None]
"""Checks an operation and raises AwsError or ProviderError. At a preview, a rule ends silently at an unknown value."""

Value: TypeAlias = str | bool | int | list[Any] | dict[str, Any] | Callable[[OperationContext], Any]
"""The value of an output: a template, a literal, or a function of the operation context."""


class Autoname(NamedTuple):
    """How the provider names a resource without a given name: `{logical name}-{7 hex digits}`.

    given_prefix: an input that sets the beginning of the name instead.
    """

    property: str = "name"
    max_length: int = 255
    prefix: str = ""
    lower: bool = False
    given_prefix: str = ""
    suffix: Callable[[Props], str] | None = None


class Reference(NamedTuple):
    """An input that refers to another resource.

    by: the output of the other resource that the value is compared with. outside: returns whether a value refers to
    something outside this cloud, such as a policy that AWS maintains. missing: AWS's error; None for the error of the
    other type.
    """

    type: str
    by: str = "id"
    missing: ErrorTemplate | None = None
    outside: Callable[[str], bool] | None = None


class Unique(NamedTuple):
    """Inputs that no two resources of the type may share."""

    inputs: str
    error: ErrorTemplate


class Quota(NamedTuple):
    """The largest number of resources in the region, or for each value of the input `per`."""

    code: str
    limit: int
    error: ErrorTemplate
    per: str = ""


class Use(NamedTuple):
    """Another type whose resources prevent the deletion of this one as long as they refer to it at `path`.

    by: the id or output of this resource that they refer to. retried: the provider waits until they are gone.
    """

    type: str
    path: str
    error: ErrorTemplate
    by: str = "id"
    retried: bool = False


class CascadeDelete(NamedTuple):
    """Resources that AWS deletes with this one: those that refer to it at `path`, by its id or the output at `by`."""

    type: str
    path: str
    by: str = "id"


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One resource type of the provider. Lists of names are texts, separated by spaces.

    creates, updates, deletes: the API operations. updates: by default that of a create. deletes: by default DeleteX,
        where a create is CreateX or PutX.
    display_name: the name of the type in the provider's messages; for a create, `label` stands behind it, by default
        an id that the inputs give.
    creating, updating, deleting: beginnings of messages that do not have this form.
    id, arn: templates, see templates.py. The inputs are those of the SDK, see inputs.py.
    replace_on: a change of these paths replaces the resource. replace_if: path -> function of old and new inputs; a
        change replaces the resource when the function returns True.
    defaults: values that the provider writes into the inputs.
    aws_defaults: values that AWS fills in when the program leaves them out. They are only in the state, and leaving
        them out is no change.
    computed: all other outputs.
    documents: inputs with JSON; another layout of the same content is no change. sets: lists without an order.
    one_of: groups of inputs of which exactly one must be given. conflicts: groups of which at most one may be given.
    needs: pairs of inputs of which the first must not be given without the second.
    always: checks for a create and for an update. rules: further ones for a create. update_rules: for an update.
    delete_rules: for a delete.
    companions: creates the resources that AWS creates together with this one. after_update: changes the state further.
    after_delete: what AWS does once the resource is gone.
    import_id: template of the id for `pulumi import`, when it is not the id itself.
    untold: inputs that no call of the API returns, so that an import lacks them.
    """

    type: str
    service: Service
    creates: str
    display_name: str
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
    aws_defaults: Mapping[str, Value] = field(default_factory=dict)
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    one_of: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    documents: str = ""
    sets: str = ""
    references: Mapping[str, Reference] = field(default_factory=dict)
    not_found: ErrorTemplate | None = None
    unique: Unique | None = None
    quotas: tuple[Quota, ...] = ()
    always: tuple[Rule, ...] = ()
    rules: tuple[Rule, ...] = ()
    update_rules: tuple[Rule, ...] = ()
    delete_rules: tuple[Rule, ...] = ()
    used_by: tuple[Use, ...] = ()
    cascade_deletes: tuple[CascadeDelete, ...] = ()
    companions: Rule | None = None
    after_update: Rule | None = None
    after_delete: Rule | None = None
    import_id: str = ""
    untold: str = ""

    def __post_init__(self) -> None:
        verb = next((verb for verb in ("Create", "Put") if self.creates.startswith(verb)), "")
        if verb and not self.deletes:
            object.__setattr__(self, "deletes", self.creates.replace(verb, "Delete", 1))
        if not self.label and isinstance(self.id, str) and not templates.is_generated(self.id):
            object.__setattr__(self, "label", self.id)
        self.check_names()

    def check_names(self) -> None:
        """Raises ValueError when the declaration names an input that the type does not have."""
        if fields(self.type) is None:  # a new entry: inputs.json is generated from the entries, so it is not there yet
            return
        mistakes = [*self._wrong_names(), *self._wrong_paths(), *self._wrong_outputs()]
        if mistakes:
            advice = "simulator/aws/inputs.json has the inputs of all types. After an SDK upgrade, run make generate."
            raise ValueError(f"{self.type}: {'; '.join(mistakes)}. {advice}")

    def _wrong_names(self) -> Iterator[str]:
        for declaration, names in {
            "autoname": self.autoname and f"{self.autoname.property} {self.autoname.given_prefix}",
            "conflicts": " ".join(self.conflicts),
            "needs": " ".join(self.needs),
            "one_of": " ".join(self.one_of),
            "quotas.per": " ".join(quota.per for quota in self.quotas),
            "required": self.required,
            "unique": self.unique and self.unique.inputs,
        }.items():
            for name in (names or "").split():
                if name not in self.inputs:
                    yield f"{declaration} names {name}, which is not an input"

    def _wrong_paths(self) -> Iterator[str]:
        for declaration, paths in {
            "constraints": self.constraints,
            "defaults": self.defaults,
            "documents": self.documents.split(),
            "aws_defaults": self.aws_defaults,
            "references": self.references,
            "replace_if": self.replace_if,
            "replace_on": self.replace_on.split(),
            "sets": self.sets.split(),
        }.items():
            for path in paths:
                form = form_at(self.type, path)
                if form is None:
                    advice = ": write an output in computed" if declaration == "aws_defaults" else ""
                    yield f"{declaration} names {path}, which is not an input{advice}"
                elif declaration == "sets" and not isinstance(form, list):
                    yield f"sets names {path}, which is not a list"
                elif declaration == "documents" and form not in ("string", "any"):
                    yield f"documents names {path}, which is not a text"
                elif declaration in ("documents", "sets") and "[*]" in path:
                    yield f"{declaration} names {path}, but values inside a list are not compared"
        for path in self.computed:  # only top-level paths: in the SDK, read-only fields of a block are inputs as well
            if path in self.inputs:
                yield f"computed names {path}, which is an input: move it to aws_defaults"

    def _wrong_outputs(self) -> Iterator[str]:
        """Yields unknown names in `used_by` and `cascade_deletes`, and in templates of ids, ARNs and messages."""
        known = {"account", "id", "partition", "region", "value", *self.inputs, *self.aws_defaults, *self.computed}
        known |= {self.arn_output, "arn"} if self.arn else set()
        users = [("used_by", use.by) for use in self.used_by]
        for declaration, path in [*users, *(("cascade_deletes", cascade.by) for cascade in self.cascade_deletes)]:
            if path.split(".")[0].removesuffix("[*]") not in known:
                yield f"{declaration} names {path}, which is neither an input nor an output"
        texts = [self.display_name, self.label, self.creating, self.updating, self.deleting, self.arn, self.import_id]
        texts += [
            value for value in (self.id, *self.aws_defaults.values(), *self.computed.values()) if isinstance(value, str)
        ]
        errors = [self.not_found, self.unique and self.unique.error]
        errors += [quota.error for quota in self.quotas] + [use.error for use in self.used_by]
        errors += [reference.missing for reference in self.references.values()]
        for template in (*texts, *(error.message for error in errors if error)):
            for name in templates.fields(template):
                if name not in known and form_at(self.type, name) is None:
                    yield f"{{{name}}} in {template!r} is neither an input nor an output"

    @cached_property
    def inputs(self) -> Mapping[str, Form]:
        """All inputs; those of a regional type include the region."""
        type_inputs = fields(self.type)
        if type_inputs is None:
            raise LookupError(f"simulator/aws/inputs.json does not have {self.type} yet. Run make generate.")
        return type_inputs

    @cached_property
    def taggable(self) -> bool:
        """Whether the type has tags."""
        return "tags" in self.inputs

    @cached_property
    def regional(self) -> bool:
        """Whether resources of the type belong to a region."""
        return "region" in self.inputs

    @cached_property
    def replacing(self) -> tuple[str, ...]:
        """The paths whose change replaces the resource, including the region."""
        return (*self.replace_on.split(), *(["region"] if self.regional else []))

    @cached_property
    def generated_id(self) -> bool:
        """Whether AWS generates the id, so that a known id always belongs to a resource that exists."""
        return isinstance(self.id, str) and templates.is_generated(self.id)

    @cached_property
    def checks(self) -> tuple[tuple[str, Constraint], ...]:
        """The constraints, including those of every document and of tags."""
        documents = [(path, constraints.json_text) for path in self.documents.split()]
        tags = [("tags", constraints.tags)] if self.taggable else []
        return (*self.constraints.items(), *documents, *tags)

    def prefix(self, doing: str) -> str:
        """Returns the template of the beginning of messages. doing: creating, updating or deleting."""
        declared: str = getattr(self, doing)
        if declared:
            return declared
        label = self.label if doing == "creating" else "{id}"
        return f"{doing} {self.display_name} ({label})" if label else f"{doing} {self.display_name}"
