"""Finds secrets in a stack file, by the form of a value or by the name of its key.

A stack file is committed, and its values end up in the state of the stack, in previews and in backups. Secrets belong
in AWS Secrets Manager; the settings only name them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

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
    "a URL with a password": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/@]+@"),
}
# Keys of Helm values and tags that hold a secret. Keys that hold the name of a secret (existingSecret, secretName) do
# not match.
KEYS = re.compile(
    r"(admin|root|db|database|user|redis|postgres(ql)?|api|access|auth|client|session|encryption|secret|private|master)?"
    r"[-_]?(password|passwd|passphrase|token|apikey|api[-_]key|secret[-_]?key|secret[-_]?access[-_]?key|clientsecret"
    r"|client[-_]secret|private[-_]?key)",
    re.IGNORECASE,
)
# Environment variables that hold a secret, which charts take as `name` and `value`.
VARIABLES = re.compile(
    r"([a-z0-9]+_)*(password|passwd|passphrase|token|api_?key|secret|secret_key|secret_access_key|private_key)",
    re.IGNORECASE,
)
ADVICE = "Keep it in AWS Secrets Manager, and name the secret here."


def secret_mistakes(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yields a mistake for every secret at or below `path`. The sentence never repeats the secret."""
    if isinstance(value, Mapping):
        name, text = value.get("name"), value.get("value")
        if isinstance(name, str) and isinstance(text, str) and text and VARIABLES.fullmatch(name):
            yield (*path, "value"), f"is the value of {name}, which is a secret by its name. {ADVICE}"
            return
        for key, item in value.items():
            yield from secret_mistakes(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from secret_mistakes(item, (*path, index))
    elif isinstance(value, str):
        kind = next((kind for kind, form in FORMS.items() if form.search(value)), None)
        if kind is not None:
            yield path, f"holds {kind}, and anyone who can read the repository or the state could use it. {ADVICE}"
        elif value and len(path) > 1 and isinstance(path[-1], str) and KEYS.fullmatch(path[-1]):
            yield path, f"has the name of a secret, and its value is here in plain text. {ADVICE}"
