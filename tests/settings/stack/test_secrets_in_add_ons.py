"""A secret in what a stack file says to an add-on is refused, whichever add-on it is, and is in no message."""

import json
from typing import Any

import pytest

from catalog.eks_addons import ADDONS
from components.core.addon_spec import every_add_on
from settings.core.problems import Problem, SettingsError
from settings.core.secret_values import HIDDEN, secret_mistakes
from settings.stack.loader import load
from tests.settings.stacks import SOURCE, TODAY, stack

SECRET = "hunter2hunter2"
PLACES = [
    *(("addons", name, "values") for name in sorted(every_add_on())),
    *(("managed_addons", name, "configuration") for name in sorted(ADDONS)),
]
FORMS: dict[str, tuple[Any, str]] = {
    # how it is written: (the values, the end of the path)
    "a key": ({"adminPassword": SECRET}, "adminPassword"),
    "below other keys": ({"server": {"auth": {"token": SECRET}}}, "token"),
    "a variable": ({"env": [{"name": "DB_PASSWORD", "value": SECRET}]}, "value"),
    "a variable in a map": ({"extraEnv": {"CLIENT_SECRET": SECRET}}, "CLIENT_SECRET"),
    "a flag": ({"args": ["serve", "--api-key", SECRET]}, "args[2]"),
    "a flag with its value": ({"args": [f"--api-key={SECRET}"]}, "args[0]"),
    "a header": ({"headers": [{"name": "X-Api-Key", "value": SECRET}]}, "headers[0].value"),
    "a file of settings": ({"config": f"db:\n  host: db\n  password: {SECRET}\n"}, "config"),
    "a file of JSON": ({"config": json.dumps({"apiKey": SECRET})}, "config"),
    "a file of variables": ({"envFile": f"HOST=db\nDB_PASSWORD={SECRET}"}, "envFile"),
    "a command": ({"command": ["sh", "-c", f"HF_TOKEN='{SECRET}' train"]}, "command[2]"),
    "an address": ({"redis": f"redis://:{SECRET}@cache"}, "redis"),
    "a number": ({"password": 20172017}, "password"),
}
SOUND: dict[str, Any] = {
    "a file that reads it": {"config": "password: ${DB_PASSWORD}\ntokenFile: /run/secrets/token"},
    "an address with a reference": {"db": "postgres://trainer:$(DB_PASSWORD)@db/runs"},
    "an image by its digest": {"image": "oci://train:v1@sha256:0123"},
    "a template": {"config": 'password: "{{ .Values.password }}"'},
    "a number of tokens": {"maxTokens": 512},
    "where it is": {"existingSecret": "grafana"},
}


def problems(place: tuple[str, ...], values: Any) -> tuple[Problem, ...]:
    kind, name, key = place
    with pytest.raises(SettingsError) as refused:  # a sound value is refused as well: no chart reads it
        load(stack((("clusters", "main", kind), {name: {key: values, "no": 1}})), SOURCE, every_add_on(), TODAY)
    return tuple(refused.value.problems)


def of_secrets(found: tuple[Problem, ...]) -> list[str]:
    return [each.path for each in found if "Keep it in AWS Secrets Manager" in each.message]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[1])
def test_a_secret_is_refused_in_the_values_of_every_add_on(place: tuple[str, ...]) -> None:
    values = {f"part{index}": each for index, (each, _) in enumerate(FORMS.values())}
    found = problems(place, values)
    paths = of_secrets(found)
    missed = [
        form
        for index, (form, (_, end)) in enumerate(FORMS.items())
        if not any(f".part{index}." in path and path.endswith(end) for path in paths)
    ]
    assert missed == []
    assert SECRET not in "".join(map(str, found)), "what refuses a secret must not print it"


@pytest.mark.parametrize("name", SOUND)
def test_what_only_names_a_secret_is_none(name: str) -> None:
    assert of_secrets(problems(("managed_addons", "coredns", "configuration"), SOUND[name])) == []


def test_a_text_elsewhere_that_reads_like_a_file_of_settings_is_none() -> None:
    text = f"password: {SECRET}"
    inside = ("clusters", "main", "addons", "kueue", "values", "config")
    assert [*secret_mistakes(text, inside)], "add-ons have files of settings"
    for path in (("tags", "note"), ("clusters", "main", "pools", 0, "labels", "note"), ("storage", "buckets", "note")):
        assert not [*secret_mistakes(text, path)], "such a text may be a sentence"


def test_another_mistake_in_the_same_values_shows_no_secret() -> None:
    found = problems(("addons", "karpenter", "values"), {"nosuchkey": f"password: {SECRET}"})
    assert len(of_secrets(found)) == 1
    assert all(SECRET not in each.message for each in found)
    assert HIDDEN not in "".join(each.path for each in found)
