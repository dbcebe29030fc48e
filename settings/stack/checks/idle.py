"""Checks that a setting has what it is about: one that does nothing is a promise that nobody keeps.

What the environment's profile says, and what is the default anyway, counts as not written.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from settings.core.base import Settings
from settings.core.problems import Mistake
from settings.stack.parts import Parts
from settings.stack.profiles import PROFILES


def _has_secrets(parts: Parts) -> bool:
    of_observability = parts.observability is not None and parts.observability.has_secrets
    return of_observability or any(team.secrets for team in parts.teams.values())


def _has_repositories(parts: Parts) -> bool:
    return any(team.repositories for team in parts.teams.values())


def _has_images(parts: Parts) -> bool:
    return _has_repositories(parts) or (parts.images is not None and parts.images.cache is not None)


def _keeps_deleted_secrets(parts: Parts) -> bool:
    return parts.secrets is None or parts.secrets.store == "aws"


def _has_isolation(parts: Parts) -> bool:
    return parts.isolation is not None or not parts.knows_isolation


def _has_teams(parts: Parts) -> bool:
    return bool(parts.teams)


_GIVE = "Give a team some, for example"
_ROWS: Sequence[tuple[str, Sequence[str], Callable[[Parts], bool], str, str]] = (
    # section, its fields, whether there is what they are about; where there is not: what, and what to write
    (
        *("images", ("kms",), _has_repositories),
        *("the repositories of teams, and no team has any", f"{_GIVE} `repositories: [trainer]`"),
    ),
    (
        *("images", ("untagged_days", "keep"), _has_images),
        *("repositories of teams and of the cache, and there is neither", "Give a team some, write images.cache"),
    ),
    (
        *("admission", ("mode", "registries", "digests", "labels", "signatures"), _has_teams),
        *("the pods of teams, and there is no team", "Write it with the first team"),
    ),
    (
        *("secrets", ("store", "recovery_days"), _has_secrets),
        *("the secrets of teams, and no team has any", f"{_GIVE} `secrets: {{hub-token: {{keys: [token]}}}}`"),
    ),
    (
        *("secrets", ("recovery_days",), _keeps_deleted_secrets),
        *("Secrets Manager, and secrets.store is vault", "Set it in the Vault"),
    ),
    (
        *("secrets.vault", ("ranges",), _has_isolation),
        *("network policies, and isolation is not written", "Write isolation: {}"),
    ),
)


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields the settings that do nothing. Only where every team is valid: what a wrong one has is not known."""
    if not parts.knows_namespaces:
        return
    for section, fields, has, what, write in _ROWS:
        path = tuple(section.split("."))
        settings: Any = parts
        for step in path:
            settings = getattr(settings, step, None)
        for name in fields if isinstance(settings, Settings) and not has(parts) else ():
            if getattr(settings, name) not in (type(settings).default_of(name), _of_profile(parts, (*path, name))):
                yield (*path, name), f"is about {what}, so it does nothing. {write}, or drop it."


def _of_profile(parts: Parts, path: Sequence[str]) -> Any:
    value: Any = PROFILES.get(parts.environment or "")
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
