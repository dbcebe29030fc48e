"""Which names say that their value is a secret, as a variable and as a key of a map."""

import pytest

from common.secret_names import flags, secret_by_name, set_inside

SECRETS = {  # name -> value
    **dict.fromkeys(
        ("DB_PASSWORD", "DB_PASS", "DB_PWD", "HF_TOKEN", "API_TOKENS", "STRIPE_KEY", "OPENAI_API_KEY"), "x"
    ),
    **dict.fromkeys(("--secret", "--api-key", "JWT_SECRET", "AWS_SECRET_ACCESS_KEY", "SENTRY_DSN", "BEARER"), "x"),
    **dict.fromkeys(("CREDENTIAL", "DB_PASSWORDS", "PRIVATE_KEY", "clientsecret"), "x"),
    "Authorization": "Basic dTpw0=",
    "REGISTRY_AUTH": "dTpw0==",
    "NPM_AUTH": "dXNlcjpwYXNz0",
}
SOUND = {
    **dict.fromkeys(("DB_PASSWORD_FILE", "TOKEN_TTL", "PUBLIC_KEY", "TOPOLOGY_KEY", "PAD_TOKEN", "BYPASS"), "x"),
    **dict.fromkeys(("MAX_NUM_BATCHED_TOKENS", "--max-tokens", "MAX_TOKENS"), "512"),
    **dict.fromkeys(("REGISTRY_AUTH", "--auth"), "htpasswd"),
    **dict.fromkeys(("TOKENIZER", "SECRET_NAME", "PASSWORD_SECRET_ARN", "MONKEY", "KEY", "", "proxy_pass"), "x"),
    "DB_PASSWORD": "",
}
OF_A_MAP = ("password", "passwords", "adminPassword", "pwd", "pass", "apiKey", "client_secret", "secret", "accessKey")
OF_A_SOUND_MAP = ("existingSecret", "secretName", "passwordSecret", "tokenTTL", "publicKey", "secretKeyRef", "nodeKey")


@pytest.mark.parametrize("name", SECRETS)
def test_a_variable_is_a_secret_by_its_name(name: str) -> None:
    assert secret_by_name(name, SECRETS[name], variable=True)


@pytest.mark.parametrize("name", SOUND)
def test_a_variable_that_only_sounds_like_one_is_none(name: str) -> None:
    assert not secret_by_name(name, SOUND[name], variable=True)


@pytest.mark.parametrize("name", OF_A_MAP)
def test_a_key_of_a_map_is_a_secret_by_its_name(name: str) -> None:
    assert secret_by_name(name, "hunter2", variable=False)


@pytest.mark.parametrize("name", OF_A_SOUND_MAP)
def test_a_key_that_names_where_a_secret_is_has_none(name: str) -> None:
    assert not secret_by_name(name, "grafana", variable=False)


def test_a_flag_has_its_value_behind_it_or_next() -> None:
    arguments = ["serve", "--token=a", "--api-key", "b", "-v", "--port", 80, "c"]
    assert flags(arguments) == [(1, "--token", "a"), (3, "--api-key", "b")]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("db:\n  password: hunter2\n", "password"),
        ('{"apiKey": "hunter"}', "apiKey"),
        ("A=1\nDB_PASSWORD='hunter'", "DB_PASSWORD"),
        ("password: ${DB}", ""),
        ("token: str = os.environ['HF_TOKEN']", ""),
        ("nothing of the kind", ""),
    ],
)
def test_a_text_that_sets_a_secret_is_known_by_the_name_that_it_sets(text: str, name: str) -> None:
    assert set_inside(text) == name
