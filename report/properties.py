"""The properties that a step changes, with their values before and after. A secret is never shown."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from common.values import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN, UNKNOWN_TEXTS

MOST_LETTERS, MOST_BEFORE = 160, 40
"""Letters of a value that are shown; of a long one, letters before the first that differs."""
MOST_INSIDE = 12
SECRET = "[secret]"  # noqa: S105 - what the engine writes instead of one

_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')


@dataclass(frozen=True)
class Property:
    """One changed value. kind: add, update, delete, or replace when it replaces the resource. None: not set."""

    path: str
    kind: str
    before: Any
    after: Any

    def __str__(self) -> str:
        before, after = self.before, self.after
        if self.path.endswith("userData") and isinstance(before, str) and isinstance(after, str):
            lines = [_lines(each) for each in (before, after)]  # of long scripts, only the lines that differ
            before, after = ([each for each in mine if each not in other] for mine, other in (lines, lines[::-1]))
        if isinstance(before, list) and isinstance(after, list):  # of a long list, only what differs
            before, after = (
                [each for each in before if each not in after],
                [each for each in after if each not in before],
            )
            if not before and not after:
                before, after = self.before, self.after
        texts = _in_words(before), _in_words(after)
        pairs = enumerate(zip(*texts, strict=False))
        same = next((index for index, (a, b) in pairs if a != b), min(map(len, texts)))
        start = same - MOST_BEFORE if max(map(len, texts)) > MOST_LETTERS and same > MOST_LETTERS // 2 else 0
        return f"{self.path}: {' → '.join(_cut(each, start) for each in texts)}"


def properties_of(step: Mapping[str, Any]) -> tuple[Property, ...]:
    """Returns what a step of the engine's event log changes. Maps, lists and JSON documents are compared inside."""
    old, new = step.get("old") or {}, step.get("new") or {}
    if not old or not new:
        return ()
    detailed, replacing = step.get("detailedDiff") or {}, set(step.get("keys") or ())
    found: dict[str, Property] = {}
    for path in detailed or [*(step.get("diffs") or ()), *replacing]:
        steps = steps_of(path)
        before, after = _value(old, steps), _value(new, steps)
        replaces = "replace" in detailed.get(path, {}).get("diffKind", "") or (bool(steps) and steps[0] in replacing)
        for inner, was, becomes in _inside(path, before, after):
            found[inner] = Property(inner, "replace" if replaces else _kind(was, becomes), was, becomes)
    return tuple(found[path] for path in sorted(found))


def steps_of(path: str) -> tuple[str | int, ...]:
    """Returns the keys and indexes of a property path, e.g. `a[0]["b.c"]`."""
    return tuple(
        int(index) if index else (quoted.replace('\\"', '"') if quoted else plain)
        for quoted, index, plain in _STEP.findall(path)
    )


def visible(value: Any) -> Any:
    """Returns a value of the event log without the engine's wrappers: unknown ones are UNKNOWN, secrets `[secret]`."""
    if isinstance(value, Mapping):
        signature = value.get(SIGNATURE_KEY)
        if signature == SECRET_SIGNATURE or (signature and value.get("secret")):
            return SECRET
        if signature:
            return visible(value["value"]) if "value" in value else UNKNOWN
        return {key: visible(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [visible(inner) for inner in value]
    return UNKNOWN if isinstance(value, str) and value in UNKNOWN_TEXTS else value


def _in_words(value: Any) -> str:
    """Returns a value for a reader."""
    if value is UNKNOWN:
        return "known after up"
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value, default=lambda _: "known after up", sort_keys=True)
    return " ".join(text.split())


def _cut(text: str, start: int) -> str:
    """Returns what a reader sees of a text, from a letter on."""
    end = start + MOST_LETTERS
    return f"{'…' if start else ''}{text[start:] if len(text) <= end else f'{text[start : end - 1]}…'}"


def _lines(script: str) -> list[str]:
    """Returns the lines of a script, which may be in base64."""
    with suppress(ValueError):
        script = base64.b64decode(script, validate=True).decode()
    return [line.strip() for line in script.splitlines()]


def _value(state: Mapping[str, Any], steps: tuple[str | int, ...]) -> Any:
    """Returns the input at a path, or else the output: a difference may be one that AWS made."""
    for values in (state.get("inputs"), state.get("outputs")):
        value = visible(values)
        for step in steps:
            if isinstance(value, Mapping):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            elif value not in (SECRET, UNKNOWN):  # what is inside one of these stays one
                value = None
        if value is not None:
            return value
    return None


def _inside(path: str, before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    """Returns the differences inside two values, or the values as they are where there are too many."""
    inner = list(_differences(path, before, after))
    return inner if 0 < len(inner) <= MOST_INSIDE else [(path, before, after)]


def _differences(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    left, right = document(before), document(after)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in sorted(left.keys() | right.keys()):
            step = f".{key}" if re.fullmatch(r"[\w-]+", key) else f"[{json.dumps(key)}]"
            yield from _differences(f"{path}{step}", left.get(key), right.get(key))
    elif isinstance(left, list) and isinstance(right, list) and any(isinstance(each, Mapping) for each in left + right):
        gone, come = [each for each in left if each not in right], [each for each in right if each not in left]
        if len(gone) == len(come):
            for was, becomes in zip(gone, come, strict=True):
                yield from _differences(f"{path}[{left.index(was)}]", was, becomes)
        else:
            yield from ((f"{path}[{left.index(each)}]", each, None) for each in gone)
            yield from ((f"{path}[{right.index(each)}]", None, each) for each in come)
    elif left != right:
        yield path, before, after


def document(value: Any) -> Any:
    """Returns the object or list that a text holds as JSON, e.g. of a policy; another value as it is."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _kind(before: Any, after: Any) -> str:
    return "add" if before is None else "delete" if after is None else "update"
