"""Texts that are secrets by their form, under any name."""

import pytest

from common.secret_texts import FORMS, form_of, is_random

KEYS = (
    *(f"pplx-{'a1' * 24}", f"gsk_{'a1' * 26}", f"lsv2_pt_{'0a' * 16}_{'0a' * 5}", f"wandb_v1_{'a1' * 38}"),
    *(f"sk-or-v1-{'0a' * 32}", f"r8_{'a1' * 18}b", f"xai-{'a1' * 40}"),
)
EXAMPLES = {
    "an AWS access key": ["AKIAIOSFODNN7EXAMPLE", "ABIAIOSFODNN7EXAMPLE"],
    "a private key": ["-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----", f"AGE-SECRET-KEY-1{'Q7' * 29}"],
    "a GitHub token": [f"ghp_{'a1' * 18}", f"github_pat_{'a1' * 41}"],
    "a GitLab token": [f"gl{kind}-{'a1' * 10}" for kind in ("pat", "rt", "ptt", "dt", "soat")]
    + [f"glcbt-64_{'a1' * 10}"],
    "a Slack token": ["xoxb-123456789012-abc", f"xapp-1-A0{'1B' * 5}-123456789012-{'0a' * 20}"],
    "a Slack webhook": ["https://hooks.slack.com/services/T01234567/B01234567/abcdefghijklmnopqrstuvwx"],
    "a JSON web token": [f"eyJ{'a' * 10}.eyJ{'b' * 10}.{'c' * 10}"],
    "a Hugging Face token": [f"hf_{'a' * 34}", f"api_org_{'a' * 34}"],
    "a Pulumi access token": [f"pul-{'0a' * 20}"],
    "a Docker Hub token": [f"dckr_pat_{'a1-' * 9}", f"dckr_oat_{'a1' * 16}"],
    "a Grafana token": [f"glsa_{'a1' * 16}_{'0a' * 4}", f"glc_eyJ{'a1' * 20}=="],
    "a Vault token": [f"hvs.{'a1' * 46}", f"hvb.{'a1' * 70}"],
    "a Terraform token": [f"{'a1' * 7}.atlasv1.{'a1' * 33}"],
    "a PyPI token": [f"pypi-AgEIcHlwaS5vcmc{'a1' * 40}"],
    "a Databricks token": [f"dapi{'0a' * 16}"],
    "a Sentry token": [f"sntryu_{'0a' * 32}", f"sntrys_eyJpYXQiO{'a1' * 30}"],
    "a 1Password token": [f"ops_eyJ{'a1' * 130}"],
    "an OpenShift token": [f"sha256~{'a1' * 21}b"],
    "an Amazon Bedrock key": [f"ABSK{'a1' * 60}", f"bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t{'a1' * 20}"],
    "a DigitalOcean token": [f"dop_v1_{'0a' * 32}"],
    "a New Relic key": [f"NRAK-{'A1' * 13}B"],
    "a SendGrid key": [f"SG.{'a1' * 11}.{'a1' * 21}b"],
    "an API key": [f"sk-{'a1' * 16}", f"sk-ant-{'a1' * 16}", f"rk_live_{'a1' * 8}", f"AIza{'a1' * 17}b", *KEYS],
    "the value of an Authorization header": ["Basic dXNlcjpwYXNz", "Bearer a1b2c3"],
    "a URL with a password": ["postgres://user:pass@host/db", "redis://:hunter2@cache"],
}
NONE = (
    *("sk-learn-pipelines-of-the-research-team", "Basic authentication", "Bearer $(TOKEN)", "task-sk-1", "hf_models"),
    *("postgres://db:5432/runs", "postgres://trainer:$(DB_PASSWORD)@db/runs", "oci://train:v1@sha256:0123", "ghp_x"),
    *("xoxo", "https://hooks.slack.com", "-----BEGIN CERTIFICATE-----", "AKIA", "eyJ.eyJ.x"),
    *("sha256:0123abcd", "dckr_pat_x", "glsa_token", "hvs.x", "dapi-server", "ops_team", "gsk_models", "SG.main.a"),
    *("sk-or-v1-models", "r8_models", "xai-models-of-the-research-team"),
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
