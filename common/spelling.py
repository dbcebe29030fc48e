"""Suggests the word that somebody probably meant."""

import difflib
from collections.abc import Iterable

ALIKE = 0.6
"""The least similarity, from 0 to 1, at which a word is suggested. It is difflib's own default."""


def nearest(word: str, known: Iterable[str], cutoff: float = ALIKE) -> str | None:
    """Returns the known word that is most similar to `word`; None when no known word is similar enough."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return matches[0] if matches else None
