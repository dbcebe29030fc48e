"""Dangers of people: who joins a team, who leaves it, and what a team's group may do where it could not before."""

import pytest

from report.dangers.danger import SERIOUS
from tests.report.test_dangers import found, of

ENTRY = "aws:eks/accessEntry:AccessEntry"
BINDING = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding"
GROUP = "ml:lab:ml-engineer"


def entry(*groups: str) -> dict[str, object]:
    return {"principalArn": "ann", "kubernetesGroups": list(groups)}


def binding(namespace: str = "lab") -> dict[str, object]:
    metadata = {"name": "ml-engineer", "namespace": namespace}
    ref = {"kind": "Role", "name": "ml-engineer"}
    return {"metadata": metadata, "roleRef": ref, "subjects": [{"kind": "Group", "name": GROUP}]}


def said(*steps: str) -> list[str]:
    return [f"{each.opening}: {each.consequence}" for each in found(*steps, kind="access")]


@pytest.mark.parametrize("before", [None, entry("ml:other:viewer")], ids=["new here", "in another team"])
def test_who_joins_a_team_is_told_once_with_the_role_and_where(before: dict[str, object] | None) -> None:
    after = entry(GROUP) if before is None else entry("ml:other:viewer", GROUP)
    new_team = of(BINDING, None, binding(), "main-team-lab.lab.ml-engineer")
    expected = f"ann joins {GROUP}: it is ml-engineer in lab; access.md says what pods add to that"
    assert said(new_team, of(ENTRY, before, after)) == [expected]


def test_another_namespace_of_a_team_is_told_since_its_people_get_in() -> None:
    there = of(ENTRY, entry(GROUP), entry(GROUP), op="same")
    assert said(there, of(BINDING, None, binding("more"), "more")) == [
        f"{GROUP} gets ml-engineer in more: the role says what it allows in the cluster"
    ]


def test_a_smaller_role_is_told_as_a_loss_too() -> None:
    less = GROUP.replace("ml-engineer", "viewer")
    there = of(BINDING, binding(), None, "main-team-lab-lab-ml-engineer")
    lost, joined = sorted(said(there, of(ENTRY, entry(GROUP), entry(less))), reverse=True)
    assert lost == (
        f"ann leaves {GROUP}: what only these allow is lost: ml-engineer in lab; pods that they made run on"
    )
    assert joined.startswith(f"ann joins {less}")


def test_a_wider_role_is_no_loss() -> None:
    less = GROUP.replace("ml-engineer", "viewer")
    assert all("leaves" not in each for each in said(of(ENTRY, entry(less), entry(GROUP))))


def test_who_leaves_one_of_two_teams_is_told() -> None:
    (told,) = said(of(ENTRY, entry(GROUP, "ml:other:viewer"), entry("ml:other:viewer")))
    assert told.startswith(f"ann leaves {GROUP}: what only these allow is lost")


@pytest.mark.parametrize("members", [entry(GROUP), entry()], ids=["members stay", "nobody is left"])
def test_a_group_that_stays_and_loses_a_namespace_is_told(members: dict[str, object]) -> None:
    told = said(of(BINDING, binding(), None), of(ENTRY, members, members, op="same"))
    expected = [f"{GROUP} loses ml-engineer in lab: who is in it can no longer see or end what runs there"]
    assert told == (expected if members["kubernetesGroups"] else [])


def test_who_leaves_is_shut_out_and_the_pods_stay() -> None:
    (danger,) = found(of(ENTRY, entry(GROUP), None), kind="access")
    assert danger.opening == f"ann leaves {GROUP}"
    assert danger.severity == SERIOUS
    assert danger.consequence == "they are shut out, and their pods run on"


def test_an_entry_with_other_groups_is_no_teams() -> None:
    (danger,) = found(of(ENTRY, entry(GROUP, "auditors"), None), kind="access")
    assert danger.opening.startswith("rights in the cluster are taken from ann")
