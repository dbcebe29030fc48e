"""A value that is planted where secrets are is nowhere in what Pulumi keeps or shows; one in the program is found."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.stack.stack_file import load
from settings.core.problems import SettingsError
from simulator.kubernetes.clusters import EKS_CLUSTER, cluster_of
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack
from tests.settings.stacks import SOURCE, TODAY
from tests.settings.stacks import stack as stack_file

CANARY = "can4ry-7f3a9c2e5b8d1046"
TEAMS: list[dict[str, Any]] = [
    {
        "name": "research",
        "namespaces": ["research"],
        "secrets": {"hub-token": {"keys": ["token"]}, "session": {"keys": ["password"], "filled": "generated"}},
    }
]


def found_in(cloud: PlatformCloud) -> list[str]:
    """Returns the names of what has the value in its inputs, in its state, or in its state after a refresh."""
    found = []
    for each in cloud.registered.values():
        state: list[Any] = [each.inputs, each.checked, each.outputs]
        if each.type.startswith(("aws:", "kubernetes:")) and each.id and not each.type.endswith("Patch"):
            of_cluster = each.type.startswith("kubernetes:")
            config = cloud.one("pulumi:providers:kubernetes", "main-kubernetes").checked if of_cluster else None
            state.append(cloud.providers.read(each.urn, each.id, config))
        if CANARY in json.dumps(state, default=str):
            found.append(each.name)
    return found


def test_what_people_and_generators_fill_in_is_in_no_state(cloud: PlatformCloud) -> None:
    cloud.up(stack(teams=TEAMS))
    simulated = cloud.providers.cloud
    cluster = cluster_of(simulated, simulated.of_type(EKS_CLUSTER)[0])
    secret = cloud.one("secretsmanager/secret:Secret")
    version = {"secretId": secret.id, "secretString": json.dumps({"token": CANARY}), "region": "us-west-2"}
    simulated.put("aws:secretsmanager/secretVersion:SecretVersion", f"{secret.id}|1", version)
    for name, key in (("hub-token", "token"), ("session", "password")):
        metadata = {"name": name, "namespace": "research"}
        cluster.put(
            {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {key: CANARY}}, "research"
        )
    assert CANARY in json.dumps([row.state for row in simulated.all()]), "it is planted"
    assert found_in(cloud) == []


def test_a_value_that_the_program_has_is_found(cloud: PlatformCloud) -> None:
    def program() -> None:
        secret = aws.secretsmanager.Secret("hub", name="hub", description=CANARY)
        pulumi.export("arn", secret.arn)

    cloud.build(program)
    assert found_in(cloud) == ["hub"], "the search finds what is there"


@pytest.mark.parametrize(
    "values", [{"auth": {"adminPassword": CANARY}}, {"extraEnv": [{"name": "HUB_TOKEN", "value": CANARY}]}]
)
def test_a_value_in_the_stack_file_is_refused_and_not_repeated(values: dict[str, Any]) -> None:
    path = ("clusters", "main", "addons", "cert-manager")
    with pytest.raises(SettingsError) as refused:
        load(stack_file((path, {"values": values})), SOURCE, TODAY)
    assert "secret" in str(refused.value)
    assert CANARY not in str(refused.value), "a message ends up in logs"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("secrets", {"hub-token": CANARY}),
        ("secrets", [CANARY]),
        ("secrets", {"hub-token": {"keys": CANARY}}),
        ("secrets", {"hub-token": {"keys": [f"token={CANARY}"]}}),
        ("secrets", {"hub-token": {"keys": [{"token": CANARY}]}}),
        ("secrets", {"hub-token": {"keys": ["token"], "filled": CANARY}}),
        ("secrets", {"hub-token": {"keys": ["token"], "refresh_minutes": CANARY}}),
        ("secrets", {"hub-token": {"keys": ["token"], "namespaces": CANARY}}),
        ("secrets", {f"token={CANARY}": {"keys": ["token"]}}),
        ("service_accounts", f"postgres://user:{CANARY}@db/runs"),
    ],
)
def test_a_secret_in_the_wrong_place_of_a_team_is_not_repeated(path: str, value: object) -> None:
    team = {**TEAMS[0], path: value}
    with pytest.raises(SettingsError) as refused:
        load(stack_file((("teams",), [team])), SOURCE, TODAY)
    assert CANARY not in str(refused.value)
    assert f"teams[0].{path}" in str(refused.value)


def test_an_address_with_a_password_is_refused_and_not_repeated() -> None:
    secrets = {"store": "vault", "vault": {"address": f"http://hub:{CANARY}@vault.example.com"}}
    with pytest.raises(SettingsError) as refused:
        load(stack_file((("secrets",), secrets)), SOURCE, TODAY)
    assert "secrets.vault.address" in str(refused.value)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("flags", [["--secret", CANARY], [f"--api-key={CANARY}"]])
def test_a_flag_with_a_secret_is_refused_and_not_repeated(flags: list[str]) -> None:
    path = ("clusters", "main", "addons", "cert-manager")
    with pytest.raises(SettingsError, match="which is a secret by its name") as refused:
        load(stack_file((path, {"values": {"extraArgs": flags}})), SOURCE, TODAY)
    assert CANARY not in str(refused.value)
