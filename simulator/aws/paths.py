"""Reads and writes values inside properties by path: `vpcConfig.subnetIds`, `blockDeviceMappings[*].ebs.volumeType`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from simulator.values import UNKNOWN, Props


@cache
def steps(path: str) -> tuple[tuple[str, bool], ...]:
    """Returns the key of each step, and whether the step goes into every element of a list."""
    return tuple((step.removesuffix("[*]"), step.endswith("[*]")) for step in path.split("."))


def get(props: Props, path: str) -> Any:
    """Returns the value at a path without `[*]`: None when absent, UNKNOWN when it or a block around it is unknown."""
    value: Any = props
    for key, _ in steps(path):
        if value is UNKNOWN:
            return UNKNOWN
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def find(props: Props, path: str) -> Iterator[tuple[str, Any]]:
    """Yields (concrete path, value) of every present value at a path; `[*]` at the end yields elements of a list."""
    yield from _find(props, steps(path), "")


def _find(value: Any, steps: tuple[tuple[str, bool], ...], concrete: str) -> Iterator[tuple[str, Any]]:
    if value is None:
        return
    if not steps or value is UNKNOWN:
        yield concrete, value
        return
    if not isinstance(value, dict):
        return
    (key, each), rest = steps[0], steps[1:]
    inner, deeper = value.get(key), f"{concrete}.{key}" if concrete else key
    if each and isinstance(inner, list):
        for index, item in enumerate(inner):
            yield from _find(item, rest, f"{deeper}[{index}]")
    else:
        yield from _find(inner, rest, deeper)


def put(props: Props, path: str, value: Any) -> bool:
    """Sets the value if it is absent. Returns False when there is a value, or when a block around it is no object.

    Blocks around the value are copied, or created when they are absent.
    """
    *parents, last = [key for key, _ in steps(path)]
    for key in parents:
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
    """Marks the value at a path as unknown if it is absent; when the whole block is absent, marks the block."""
    keys = [key for key, _ in steps(path)]
    if len(keys) > 1 and props.get(keys[0]) is None:
        props[keys[0]] = UNKNOWN
    else:
        put(props, path, UNKNOWN)


def snake(name: str) -> str:
    """Converts camelCase to snake_case, as the provider's messages name arguments."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def argument(path: str) -> str:
    """Returns the last key of a path, in snake case."""
    return snake(path.rsplit(".", 1)[-1].split("[", 1)[0])


def display(value: Any) -> str:
    """Returns a value as messages show it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
