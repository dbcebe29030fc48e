"""What a value may be, checked before any call, with the texts of the provider's own schema.

A constraint takes the argument's name and its known value, and returns what is wrong, or None. Those with limits hold
them as fields, so that tests compare them with the API's own.
Source: terraform-plugin-sdk helper/validation and terraform-provider-aws internal/verify; read 2026-11.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from simulator.aws.paths import display

Constraint: TypeAlias = Callable[[str, Any], str | None]


@dataclass(frozen=True)
class OneOf:
    """One of the listed values."""

    allowed: tuple[Any, ...]

    def __call__(self, argument: str, value: Any) -> str | None:
        if value in self.allowed:
            return None
        listed = " ".join(f'"{item}"' if isinstance(item, str) else display(item) for item in self.allowed)
        return f"expected {argument} to be one of [{listed}], got {display(value)}"


def one_of(*allowed: Any) -> OneOf:
    """One of the listed values."""
    return OneOf(allowed)


@dataclass(frozen=True)
class Between:
    """A whole number from low to high; without high, from low upwards."""

    low: int
    high: int | None

    def __call__(self, argument: str, value: Any) -> str | None:
        if isinstance(value, int | float) and value >= self.low and (self.high is None or value <= self.high):
            return None
        wanted = f"at least ({self.low})" if self.high is None else f"in the range ({self.low} - {self.high})"
        return f"expected {argument} to be {wanted}, got {display(value)}"


def between(low: int, high: int) -> Between:
    """A whole number from low to high."""
    return Between(low, high)


def at_least(low: int) -> Between:
    """A whole number from low upwards."""
    return Between(low, None)


@dataclass(frozen=True)
class Length:
    """A text of low to high characters, or a list of as many elements. The provider reads a number as text."""

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
    """A text of low to high characters, or a list of as many elements."""
    return Length(low, high)


def matches(pattern: str, wanted: str) -> Constraint:
    """A text that matches the whole pattern. wanted: what the message asks for."""
    expression = re.compile(pattern)

    def check(argument: str, value: Any) -> str | None:
        if isinstance(value, str) and expression.fullmatch(value):
            return None
        return f"invalid value for {argument} ({wanted})"

    return check


@dataclass(frozen=True)
class Every:
    """All of several constraints; the first that fails speaks."""

    constraints: tuple[Constraint, ...]

    def __call__(self, argument: str, value: Any) -> str | None:
        return next((text for each in self.constraints if (text := each(argument, value))), None)


def every(*constraints: Constraint) -> Every:
    """All of several constraints; the first that fails speaks."""
    return Every(constraints)


@lru_cache(maxsize=8192)
def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The network that a text names, host bits dropped; None for no network at all."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def ipv4_network(low: int = 0, high: int = 32) -> Constraint:
    """An IPv4 network address with a prefix of low to high bits."""

    def check(argument: str, value: Any) -> str | None:
        found = network(value) if isinstance(value, str) and "/" in value else None
        if not isinstance(found, ipaddress.IPv4Network):
            return f'"{value}" is not a valid IPv4 CIDR block: invalid CIDR address: {value}'
        if str(found) != value:
            return f'"{value}" is not a valid IPv4 CIDR block; did you mean "{found}"?'
        if not low <= found.prefixlen <= high:
            return (
                f'expected "{argument}" to contain a network Value with between {low} and {high} significant bits, '
                f"got: {found.prefixlen}"
            )
        return None

    return check


def ipv6_network(argument: str, value: Any) -> str | None:
    """An IPv6 network address."""
    found = network(value) if isinstance(value, str) and "/" in value else None
    if not isinstance(found, ipaddress.IPv6Network):
        return f'"{value}" is not a valid IPv6 CIDR block: invalid CIDR address: {value}'
    return None


def arn(argument: str, value: Any) -> str | None:
    """An ARN; empty counts as absent."""
    if value == "":
        return None
    if not isinstance(value, str) or not value.startswith("arn:"):
        return f'"{argument}" ({value}) is an invalid ARN: arn: invalid prefix'
    if value.count(":") < 5:
        return f'"{argument}" ({value}) is an invalid ARN: arn: not enough sections'
    return None


def json_text(argument: str, value: Any) -> str | None:
    """A text that is JSON; empty counts as absent."""
    if value == "":
        return None
    try:
        json.loads(value)
    except (TypeError, ValueError) as error:
        return f'"{argument}" contains an invalid JSON: {error}'
    return None


def tags(argument: str, value: Any) -> str | None:
    """Limits of AWS tags. Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html"""
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
