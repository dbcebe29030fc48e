"""Checks that each member of a team is a principal of its own, and that nobody else gets a team's rights."""

from collections.abc import Iterator

from catalog.regions import REGIONS
from settings.core.problems import Mistake
from settings.stack.parts import Parts
from settings.tenancy.members import GROUPS
from settings.tenancy.team import TeamSettings


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields every mistake about members of teams, and every group of a team that somebody else is in."""
    for index, team in parts.teams.items():
        yield from _twice(index, team)
        yield from _strangers(index, team, parts)
    for cluster, content in parts.clusters.items():
        for name, entry in (content.access or {}).items():
            for place, group in enumerate(entry.groups):
                if group.startswith(GROUPS):
                    yield (
                        ("clusters", cluster, "access", name, "groups", place),
                        (
                            f"{group} looks like a group of a team, and only the team says who is in it. Make "
                            "principal_arn a member in teams[].members, or name another group."
                        ),
                    )


def _twice(index: int, team: TeamSettings) -> Iterator[Mistake]:
    first: dict[str | None, str] = {}
    for name, member in team.members.items():
        key = "principal_arn" if member.principal_arn else "permission_set"
        who = getattr(member, key)
        other = first.setdefault(who, name)
        if other != name:
            yield (
                ("teams", index, "members", name, key),
                f"{who} is the member {other} already, and would have the rights of both roles. Drop one of them.",
            )


def _strangers(index: int, team: TeamSettings, parts: Parts) -> Iterator[Mistake]:
    deployer = parts.deployer
    taken = {} if deployer is None else {deployer.preview_role_arn: "preview_role_arn", deployer.role_arn: "role_arn"}
    region = REGIONS.get(parts.region or "")
    for name, member in team.members.items():
        arn, path = member.principal_arn, ("teams", index, "members", name, "principal_arn")
        if arn is None:
            continue
        if arn in taken:
            may = "may do everything" if taken[arn] == "role_arn" else "sees everything but Secrets"
            yield (
                path,
                (
                    f"is deployer.{taken[arn]}, which has an access entry already and {may}. Drop the member, or "
                    "name the role of the team's people."
                ),
            )
        if region is not None and arn.split(":")[1] != region.partition:
            yield (
                path,
                (
                    f"{arn!r} is not of {region.partition}, the partition of {parts.region}, and EKS takes none of "
                    f"another one. Write arn:{region.partition}:..., with a role of such an account."
                ),
            )
