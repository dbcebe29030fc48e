"""Each mistake that `secrets`, and the secrets of a team, can have is reported at its path, with the way out."""

from typing import Any

import pytest

from components.core.addon_spec import every_add_on
from settings.core.problems import SettingsError
from settings.stack.loader import load
from tests.settings.stacks import SOURCE, TODAY, stack

VAULT = {"address": "https://vault.example.com"}


def _team(name: str = "hub-token", **secret: Any) -> dict[str, Any]:
    content = {"keys": ["token"], **secret}
    return {"teams": [{"name": "research", "namespaces": ["research"], "secrets": {name: content}}]}


FUNCTION = "arn:aws:lambda:us-west-2:123456789012:function:rotate"
ROTATION = "teams[0].secrets.hub-token.rotation"


def _rotated(function: str) -> dict[str, Any]:
    return _team(rotation={"function_arn": function, "every_days": 30})


MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is wrong: (the settings, the path of the problem, a part of the message)
    "a vault without its address": ({"secrets": {"store": "vault"}}, "secrets.vault", "Write its address."),
    "an address of a vault that nobody asks": ({"secrets": {"vault": VAULT}}, "secrets.vault", "Write store: vault."),
    "a vault without TLS": (
        {"secrets": {"store": "vault", "vault": {"address": "http://vault.example.com"}}},
        "secrets.vault.address",
        "",
    ),
    "a window of three days": ({"secrets": {"recovery_days": 3}}, "secrets.recovery_days", "Write 7 to 30, or 0"),
    "a path in the name": (_team("team/hub"), "teams[0].secrets", "the platform puts the team's own before it."),
    "no keys": (_team(keys=[]), "teams[0].secrets.hub-token.keys", ""),
    "a key twice": (_team(keys=["token", "token"]), "teams[0].secrets.hub-token.keys", "Name each once."),
    "a key with a space": (_team(keys=["a token"]), "teams[0].secrets.hub-token.keys", "use letters, digits"),
    "another team's namespace": (_team(namespaces=["agents"]), "teams[0].secrets", "Name one of them."),
    "a password that is read again": (
        _team(filled="generated", refresh_minutes=5),
        "teams[0].secrets.hub-token.refresh_minutes",
        "the password is made once. Drop it.",
    ),
    "a rotation by another thing": (
        _rotated("arn:aws:sns:us-west-2:123456789012:rotate"),
        ROTATION,
        "Write arn:aws:lambda:",
    ),
    "a rotation of another region": (
        _rotated(FUNCTION.replace("us-west-2", "eu-west-1")),
        ROTATION,
        "is of region eu-west-1, the stack of us-west-2, and Secrets Manager calls functions of its own. Name a ",
    ),
    "a rotation of another partition": (
        _rotated(FUNCTION.replace("aws:", "aws-cn:", 1)),
        ROTATION,
        "is of partition aws-cn",
    ),
    "a rotation of another account": (
        {**_rotated(FUNCTION), "account_id": "999999999999"},
        ROTATION,
        "the function is of account 123456789012, the stack of 999999999999, and the key of secrets",
    ),
    "a rotation every four years": (
        _team(rotation={"function_arn": FUNCTION, "every_days": 1461}),
        f"{ROTATION}.every_days",
        "1000",
    ),
    "a rotation of no days": (
        _team(rotation={"function_arn": FUNCTION, "every_days": 0}),
        f"{ROTATION}.every_days",
        "",
    ),
    "a rotation of what the cluster makes": (
        _team(filled="generated", rotation={"function_arn": FUNCTION, "every_days": 30}),
        ROTATION,
        "the password is in the cluster alone. Drop it.",
    ),
    "a rotation that the cluster sees too late": (
        _team(refresh_minutes=1440, rotation={"function_arn": FUNCTION, "every_days": 1}),
        ROTATION,
        "Write refresh_minutes below 1440, for example 5.",
    ),
    "a rotation in a vault": (
        {**_rotated(FUNCTION), "secrets": {"store": "vault", "vault": VAULT}},
        ROTATION,
        "secrets.store is vault. Drop it, and rotate there.",
    ),
    "the operator turned off": (
        {**_team(), "addons": {"external-secrets": {"enabled": False}}},
        "clusters.main.addons.external-secrets.enabled",
        (
            "secrets of a team needs external-secrets. Drop it here, or write no `secrets` of its teams, "
            "no `observability.grafana`, and in `observability.alerts` mail alone."
        ),
    ),
    "the operator without need": (
        {"addons": {"external-secrets": {}}},
        "clusters.main.addons.external-secrets",
        "nothing needs external-secrets",
    ),
    "definitions that go with the release": (
        {**_team(), "addons": {"external-secrets": {"values": {"crds": {"annotations": None}}}}},
        "clusters.main.addons.external-secrets.values.crds.annotations",
        "with these would go every ExternalSecret and Secret. Drop it.",
    ),
    "stores of everybody": (
        {**_team(), "addons": {"external-secrets": {"values": {"processSecretStore": True}}}},
        "clusters.main.addons.external-secrets.values.processSecretStore",
        "Drop it.",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_the_way_out(name: str) -> None:
    given, path, says = MISTAKES[name]
    places = {"addons": ("clusters", "main", "addons")}
    raw = stack(*((places.get(key, (key,)), value) for key, value in given.items()))
    with pytest.raises(SettingsError) as refused:
        load(raw, SOURCE, every_add_on(), TODAY)
    (problem,) = refused.value.problems
    assert problem.path.startswith(path)
    assert says in problem.message


def test_in_dev_a_secret_is_erased_at_once_so_that_the_stack_can_come_again() -> None:
    def days(environment: str) -> int:
        return load(stack((("environment",), environment)), SOURCE, every_add_on(), TODAY).secrets.recovery_days

    assert {each: days(each) for each in ("dev", "staging", "prod")} == {"dev": 0, "staging": 7, "prod": 30}


def test_a_long_key_is_a_key() -> None:
    """What is hidden from messages as a possible secret must not be what the settings take."""
    key = "service-account-credentials-for-the-registry-of-models-in-production.json"
    (team,) = load(stack((("teams",), _team(keys=[key])["teams"])), SOURCE, every_add_on(), TODAY).teams
    assert team.secrets["hub-token"].keys == (key,)
