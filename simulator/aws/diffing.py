"""Diff: what changed between two sets of checked inputs, and what of it replaces the resource."""

from __future__ import annotations

import json
from typing import Any

from simulator.aws import paths
from simulator.aws.checking import DEFAULTS
from simulator.aws.model import ResourceType
from simulator.difference import Change, Kind, changes
from simulator.provider import Difference
from simulator.values import UNKNOWN, Props, has_unknown


def diff(kind: ResourceType, old: Props, new: Props) -> Difference:
    """Compares checked inputs. An input that AWS fills in when it is left out may be left out without a change."""
    found = [
        change
        for change in changes(old, _alike(kind, old, new))
        if DEFAULTS not in change.path and not (change.kind is Kind.DELETE and _covered(change.pattern, kind.omitted))
    ]
    replaces = frozenset(change.path for change in found if _replaces(kind, change, old, new))
    return Difference(tuple(found), replaces, bool(replaces) and _deletes_first(kind, new))


def _deletes_first(kind: ResourceType, new: Props) -> bool:
    """A name that the program gave is taken for as long as the old resource is there."""
    if kind.delete_before_replace:
        return True
    if kind.autoname is None:
        return False
    name = kind.autoname.property
    return name in new and name not in new.get(DEFAULTS, ())


def _replaces(kind: ResourceType, change: Change, old: Props, new: Props) -> bool:
    pattern = change.pattern
    for path in kind.replacing:
        if _under(pattern, path):
            return True
        if path.startswith(f"{pattern}.") and path not in kind.omitted:
            before, after = paths.get(old, path), paths.get(new, path)
            if before != after and after is not UNKNOWN:
                return True
    return any(
        when(old, new)
        for path, when in kind.replace_if.items()
        if _under(pattern, path) or path.startswith(f"{pattern}.")
    )


def _under(pattern: str, path: str) -> bool:
    return pattern == path or (pattern.startswith(path) and pattern[len(path)] in ".[")


def _covered(pattern: str, omitted: Any) -> bool:
    return pattern in omitted or any(path.startswith(f"{pattern}.") for path in omitted)


def _alike(kind: ResourceType, old: Props, new: Props) -> Props:
    """The new inputs, with the old value wherever only order or layout differ."""
    new = dict(new)
    for path, same in [
        *((path, _same_set) for path in kind.sets.split()),
        *((p, _same_json) for p in kind.documents.split()),
    ]:
        before, after = paths.get(old, path), paths.get(new, path)
        if before is not None and after is not None and before != after and same(before, after):
            _replace(new, path, before)
    return new


def _replace(props: Props, path: str, value: Any) -> None:
    *way, last = path.split(".")
    for key in way:
        props[key] = dict(props[key])
        props = props[key]
    props[last] = value


def _same_set(before: Any, after: Any) -> bool:
    if not isinstance(before, list) or not isinstance(after, list) or has_unknown(before) or has_unknown(after):
        return False
    return sorted(map(_text, before)) == sorted(map(_text, after))


def _text(item: Any) -> str:
    return json.dumps(item, sort_keys=True)


def _same_json(before: Any, after: Any) -> bool:
    try:
        return bool(json.loads(before) == json.loads(after))
    except (TypeError, ValueError):
        return False
