"""The simulated AWS provider: creates, reads, updates and deletes resources of every type declared in `services/`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from simulator.aws import checking, diffing, paths, templates
from simulator.aws.contents import contents
from simulator.aws.functions import call_function
from simulator.aws.inputs import Form, fields
from simulator.aws.messages import AwsError, ProviderError, pulumi_text, sdk_text
from simulator.aws.model import Quota, Reference, ResourceType
from simulator.aws.operation_context import (
    TAGS,
    OperationContext,
    UnknownValueError,
    foreign_tags,
    is_companion,
    public_state,
    region_of,
    setting,
)
from simulator.aws.registry import kind_of
from simulator.caller import CALLER_KEY, ROLE_KEY, Caller
from simulator.cloud import Cloud, CloudResource
from simulator.difference import changes
from simulator.faults import Faults
from simulator.provider import Call, CheckFailure, CheckResult, CreateResult, DiffResult, Package, ReadResult, Refusal
from simulator.values import UNKNOWN, Props

_PATIENCE_SECONDS = 3.0  # the real provider waits for minutes until the cause of a temporary error is gone
_PAUSE_SECONDS = 0.05
# Source: pulumi-aws 7.51.1, ProviderAssumeRoleArgs. The SDK does not translate the keys of a plain dict.
_OF_A_ROLE = {
    *("duration", "externalId", "policy", "policyArns", "roleArn", "sessionName", "sourceIdentity", "tags"),
    "transitiveTagKeys",
}
T = TypeVar("T")


class AwsPackage(Package):
    """Package `aws`. It keeps its resources in the cloud; faults strike where a real deployment would fail.

    quotas: code -> value in the account, for quotas that do not have their default.
    patience_seconds: how long a delete waits for resources that still use this one. caller: whose credentials it has.
    """

    name = "aws"

    def __init__(
        self,
        cloud: Cloud,
        faults: Faults,
        quotas: Mapping[str, int] | None = None,
        patience_seconds: float = _PATIENCE_SECONDS,
        caller: Caller | None = None,
    ) -> None:
        self._cloud, self._faults, self._quotas = cloud, faults, quotas or {}
        self._patience, self._caller = patience_seconds, caller or Caller()
        self._planned: dict[str, dict[str, Props]] = {}  # type -> URN -> inputs, of the creates since the last change
        self._ids: dict[str, str] = {}  # URN -> id that it has, or that an earlier URN of it has, as Diff tells
        self._updates: dict[tuple[str, str], Props] = {}  # (type, id) -> state after the update that was previewed

    def check_config(self, urn: str, inputs: Props) -> CheckResult:
        """Refuses a provider without a region, with an unknown one, or with keys that the real one would ignore."""
        for role in setting(inputs, ROLE_KEY) or ():
            if not isinstance(role, Mapping) or not {"roleArn"} <= role.keys() <= _OF_A_ROLE:
                reason = (
                    f"assumeRoles has {role}, of which the real provider would ignore what it does not know, and so go "
                    f"on as the caller. It knows {', '.join(sorted(_OF_A_ROLE))}."
                )
                return CheckResult(inputs, (CheckFailure(ROLE_KEY, reason),))
        ignored = setting(inputs, "ignoreTags")
        if isinstance(ignored, Mapping) and not ignored.keys() <= {"keys", "keyPrefixes"}:
            reason = f"ignoreTags has {ignored}. The real provider would ignore all but keys and keyPrefixes."
            return CheckResult(inputs, (CheckFailure("ignoreTags", reason),))
        try:
            if inputs.get("region") is not UNKNOWN:
                region_of(inputs)
        except Refusal as refusal:
            return CheckResult(inputs, (CheckFailure("region", str(refusal)),))
        return CheckResult(inputs)

    def diff_config(self, old: Props, new: Props) -> DiffResult:
        """Replaces nothing: a new region, account or default tag shows as a change of each resource's own inputs."""
        return DiffResult(tuple(changes(old, new)))

    def check(self, call: Call, old: Props, new: Props, seed: bytes) -> CheckResult:
        """Derives automatic names from the URN, not from the seed, so that preview and update show the same names."""
        return checking.check(kind_of(call.type), self._cloud, call, old, new)

    def diff(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> DiffResult:
        self._ids[call.urn] = id_
        return diffing.diff(kind_of(call.type), old_inputs, new_inputs)

    def create(self, call: Call, inputs: Props) -> CreateResult:
        op = self._context(call, inputs)
        op.replaced = self._ids.get(call.urn, "")
        return self._with_retries(op, "creating", lambda: self._create(op))

    def read(self, call: Call, id_: str, inputs: Props, state: Props) -> ReadResult | None:
        kind = kind_of(call.type)
        with self._cloud.exclusive():
            region = region_of(call.config, inputs.get("region") or state.get("region"))
            row = self._cloud.get(kind.type, id_, region)
            if row is None and kind.import_id and not state:
                row = next((each for each in self._cloud.of_type(kind.type) if _import_id(kind, each) == id_), None)
            if row is None:
                return None
            live = public_state(row.state, call.config)
            if not inputs:
                live = {key: value for key, value in live.items() if key not in kind.untold.split()}
            live_inputs = _refreshed_inputs(kind, inputs, live) if inputs else _inputs_of_import(kind, live)
            return ReadResult(row.id, live, live_inputs)

    def update(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> Props:
        op = self._context(call, new_inputs)
        op.id, op.before, op.old_inputs = id_, old_state, old_inputs
        return self._with_retries(op, "updating", lambda: self._update(op))

    def delete(self, call: Call, id_: str, inputs: Props, state: Props) -> None:
        row = self._cloud.get(call.type, id_, region_of(call.config, state.get("region")))
        if row is not None:
            op = self._context(call, row.state)
            op.id, op.before = id_, row.state
            self._with_retries(op, "deleting", lambda: self._delete(op))

    def invoke(self, call: Call, token: str, args: Props) -> Props:
        return call_function(self._cloud, self._quotas, self._with_credentials(call), token, args)

    def _with_credentials(self, call: Call) -> Call:
        return replace(call, config={**call.config, CALLER_KEY: self._caller.principal})

    def _context(self, call: Call, inputs: Props) -> OperationContext:
        call = self._with_credentials(call)
        requested = checking.without_default_lists(inputs)
        op = OperationContext(self._cloud, self._faults, call, requested, kind_of(call.type).arn, self._quotas)
        op.checked = inputs
        op.references = {path: each.type for path, each in kind_of(call.type).references.items()}
        op.updates, op.creates = self._updates, self._planned
        return op

    def _with_retries(self, op: OperationContext, doing: str, attempt: Callable[[], T]) -> T:
        """Runs one operation, with the provider's words for errors, and retries when the provider would retry."""
        kind, urn = kind_of(op.type), op.call.urn
        deadline = time.monotonic() + (0 if op.call.preview else self._patience)
        while True:
            try:
                with self._cloud.exclusive():
                    return attempt()
            except AwsError as error:
                if self._waits(error, deadline):
                    continue
                operation = {"creating": kind.creates, "updating": kind.updates, "deleting": kind.deletes}[doing]
                text = f"{_prefix(op, doing)}: {sdk_text(error, kind.service, operation or kind.creates, urn)}"
            except ProviderError as error:
                if self._waits(error, deadline):
                    continue
                text = str(error) if error.whole else f"{_prefix(op, doing)}: {error}"
            raise Refusal(pulumi_text(text, "" if doing == "creating" else f"{doing} {urn}"))

    def _waits(self, error: AwsError | ProviderError, deadline: float) -> bool:
        again = error.retried and time.monotonic() < deadline
        if again:
            time.sleep(_PAUSE_SECONDS)
        return again

    def _create(self, op: OperationContext) -> CreateResult:
        kind = kind_of(op.type)
        _set_prefixed_name(op)
        _apply(op, lambda: _check_references(op))
        for quota in kind.quotas:
            _apply(op, lambda quota=quota: _check_quota(op, quota, self._planned.get(op.type, {})))  # type: ignore[misc]
        _apply(op, lambda: _check_unique(op))
        for rule in (*kind.always, *kind.rules):
            _apply(op, lambda rule=rule: rule(op))  # type: ignore[misc]
        if op.call.preview:
            self._planned.setdefault(op.type, {})[op.call.urn] = op.inputs
            return CreateResult("", _state_at_preview(kind, op.inputs, {}))
        self._planned.clear()
        op.id = _new_id(op)
        op.state = _completed_state(op, {})
        self._cloud.put(kind.type, op.id, op.state, op.call.urn)
        if kind.companions:
            kind.companions(op)
        return CreateResult(op.id, public_state(op.state))

    def _update(self, op: OperationContext) -> Props:
        kind, call = kind_of(op.type), op.call
        row = self._cloud.get(kind.type, op.id, op.region)
        if row is None:
            missing = kind.not_found
            if missing:
                raise op.error(missing, op.id)
            raise ProviderError("couldn't find resource; a refresh takes it out of the state")
        op.before = row.state
        _apply(op, lambda: _check_references(op))
        for rule in (*kind.always, *kind.update_rules):
            _apply(op, lambda rule=rule: rule(op))  # type: ignore[misc]
        op.state = _state_at_preview(kind, op.inputs, row.state) if call.preview else _completed_state(op, row.state)
        if kind.after_update:
            kind.after_update(op)
        if call.preview:
            self._updates[kind.type, op.id] = op.state
        else:
            self._updates.pop((kind.type, op.id), None)
            kept = {key: foreign_tags(row.state.get(key), call.config) for key in TAGS}
            with_kept = {key: {**(op.state.get(key) or {}), **tags} for key, tags in kept.items() if tags}
            self._cloud.put(kind.type, op.id, op.state | with_kept, row.urn)
        return public_state(op.state)

    def _delete(self, op: OperationContext) -> None:
        kind = kind_of(op.type)
        resource = self._cloud.get(kind.type, op.id, op.region)
        if resource is None:
            return
        for rule in kind.delete_rules:
            rule(op)
        for use in kind.used_by:
            value = op.id if use.by == "id" else op.before.get(use.by)
            for row in op.resources_with(use.type, use.path, value):
                if row.id != op.id and "__owner" not in row.state:
                    raise op.error(use.error, op.id, retried=use.retried)
        for row in contents(self._cloud, resource):
            self._cloud.delete(row.type, row.id, row.region)
        self._cloud.delete(kind.type, op.id, op.region)
        if kind.after_delete:
            kind.after_delete(op)


def _apply(op: OperationContext, rule: Callable[[], None]) -> None:
    try:
        rule()
    except UnknownValueError:
        if not op.call.preview:
            raise


def _prefix(op: OperationContext, doing: str) -> str:
    prefix = kind_of(op.type).prefix(doing)
    try:
        return op.fill(prefix)
    except UnknownValueError:
        return prefix


def _check_references(op: OperationContext) -> None:
    for path, reference in kind_of(op.type).references.items():
        for _, value in paths.find(op.inputs, path):
            optional = "[*]" not in path and path not in kind_of(op.type).required.split()
            if value is UNKNOWN or (value == "" and optional) or (reference.outside and reference.outside(value)):
                continue
            target = kind_of(reference.type)
            if op.call.preview and not (reference.by == "id" and target.generated_id):
                continue  # the name may belong to a resource that the same update creates
            if _is_missing(op, reference, target, value):
                raise _missing_error(op, reference, target, value)


def _is_missing(op: OperationContext, reference: Reference, target: ResourceType, value: Any) -> bool:
    """Returns whether nothing has the value. An id that AWS generates may be of another region: one peers with it."""
    if reference.by == "id" and target.generated_id:
        return op.cloud.get(reference.type, str(value)) is None
    return op.find(reference.type, reference.by, value) is None


def _missing_error(op: OperationContext, reference: Reference, target: ResourceType, value: Any) -> Exception:
    template = reference.missing or target.not_found
    if template is None:
        return ProviderError(f"{target.display_name} ({value}): couldn't find resource")
    return op.error(template, value)


def _check_quota(op: OperationContext, quota: Quota, planned: Mapping[str, Props]) -> None:
    """Raises AwsError when one more resource would exceed the quota, or a fault says that it is used up.

    planned: URN -> inputs of what the same preview creates; AWS and the real provider say nothing before the update.
    """
    per = op.get(quota.per) if quota.per else None
    limit = op.limit(quota.code, quota.limit)
    used_up = not op.call.preview and op.faults.strikes("quota", quota.code)
    if not used_up and len(op.cloud.of_type(op.type)) + len(planned) >= limit:
        rows = [row for row in op.others() if not is_companion(row)]
        known = {op.call.urn, *(row.urn for row in rows)}
        new = [inputs for urn, inputs in planned.items() if urn not in known] if op.call.preview else []
        counted = [row.state for row in rows] + [one for one in new if one.get("region", op.region) == op.region]
        used_up = sum(1 for state in counted if per is None or state.get(quota.per) == per) >= limit
    if used_up:
        raise op.error(quota.error, limit)


def _check_unique(op: OperationContext) -> None:
    kind = kind_of(op.type)
    if kind.unique is None:
        return
    unique_values = [(name, op.get(name)) for name in kind.unique.inputs.split()]
    for row in op.others():
        if all(row.state.get(name) == value for name, value in unique_values):
            raise op.error(kind.unique.error, row.id)


def _set_prefixed_name(op: OperationContext) -> None:
    """Sets the name when only its prefix was given."""
    name = kind_of(op.type).autoname
    if name and name.given_prefix and name.property not in op.inputs and not op.call.preview:
        prefix = op.get(name.given_prefix)
        random_part = templates.pseudo_random("hex", 26, f"{op.call.urn}|prefix")
        op.inputs[name.property] = f"{prefix}{random_part}"


def _new_id(op: OperationContext) -> str:
    kind = kind_of(op.type)
    if callable(kind.id):
        return kind.id(op)
    attempt = 0
    while True:
        id_ = op.fill(kind.id, f"{kind.type}|{op.call.urn}|{attempt}")
        if not kind.generated_id or not (op.cloud.get(kind.type, id_) or op.cloud.times_gone(kind.type, id_)):
            return id_
        attempt += 1


def _outputs(kind: ResourceType) -> dict[str, Any]:
    arn = {kind.arn_output: kind.arn} if kind.arn else {}
    return {**kind.aws_defaults, **arn, **kind.computed}


def _state_at_preview(kind: ResourceType, inputs: Props, before: Mapping[str, Any]) -> Props:
    """Returns the state as a preview shows it: outputs that exist stay, and the others are unknown."""
    state = dict(inputs)
    for path in _outputs(kind):
        previous = paths.get(dict(before), path) if before else None
        if previous is None:
            paths.hide(state, path)
        else:
            paths.put(state, path, previous)
    return state


def _completed_state(op: OperationContext, before: Mapping[str, Any]) -> Props:
    """Returns the state with every output: the old value, or a new one when there is no old value."""
    state = {key: value for key, value in before.items() if key.startswith("__")}
    state.update(op.inputs)
    op.state = state
    for path, value in _outputs(kind_of(op.type)).items():
        if paths.get(state, path) is not None:
            continue
        previous = paths.get(dict(before), path) if before else None
        paths.put(state, path, previous if previous is not None else _value(op, value))
    return state


def _value(op: OperationContext, value: Any) -> Any:
    if callable(value):
        return value(op)
    return op.fill(value) if isinstance(value, str) else value


def _import_id(kind: ResourceType, row: CloudResource) -> str:
    return templates.fill(kind.import_id, "", lambda name: row.id if name == "id" else row.state.get(name))


def _refreshed_inputs(kind: ResourceType, inputs: Props, live: Props) -> Props:
    """Returns the old inputs with the values of the live state."""
    fresh: Props = _live_values(inputs, live, kind.type)
    return {**fresh, "tagsAll": live["tagsAll"]} if "tagsAll" in fresh else fresh


def _live_values(inputs: Any, live: Any, form: Form) -> Any:
    """Returns the live value without what AWS filled in. In an object with arbitrary keys, AWS fills in nothing."""
    inner = fields(form) or {}
    if isinstance(inputs, dict) and isinstance(live, dict) and "*" not in inner:
        return {
            key: value if key.startswith("__") else _live_values(value, live[key], inner.get(key, "any"))
            for key, value in inputs.items()
            if key.startswith("__") or live.get(key) is not None
        }
    if isinstance(inputs, list) and isinstance(live, list) and len(inputs) == len(live):
        each: Form = form[0] if isinstance(form, list) else "any"
        return [_live_values(one, other, each) for one, other in zip(inputs, live, strict=True)]
    if isinstance(inputs, str) and isinstance(live, str) and inputs != live and _same_document(inputs, live):
        return inputs
    return live


def _same_document(one: str, other: str) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def _inputs_of_import(kind: ResourceType, live: Props) -> Props:
    """Returns the inputs of an import: all values of the live state that are inputs of the type."""
    known = {*kind.inputs, *(["tagsAll"] if kind.taggable else [])}
    given = {key: value for key, value in live.items() if key in known and value not in (None, "", [], {})}
    return {**given, checking.DEFAULTS: []}
