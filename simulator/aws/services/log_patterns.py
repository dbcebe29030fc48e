"""Filter patterns of CloudWatch Logs for events in JSON: what is refused, and which events match.

A comparison with a field that an event does not have is not met, whatever the operator: what AWS does with `!=` there
is unverified, so no pattern should rest on it. Patterns of words, without braces, are not simulated.
Source: CloudWatch Logs user guide, "Filter pattern syntax for metric filters"; read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

MAX_REGEXES = 2
_TOKEN = re.compile(
    r"\s*(?:(?P<field>\$(?:\.[\w-]+|\[\d+\]|\['[^']+'\])+)|(?P<sign>&&|\|\||!=|<=|>=|[()=<>])|(?P<regex>%[^%]+%)"
    r'|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[\w.*:/@#+?-]+))'
)
_REGEX = re.compile(r"[\w :#=@/;,^$?\[\]{}|\\*+.-]+")
_ABSENT = object()
Test = Callable[[Any], bool]


class PatternError(ValueError):
    """A pattern that CloudWatch Logs does not take."""


def compiled(pattern: str) -> Test:
    """Returns the test of an event. Raises PatternError."""
    stripped = pattern.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        raise PatternError("only patterns for events in JSON, in braces, are simulated")
    parser = _Parser(stripped[1:-1])
    test = parser.alternatives()
    if parser.tokens:
        raise PatternError(f"{parser.tokens[0][1]!r} is not expected")
    if parser.regexes > MAX_REGEXES:
        raise PatternError(f"{parser.regexes} regular expressions, and {MAX_REGEXES} are allowed")
    return test


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.regexes = 0
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                raise PatternError(f"{text[position:].strip()[:20]!r} is not understood")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind]))
            position = found.end()

    def alternatives(self) -> Test:
        tests = [self._all()]
        while self._take("sign", "||"):
            tests.append(self._all())
        return lambda event: any(test(event) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._take("sign", "&&"):
            tests.append(self._one())
        return lambda event: all(test(event) for test in tests)

    def _one(self) -> Test:
        if self._take("sign", "("):
            inner = self.alternatives()
            if not self._take("sign", ")"):
                raise PatternError("a bracket is not closed")
            return inner
        field = self._next("field")
        if self._take("word", "NOT"):
            self._next("word", "EXISTS")
            return lambda event: _value(event, field) is _ABSENT
        if self._take("word", "IS"):
            wanted = {"NULL": None, "TRUE": True, "FALSE": False}
            word = self._next("word")
            if word not in wanted:
                raise PatternError(f"IS {word} is not understood")
            return lambda event: _value(event, field) is wanted[word]
        sign = self._next("sign")
        if sign not in ("=", "!=", "<", ">", "<=", ">="):
            raise PatternError(f"{sign} does not compare")
        return _comparison(field, sign, self._operand(sign))

    def _operand(self, sign: str) -> Test | float:
        if not self.tokens:
            raise PatternError("a value is missing")
        kind, text = self.tokens.pop(0)
        if kind == "regex":
            self.regexes += 1
            if sign not in ("=", "!=") or not _REGEX.fullmatch(text[1:-1]):
                raise PatternError(f"{text} is no regular expression that is allowed here")
            expression = re.compile(text[1:-1])
            return lambda value: bool(expression.search(_text(value)))
        number = _number(text) if kind == "word" else None
        if number is not None:
            return number
        if kind not in ("word", "text") or sign not in ("=", "!="):
            raise PatternError(f"{text} cannot be compared by {sign}")
        shape = re.compile(".*".join(map(re.escape, text.strip('"').split("*"))), re.DOTALL)
        return lambda value: bool(shape.fullmatch(_text(value)))

    def _take(self, *token: str) -> bool:
        taken = bool(self.tokens) and self.tokens[0] == token
        if taken:
            self.tokens.pop(0)
        return taken

    def _next(self, kind: str, *texts: str) -> str:
        if not self.tokens or self.tokens[0][0] != kind or (texts and self.tokens[0][1] not in texts):
            raise PatternError(f"a {kind} is expected{f' instead of {self.tokens[0][1]!r}' if self.tokens else ''}")
        return self.tokens.pop(0)[1]


def _comparison(field: str, sign: str, operand: Test | float) -> Test:
    def test(event: Any) -> bool:
        value = _value(event, field)
        if value is _ABSENT or value is None:
            return False
        if callable(operand):
            return operand(value) is (sign == "=")
        number = _number(_text(value))
        if number is None:
            return sign == "!="
        return {
            "=": number == operand,
            "!=": number != operand,
            "<": number < operand,
            ">": number > operand,
            "<=": number <= operand,
            ">=": number >= operand,
        }[sign]

    return test


def _value(event: Any, field: str) -> Any:
    for name, index, quoted in re.findall(r"\.([\w-]+)|\[(\d+)\]|\['([^']+)'\]", field):
        if index:
            event = event[int(index)] if isinstance(event, list) and int(index) < len(event) else _ABSENT
        else:
            event = event.get(name or quoted, _ABSENT) if isinstance(event, Mapping) else _ABSENT
    return event


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text) else None
