"""Compares two property maps and returns the changes, path by path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from simulator.values import UNKNOWN


class Kind(Enum):
    """How a path changed."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Change:
    """One changed path, as the engine writes it: `vpcConfig.subnetIds[1]`, `tags["a.b"]`."""

    path: str
    kind: Kind

    @property
    def pattern(self) -> str:
        """The path with every list index replaced by `[*]`, the form that declarations of types use."""
        return re.sub(r"\[\d+\]", "[*]", self.path)


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Returns every changed path from old to new. A key with the value None counts as absent."""
    return list(_changes("", old, new))


def _changes(path: str, old: Any, new: Any) -> Iterator[Change]:
    if new is UNKNOWN or old is UNKNOWN:
        yield Change(path, Kind.UPDATE)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _entry(join(path, key), old.get(key), new.get(key))
    elif _is_list(old) and _is_list(new):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from _entry(f"{path}[{index}]", before, after)
    elif old != new:
        yield Change(path, Kind.UPDATE)


def _entry(path: str, old: Any, new: Any) -> Iterator[Change]:
    if old is None and new is None:
        return
    if old is None:
        yield Change(path, Kind.ADD)
    elif new is None:
        yield Change(path, Kind.DELETE)
    else:
        yield from _changes(path, old, new)


def join(path: str, key: str) -> str:
    """Returns the path of a key, as the engine writes it."""
    if not re.fullmatch(r"[A-Za-z_$][\w$-]*", key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
