"""Finds secrets in a stack file, by the form of a value or by the name of its key.

A stack file is committed, and its values end up in the state of the stack, in previews and in backups. Secrets belong
in AWS Secrets Manager; the settings only name them.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from common.secret_names import flags, secret_by_name, set_inside
from settings.core.problems import Path

# Kind of secret -> pattern of its text. Sources: IAM user guide, "IAM identifiers"; GitHub, "Token formats"; RFC 7468;
# Slack, "Token types"; RFC 7519; Hugging Face, "User access tokens"; Pulumi, "Access tokens"; read 2026-11.
FORMS: Mapping[str, re.Pattern[str]] = {
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})"),
    "a Slack token": re.compile(r"\bxox[abposr]-[A-Za-z0-9-]{10,}"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{30,}"),
    "a Pulumi access token": re.compile(r"\bpul-[0-9a-f]{40}\b"),
    "an API key": re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"),
    "a URL with a password": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]*:(?![$<{%])[^\s/@]+@(?!sha256:)"),
}
ADVICE = "Keep it in AWS Secrets Manager, and name the secret here."


HIDDEN = "(not shown)"
"""Stands for a secret in messages. It is no valid name, so nothing takes it for a setting."""

_OF_ADD_ONS = (("addons",), ("managed_addons",))
"""Below `clusters.<name>`: values of charts and of EKS add-ons, which may hold whole files of settings."""

_WORD_OF_FIELD: Mapping[str, re.Pattern[str]] = {  # field of a team's secret -> what is no secret there
    "keys": re.compile(r"[-._a-zA-Z0-9]{1,253}"),
    "namespaces": re.compile(r"[a-z0-9-]{1,63}"),
    "filled": re.compile(r"outside|generated"),
    "refresh_minutes": re.compile(r"\d+"),
    "rotation.function_arn": re.compile(r"arn:[\w-]*:[a-z]+:[a-z0-9-]*:\d*:[\w:/$-]{1,200}"),
    "rotation.every_days": re.compile(r"\d+"),
}
_LISTS = ("keys", "namespaces")
_NOTHING = re.compile(r"(?!)")
_NAME = re.compile(r"[-._/a-zA-Z0-9]{1,63}")


def secret_mistakes(value: Any, path: Path, name: str = "") -> Iterator[tuple[Path, str]]:
    """Yields a mistake for every secret at or below `path`. The sentence never repeats the secret.

    name: of the setting that a list belongs to.
    """
    if isinstance(value, Mapping):
        variable, text = value.get("name"), value.get("value")
        if isinstance(variable, str) and isinstance(text, str) and secret_by_name(variable, text, variable=True):
            yield (*path, "value"), f"is the value of {variable}, which is a secret by its name. {ADVICE}"
            return
        for key, item in value.items():
            if kind := _kind(str(key)):
                yield path, f"has a key that holds {kind}. {ADVICE}"
            yield from secret_mistakes(item, (*path, key), str(key))
    elif isinstance(value, list):
        of_flags = {at: flag for at, flag, text in flags(value) if secret_by_name(flag, text, variable=True)}
        for index, item in enumerate(value):
            if index in of_flags and not _kind(item):
                yield (*path, index), f"is the value of {of_flags[index]}, which is a secret by its name. {ADVICE}"
            else:
                yield from secret_mistakes(item, (*path, index), name)
    elif isinstance(value, str):
        if kind := _kind(value):
            yield path, f"holds {kind}, and anyone who can read the repository or the state could use it. {ADVICE}"
        elif len(path) > 1 and secret_by_name(name, value, variable=name.isupper()):
            yield path, f"has the name of a secret, and its value is here in plain text. {ADVICE}"
        elif path[2:3] in _OF_ADD_ONS and (inner := set_inside(value)):
            yield path, f"sets {inner}, which is a secret by its name, in plain text. {ADVICE}"
    elif path[2:3] in _OF_ADD_ONS and isinstance(value, int | float) and not isinstance(value, bool):
        yield from _of_number(value, path, name)


def _of_number(value: float, path: Path, name: str) -> Iterator[tuple[Path, str]]:
    """Yields that a number is a password; a number of tokens is none."""
    if secret_by_name(name, str(value), variable=name.isupper()):
        yield path, f"has the name of a secret, and its value is here in plain text. {ADVICE}"


def without_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a stack file with HIDDEN for each secret: what is checked cannot be in a message then.

    Below `teams[].secrets` that is all that is not a plain word of its field: what is written there in the wrong place
    may be the secret itself.
    """
    found = {path for path, _ in secret_mistakes(values, ())}
    hidden: dict[str, Any] = _hidden(values, (), found)
    return hidden


def _hidden(value: Any, path: Path, found: Collection[Path]) -> Any:
    if isinstance(value, Mapping):
        return {_key(key, path): _hidden(item, (*path, key), found) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item, (*path, index), found) for index, item in enumerate(value)]
    if path in found or (isinstance(value, str) and _of_a_team(path) and not _is_word(value, path[4:])):
        return HIDDEN
    return value


def _key(key: Any, path: Path) -> Any:
    return HIDDEN if _kind(str(key)) or (_of_a_team(path) and not _NAME.fullmatch(str(key))) else key


def _of_a_team(path: Path) -> bool:
    return len(path) > 2 and path[0] == "teams" and path[2] == "secrets"


def _is_word(text: str, path: Path) -> bool:
    """path: below a secret of a team."""
    fields = [each for each in path if isinstance(each, str)]
    field = ".".join(fields)
    in_place = len(path) - len(fields) == (field in _LISTS)
    return in_place and bool(_WORD_OF_FIELD.get(field, _NOTHING).fullmatch(text))


def _kind(text: Any) -> str | None:
    return next((kind for kind, form in FORMS.items() if form.search(text)), None) if isinstance(text, str) else None
