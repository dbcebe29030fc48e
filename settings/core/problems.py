"""What is wrong with a stack file, told to the person who writes it."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard

from common.spelling import nearest

PathPart = str | int
Path = tuple[PathPart, ...]
Mistake = tuple[Path, str]  # a place in the stack file, and a sentence for it
PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Place(NamedTuple):
    """Line and column in a file, both from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Problem:
    """One mistake: in which file, at which place, and a message that says what, why and what to write instead.

    path: of the setting; empty where the file itself is wrong. place: None where the text of the file is not at hand.
    """

    source: str
    path: str
    message: str
    place: Place | None = None

    def __str__(self) -> str:
        where = self.source if self.place is None else f"{self.source}:{self.place.line}:{self.place.column}"
        return f"{where}, {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class SettingsError(Exception):
    """The settings are wrong. `str()` is the whole report, every mistake in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        headline = "1 setting is wrong" if count == 1 else f"{count} settings are wrong"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{headline}, so nothing was built:\n{lines}")


def join_path(parts: Iterable[PathPart]) -> str:
    """`clusters.training.pools[2].max_per_zone`; a key with other characters is quoted: `tags["cost:center"]`."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not PLAIN_KEY.fullmatch(part):
            path += f"[{json.dumps(part, ensure_ascii=False)}]"
        else:
            path += f".{part}" if path else part
    return path


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean x?` for the nearest known word, or nothing when none is near."""
    near = nearest(word, known)
    return f" Did you mean {near}?" if near else ""


def nearest_or_all(word: str, known: Iterable[str]) -> str:
    """` Did you mean x?`, or ` Known: ...` when no known word is near."""
    words = list(known)
    return did_you_mean(word, words) or f" Known: {listed(words)}."


def nearest_place(places: Mapping[Path, Place], path: Path) -> Place | None:
    """Where a setting stands in the file; where it is missing, the place of what it belongs into."""
    return next((places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in places), None)


def has(container: object, part: PathPart) -> TypeGuard[Any]:
    """Whether a map has this key, or a list this position."""
    if isinstance(container, Mapping):
        return part in container
    return isinstance(container, list) and isinstance(part, int) and part < len(container)


def listed(words: Iterable[object]) -> str:
    """Words with commas between them."""
    return ", ".join(str(word) for word in words)


def repeated(words: Sequence[str]) -> list[str]:
    """The words that come more than once, in order."""
    return sorted({word for word in words if words.count(word) > 1})


def raise_if(mistakes: Iterable[str]) -> None:
    """Raise one ValueError that holds every mistake, a line each; silent when there is none."""
    found = list(mistakes)
    if found:
        raise ValueError("\n".join(found))
