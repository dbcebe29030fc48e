"""Texts that are secrets by their form, under any name."""

import pytest

from common.secret_texts import FORMS, form_of, is_random

EXAMPLES = {
    "an AWS access key": ["AKIAIOSFODNN7EXAMPLE"],
    "a private key": ["-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----"],
    "a GitHub token": [f"ghp_{'a1' * 18}", f"github_pat_{'a1' * 41}"],
    "a GitLab token": [f"glpat-{'a1' * 10}"],
    "a Slack token": ["xoxb-123456789012-abc"],
    "a Slack webhook": ["https://hooks.slack.com/services/T01234567/B01234567/abcdefghijklmnopqrstuvwx"],
    "a JSON web token": [f"eyJ{'a' * 10}.eyJ{'b' * 10}.{'c' * 10}"],
    "a Hugging Face token": [f"hf_{'a' * 34}"],
    "a Pulumi access token": [f"pul-{'0a' * 20}"],
    "an API key": [f"sk-{'a1' * 16}", f"sk-ant-{'a1' * 16}", f"rk_live_{'a1' * 8}", f"AIza{'a1' * 17}b"],
    "the value of an Authorization header": ["Basic dXNlcjpwYXNz", "Bearer a1b2c3"],
    "a URL with a password": ["postgres://user:pass@host/db", "redis://:hunter2@cache"],
}
NONE = (
    *("sk-learn-pipelines-of-the-research-team", "Basic authentication", "Bearer $(TOKEN)", "task-sk-1", "hf_models"),
    *("postgres://db:5432/runs", "postgres://trainer:$(DB_PASSWORD)@db/runs", "oci://train:v1@sha256:0123", "ghp_x"),
    *("xoxo", "https://hooks.slack.com", "-----BEGIN CERTIFICATE-----", "AKIA", "eyJ.eyJ.x"),
)


def test_each_form_has_an_example() -> None:
    assert {*EXAMPLES} == {*FORMS}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in EXAMPLES.items() for text in texts])
def test_a_secret_is_found_by_its_form(kind: str, text: str) -> None:
    assert form_of(text) == kind
    assert form_of(f"before '{text}' behind") == kind


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert form_of(text) is None


@pytest.mark.parametrize(
    ("text", "random"),
    [
        ("Xk9qZ", True),  # five characters that are no word
        ("Xk9q", False),  # of four nobody would guess a machine
        ("trainer9x4z7", True),
        ("trainer9x4z", False),
        ("trainer/9x4z/model", False),
    ],
)
def test_five_characters_that_are_no_word_look_drawn(text: str, random: bool) -> None:
    assert is_random(text) is random
