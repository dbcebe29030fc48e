"""Which registries the rule on images of teams lets in: for the rule, and for what is checked against it."""

from collections.abc import Iterable, Sequence

from settings.tenancy.images import ImagesSettings
from settings.tenancy.team import TeamSettings


def has_own(images: ImagesSettings, teams: Iterable[TeamSettings]) -> bool:
    """Returns whether the stack has images of its own: in repositories of teams, or in a cache."""
    return images.cache is not None or any(team.repositories for team in teams)


def let_in(named: Sequence[str], registry: str, own: str) -> list[str]:
    """Returns the registries, with their paths.

    named: `admission.registries`. registry: host of the account's own images. own: what the names of the stack's own
    and cached images begin with, which are let in beside registries that are named; "" where it has none.
    """
    return [*named, *([own] if own else [])] if named else [registry]
