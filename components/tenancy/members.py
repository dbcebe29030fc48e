"""Who is in the teams of a cluster: IAM principals, and the groups of Kubernetes that each gets."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import pulumi
import pulumi_aws as aws

from catalog.roles import Role
from settings.core.naming import SSO_PATH, SSO_ROLE
from settings.tenancy.members import GROUPS
from settings.tenancy.team import TeamSettings


def group(team: str, role: Role) -> str:
    """Returns the group of those who have a role in a team."""
    return f"{GROUPS}{team}:{role}"


def groups_of(teams: Iterable[TeamSettings], roles: Mapping[str, str]) -> dict[str, list[str]]:
    """Returns principal -> its groups in one cluster, from all teams of it: EKS takes one entry of a principal.

    roles: permission set -> ARN of its role.
    """
    found: dict[str, set[str]] = {}
    for team in teams:
        for member in team.members.values():
            principal = member.principal_arn or roles[str(member.permission_set)]
            found.setdefault(principal, set()).add(group(team.name, member.role))
    return {principal: sorted(groups) for principal, groups in sorted(found.items())}


def permission_set_roles(
    teams: Sequence[TeamSettings], taken: Collection[str], opts: pulumi.InvokeOptions
) -> dict[str, str]:
    """Returns permission set -> ARN of its role in the account, which ends otherwise each time it is assigned anew.

    taken: the deployer's roles, which have entries already. Raises RunError with every set that has no role, several,
    or one of these. Source: IAM Identity Center user guide, "Referencing permission sets"; read 2026-11.
    """

    def find(name: str) -> Sequence[str]:
        pattern = f"^{SSO_ROLE}{re.escape(name)}_[0-9a-f]{{16}}$"
        path = SSO_PATH.removeprefix("role")
        return list(aws.iam.get_roles(name_regex=pattern, path_prefix=path, opts=opts).arns)

    return roles_of(teams, find, taken)


def roles_of(
    teams: Sequence[TeamSettings], find: Callable[[str], Sequence[str]], taken: Collection[str]
) -> dict[str, str]:
    """Returns permission set -> ARN of its role. find: returns all that there are. Raises RunError as above."""
    places = {
        member.permission_set: f"teams[{index}].members.{key}.permission_set"
        for index, team in enumerate(teams)
        for key, member in team.members.items()
        if member.permission_set is not None
    }
    roles = {name: sorted(find(name)) for name in places}
    mistakes = [
        f"{places[name]}: {problem}" for name, arns in roles.items() if (problem := _problem(name, arns, taken))
    ]
    if mistakes:
        raise pulumi.RunError("\n".join(mistakes))
    return {name: arns[0] for name, arns in roles.items()}


def _problem(name: str, arns: Sequence[str], taken: Collection[str]) -> str:
    if not arns:
        return (
            f"the account has no role of the permission set {name}, so nobody could come in by it. Assign the set to "
            "the account in IAM Identity Center first, or name a role in principal_arn."
        )
    if len(arns) > 1:
        return (
            f"the account has several roles of the permission set {name}: {', '.join(arns)}. Name the one that people "
            "have in principal_arn."
        )
    if arns[0] in taken:
        return (
            f"{name} is the deployer's, which has an access entry already and may do everything. Drop the member, or "
            "name another permission set."
        )
    return ""
