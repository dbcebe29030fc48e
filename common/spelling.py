"""Suggests the word that somebody probably meant."""

import difflib
from collections.abc import Iterable

ALIKE = 0.6
"""The least similarity, from 0 to 1, at which a word is suggested. It is difflib's own default."""


def nearest(word: str, known: Iterable[str], cutoff: float = ALIKE) -> str | None:
    """Returns the known word that is most similar to `word`; None when no known word is similar enough.

    Upper and lower case count as the same.
    """
    words = {each.lower(): each for each in known}
    matches = difflib.get_close_matches(word.lower(), list(words), n=1, cutoff=cutoff)
    return words[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Returns ` Did you mean x?` for the nearest known word, or nothing when no word is near."""
    near = nearest(word, known)
    return f" Did you mean {near}?" if near else ""
