"""The word that somebody meant who wrote another one."""

import difflib
from collections.abc import Iterable

ALIKE = 0.6
"""How alike two words are, from 0 to 1, before one is offered for the other. It is difflib's own default."""


def nearest(word: str, known: Iterable[str], cutoff: float = ALIKE) -> str | None:
    """The known word that is most like `word`. None where no known word is alike."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return found[0] if found else None
