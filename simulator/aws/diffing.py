"""Diff: what changed between two sets of checked inputs, and which of the changes replace the resource."""

from __future__ import annotations

import json
from typing import Any

from simulator.aws import paths
from simulator.aws.checking import DEFAULTS
from simulator.aws.model import ResourceType
from simulator.difference import Change, Kind, changes
from simulator.provider import DiffResult
from simulator.values import UNKNOWN, Props, has_unknown


def diff(kind: ResourceType, old: Props, new: Props) -> DiffResult:
    """Compares checked inputs. Leaving out an input that AWS then fills in is no change."""
    changed = [
        change
        for change in changes(old, _ignoring_order_and_layout(kind, old, new))
        if DEFAULTS not in change.path
        and not (change.kind is Kind.DELETE and _filled_in_by_aws(change.pattern, kind.aws_defaults))
    ]
    replaces = frozenset(change.path for change in changed if _replaces(kind, change, old, new))
    return DiffResult(tuple(changed), replaces, bool(replaces) and _deletes_first(kind, new))


def _deletes_first(kind: ResourceType, new: Props) -> bool:
    """Returns whether the old resource is deleted first: as long as it exists, its name is taken."""
    if kind.delete_before_replace:
        return True
    if kind.autoname is None:
        return False
    name = kind.autoname.property
    return name in new and name not in new.get(DEFAULTS, ())


def _replaces(kind: ResourceType, change: Change, old: Props, new: Props) -> bool:
    pattern = change.pattern
    for path in kind.replacing:
        if _is_at_or_below(pattern, path):
            return True
        if path.startswith(f"{pattern}.") and path not in kind.aws_defaults:
            before, after = paths.get(old, path), paths.get(new, path)
            if before != after and after is not UNKNOWN:
                return True
    return any(
        when(old, new)
        for path, when in kind.replace_if.items()
        if _is_at_or_below(pattern, path) or path.startswith(f"{pattern}.")
    )


def _is_at_or_below(pattern: str, path: str) -> bool:
    return pattern == path or (pattern.startswith(path) and pattern[len(path)] in ".[")


def _filled_in_by_aws(pattern: str, paths_with_defaults: Any) -> bool:
    return pattern in paths_with_defaults or any(path.startswith(f"{pattern}.") for path in paths_with_defaults)


def _ignoring_order_and_layout(kind: ResourceType, old: Props, new: Props) -> Props:
    """Returns the new inputs, with the old value wherever only order or layout differ."""
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
    *parents, last = path.split(".")
    for key in parents:
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
