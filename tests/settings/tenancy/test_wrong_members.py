"""Each mistake about who is in a team is reported at its path, with the way out."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack

ROLE = "arn:aws:iam::123456789012:role/"
ANN = {"principal_arn": f"{ROLE}ann", "role": "viewer"}
TEAM: dict[str, Any] = {"name": "lab", "namespaces": ["lab"]}
PATH = "teams[0].members"


def _team(**members: Any) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    return ("teams",), [{**TEAM, "members": members}]


def _deployer(**roles: str) -> tuple[tuple[str, ...], dict[str, str]]:
    return ("deployer",), {**roles}


MISTAKES: dict[str, tuple[list[tuple[tuple[str, ...], Any]], str, str]] = {
    # what is wrong: (the changes, the path of the problem, the end of the message)
    "one principal in two roles": (
        [_team(a=ANN, b={**ANN, "role": "ml-engineer"})],
        f"{PATH}.b.principal_arn",
        f"{ROLE}ann is the member a already, and would have the rights of both roles. Drop one of them.",
    ),
    "one permission set twice": (
        [_team(a={"permission_set": "Lab", "role": "viewer"}, b={"permission_set": "Lab", "role": "viewer"})],
        f"{PATH}.b.permission_set",
        "Lab is the member a already, and would have the rights of both roles. Drop one of them.",
    ),
    "the deployer": (
        [_team(a=ANN), _deployer(role_arn=f"{ROLE}ann")],
        f"{PATH}.a.principal_arn",
        "and may do everything. Drop the member, or name the role of the team's people.",
    ),
    "the role of previews": (
        [_team(a=ANN), _deployer(role_arn=f"{ROLE}deployer", preview_role_arn=f"{ROLE}ann")],
        f"{PATH}.a.principal_arn",
        "and sees everything but Secrets. Drop the member, or name the role of the team's people.",
    ),
    "principal of another partition": (
        [_team(a={**ANN, "principal_arn": "arn:aws-cn:iam::123456789012:role/ann"})],
        f"{PATH}.a.principal_arn",
        "Write arn:aws:..., with a role of such an account.",
    ),
    "no principal": (
        [_team(a={"role": "viewer"})],
        f"{PATH}.a.permission_set",
        "so this is nobody. Write principal_arn or permission_set, and one of them alone.",
    ),
    "the role of a permission set": (
        [_team(a={"permission_set": "AWSReservedSSO_ML_Lab_0123456789abcdef", "role": "viewer"})],
        f"{PATH}.a.permission_set",
        "and it changes. Write the name of the set: ML_Lab.",
    ),
    "a name with a space": (
        [_team(**{"my people": ANN})],
        f'{PATH}["my people"]',
        "begin and end with a letter or digit. Rename it, for example people.",
    ),
    "two principals": ([_team(a={**ANN, "permission_set": "Lab"})], f"{PATH}.a.permission_set", "one of them alone."),
    "role that there is not": ([_team(a={**ANN, "role": "admin"})], f"{PATH}.a.role", ""),
    "group of a team without being in it": (
        [(("clusters", "main", "access"), {"joe": {"principal_arn": f"{ROLE}joe", "groups": ["x", "ml:lab:viewer"]}})],
        "clusters.main.access.joe.groups[1]",
        "Make principal_arn a member in teams[].members, or name another group.",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_the_way_out(name: str) -> None:
    changes, path, advice = MISTAKES[name]
    (problem,) = problems(stack(*changes))
    assert problem.path == path
    assert problem.message.endswith(advice)


def test_one_person_may_be_in_two_teams_and_have_an_entry_of_the_cluster() -> None:
    other = {"name": "two", "namespaces": ["two"], "members": {"ann": ANN}}
    access = ("clusters", "main", "access"), {"ann": {"principal_arn": ANN["principal_arn"]}}
    assert not problems(stack(access, (("teams",), [{**TEAM, "members": {"ann": ANN}}, other])))
