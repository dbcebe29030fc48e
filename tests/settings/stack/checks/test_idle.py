"""A setting that does nothing without another one is refused, and the message says what to write."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack
from tests.settings.tenancy.test_wrong_signatures import HOST, IMAGES, PUBLIC

TEAM: dict[str, Any] = {"name": "lab", "namespaces": ["lab"]}
SECRET = {**TEAM, "secrets": {"hub": {"keys": ["token"]}}}
ADDRESS = {"address": "https://vault.example.com"}
VAULT = {"store": "vault", "vault": ADDRESS}
IN_RANGES = {"store": "vault", "vault": {**ADDRESS, "ranges": ["10.200.0.0/28"]}}
LATER = {"secrets": {**VAULT, "recovery_days": 7}, "teams": [SECRET]}
SIGNED = {"kyverno": {}, "registries": [HOST], "signatures": {"images": [IMAGES], "keys": [PUBLIC]}}
IDLE: list[tuple[dict[str, Any], str, str, dict[str, Any]]] = [
    # what the file says, the place, how the message ends, what it would be about
    ({"images": {"kms": False}}, "images.kms", "or drop it.", {"teams": [{**TEAM, "repositories": ["trainer"]}]}),
    ({"images": {"kms": False, "cache": {"upstreams": ["k8s"]}}}, "images.kms", "or drop it.", {}),
    ({"images": {"keep": 10}}, "images.keep", "or drop it.", {"images": {"keep": 10, "cache": {"upstreams": ["k8s"]}}}),
    ({"images": {"untagged_days": 7}}, "images.untagged_days", "write images.cache, or drop it.", {}),
    ({"admission": {"mode": "warn"}}, "admission.mode", "with the first team, or drop it.", {"teams": [TEAM]}),
    ({"admission": {"digests": False}}, "admission.digests", "or drop it.", {"teams": [TEAM]}),
    ({"admission": {"labels": []}}, "admission.labels", "or drop it.", {"teams": [TEAM]}),
    ({"admission": SIGNED}, "admission.signatures", "or drop it.", {}),
    ({"secrets": {"recovery_days": 7}}, "secrets.recovery_days", "or drop it.", {"teams": [SECRET]}),
    ({"secrets": VAULT}, "secrets.store", "or drop it.", {"teams": [SECRET]}),
    (
        {"secrets": {**VAULT, "recovery_days": 7}, "teams": [SECRET]},
        "secrets.recovery_days",
        "Set it in the Vault, or drop it.",
        {},
    ),
    ({"secrets": IN_RANGES, "teams": [SECRET]}, "secrets.vault.ranges", "or drop it.", {"isolation": {}}),
]


def found(**settings: Any) -> list[tuple[str, str]]:
    return [(each.path, each.message) for each in problems(stack(*(((key,), each) for key, each in settings.items())))]


@pytest.mark.parametrize(("says", "path", "end", "about"), IDLE)
def test_a_setting_without_what_it_is_about_is_refused(
    says: dict[str, Any], path: str, end: str, about: dict[str, Any]
) -> None:
    (message,) = (message for where, message in found(**says) if where == path)
    assert "so it does nothing" in message
    assert message.endswith(end)
    if about:
        assert path not in dict(found(**{**says, **about}))


@pytest.mark.parametrize(
    "says",
    [
        {"images": {"kms": True}},
        {"admission": {"mode": "warn"}, "environment": "dev"},
        {"secrets": {"recovery_days": 0}, "environment": "dev"},
        {"admission": {"kyverno": {}}},
        {"admission": {"mode": "warn"}, "teams": [{**TEAM, "name": "not a name"}]},
        {"secrets": IN_RANGES, "teams": [SECRET], "isolation": {"mode": "no such mode"}},
    ],
)
def test_defaults_those_of_the_profile_and_what_is_not_known_are_not_refused(says: dict[str, Any]) -> None:
    assert not [message for _, message in found(**says) if "so it does nothing" in message]
