"""Compares what a preview showed with what `up` did."""

from collections.abc import Mapping
from dataclasses import dataclass

from common.urns import name_of, type_of
from report.events import Operation

NOTHING = "nothing"
_LESS: Mapping[str, tuple[str, ...]] = {"replace": ("update", NOTHING), "update": (NOTHING,)}
"""A change -> what it may come to once the values are known that a preview does not know yet."""


@dataclass(frozen=True)
class Difference:
    """A resource with which `up` did something else than the preview showed. Both are a change, or `nothing`."""

    urn: str
    shown: str
    done: str

    @property
    def harmless(self) -> bool:
        """Whether `up` did less. A preview that does not know a new value yet shows the worst that it can become."""
        return self.done in _LESS.get(self.shown, ())

    def __str__(self) -> str:
        kind = type_of(self.urn).rpartition(":")[2]
        return f"{kind} {name_of(self.urn)}: the preview showed {self.shown}, up did {self.done}"


def broken(preview: Operation, up: Operation) -> tuple[Difference, ...]:
    """Returns the differences, those that are not harmless first.

    A resource that fails in `up` counts as done: the event comes before the call.
    """
    shown, done = ({change.urn: change.op for change in each.changes} for each in (preview, up))
    differences = (
        Difference(urn, shown.get(urn, NOTHING), done.get(urn, NOTHING))
        for urn in sorted(shown.keys() | done.keys())
        if shown.get(urn) != done.get(urn)
    )
    return tuple(sorted(differences, key=lambda difference: difference.harmless))
