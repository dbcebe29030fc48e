"""A secret that stands in a stack file, in whichever place and form, is in no message; the message says what belongs
there instead."""

import re
from pathlib import Path
from typing import Any

import pytest

from components.core.addon_spec import every_add_on
from settings.core.problems import Problem, SettingsError
from settings.stack.loader import load_file
from tests.settings.stacks import TODAY, problems, stack

NUMBER, TEXT = 5551234987, "hunter2Zq9"
MAP = "but a map of keys and values is expected here. Write for example `hub-token: {keys: [token]}`."
FIELDS = "Known: namespaces, keys, filled, refresh_minutes, rotation."


ARN = "arn:aws:lambda:us-west-2:123456789012:function:rotate"


def of_team(secrets: Any) -> tuple[Problem, ...]:
    team = {"name": "research", "namespaces": ["research"], "secrets": secrets}
    return problems(stack((("teams",), [team])))


def field(**fields: Any) -> dict[str, Any]:
    return {"hub-token": {"keys": ["token"], **fields}}


WRONG = {  # the secrets of a team -> how one of the messages ends
    "a number for the secret": ({"hub-token": NUMBER}, MAP),
    "a text for the secret": ({"hub-token": TEXT}, MAP),
    "a word for the secret": ({"hub-token": "token"}, MAP),
    "a number for all secrets": (NUMBER, "Write for example `secrets: {hub-token: {keys: [token]}}`."),
    "a number for the keys": (field(keys=NUMBER), "but a list is expected here. Write for example `keys: [token]`."),
    "a text for the keys": (field(keys="token"), "but a list is expected here. Write for example `keys: [token]`."),
    "a number as a key": (field(keys=[NUMBER]), "but text is expected here. Write for example `- token`."),
    "a number for how it is filled": (field(filled=NUMBER), "made once in each namespace."),
    "a text for how it is filled": (field(filled=TEXT), "made once in each namespace."),
    "a number of minutes": (field(refresh_minutes=NUMBER), "Write 44640 or less."),
    "a text for the minutes": (field(refresh_minutes=TEXT), "Write for example `refresh_minutes: 60`."),
    "a text for the namespaces": (field(namespaces="research"), "Write for example `namespaces: [research]`."),
    "a namespace with capitals": (field(namespaces=["Research"]), "Rename it, for example research."),
    "a text for the rotation": (field(rotation=TEXT), ':function:rotate-hub-token", every_days: 30}`.'),
    "a text for the function": (
        field(rotation={"function_arn": TEXT, "every_days": 30}),
        "Write arn:aws:lambda:REGION:ACCOUNT:function:NAME.",
    ),
    "a number of days": (field(rotation={"function_arn": ARN, "every_days": NUMBER}), "Write 1000 or less."),
    "a text as a field of the rotation": (
        field(rotation={"function_arn": ARN, "every_days": 30, TEXT: "x"}),
        "Known: function_arn, every_days.",
    ),
    "a text as the name of the secret": ({TEXT: {"keys": ["token"]}}, "the platform puts the team's own before it."),
    "a text as a field": ({"hub-token": {"keys": ["token"], TEXT: "x"}}, FIELDS),
    "a number as a field": ({"hub-token": {"keys": ["token"], str(NUMBER): "x"}}, FIELDS),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_could_be_a_secret_of_a_team_is_not_repeated(name: str) -> None:
    secrets, end = WRONG[name]
    found = of_team(secrets)
    assert any(each.message.endswith(end) for each in found), found
    assert not re.search(f"{NUMBER}|{TEXT}|10000000|'token'|'research'|Research|not-shown", " ".join(map(str, found)))


@pytest.mark.parametrize("value", ["0755123", TEXT, NUMBER, f"ghp_{'a1' * 18}"])
def test_one_place_gets_one_message(value: Any) -> None:
    assert len(of_team({"hub-token": value})) == 1


def test_a_secret_in_the_place_of_a_field_is_told_by_its_form() -> None:
    (found,) = of_team(field(keys=f"ghp_{'a1' * 18}"))
    assert found.message.startswith("holds a GitHub token")


def test_a_misspelt_field_is_told_with_its_name() -> None:
    assert [each.message for each in of_team(field(filed="outside"))] == [
        "is not a setting, so it would do nothing. Did you mean filled?"
    ]


def test_a_misspelt_field_below_a_name_that_is_not_shown_is_told_as_well() -> None:
    found = of_team({TEXT: {"kyes": ["token"]}})
    assert "is not a setting, so it would do nothing. Did you mean keys?" in [each.message for each in found]


def test_a_number_of_minutes_that_can_be_none_is_shown() -> None:
    (problem,) = of_team(field(refresh_minutes=50_000))
    assert problem.message.startswith("is 50000, and the maximum is 44640.")


TEAM = "config:\n  ml-platform:teams:\n  - name: research\n    namespaces: [research]\n    secrets: "
IN_FILES = {  # as it is written in the file -> how the message ends
    f"{TEAM}{{hub-token: 0123456789012}}": MAP,
    f"{TEAM}{{hub-token: 1.5551234987}}": MAP,
    f"{TEAM}{{hub-token: {{keys: [0123456789012]}}}}": "YAML reads a number or a date. Write it in quotes.",
    f"{TEAM}{{hub-token: {{version: 1.5512340}}}}": FIELDS,
    f"{TEAM}{{hub-token: !{TEXT} }}": "has a YAML tag, which no setting needs. Write the value without it, or quoted.",
    f"{TEAM}{{{TEXT}: 1, {TEXT}: 2}}": "this key is already in line 5, and only one of the two could count. Drop one.",
    f"{TEAM}{{sunflower: 1, sunflower: 2}}": "is already in line 5, and only one of the two could count. Drop one.",
    f"config:\n  ml-platform:tags: {{{TEXT}: 1, {TEXT}: 2}}": "Drop one.",
    "config:\n  ml-platform:clusters: {main: {addons: {cert-manager: {values: {password: 0123456789012}}}}}": (
        "Keep it in AWS Secrets Manager, and name the secret here."
    ),
}


@pytest.mark.parametrize("text", IN_FILES)
def test_what_yaml_reads_as_something_else_is_not_repeated_where_secrets_are(tmp_path: Path, text: str) -> None:
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load_file(file, every_add_on(), TODAY)
    assert any(each.message.endswith(IN_FILES[text]) for each in refused.value.problems), refused.value
    assert not re.search(r"123456789012|5551234987|551234|hunter2|sunflower", str(refused.value))


def test_a_standard_tag_and_a_plain_key_are_named(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.test.yaml"
    for text, says in (("{a: !!binary aGVsbG8=}", "has the YAML tag !!binary,"), ("{a: 1, a: 2}", "a is already in")):
        file.write_text(f"config:\n  ml-platform:tags: {text}")
        with pytest.raises(SettingsError, match=says):
            load_file(file, every_add_on(), TODAY)


def of_values(values: dict[str, Any]) -> tuple[Problem, ...]:
    return problems(stack((("clusters", "main", "addons"), {"cert-manager": {"values": values}})))


@pytest.mark.parametrize(
    "values",
    [
        {"extraEnv": [{"name": "DB_PASSWORD", "value": NUMBER}]},
        {"extraArgs": ["--password", NUMBER]},
        {"extraArgs": ["--token", TEXT]},
        {"podLabels": {"password": NUMBER}},
        {"podLabels": {"slack": "https://hooks.slack.com/services/T01234567/B01234567/abcdefghijklmnopqrstuvwx"}},
        {"extraEnv": [{"name": "SLACK_WEBHOOK", "value": "https://hooks.example.com/T0123AB/a1b2c3d4e5f6a7"}]},
        {"extraEnv": [{"name": "GITHUB_PAT", "value": TEXT}, {"name": "LEVEL", "value": "x"}]},
    ],
)
def test_a_secret_in_values_of_a_chart_is_refused(values: dict[str, Any]) -> None:
    (problem,) = of_values(values)
    assert problem.message.endswith("Keep it in AWS Secrets Manager, and name the secret here.")
    assert not re.search(f"{NUMBER}|{TEXT}|T0123", problem.message)


def test_sound_values_of_a_chart_are_taken() -> None:
    variables = {
        "ENCRYPTION_KEY": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd",
        "GOOGLE_APPLICATION_CREDENTIALS": "/var/run/x.json",
        "TENANT_KEY": "org",
        "IMAGE_PULL_SECRET": "ecr-pull-v2",
        "MODEL_KEY": "llama3-8b-instruct",
        "END_TOKEN": "end",
    }
    flags = ["--issuer-ambient-credentials=true", "--token", "/run/secrets/token", "--tls-key=/certs/tls.key"]
    values = {
        "extraArgs": [*flags, "--client-key=", "--group-by-key=abc"],
        "extraEnv": [{"name": name, "value": value} for name, value in variables.items()],
        "podAnnotations": {"vault.hashicorp.com/agent-inject-token": "true"},
    }
    assert of_values(values) == ()
    assert problems(stack((("tags",), {"pass": "silver", "auth": "sso-2"}))) == ()
