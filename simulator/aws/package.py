"""The simulated AWS provider: the life of a resource, the same for every type. What differs is in `services/`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from simulator.aws import checking, diffing, paths, templates
from simulator.aws.functions import answer
from simulator.aws.inputs import Form, fields
from simulator.aws.messages import AwsError, ProviderError, bridged, wire
from simulator.aws.model import Quota, Reference, ResourceType
from simulator.aws.operation_context import NotKnown, OperationContext, owned, public, region_of
from simulator.aws.registry import kind_of
from simulator.cloud import Cloud
from simulator.difference import changes
from simulator.faults import Faults
from simulator.provider import Call, Checked, Difference, Failure, Found, Made, Package, Refusal
from simulator.values import UNKNOWN, Props

_PATIENCE_SECONDS = 3.0  # of the minutes that the real provider waits for what is in the way to go
_PAUSE_SECONDS = 0.05
T = TypeVar("T")


class AwsPackage(Package):
    """Package `aws`. Resources are kept in the cloud; faults strike where a real deployment would meet them.

    quotas: code -> what the account has of it, where that is not the default.
    patience_seconds: how long a delete waits for resources that still use this one.
    """

    name = "aws"

    def __init__(
        self,
        cloud: Cloud,
        faults: Faults,
        quotas: Mapping[str, int] | None = None,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._cloud, self._faults, self._quotas = cloud, faults, quotas or {}
        self._patience = patience_seconds

    def check_config(self, urn: str, inputs: Props) -> Checked:
        """Refuses a provider without a region, and one of an unknown region."""
        try:
            if inputs.get("region") is not UNKNOWN:
                region_of(inputs)
        except Refusal as refusal:
            return Checked(inputs, (Failure("region", str(refusal)),))
        return Checked(inputs)

    def diff_config(self, old: Props, new: Props) -> Difference:
        """Each resource notices a new region, account or default tag by its own inputs."""
        return Difference(tuple(changes(old, new)))

    def check(self, call: Call, old: Props, new: Props, seed: bytes) -> Checked:
        """Names are drawn from the URN rather than from the seed, so that preview and update show the same."""
        return checking.check(kind_of(call.type), self._cloud, call, old, new)

    def diff(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> Difference:
        return diffing.diff(kind_of(call.type), old_inputs, new_inputs)

    def create(self, call: Call, inputs: Props) -> Made:
        op = self._context(call, inputs)
        return self._answering(op, "creating", lambda: self._create(op))

    def read(self, call: Call, id_: str, inputs: Props, state: Props) -> Found | None:
        kind = kind_of(call.type)
        with self._cloud.exclusive():
            row = self._cloud.get(kind.type, id_)
            if row is None and kind.import_id and not state:
                row = next(
                    (each for each in self._cloud.of_type(kind.type) if _imported(kind, each.state) == id_), None
                )
            if row is None:
                return None
            live = public(row.state)
            return Found(row.id, live, _refreshed(kind, inputs, live) if inputs else _derived(kind, live))

    def update(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> Props:
        op = self._context(call, new_inputs)
        op.id, op.before = id_, old_state
        return self._answering(op, "updating", lambda: self._update(op))

    def delete(self, call: Call, id_: str, inputs: Props, state: Props) -> None:
        row = self._cloud.get(call.type, id_)
        if row is not None:
            op = self._context(call, row.state)
            op.id, op.before = id_, row.state
            self._answering(op, "deleting", lambda: self._delete(op))

    def invoke(self, call: Call, token: str, args: Props) -> Props:
        return answer(self._cloud, self._quotas, call, token, args)

    def _context(self, call: Call, inputs: Props) -> OperationContext:
        asked = checking.without_notes(inputs)
        op = OperationContext(self._cloud, self._faults, call, asked, kind_of(call.type).arn, self._quotas)
        op.checked = inputs
        return op

    def _answering(self, op: OperationContext, doing: str, attempt: Callable[[], T]) -> T:
        """Runs one step on the cloud, words a refusal as the provider does, and waits where the provider waits."""
        kind, urn = kind_of(op.type), op.call.urn
        deadline = time.monotonic() + (0 if op.call.preview else self._patience)
        while True:
            try:
                with self._cloud.exclusive():
                    return attempt()
            except AwsError as error:
                if error.settles and time.monotonic() < deadline:
                    time.sleep(_PAUSE_SECONDS)
                    continue
                operation = {"creating": kind.creates, "updating": kind.updates, "deleting": kind.deletes}[doing]
                text = f"{_prefix(op, doing)}: {wire(error, kind.service, operation or kind.creates, urn)}"
            except ProviderError as error:
                text = str(error) if error.whole else f"{_prefix(op, doing)}: {error}"
            raise Refusal(bridged(text, "" if doing == "creating" else f"{doing} {urn}"))

    def _create(self, op: OperationContext) -> Made:
        kind = kind_of(op.type)
        _given_prefix(op)
        _run(op, lambda: _references(op))
        for quota in kind.quotas:
            _run(op, lambda quota=quota: _within(op, quota))  # type: ignore[misc]
        _run(op, lambda: _unique(op))
        for rule in kind.rules:
            _run(op, lambda rule=rule: rule(op))  # type: ignore[misc]
        if op.call.preview:
            return Made("", _expected(kind, op.inputs, {}))
        op.id = _new_id(op)
        op.state = _completed(op, {})
        self._cloud.put(kind.type, op.id, op.state, op.call.urn)
        if kind.brings:
            kind.brings(op)
        return Made(op.id, public(op.state))

    def _update(self, op: OperationContext) -> Props:
        kind, call = kind_of(op.type), op.call
        row = self._cloud.get(kind.type, op.id)
        if row is None:
            missing = kind.not_found
            if missing:
                raise op.refuse(missing, op.id)
            raise ProviderError("couldn't find resource; a refresh takes it out of the state")
        op.before = row.state
        _run(op, lambda: _references(op))
        for rule in kind.update_rules:
            _run(op, lambda rule=rule: rule(op))  # type: ignore[misc]
        op.state = _expected(kind, op.inputs, row.state) if call.preview else _completed(op, row.state)
        if kind.follows:
            kind.follows(op)
        if not call.preview:
            self._cloud.put(kind.type, op.id, op.state, row.urn)
        return public(op.state)

    def _delete(self, op: OperationContext) -> None:
        kind = kind_of(op.type)
        if self._cloud.get(kind.type, op.id) is None:
            return
        for rule in kind.delete_rules:
            rule(op)
        for use in kind.used_by:
            value = op.id if use.by == "id" else op.before.get(use.by)
            for row in op.naming(use.type, use.path, value):
                if row.id != op.id and "__owner" not in row.state:
                    raise op.refuse(use.refused, op.id, settles=use.settles)
        for cascade in kind.takes_along:
            named = [("", op.id)] if cascade.by == "id" else paths.find(op.before, cascade.by)
            for row in [row for _, value in named for row in op.naming(cascade.type, cascade.path, value)]:
                self._cloud.delete(row.type, row.id)
        if kind.brings:
            for row in self._cloud.all():
                if row.state.get("__owner") == f"{kind.type}::{op.id}":
                    self._cloud.delete(row.type, row.id)
        self._cloud.delete(kind.type, op.id)


def _run(op: OperationContext, rule: Callable[[], None]) -> None:
    try:
        rule()
    except NotKnown:
        if not op.call.preview:
            raise


def _prefix(op: OperationContext, doing: str) -> str:
    prefix = kind_of(op.type).prefix(doing)
    try:
        return op.fill(prefix)
    except NotKnown:
        return prefix


def _references(op: OperationContext) -> None:
    for path, reference in kind_of(op.type).references.items():
        for _, value in paths.find(op.inputs, path):
            if value is UNKNOWN or value == "" or (reference.outside and reference.outside(value)):
                continue
            target = kind_of(reference.type)
            if op.call.preview and not (reference.by == "id" and target.drawn_id):
                continue  # a name may be that of a resource that this very update makes
            if op.find(reference.type, reference.by, value) is None:
                raise _missing(op, reference, target, value)


def _missing(op: OperationContext, reference: Reference, target: ResourceType, value: Any) -> Exception:
    refused = reference.missing or target.not_found
    if refused is None:
        return ProviderError(f"{target.human} ({value}): couldn't find resource")
    return op.refuse(refused, value)


def _within(op: OperationContext, quota: Quota) -> None:
    """Raises AwsError when one more is over the quota, or a fault used it up."""
    per = op.get(quota.per) if quota.per else None
    limit = op.limit(quota.code, quota.limit)
    used_up = not op.call.preview and op.faults.strikes("quota", quota.code)
    if not used_up and len(op.cloud.of_type(op.type)) >= limit:
        rows = (row for row in op.others() if not owned(row))
        used_up = sum(1 for row in rows if per is None or row.state.get(quota.per) == per) >= limit
    if used_up:
        raise op.refuse(quota.refused, limit)


def _unique(op: OperationContext) -> None:
    kind = kind_of(op.type)
    if kind.unique is None:
        return
    wanted = [(name, op.get(name)) for name in kind.unique.inputs.split()]
    for row in op.others():
        if all(row.state.get(name) == value for name, value in wanted):
            raise op.refuse(kind.unique.refused, row.id)


def _given_prefix(op: OperationContext) -> None:
    """A name that only its beginning was given for."""
    name = kind_of(op.type).autoname
    if name and name.given_prefix and name.property not in op.inputs and not op.call.preview:
        prefix = op.get(name.given_prefix)
        drawn = templates.draw("hex", 26, f"{op.call.urn}|prefix")
        op.inputs[name.property] = f"{prefix}{drawn}"


def _new_id(op: OperationContext) -> str:
    kind = kind_of(op.type)
    if callable(kind.id):
        return kind.id(op)
    attempt = 0
    while True:
        id_ = op.fill(kind.id, f"{kind.type}|{op.call.urn}|{attempt}")
        if not kind.drawn_id or op.cloud.get(kind.type, id_) is None:
            return id_
        attempt += 1


def _outputs(kind: ResourceType) -> dict[str, Any]:
    arn = {kind.arn_output: kind.arn} if kind.arn else {}
    return {**kind.omitted, **arn, **kind.computed}


def _expected(kind: ResourceType, inputs: Props, before: Mapping[str, Any]) -> Props:
    """The state as a preview shows it: what exists stays, everything that AWS has yet to say is unknown."""
    state = dict(inputs)
    for path in _outputs(kind):
        previous = paths.get(dict(before), path) if before else None
        if previous is None:
            paths.hide(state, path)
        else:
            paths.put(state, path, previous)
    return state


def _completed(op: OperationContext, before: Mapping[str, Any]) -> Props:
    """The state, with every output: those of before, and new ones where there were none."""
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


def _imported(kind: ResourceType, state: Props) -> str:
    return templates.fill(kind.import_id, "", lambda name: state.get(name))


def _refreshed(kind: ResourceType, inputs: Props, live: Props) -> Props:
    """The old inputs, brought up to date from the live state."""
    fresh: Props = _merged(inputs, live, kind.type)
    return {**fresh, "tagsAll": live["tagsAll"]} if "tagsAll" in fresh else fresh


def _merged(asked: Any, live: Any, form: Form) -> Any:
    """The live value, without what AWS filled in by itself. Keys of an object with free keys are all somebody's own."""
    inner = fields(form) or {}
    if isinstance(asked, dict) and isinstance(live, dict) and "*" not in inner:
        return {
            key: value if key.startswith("__") else _merged(value, live[key], inner.get(key, "any"))
            for key, value in asked.items()
            if key.startswith("__") or live.get(key) is not None
        }
    if isinstance(asked, list) and isinstance(live, list) and len(asked) == len(live):
        each: Form = form[0] if isinstance(form, list) else "any"
        return [_merged(one, other, each) for one, other in zip(asked, live, strict=True)]
    if isinstance(asked, str) and isinstance(live, str) and asked != live and _same_document(asked, live):
        return asked
    return live


def _same_document(one: str, other: str) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def _derived(kind: ResourceType, live: Props) -> Props:
    """Inputs for an import: everything that the live state says and an input can."""
    known = {*kind.inputs, *(["tagsAll"] if kind.taggable else [])}
    given = {key: value for key, value in live.items() if key in known and value not in (None, "", [], {})}
    return {**given, checking.DEFAULTS: []}
