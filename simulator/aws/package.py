"""The simulated AWS provider: the life of a resource, the same for every type. What differs is in `services/`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from simulator.aws import checking, diffing, paths, templates
from simulator.aws.functions import answer
from simulator.aws.messages import AwsError, ProviderError, bridged, wire
from simulator.aws.model import Reference, ResourceType
from simulator.aws.registry import kind_of
from simulator.aws.situation import NotKnown, Situation, public, region_of
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
        situation = self._situation(call, inputs)
        return self._answering(situation, "creating", lambda: self._create(situation))

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
        situation = self._situation(call, new_inputs)
        situation.id, situation.before = id_, old_state
        return self._answering(situation, "updating", lambda: self._update(situation))

    def delete(self, call: Call, id_: str, inputs: Props, state: Props) -> None:
        row = self._cloud.get(call.type, id_)
        if row is not None:
            situation = self._situation(call, row.state)
            situation.id, situation.before = id_, row.state
            self._answering(situation, "deleting", lambda: self._delete(situation))

    def invoke(self, call: Call, token: str, args: Props) -> Props:
        return answer(self._cloud, self._quotas, call, token, args)

    def _situation(self, call: Call, inputs: Props) -> Situation:
        asked = checking.without_notes(inputs)
        situation = Situation(self._cloud, self._faults, call, kind_of(call.type), asked, self._quotas)
        situation.checked = inputs
        return situation

    def _answering(self, situation: Situation, doing: str, attempt: Callable[[], T]) -> T:
        """Runs one step on the cloud, words a refusal as the provider does, and waits where the provider waits."""
        kind, urn = situation.kind, situation.call.urn
        deadline = time.monotonic() + (0 if situation.call.preview else self._patience)
        while True:
            try:
                with self._cloud.exclusive():
                    return attempt()
            except AwsError as error:
                if error.settles and time.monotonic() < deadline:
                    time.sleep(_PAUSE_SECONDS)
                    continue
                operation = {"creating": kind.creates, "updating": kind.updates, "deleting": kind.deletes}[doing]
                text = f"{_prefix(situation, doing)}: {wire(error, kind.service, operation or kind.creates, urn)}"
            except ProviderError as error:
                text = str(error) if error.whole else f"{_prefix(situation, doing)}: {error}"
            raise Refusal(bridged(text, "" if doing == "creating" else f"{doing} {urn}"))

    def _create(self, situation: Situation) -> Made:
        kind = situation.kind
        _given_prefix(situation)
        _run(situation, lambda: _references(situation))
        for quota in kind.quotas:
            _run(situation, lambda quota=quota: situation.within(quota))  # type: ignore[misc]
        _run(situation, lambda: _unique(situation))
        for rule in kind.rules:
            _run(situation, lambda rule=rule: rule(situation))  # type: ignore[misc]
        if situation.call.preview:
            return Made("", _expected(kind, situation.inputs, {}))
        situation.id = _new_id(situation)
        situation.state = _completed(situation, {})
        self._cloud.put(kind.type, situation.id, situation.state, situation.call.urn)
        if kind.brings:
            kind.brings(situation)
        return Made(situation.id, public(situation.state))

    def _update(self, situation: Situation) -> Props:
        kind, call = situation.kind, situation.call
        row = self._cloud.get(kind.type, situation.id)
        if row is None:
            missing = kind.not_found
            if missing:
                raise situation.refuse(missing, situation.id)
            raise ProviderError("couldn't find resource; a refresh takes it out of the state")
        situation.before = row.state
        _run(situation, lambda: _references(situation))
        for rule in kind.update_rules:
            _run(situation, lambda rule=rule: rule(situation))  # type: ignore[misc]
        situation.state = (
            _expected(kind, situation.inputs, row.state) if call.preview else _completed(situation, row.state)
        )
        if kind.follows:
            kind.follows(situation)
        if not call.preview:
            self._cloud.put(kind.type, situation.id, situation.state, row.urn)
        return public(situation.state)

    def _delete(self, situation: Situation) -> None:
        kind = situation.kind
        if self._cloud.get(kind.type, situation.id) is None:
            return
        for rule in kind.delete_rules:
            rule(situation)
        for use in kind.used_by:
            value = situation.id if use.by == "id" else situation.before.get(use.by)
            for row in situation.naming(use.type, use.path, value):
                if row.id != situation.id and "__owner" not in row.state:
                    raise situation.refuse(use.refused, situation.id, settles=use.settles)
        for company in kind.takes_along:
            named = [("", situation.id)] if company.by == "id" else paths.find(situation.before, company.by)
            for row in [row for _, value in named for row in situation.naming(company.type, company.path, value)]:
                self._cloud.delete(row.type, row.id)
        if kind.brings:
            for row in self._cloud.all():
                if row.state.get("__owner") == f"{kind.type}::{situation.id}":
                    self._cloud.delete(row.type, row.id)
        self._cloud.delete(kind.type, situation.id)


def _run(situation: Situation, rule: Callable[[], None]) -> None:
    try:
        rule()
    except NotKnown:
        if not situation.call.preview:
            raise


def _prefix(situation: Situation, doing: str) -> str:
    try:
        return situation.fill(situation.kind.prefix(doing))
    except NotKnown:
        return situation.kind.prefix(doing)


def _references(situation: Situation) -> None:
    for path, reference in situation.kind.references.items():
        for _, value in paths.find(situation.inputs, path):
            if value is UNKNOWN or value == "" or (reference.outside and reference.outside(value)):
                continue
            target = kind_of(reference.type)
            if situation.call.preview and not (reference.by == "id" and target.drawn_id):
                continue  # a name may be that of a resource that this very update makes
            if situation.find(reference.type, reference.by, value) is None:
                raise _missing(situation, reference, target, value)


def _missing(situation: Situation, reference: Reference, target: ResourceType, value: Any) -> Exception:
    refused = reference.missing or target.not_found
    if refused is None:
        return ProviderError(f"{target.human} ({value}): couldn't find resource")
    return situation.refuse(refused, value)


def _unique(situation: Situation) -> None:
    kind = situation.kind
    if kind.unique is None:
        return
    wanted = [(name, situation.get(name)) for name in kind.unique.inputs.split()]
    for row in situation.others():
        if all(row.state.get(name) == value for name, value in wanted):
            raise situation.refuse(kind.unique.refused, row.id)


def _given_prefix(situation: Situation) -> None:
    """A name that only its beginning was given for."""
    name = situation.kind.autoname
    if name and name.given_prefix and name.property not in situation.inputs and not situation.call.preview:
        prefix = situation.get(name.given_prefix)
        drawn = templates.draw("hex", 26, f"{situation.call.urn}|prefix")
        situation.inputs[name.property] = f"{prefix}{drawn}"


def _new_id(situation: Situation) -> str:
    kind = situation.kind
    if callable(kind.id):
        return kind.id(situation)
    attempt = 0
    while True:
        id_ = situation.fill(kind.id, f"{kind.type}|{situation.call.urn}|{attempt}")
        if not kind.drawn_id or situation.cloud.get(kind.type, id_) is None:
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


def _completed(situation: Situation, before: Mapping[str, Any]) -> Props:
    """The state, with every output: those of before, and new ones where there were none."""
    state = {key: value for key, value in before.items() if key.startswith("__")}
    state.update(situation.inputs)
    situation.state = state
    for path, value in _outputs(situation.kind).items():
        if paths.get(state, path) is not None:
            continue
        previous = paths.get(dict(before), path) if before else None
        paths.put(state, path, previous if previous is not None else _value(situation, value))
    return state


def _value(situation: Situation, value: Any) -> Any:
    if callable(value):
        return value(situation)
    return situation.fill(value) if isinstance(value, str) else value


def _imported(kind: ResourceType, state: Props) -> str:
    return templates.fill(kind.import_id, "", lambda name: state.get(name))


def _refreshed(kind: ResourceType, inputs: Props, live: Props) -> Props:
    """The old inputs, brought up to date from the live state."""
    maps = {"tags", "tagsAll", *kind.maps.split()}
    fresh: Props = {}
    for key, value in inputs.items():
        if key.startswith("__"):
            fresh[key] = value
        elif live.get(key) is not None:
            fresh[key] = live[key] if key in maps else _merged(value, live[key])
    return fresh


def _merged(asked: Any, live: Any) -> Any:
    """The live value, without what AWS filled in by itself."""
    if isinstance(asked, dict) and isinstance(live, dict):
        return {
            key: value if key.startswith("__") else _merged(value, live[key])
            for key, value in asked.items()
            if key.startswith("__") or live.get(key) is not None
        }
    if isinstance(asked, list) and isinstance(live, list) and len(asked) == len(live):
        return [_merged(one, other) for one, other in zip(asked, live, strict=True)]
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
    given = {key: value for key, value in live.items() if key in kind.known and value not in (None, "", [], {})}
    return {**given, checking.DEFAULTS: []}
