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
    "the operator turned off": (
        {**_team(), "addons": {"external-secrets": {"enabled": False}}},
        "clusters.main.addons.external-secrets.enabled",
        "secrets of a team needs external-secrets. Drop it here, or write no `secrets` of its teams.",
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
