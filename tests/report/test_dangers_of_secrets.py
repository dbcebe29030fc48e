"""Dangers of secrets of teams: what stays behind when a team has another name, or secrets another store."""

import json
import re
from typing import Any

import pytest

from report.dangers.danger import NAMESPACE
from report.dangers.doors import RELEASE
from report.dangers.secrets import EXTERNAL, STORE
from tests.report.edits import edit
from tests.report.logs import state, step, urn
from tests.report.test_dangers import OWN, found, of, openings

TOKEN = {"keys": ["token"]}
TEAM: dict[str, Any] = {"name": "research", "namespaces": ["research"], "secrets": {"hub-token": TOKEN}}
MADE = {**TEAM, "secrets": {"hub-token": {**TOKEN, "filled": "generated"}}}
VAULT = {"store": "vault", "vault": {"address": "https://vault.example.com"}}


STACKS: dict[str, tuple[Any, Any]] = {
    "as it is": (TEAM, None),
    "renamed": ({**TEAM, "name": "science"}, None),
    "in a Vault": (TEAM, VAULT),
    "renamed in a Vault": ({**TEAM, "name": "science"}, VAULT),
    "generated": (MADE, None),
    "another key": ({**TEAM, "secrets": {"hub-token": {"keys": ["key"]}}}, None),
    "without it": ({**TEAM, "secrets": {}}, None),
}


def told(before: str, after: str) -> list[str]:
    """What a change from one stack to the other tells of data."""
    stacks = (
        {"teams": [team] if team else [], **({"secrets": secrets} if secrets else {})}
        for team, secrets in (STACKS[name] for name in (before, after))
    )
    return [each.opening for each in edit(*stacks) if each.kind == "data"]


CHANGES = [
    ("as it is", "renamed", r"Secret main-\S+hub-token deleted"),
    ("as it is", "renamed", "Secret hub-token of namespace research is made anew"),
    ("as it is", "in a Vault", r"Secret main-\S+hub-token deleted"),
    ("as it is", "in a Vault", "the secrets of team research come from another store"),
    ("in a Vault", "as it is", "the secrets of team research come from another store"),
    ("in a Vault", "renamed in a Vault", "Secret hub-token of namespace research is made anew"),
    ("as it is", "generated", r"Secret main-\S+hub-token deleted"),
    ("generated", "as it is", r"Password \S+ deleted"),
    ("as it is", "another key", "Secret hub-token of namespace research reads no longer "),
    ("as it is", "without it", "Secret hub-token goes from namespace research"),
]


@pytest.mark.parametrize(("before", "after", "opening"), CHANGES)
def test_values_that_stay_behind_or_are_lost_are_told(before: str, after: str, opening: str) -> None:
    openings = told(before, after)
    assert any(re.match(opening, each) for each in openings), openings


def external(namespace: str = "research", name: str = "hub-token") -> dict[str, Any]:
    return {"metadata": {"namespace": namespace}, "spec": {"target": {"name": name}}}


@pytest.mark.parametrize(("retained", "told"), [(True, True), (False, False)], ids=["stays", "goes"])
def test_a_secret_that_goes_with_its_namespace_is_no_danger_of_its_own(retained: bool, told: bool) -> None:
    inputs = {"metadata": {"name": "research"}}
    gone = of(NAMESPACE, inputs, None, "main-namespace-research", retainOnDelete=retained)
    openings = [each.opening for each in found(of(EXTERNAL, external(), None), gone, kind="data")]
    assert openings == (["Secret hub-token goes from namespace research"] if told else [])


@pytest.mark.parametrize(("still", "told"), [(True, ["Secret hub-token goes from namespace research"]), (False, [])])
def test_a_secret_that_its_chart_names_no_more_stops_no_pod(still: bool, told: list[str]) -> None:
    admin = {"grafana": {"admin": {"existingSecret": "hub-token"}}}
    named, without = ({"namespace": "research", "values": each} for each in (admin, {}))
    release = of(RELEASE, named, named if still else without, "main-kps")
    space = {"metadata": {"name": "research"}}
    namespace = of(NAMESPACE, space, space, "main-namespace-research", op="same")
    openings = [each.opening for each in found(of(EXTERNAL, external(), None), namespace, release, kind="data")]
    assert openings == told


def test_other_keys_of_a_secret_that_pods_may_lack_are_no_danger() -> None:
    volume = {"secret": {"secretName": "hub-token", "optional": True}}
    values = {"alertmanager": {"alertmanagerSpec": {"volumes": [volume]}}}
    inputs = {"namespace": "research", "values": values}
    release = of(RELEASE, inputs, inputs, "main-kps", op="same")
    before, after = external(), external()
    before["spec"]["data"] = [{"secretKey": "a", "remoteRef": {"key": "b"}}]
    change = of(EXTERNAL, before, after)
    assert len(found(change, kind="data")) == 1
    assert not found(change, release, kind="data")


@pytest.mark.parametrize("op", ["update", "replace"])
@pytest.mark.parametrize("path", ["secret", "other"])
def test_another_store_is_told_whether_it_is_changed_or_replaced(op: str, path: str) -> None:
    before, after = (
        {"metadata": {"name": "research"}, "spec": {"provider": {"vault": {"server": "https://v", "path": each}}}}
        for each in ("secret", path)
    )
    openings = [each.opening for each in found(of(STORE, before, after, op=op), kind="data")]
    assert openings == (["the secrets of team research come from another store"] if path == "other" else [])


ROLE, RIGHTS = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
SECRET, IDENTITY = "aws:secretsmanager/secret:Secret", "aws:eks/podIdentityAssociation:PodIdentityAssociation"
ACCOUNT = "arn:aws:iam::123456789012"
BY_OPERATOR = {"ArnLike": {"aws:PrincipalArn": f"{ACCOUNT}:role/main-external-secrets-*"}}


def reader(
    folder: str = "ml/lab/*", *, condition: Any = BY_OPERATOR, action: str = "kms:Decrypt", **old: Any
) -> list[str]:
    """The steps of a team's reader, which a condition of its trust gives to the operator of secrets."""
    via = {"StringEquals": {"kms:ViaService": "secretsmanager.us-west-2.amazonaws.com"}}
    arn = f"arn:aws:secretsmanager:us-west-2:123456789012:secret:{folder}"
    read = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    rights = [read, {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": via if "kms" in action else {}}]
    trust = {"Effect": "Allow", "Principal": {"AWS": f"{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    role = {"name": "lab-reader", "assumeRolePolicy": document({**trust, "Condition": condition or {}})}
    policy = {"role": "lab-reader", "policy": document(*rights)}
    return [of(ROLE, old.get("role"), role, "lab"), of(RIGHTS, None, policy, "lab")]


def operator() -> list[str]:
    role = {"name": "main-external-secrets-2919a11", "assumeRolePolicy": document()}
    pods = {"namespace": "external-secrets", "serviceAccount": "external-secrets"}
    identity = {**pods, "roleArn": f"{ACCOUNT}:role/{role['name']}"}
    return [of(ROLE, role, role, "operator", op="same"), of(IDENTITY, identity, identity, "operator", op="same")]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Statement": list(statements)})


def secret(name: str, *, new: bool = True) -> str:
    return of(SECRET, None if new else {"name": name}, {"name": name}, name, op="same")


def test_a_teams_first_secret_gives_nobody_what_was_there_before() -> None:
    assert openings(*operator(), *reader(), secret("ml/lab/token")) == []
    assert openings(OWN, *reader(), secret("ml/lab/token")) == [], "the operator may be of another stack"


READS = "pods of external-secrets/external-secrets may "
WIDER: dict[str, tuple[list[str], list[str], str]] = {
    "secrets that were there": ([secret("ml/lab/token", new=False)], reader(), READS),
    "a secret that was there beside": (
        [secret("ml/lab/token", new=False), secret("ml/lab/more")],
        reader(),
        READS,
    ),
    "a folder without secrets of the stack": ([secret("ml/other/token")], reader(), READS),
    "all secrets": ([secret("ml/lab/token")], reader("*"), READS),
    "more than secrets": ([secret("ml/lab/token")], reader(action="s3:GetObject"), READS),
    "a role that was there": ([secret("ml/lab/token")], reader(role={"name": "lab-reader"}), READS),
    "everybody in the account": ([secret("ml/lab/token")], reader(condition=None), f"{ACCOUNT}:root may "),
    "a role of nobody here": (
        [secret("ml/lab/token", new=False)],
        reader(condition={"ArnEquals": {"aws:PrincipalArn": f"{ACCOUNT}:role/eve"}}),
        f"{ACCOUNT}:role/eve may ",
    ),
}


@pytest.mark.parametrize("name", WIDER)
def test_more_than_new_secrets_is_told_with_who_it_is(name: str) -> None:
    steps, of_reader, says = WIDER[name]
    (told_of_it,) = openings(*operator(), *steps, *of_reader)
    assert told_of_it.startswith(says)
    assert "secretsmanager" in told_of_it


def test_a_trust_that_names_fewer_of_the_account_is_no_danger() -> None:
    trusts = [
        {"Effect": "Allow", "Principal": {"AWS": f"{ACCOUNT}:root"}, "Action": "sts:AssumeRole", "Condition": each}
        for each in ({}, BY_OPERATOR)
    ]
    before, after = ({"name": "lab", "assumeRolePolicy": document(each)} for each in trusts)
    assert openings(*operator(), of(ROLE, before, after, "lab")) == []
    (danger,) = openings(*operator(), of(ROLE, after, before, "lab"))
    assert danger == f"{ACCOUNT}:root may take role lab"


def rotation(days: int) -> dict[str, Any]:
    return {"secretId": "arn-of-hub", "rotationLambdaArn": "arn", "rotationRules": {"automaticallyAfterDays": days}}


ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"


def test_a_value_that_holds_for_longer_is_told() -> None:
    assert openings(of(ROTATION, rotation(30), None, "hub")) == ["the secret of hub is rotated no more"]
    assert openings(of(ROTATION, rotation(30), rotation(90), "hub")) == ["days of hub: 30 days → 90 days"]
    assert openings(of(ROTATION, rotation(90), rotation(30), "hub")) == []
    assert openings(of(ROTATION, None, rotation(90), "hub")) == []


def test_a_rotation_that_goes_with_its_secret_is_told_with_that() -> None:
    token = urn(SECRET, "hub")
    gone = step("delete", token, old=state(token, id="arn-of-hub", inputs={"name": "ml/lab/hub"}))
    assert [each for each in openings(gone, of(ROTATION, rotation(30), None, "hub")) if "rotated" in each] == []
