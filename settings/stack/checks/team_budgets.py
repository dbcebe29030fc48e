"""Checks what the budgets of teams would count."""

from collections.abc import Iterator

from catalog.regions import REGIONS
from settings.core.problems import Mistake
from settings.stack.namespaces import teams_of_storage
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields budgets that AWS does not have, and those that would stand at 0 USD for ever.

    Source of the regions: AWS SDK for Python, endpoints.json: budgets has no endpoint in aws-us-gov; read 2026-11.
    """
    own = (
        set(teams_of_storage([*parts.teams.values()], parts.storage, parts.clusters).values())
        if parts.storage is not None
        else None
    )
    region = REGIONS.get(parts.region or "")
    for index, team in parts.teams.items():
        if team.budget is None:
            continue
        if region is not None and region.partition == "aws-us-gov":
            yield (
                ("teams", index, "budget"),
                f"AWS has no Budgets in {region.name}. Drop it, and make one in the account that pays for this one.",
            )
        elif (
            own is not None
            and team.name not in own
            and not team.repositories
            and not any(secret.filled == "outside" for secret in team.secrets.values())
        ):
            yield (
                ("teams", index, "budget"),
                (
                    f"counts what {team.name} alone uses, and there is nothing: no entry of storage has only its "
                    "namespaces in used_by, it has no secret in the store and no repository, and nodes bear no team's "
                    "tag. It would "
                    "stand at 0 USD. Drop it, or give the team a bucket of its own."
                ),
            )
