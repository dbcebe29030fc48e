"""Constraints on the values of inputs, checked before any call, with the messages of the provider's own schema.

A constraint takes the name and the known value of an argument, and returns what is wrong, or None. Limits are fields of
a constraint, so that tests can compare them with the limits of the API.
Source: terraform-plugin-sdk helper/validation and terraform-provider-aws internal/verify; read 2026-11.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from simulator.aws.paths import display, snake

Constraint: TypeAlias = Callable[[str, Any], str | None]


@dataclass(frozen=True)
class OneOf:
    """Requires one of the listed values."""

    allowed: tuple[Any, ...]

    def __call__(self, argument: str, value: Any) -> str | None:
        if value in self.allowed:
            return None
        listed = " ".join(f'"{item}"' if isinstance(item, str) else display(item) for item in self.allowed)
        return f"expected {argument} to be one of [{listed}], got {display(value)}"


def one_of(*allowed: Any) -> OneOf:
    """Requires one of the listed values."""
    return OneOf(allowed)


@dataclass(frozen=True)
class Between:
    """Requires a number from low to high; without high, a number of at least low."""

    low: int
    high: int | None

    def __call__(self, argument: str, value: Any) -> str | None:
        if isinstance(value, int | float) and value >= self.low and (self.high is None or value <= self.high):
            return None
        expected = f"at least ({self.low})" if self.high is None else f"in the range ({self.low} - {self.high})"
        return f"expected {argument} to be {expected}, got {display(value)}"


def between(low: int, high: int) -> Between:
    """Requires a number from low to high."""
    return Between(low, high)


def at_least(low: int) -> Between:
    """Requires a number of at least low."""
    return Between(low, None)


@dataclass(frozen=True)
class Length:
    """Requires a text of low to high characters, or a list of as many elements. The provider reads numbers as text."""

    low: int
    high: int

    def __call__(self, argument: str, value: Any) -> str | None:
        size = len(value if isinstance(value, str | list) else display(value))
        if self.low <= size <= self.high:
            return None
        if isinstance(value, list):
            return f"expected {argument} to have between {self.low} and {self.high} items, got {size}"
        return f"expected length of {argument} to be in the range ({self.low} - {self.high}), got {value}"


def length(low: int, high: int) -> Length:
    """Requires a text of low to high characters, or a list of as many elements."""
    return Length(low, high)


def matches(pattern: str, expected: str) -> Constraint:
    """Requires a text that matches the whole pattern. expected: describes the pattern in the message."""
    expression = re.compile(pattern)

    def check(argument: str, value: Any) -> str | None:
        if isinstance(value, str) and expression.fullmatch(value):
            return None
        return f"invalid value for {argument} ({expected})"

    return check


@dataclass(frozen=True)
class Every:
    """Requires all of several constraints; returns the message of the first one that fails."""

    constraints: tuple[Constraint, ...]

    def __call__(self, argument: str, value: Any) -> str | None:
        return next((text for each in self.constraints if (text := each(argument, value))), None)


def every(*constraints: Constraint) -> Every:
    """Requires all of several constraints; returns the message of the first one that fails."""
    return Every(constraints)


@lru_cache(maxsize=8192)
def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Returns the network of a text, without host bits; None when the text is not a network."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def within(inner: str, outer: str) -> bool:
    """Returns whether an IPv4 network is a part of another one."""
    first, second = network(inner), network(outer)
    both = isinstance(first, ipaddress.IPv4Network) and isinstance(second, ipaddress.IPv4Network)
    return both and first.subnet_of(second)  # type: ignore[union-attr,arg-type]


def ipv4_network(low: int = 0, high: int = 32) -> Constraint:
    """Requires an IPv4 network address with a prefix of low to high bits."""

    def check(argument: str, value: Any) -> str | None:
        parsed = network(value) if isinstance(value, str) and "/" in value else None
        if not isinstance(parsed, ipaddress.IPv4Network):
            return f'"{value}" is not a valid IPv4 CIDR block: invalid CIDR address: {value}'
        if str(parsed) != value:
            return f'"{value}" is not a valid IPv4 CIDR block; did you mean "{parsed}"?'
        if not low <= parsed.prefixlen <= high:
            return (
                f'expected "{argument}" to contain a network Value with between {low} and {high} significant bits, '
                f"got: {parsed.prefixlen}"
            )
        return None

    return check


def ipv6_network(argument: str, value: Any) -> str | None:
    """Requires an IPv6 network address."""
    parsed = network(value) if isinstance(value, str) and "/" in value else None
    if not isinstance(parsed, ipaddress.IPv6Network):
        return f'"{value}" is not a valid IPv6 CIDR block: invalid CIDR address: {value}'
    return None


def any_network(argument: str, value: Any) -> str | None:
    """Requires an IPv4 or IPv6 network address, without host bits."""
    parsed = network(value) if isinstance(value, str) and "/" in value else None
    return None if parsed and str(parsed) == value else f'"{value}" is not a valid CIDR block of {argument}'


def timestamp(argument: str, value: Any) -> str | None:
    """Requires a time of RFC 3339, with its zone."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    ok = moment is not None and moment.tzinfo is not None and "T" in str(value)
    return None if ok else f'expected "{argument}" to be a valid RFC3339 date, got "{value}"'


@dataclass(frozen=True)
class Given:
    """Requires low to high of the named inputs of a block."""

    names: tuple[str, ...]
    low: int
    high: int

    def __call__(self, argument: str, value: Any) -> str | None:
        given = [name for name in self.names if isinstance(value, dict) and value.get(name) not in (None, "", [])]
        if self.low <= len(given) <= self.high:
            return None
        listed = ", ".join(display(name) for name in self.names)
        number = "all" if self.low == len(self.names) else f"{self.low} to {self.high}"
        return f"{argument}: {number} of {snake(listed)} must be specified, got: {snake(', '.join(given)) or 'none'}"


def given(names: str, low: int = 1, high: int = 1) -> Given:
    """Requires low to high of the inputs of a block; they are separated by spaces."""
    return Given(tuple(names.split()), low, high)


def arn(argument: str, value: Any) -> str | None:
    """Requires an ARN; an empty text counts as absent."""
    if value == "":
        return None
    if not isinstance(value, str) or not value.startswith("arn:"):
        return f'"{argument}" ({value}) is an invalid ARN: arn: invalid prefix'
    if value.count(":") < 5:
        return f'"{argument}" ({value}) is an invalid ARN: arn: not enough sections'
    return None


def json_text(argument: str, value: Any) -> str | None:
    """Requires JSON; an empty text counts as absent."""
    if value == "":
        return None
    try:
        json.loads(value)
    except (TypeError, ValueError) as error:
        return f'"{argument}" contains an invalid JSON: {error}'
    return None


def _equal(names: list[str]) -> list[str]:
    return [name for index, name in enumerate(names) if name in names[:index]]


def policy_json(argument: str, value: Any) -> str | None:
    """Requires a JSON object without equal keys, as the provider does for IAM's identity policies."""
    wrong = f'"{argument}" contains an invalid JSON policy: '
    if not str(value).startswith("{"):
        space = str(value)[:1].isspace()
        return wrong + ("leading space characters are not allowed" if space else "not a JSON object")
    equal: list[str] = []

    try:
        json.loads(value, object_pairs_hook=lambda pairs: equal.extend(_equal([name for name, _ in pairs])))
    except (TypeError, ValueError) as error:
        return f"{wrong}{error}"
    return f'"{argument}" contains duplicate JSON keys: duplicate key "{equal[0]}"' if equal else None


def tags(argument: str, value: Any) -> str | None:
    """Requires tags within AWS's limits. Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html"""
    if not isinstance(value, dict):
        return f"expected {argument} to be a map of texts, got {display(value)}"
    if len(value) > 50:
        return f"{argument} holds {len(value)} tags; AWS takes at most 50"
    for key, text in value.items():
        if not 1 <= len(key) <= 128:
            return f"tag key {key!r} is not 1 to 128 characters long"
        if key.lower().startswith("aws:"):
            return f"tag key {key!r} starts with aws:, which is reserved for AWS"
        if isinstance(text, str) and len(text) > 256:
            return f"the value of tag {key!r} is longer than 256 characters"
    return None
