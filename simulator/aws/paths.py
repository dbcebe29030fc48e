"""Values inside properties, by path: `vpcConfig.subnetIds`, `blockDeviceMappings[*].ebs.volumeType`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from simulator.values import UNKNOWN, Props


@cache
def steps(path: str) -> tuple[tuple[str, bool], ...]:
    """Each step's key, and whether it goes into every element of the list that is found there."""
    return tuple((step.removesuffix("[*]"), step.endswith("[*]")) for step in path.split("."))


def get(props: Props, path: str) -> Any:
    """The value at a path without `[*]`: None when absent, UNKNOWN when it or anything above it is unknown."""
    value: Any = props
    for key, _ in steps(path):
        if value is UNKNOWN:
            return UNKNOWN
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def find(props: Props, path: str) -> Iterator[tuple[str, Any]]:
    """Every present value at a path, with its concrete path; `[*]` at the end gives a list element by element."""
    yield from _find(props, steps(path), "")


def _find(value: Any, steps: tuple[tuple[str, bool], ...], place: str) -> Iterator[tuple[str, Any]]:
    if value is None:
        return
    if not steps or value is UNKNOWN:
        yield place, value
        return
    if not isinstance(value, dict):
        return
    (key, each), rest = steps[0], steps[1:]
    inner, here = value.get(key), f"{place}.{key}" if place else key
    if each and isinstance(inner, list):
        for index, item in enumerate(inner):
            yield from _find(item, rest, f"{here}[{index}]")
    else:
        yield from _find(inner, rest, here)


def put(props: Props, path: str, value: Any) -> bool:
    """Sets the value where it is absent; False when something is there, or the way is blocked by an unknown.

    Objects on the way are copied, or made where they are absent.
    """
    *way, last = [key for key, _ in steps(path)]
    for key in way:
        inner = props.get(key)
        if inner is not None and not isinstance(inner, dict):
            return False
        inner = dict(inner or {})
        props[key] = inner
        props = inner
    if props.get(last) is not None:
        return False
    props[last] = value
    return True


def hide(props: Props, path: str) -> None:
    """Marks the value at a path as unknown where it is absent; a block that is absent altogether becomes unknown."""
    way = [key for key, _ in steps(path)]
    if len(way) > 1 and props.get(way[0]) is None:
        props[way[0]] = UNKNOWN
    else:
        put(props, path, UNKNOWN)


def snake(name: str) -> str:
    """camelCase to snake_case, as the provider's own messages name an argument."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def argument(path: str) -> str:
    """The last key of a path, in snake case."""
    return snake(path.rsplit(".", 1)[-1].split("[", 1)[0])


def display(value: Any) -> str:
    """A value inside a message."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
