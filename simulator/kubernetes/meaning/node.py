"""A value of an object together with its path, and the API server's words for what is wrong with it.

An unknown value is neither absent nor wrong, and what lies inside it is unknown as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.kubernetes.schema import Finding
from simulator.values import UNKNOWN

Findings = Iterator[Finding]


@dataclass(frozen=True)
class Node:
    """One value of an object. path: as the API server writes it, e.g. `spec.ports[0].name`."""

    value: Any
    path: str = ""

    def __getitem__(self, name: str) -> Node:
        """Returns the field of that name, which may be absent."""
        value = self.value
        inside = value.get(name) if isinstance(value, Mapping) else UNKNOWN if value is UNKNOWN else None
        return Node(inside, f"{self.path}.{name}" if self.path else name)

    def entry(self, key: str) -> Node:
        """Returns the entry of a map, whose path has the key in brackets."""
        return Node(self[key].value, f"{self.path}[{key}]")

    def at(self, *names: str) -> Node:
        """Returns the field that a way of names leads to."""
        node = self
        for name in names:
            node = node[name]
        return node

    @property
    def items(self) -> list[Node]:
        """The known items of a list."""
        listed = self.value if isinstance(self.value, list) else []
        return [Node(each, f"{self.path}[{index}]") for index, each in enumerate(listed) if each is not UNKNOWN]

    @property
    def entries(self) -> list[tuple[str, Node]]:
        """The keys and entries of a map, without those that are null."""
        mapping = self.value if isinstance(self.value, Mapping) else {}
        return [(key, Node(value, f"{self.path}[{key}]")) for key, value in mapping.items() if value is not None]

    @property
    def is_unknown(self) -> bool:
        """Whether the value is not known yet."""
        return self.value is UNKNOWN

    @property
    def is_set(self) -> bool:
        """Whether there is a value, known or not, that is not null."""
        return self.value is not None

    @property
    def is_empty(self) -> bool:
        """Whether the value is known and absent, "" or without content: in Go, its zero value."""
        return self.value is None or (not self.is_unknown and self.value in ("", [], {}))

    @property
    def text(self) -> str | None:
        """The value, if it is a text that is not empty."""
        return self.value if isinstance(self.value, str) and self.value else None

    @property
    def number(self) -> int | None:
        """The value, if it is an integer."""
        return self.value if isinstance(self.value, int) and not isinstance(self.value, bool) else None

    def has(self, *names: str) -> list[Node]:
        """Returns those of the fields that are set."""
        return [self[name] for name in names if self[name].is_set]

    def texts(self, key: str | None = None) -> set[str] | None:
        """Returns the texts of a list, or of one field of its items; None when one of them is unknown."""
        if self.is_unknown:
            return None
        listed = self.value if isinstance(self.value, list) else []
        values = [each if key is None else Node(each)[key].value for each in listed]
        return None if any(each is UNKNOWN for each in values) else {each for each in values if isinstance(each, str)}

    def invalid(self, why: str, value: Any = ...) -> Finding:
        """The value is not allowed."""
        return Finding(self.path, f"Invalid value: {_shown(self.value if value is ... else value)}: {why}")

    def required(self, why: str = "") -> Finding:
        """The value is missing."""
        return Finding(self.path, f"Required value{f': {why}' if why else ''}")

    def forbidden(self, why: str) -> Finding:
        """The value may not be there."""
        return Finding(self.path, f"Forbidden: {why}")

    def duplicate(self, value: Any = ...) -> Finding:
        """The value is there twice."""
        return Finding(self.path, f"Duplicate value: {_shown(self.value if value is ... else value)}")

    def not_found(self, why: str = "") -> Finding:
        """The value names something that is not there."""
        return Finding(self.path, f"Not found: {_shown(self.value)}{f': {why}' if why else ''}")

    def unsupported(self, supported: Collection[str], value: Any = ...) -> Finding:
        """The value is none of those that are possible."""
        listed = ", ".join(json.dumps(each) for each in supported)
        shown = _shown(self.value if value is ... else value)
        return Finding(self.path, f"Unsupported value: {shown}: supported values: {listed}")

    def must_be(self, *supported: str) -> Findings:
        """Yields a finding when the value is set and none of the supported ones."""
        if self.text and self.text not in supported:
            yield self.unsupported(supported)

    def must_be_set(self, why: str = "") -> Findings:
        """Yields a finding when the value is absent or empty."""
        if self.is_empty:
            yield self.required(why)

    def must_match(self, *rules: Callable[[str], Iterator[str]]) -> Findings:
        """Yields what the rules say about the text, if there is one."""
        for rule in rules:
            for why in rule(self.text) if self.text else ():
                yield self.invalid(why)

    def must_be_at_least(self, least: int) -> Findings:
        """Yields a finding when the number is smaller."""
        if self.number is not None and self.number < least:
            yield self.invalid(f"must be greater than or equal to {least}")

    def must_be_between(self, least: int, most: int) -> Findings:
        """Yields a finding when the number is smaller or larger."""
        if self.number is not None and not least <= self.number <= most:
            yield self.invalid(f"must be between {least} and {most}, inclusive")

    def must_be_unique(self, key: str | None = None) -> Findings:
        """Yields a finding for each text of the list, or of one field of its items, that is there twice."""
        seen = set()
        for each in self.items:
            named = each[key] if key else each
            if named.text and named.text in seen:
                yield named.duplicate()
            seen.add(named.text)


def _shown(value: Any) -> str:
    return (
        "null"
        if value is None
        else json.dumps(value, ensure_ascii=False, default=lambda _: "unknown", separators=(",", ":"))
    )
