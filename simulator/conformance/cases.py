"""Reads the corpus: good and wrong objects, and changes of objects, with what a real API server says about each.

`corpus/<topic>.yaml` and `changes/<topic>.yaml` have `bases`, whole objects by name, and `cases`. A case names a base
and what it sets and drops in it, by path: `spec.ports[0].name`, `metadata.labels["a.b/c"]`. `{repeat: [text, 64]}` is a
value of the text 64 times, and `text * 64` a key. `{definition: group/Kind}` is the definition of a custom kind. The
verdicts are those of kube-apiserver 1.35.4, of November 2026.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from common.yaml_parser import PARSER
from simulator.kubernetes.custom import definition

_FOLDER = Path(__file__).parent
_STEP = re.compile(r'\["([^"]+)"\]|\[(\d+)\]|([^.\[\]]+)')
Object = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One object that is created.

    given: the objects that exist before. labels: those of the namespace of the object. mesh: the values of Linkerd's
    control plane, in a meshed namespace, where pods are judged as its injector makes them. says: a piece of the API
    server's refusal. simulator: why the simulator judges otherwise. versions: other minor versions than 1.35, where
    their sources have another verdict.
    """

    topic: str
    name: str
    object: Object
    given: tuple[Object, ...]
    accepted: bool
    says: str
    labels: Mapping[str, str] = field(default_factory=dict)
    simulator: str = ""
    versions: Mapping[str, bool] = field(default_factory=dict)
    mesh: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Change:
    """One change of an object that exists: the API server's verdict on it in place, and what the provider does with it.

    provider: "in place", "replaced" or "refused". live: status fields that the object has by then. simulator: why the
    simulator does otherwise.
    """

    topic: str
    name: str
    before: Object
    after: Object
    given: tuple[Object, ...]
    accepted: bool
    says: str
    provider: str
    live: Mapping[str, Any] = field(default_factory=dict)
    simulator: str = ""


@cache
def cases() -> tuple[Case, ...]:
    """Returns the objects of all topics."""
    return tuple(
        Case(
            topic,
            entry["name"],
            _object(entry, bases),
            tuple(_object(each, bases) for each in entry.get("given", ())),
            _accepted(entry["verdict"]),
            entry.get("says", ""),
            entry.get("labels", {}),
            entry.get("simulator", ""),
            {version: _accepted(verdict) for version, verdict in entry.get("versions", {}).items()},
            entry.get("mesh"),
        )
        for topic, bases, entry in _entries("corpus")
    )


@cache
def changes() -> tuple[Change, ...]:
    """Returns the changes of all topics."""
    return tuple(
        Change(
            topic,
            entry["name"],
            copy.deepcopy(bases[entry["base"]]),
            _object(entry, bases),
            tuple(_object(each, bases) for each in entry.get("given", ())),
            _accepted(entry["verdict"]),
            entry.get("says", ""),
            entry["provider"],
            entry.get("live", {}),
            entry.get("simulator", ""),
        )
        for topic, bases, entry in _entries("changes")
    )


def _entries(folder: str) -> Iterator[tuple[str, Mapping[str, Object], Mapping[str, Any]]]:
    for path in sorted((_FOLDER / folder).glob("*.yaml")):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=PARSER)  # noqa: S506 - a safe loader
        bases = {name: _defined(base) for name, base in content["bases"].items()}
        for entry in content["cases"]:
            yield path.stem, bases, entry


def _defined(base: Object) -> Object:
    group, _, kind = base.get("definition", "").partition("/")
    return dict(definition(group, kind) or {}) if group else base


def _accepted(verdict: str) -> bool:
    return {"accepted": True, "refused": False}[verdict]


def _object(entry: str | Mapping[str, Any], bases: Mapping[str, Object]) -> Object:
    if isinstance(entry, str):
        return copy.deepcopy(bases[entry])
    made = copy.deepcopy(bases[entry["base"]])
    for path in entry.get("drop", ()):
        set_at(made, path, None)
    for path, value in entry.get("set", {}).items():
        set_at(made, path, _expanded(value))
    return made


def _expanded(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"repeat"}:
            text, times = value["repeat"]
            return text * times
        return {_expanded_key(key): _expanded(item) for key, item in value.items()}
    return [_expanded(item) for item in value] if isinstance(value, list) else value


def _expanded_key(key: str) -> str:
    text, _, times = key.partition(" * ")
    return text * int(times) if times else text


def set_at(target: Any, path: str, value: Any) -> None:
    """Sets the value at a path, and makes the objects on the way; None drops what is there."""
    *parents, last = steps(path)
    for step in parents:
        target = target[step] if isinstance(target, list) else target.setdefault(step, {})
    if value is None:
        del target[last]
    elif isinstance(target, list) and last == len(target):
        target.append(value)
    else:
        target[last] = value


def steps(path: str) -> Sequence[Any]:
    """Returns the keys and the indexes of a path."""
    return [int(index) if index else quoted or key for quoted, index, key in _STEP.findall(path)]
