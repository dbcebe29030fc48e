"""The forms of secrets, and what the rule about them says and costs. Tokens are put together for scanners' sake."""

import time

import pytest

from common.values import Secret
from policies.rules.secrets.secret_no_plaintext import RULE
from policies.samples import pod_of
from tests.policies.policy_harness import check_resource

TOKENS = {
    "AWS": "AK" + "IA" + "A2" * 8,
    "GitHub": "gh" + "p_" + "a1" * 18,
    "GitHub, fine-grained": "github" + "_pat_" + "a1" * 41,
    "GitLab": "gl" + "pat-" + "a1" * 10,
    "Slack": "xo" + "xb-" + "1234567890-a",
    "Hugging Face": "h" + "f_" + "a" * 34,
    "OpenAI": "s" + "k-proj-" + "a1" * 20,
    "Anthropic": "s" + "k-ant-" + "a1" * 20,
    "NVIDIA": "nv" + "api-" + "a1" * 30,
    "a JSON web token": "ey" + "J" * 20 + ".ey" + "J" * 20 + "." + "a1" * 10,
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS.keys())
def test_a_token_is_found_by_its_form_and_not_shown(token: str) -> None:
    for value in (token, f"curl -H 'X: {token}' https://example.com", Secret(token)):
        findings = check_resource(RULE, pod_of({"env": [{"name": "GREETING", "value": value}]}))
        assert [finding.policyName for finding in findings] == [RULE.id]
        assert token not in str(findings), "a pull request shows the preview"


@pytest.mark.parametrize(
    "text",
    [
        "disk-encryption-of-volumes-is-on-by-default-everywhere",
        "task-0123456789abcdef0123456789abcdef0123",
        "https://hub.example.com:8443/models/llama@main",
        "s3://models/eyes.eyJ",
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "--max-num-batched-tokens=8192 --tokenizer=/models/tokenizer",
        "tokenizer.add_special_tokens({'pad_token': '[PAD]'})",
        "hf_transfer",
    ],
)
def test_texts_of_machine_learning_are_no_secrets(text: str) -> None:
    assert [finding.message for finding in check_resource(RULE, pod_of({"args": [text]}))] == []


@pytest.mark.parametrize("text", ["-" * 100_000, "a-" * 50_000, "ey" * 50_000, "://" * 30_000, "token " * 20_000])
def test_a_long_text_takes_no_longer_than_its_length(text: str) -> None:
    start = time.process_time()
    check_resource(RULE, pod_of({"args": [text]}))
    assert time.process_time() - start < 3, "a file in a ConfigMap has up to 1 MiB"
