"""Values of an add-on that a stack file may not change, since something else of the platform relies on them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Finding = tuple[tuple[str, ...], str]


@dataclass(frozen=True, kw_only=True)
class FixedValue:
    """One of these values.

    path: its keys, with dots. keeps: whether a value leaves it as it is. why: what any other value does,
    as a sentence after the path.
    """

    path: str
    keeps: Callable[[Any], bool]
    why: str


def only(value: bool | str) -> Callable[[Any], bool]:
    """Accepts one value; a text in any case."""
    return lambda given: given == value if isinstance(value, bool) else str(given).lower() == value


def without(word: str) -> Callable[[Any], bool]:
    """Accepts whatever does not contain the word, spelt as a variable, an argument or a key."""
    return lambda given: word not in str(given).lower().replace("-", "").replace("_", "")


def changed(values: Mapping[str, Any], fixed: Sequence[FixedValue]) -> Iterator[Finding]:
    """Yields each changed value. A null above one takes it away, and the chart's own value is back."""
    for each in fixed:
        given: Any = values
        keys = tuple(each.path.split("."))
        for depth, key in enumerate(keys, 1):
            if not isinstance(given, Mapping) or key not in given:
                break
            given = given[key]
            if given is None or depth == len(keys):
                if not each.keeps(given):
                    yield keys[:depth], f"{each.why} Drop it."
                break
