"""Which names say that their value is a secret, as a variable and as a key of a map, and which values are then one."""

import random
import string
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.secret_names import flags, secret_by_name, set_inside
from common.secret_texts import is_random, is_reference, is_words

DRAWN = "3f9a8b7c6d5e4f3a2b1c"
PASSWORDS = (
    "DB_PASSWORD",
    "DB_PASS",
    "DB_PWD",
    "DB_PASSWORDS",
    "CLIENT_SECRET",
    "JWT_SECRET",
    "clientsecret",
    "PASSCODE",
    "door-passcode",
    "adminPassword",
    "pwd",
)
TOKENS = (
    *("HF_TOKEN", "API_TOKENS", "OPENAI_API_KEY", "--secret", "--api-key", "HUB_SECRET", "AWS_SECRET_ACCESS_KEY"),
    *("SENTRY_DSN", "BEARER", "CREDENTIAL", "PRIVATE_KEY", "GITHUB_PAT", "JWT", "token", "apiKey", "accessKey", "pass"),
)
KEYS = ("STRIPE_KEY", "--tls-key", "REGISTRY_AUTH", "Authorization", "SLACK_WEBHOOK", "ALERT_WEBHOOK_URL", "stripeKey")
NONE = (
    *(
        "DB_PASSWORD_FILE",
        "TOKEN_TTL",
        "BYPASS",
        "proxy_pass",
        "TOKENIZER",
        "SECRET_NAME",
        "PASSWORD_SECRET_ARN",
        "key",
    ),
    *("existingSecret", "secretName", "passwordSecret", "secretKeyRef", "MONKEY", "KEYS_URL", "", "publicKey"),
    *("PUBLIC_KEY", "KMS_KEY", "CACHE_KEY"),
)
SOUND = [  # name, value
    *(("TENANT_KEY", "org"), ("--group-by-key", "abc"), ("MODEL_KEY", "llama3-8b-instruct"), ("END_TOKEN", "end")),
    *(("IMAGE_PULL_SECRET", "ecr-pull-v2"), ("agent-inject-token", "true"), ("pass", "silver"), ("auth", "sso-2")),
    *(("--issuer-ambient-credentials", "true"), ("--token", "/run/secrets/token"), ("--tls-key", "/certs/tls.key")),
    *(("ENCRYPTION_KEY", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"), ("--client-key", ""), ("EOS_TOKEN", "2")),
    *(("GOOGLE_APPLICATION_CREDENTIALS", "/var/run/x.json"), ("secretKey", "password"), ("PAD_TOKEN", "<pad>")),
    *(("TOPOLOGY_KEY", "topology.kubernetes.io/zone"), ("OBJECT_KEY", "models/2026/11/29/llama-3-8b/run-8a7/v1beta1")),
    *(("--max-tokens", "512"), ("MAX_NUM_BATCHED_TOKENS", "10000000"), ("--auth", "SCRAM-SHA-512"), ("AUTH", "OAuth2")),
    *(("ALERT_WEBHOOK", "https://alerts.example.com/hooks/ml"), ("DB_DSN", "postgres://db:5432/runs"), ("KEY", "a")),
    *(
        ("SHARD_KEY", "runs/8a7/9b6/7c5"),
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD", "$(OTHER)"),
        ("spreadKey", "TopologySpreadConstraints"),
    ),
]


def is_secret(name: str, value: str) -> bool:
    return secret_by_name(name, value, variable=name.isupper() or name.startswith("-"))


@pytest.mark.parametrize("name", PASSWORDS)
def test_a_password_is_any_text(name: str) -> None:
    assert is_secret(name, "sunflower")
    assert is_secret(name, "5551234987")


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_is_no_plain_word(name: str) -> None:
    assert is_secret(name, "hunter2")
    assert is_secret(name, DRAWN)
    assert is_secret(name, "k3j-9fd-x2c-p0q")
    assert not is_secret(name, "registry-of-models")


@pytest.mark.parametrize("name", KEYS)
def test_a_key_is_a_secret_where_a_machine_has_drawn_it(name: str) -> None:
    assert is_secret(name, f"https://example.com/{DRAWN}")
    assert is_secret(name, "dXNlcjpwYXNz0")
    assert not is_secret(name, "https://example.com/models")


@pytest.mark.parametrize("name", NONE)
def test_a_name_that_only_sounds_like_one_has_none(name: str) -> None:
    assert not is_secret(name, DRAWN)


@pytest.mark.parametrize(("name", "value"), SOUND)
def test_a_sound_value_is_none(name: str, value: str) -> None:
    assert not is_secret(name, value)


def test_a_secret_of_a_map_mostly_has_the_name_of_one() -> None:
    assert secret_by_name("pullSecret", "hunter2", variable=True)
    assert not secret_by_name("pullSecret", "hunter2", variable=False)
    assert secret_by_name("secret", "hunter2", variable=False)


LETTERS, DIGITS = string.ascii_letters, string.digits
GENERATORS: dict[str, Callable[[random.Random], str]] = {  # how machines draw secrets
    "hex": lambda r: "".join(r.choices("0123456789abcdef", k=32)),
    "base64": lambda r: "".join(r.choices(f"{LETTERS}{DIGITS}+/", k=40)),
    "base64 for URLs": lambda r: "".join(r.choices(f"{LETTERS}{DIGITS}-_", k=32)),
    "letters and digits": lambda r: "".join(r.choices(LETTERS + DIGITS, k=24)),
    "small letters and digits": lambda r: "".join(r.choices(string.ascii_lowercase + DIGITS, k=40)),
    "base32": lambda r: "".join(r.choices(f"{string.ascii_uppercase}234567", k=32)),
    "UUID": lambda r: str(uuid.UUID(int=r.getrandbits(128))),
}


@pytest.mark.parametrize("kind", GENERATORS)
def test_nearly_all_that_machines_draw_is_found(kind: str) -> None:
    generator = random.Random(kind)  # the same values in each run
    drawn = [GENERATORS[kind](generator) for _ in range(2000)]
    assert sum(map(is_random, drawn)) >= 1990, "a miss in two hundred is too many"
    assert sum(not is_words(each) for each in drawn) >= 1999, "what a machine draws is no name"
    assert not any(map(is_reference, drawn))


WORD = st.text(string.ascii_lowercase, min_size=1, max_size=12)
NUMBER = st.integers(0, 9999).map(str)
NAMES = st.lists(st.one_of(WORD, NUMBER), min_size=1, max_size=6).flatmap(
    lambda parts: st.sampled_from("-_./:").map(lambda between: between.join(parts))
)


@given(NAMES, st.sampled_from([*TOKENS, *KEYS]))
def test_no_name_of_words_and_numbers_is_a_token_or_a_key(value: str, name: str) -> None:
    assert not is_secret(name, value)


@given(st.text(min_size=1), st.sampled_from(PASSWORDS))
def test_a_password_is_a_secret_unless_it_says_where_it_is(value: str, name: str) -> None:
    assert is_secret(name, value) != is_reference(value)


@given(st.text(), st.sampled_from(NONE))
def test_what_has_no_name_of_a_secret_is_never_one_by_its_name(value: str, name: str) -> None:
    assert not is_secret(name, value)


def test_a_path_of_random_parts_is_no_place_of_a_file() -> None:
    assert is_reference("/run/secrets/hub/token")
    assert not is_reference("/JPZzgtxWK1/ysLy1u5PK7SNzzzd07TebxDrApZtE")


def test_a_public_key_is_no_secret_under_the_name_of_a_key() -> None:
    body = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWfKuE5J0uGnBUSqKBBhGh2dRyLpI"
    for public in ("PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"):
        assert not is_secret("SIGNING_KEY", f"-----BEGIN {public}-----\n{body}\n-----END {public}-----\n")
    assert is_secret("SIGNING_KEY", body)


def test_a_flag_has_its_value_behind_it_or_next() -> None:
    arguments = ["serve", "--token=a", "--api-key", "b", "-v", "--port", 80, "c"]
    assert flags(arguments) == [(1, "--token", "a"), (3, "--api-key", "b")]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("db:\n  password: hunter2\n", "password"),
        ('{"apiKey": "hunter2"}', "apiKey"),
        ("A=1\nDB_PASSWORD='hunter'", "DB_PASSWORD"),
        ("password: ${DB}", ""),
        ("token: str = os.environ['HF_TOKEN']", ""),
        ("nothing of the kind", ""),
    ],
)
def test_a_text_that_sets_a_secret_is_known_by_the_name_that_it_sets(text: str, name: str) -> None:
    assert set_inside(text) == name
