"""Problems of a stack file: their path, their position, and the report for the person who writes the file."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard

from common.spelling import did_you_mean

PathPart = str | int
Path = tuple[PathPart, ...]
Mistake = tuple[Path, str]  # path of a setting, and a sentence about it
PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Position(NamedTuple):
    """Line and column in a file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Problem:
    """One mistake in a stack file. The message says what is wrong, why, and what to write instead.

    path: the setting; empty where the file itself is wrong. position: None where the text of the file is not available.
    """

    source: str
    path: str
    message: str
    position: Position | None = None

    def __str__(self) -> str:
        where = self.source if self.position is None else f"{self.source}:{self.position.line}:{self.position.column}"
        return f"{where}, {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class SettingsError(Exception):
    """Raised when settings are wrong. `str()` gives the whole report, with every mistake."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        headline = "1 setting is wrong" if count == 1 else f"{count} settings are wrong"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{headline}, so nothing was built:\n{lines}")


def join_path(parts: Iterable[PathPart]) -> str:
    """Returns a path as text: `clusters.training.pools[2].max_per_zone`, or with unusual keys `tags["cost:center"]`."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not PLAIN_KEY.fullmatch(part):
            path += f"[{json.dumps(part, ensure_ascii=False)}]"
        else:
            path += f".{part}" if path else part
    return path


def nearest_or_all(word: str, known: Iterable[str]) -> str:
    """Returns ` Did you mean x?`, or ` Known: ...` when no known word is near, or that there are none."""
    words = list(known)
    return did_you_mean(word, words) or (f" Known: {listed(words)}." if words else " The file has none.")


def nearest_position(positions: Mapping[Path, Position], path: Path) -> Position | None:
    """Returns the position of a setting or, when it is missing, of the nearest key above it."""
    return next((positions[path[:end]] for end in range(len(path), -1, -1) if path[:end] in positions), None)


def has(container: object, part: PathPart) -> TypeGuard[Any]:
    """Returns whether a map has this key, or a list this index."""
    if isinstance(container, Mapping):
        return part in container
    return isinstance(container, list) and isinstance(part, int) and part < len(container)


def listed(words: Iterable[object]) -> str:
    """Returns the words with commas between them."""
    return ", ".join(str(word) for word in words)


def repeated(words: Sequence[str]) -> list[str]:
    """Returns the words that occur more than once, sorted."""
    return sorted({word for word in words if words.count(word) > 1})


def raise_if(mistakes: Iterable[str]) -> None:
    """Raises one ValueError with every mistake on a line of its own. Does nothing when there is no mistake."""
    sentences = list(mistakes)
    if sentences:
        raise ValueError("\n".join(sentences))
