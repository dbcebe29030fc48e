"""Checks the secrets of teams against the store, the region and the account."""

from collections.abc import Iterator

from catalog.regions import REGIONS
from settings.core.problems import Mistake, Path
from settings.secrets.secrets import SecretsSettings
from settings.stack.parts import Parts
from settings.tenancy.team_secrets import RotationSettings


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields rotations that Secrets Manager could not do."""
    for index, team in parts.teams.items():
        for name, secret in team.secrets.items():
            if secret.rotation is not None:
                yield from _of_rotation(parts, secret.rotation, ("teams", index, "secrets", name, "rotation"))


def _of_rotation(parts: Parts, rotation: RotationSettings, path: Path) -> Iterator[Mistake]:
    secrets: SecretsSettings | None = parts.secrets
    if secrets is not None and secrets.store != "aws":
        yield path, f"is of Secrets Manager, and secrets.store is {secrets.store}. Drop it, and rotate there."
        return
    _, partition, _, region, account, _ = rotation.function_arn.split(":", 5)
    known = REGIONS.get(parts.region or "")
    why = (
        ("partition", partition, known.partition if known else None, "Secrets Manager reaches no other"),
        ("region", region, parts.region, "Secrets Manager calls functions of its own"),
        ("account", account, parts.account_id, "the key of secrets, alias/<stack>-secrets, lets in no other"),
    )
    for word, given, ours, because in why:
        if ours is not None and given != ours:
            yield (
                (*path, "function_arn"),
                f"the function is of {word} {given}, the stack of {ours}, and {because}. Name a function there.",
            )
            return
