"""Applies the edits of findings to cases."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml

from policies.rule import Case, StackCase

_STEP = re.compile(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)')
_WORDS = {
    "account": "111122223333",
    "region": "us-west-2",
    "your range": "203.0.113.0/24",
    "your group": "sg-0123456789abcdef0",
    "your address": "ml@example.com",
}


def filled(value: Any) -> Any:
    """Returns a value of a mend with words in the place of `<...>`."""
    if value == "<sum>":
        return 1000
    if isinstance(value, str):
        return re.sub(r"<([a-z ]+)>", lambda word: _WORDS.get(word[1], word[1]), value)
    if isinstance(value, Mapping):
        return {filled(key): filled(item) for key, item in value.items()}
    return [filled(item) for item in value] if isinstance(value, list | tuple) else value


def edited(case: Case | StackCase, sample: str, path: str, value: Any) -> Case | StackCase:
    """Returns a case with a value changed at the path of a finding. sample: the resource of a StackCase."""
    steps = [int(index) if index else quoted or plain for quoted, index, plain in _STEP.findall(path)]
    if isinstance(case, StackCase):
        was = case.resources[sample]
        links = {key: to for key, to in was.links.items() if key != path}
        made = replace(was, props=_with(was.props, steps, filled(value)), links=links)
        return replace(case, resources={**case.resources, sample: made})
    return (
        replace(case, protect=value)
        if path == "protect"
        else replace(case, props=_with(case.props, steps, filled(value)))
    )


def _with(given: Any, steps: list[str | int], value: Any) -> Any:
    """Returns a copy with the value at the steps, also in a document of JSON or YAML; None takes away what is there."""
    if isinstance(given, str) and steps:
        as_json = given.lstrip().startswith("{")
        changed = _with(yaml.safe_load(given), steps, value)
        return json.dumps(changed) if as_json else yaml.safe_dump(changed)
    if not steps:
        return {**given, **value} if isinstance(given, Mapping) and isinstance(value, Mapping) else value
    first, *rest = steps
    if isinstance(first, int):
        items = [*(given or ()), *({} for _ in range(first + 1 - len(given or ())))]
        items[first] = _with(items[first], rest, value)
        return [each for each in items if each is not None]
    below = _with((given or {}).get(first), rest, value)
    kept = {key: item for key, item in (given or {}).items() if key != first}
    return kept if below is None else {**kept, first: below}
