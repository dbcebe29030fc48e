"""Texts that are secrets by their form, under any name; texts that stand where a secret could; and texts of words.

Sources: gitleaks v8.30, config/gitleaks.toml; IAM user guide, "IAM identifiers"; GitHub, "Token formats"; Hugging Face,
"User access tokens"; Pulumi, "Access tokens"; RFC 7468, 7519, 7617; read 2026-11. Those of Docker Hub, LangSmith,
Weights & Biases, Groq, OpenRouter, Replicate and xAI: as they stand in files of public repositories.
"""

import re
from collections.abc import Mapping

FORMS: Mapping[str, re.Pattern[str]] = {  # kind of secret -> pattern of its text
    "an AWS access key": re.compile(r"\b(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    "a private key": re.compile(r"-----BEGIN[A-Z ]*PRIVATE KEY|\bAGE-SECRET-KEY-1[A-Z0-9]{58}"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})"),
    "a GitLab token": re.compile(r"\bgl(pat|dt|ft|ffct|imt|ptt|rt|soat|agent)-[\w-]{20}|\bglcbt-\w{1,5}_[\w-]{20}"),
    "a Slack token": re.compile(r"\b(xox[a-z]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+)"),
    "a Slack webhook": re.compile(r"\bhooks\.slack\.com/(services|workflows|triggers)/[A-Za-z0-9+/]{20,}"),
    "a JSON web token": re.compile(r"\bey[\w-]{8,}\.ey[\w-]{8,}\.[\w-]{8,}"),
    "a Hugging Face token": re.compile(r"\b(hf|api_org)_[A-Za-z0-9]{30,}"),
    "a Pulumi access token": re.compile(r"\bpul-[0-9a-f]{40}\b"),
    "a Docker Hub token": re.compile(r"\bdckr_[op]at_[\w-]{20,}"),
    "a Grafana token": re.compile(r"\bgl(sa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}|c_[A-Za-z0-9+/]{32,})"),
    "a Vault token": re.compile(r"\bhv[bs]\.[\w-]{24,}"),
    "a Terraform token": re.compile(r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,}"),
    "a PyPI token": re.compile(r"\bpypi-AgE[\w-]{50,}"),
    "a Databricks token": re.compile(r"\bdapi[0-9a-f]{32}\b"),
    "a Sentry token": re.compile(r"\bsntry(u_[0-9a-f]{64}|s_eyJ[\w+/=]{40,})"),
    "a 1Password token": re.compile(r"\bops_eyJ[A-Za-z0-9+/]{100,}"),
    "an OpenShift token": re.compile(r"\bsha256~[\w-]{43}"),
    "an Amazon Bedrock key": re.compile(r"\bABSK[A-Za-z0-9+/]{100,}|\bbedrock-api-key-[A-Za-z0-9+/]{40,}"),
    "a DigitalOcean token": re.compile(r"\bdo[opr]_v1_[0-9a-f]{64}"),
    "a New Relic key": re.compile(r"\bNRAK-[A-Z0-9]{27}"),
    "a SendGrid key": re.compile(r"\bSG\.[\w-]{22}\.[\w-]{43}"),
    "an API key": re.compile(
        r"\bsk-(proj|svcacct|admin|ant|lf|or)-[\w-]{20,}|\bsk-[A-Za-z0-9]{32,}|\b[rs]k_(live|test|prod)_[A-Za-z0-9]{10,}"
        r"|\bnvapi-[\w-]{40,}|\bAIza[\w-]{35}|\bnpm_[A-Za-z0-9]{36}\b"
        r"|\br8_[A-Za-z0-9]{37}|\bxai-[A-Za-z0-9]{60,}"
        r"|\bpplx-[A-Za-z0-9]{48}|\bgsk_[A-Za-z0-9]{48,}|\blsv2_(pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}|\bwandb_v1_\w{60,}"
    ),
    "the value of an Authorization header": re.compile(
        r"\b(Basic|Bearer) (?=\S*([a-z][A-Z]|\d|=))[A-Za-z0-9+/=._~-]{6,}"
    ),
    "a URL with a password": re.compile(r"://[^/\s:@]*:(?![$<{%])[^/\s@]+@(?!sha256:)"),
}
_REFERENCE = re.compile(
    r"|true|false|null|none|arn:.*|\$[({].*|\$[A-Za-z_]\w*|[<{\[].*|%[({].*|[|>][-+\d]*|\*+"
    r"|-----BEGIN ([A-Z]+ )?(PUBLIC KEY|CERTIFICATE)-----.*",
    re.IGNORECASE | re.DOTALL,
)
_FILE = re.compile(r"(?:/[\w.@-]+){2,}/?")
_LETTERS = r"(?:[A-Z]+|[A-Z]?[a-z]+)(?:[A-Z]{1,4}[a-z]{2,}){0,3}(?:[A-Z]{2,5})?"
_PART = re.compile(r"[A-Za-z0-9]+")
_PLAIN = re.compile(  # h100, sha256, 80gb, v1beta1
    rf"(?=.{{1,30}}$){_LETTERS}|\d+|{_LETTERS}\d{{1,4}}|\d{{1,4}}[A-Za-z]{{1,4}}|v\d+(?:alpha|beta)\d+"
)
_LONG_WORD = re.compile(r"[A-Z]?[a-z]{5,}")
_WORDS = re.compile(r"[A-Za-z0-9]+(?:[-_./:,@ ]+[A-Za-z0-9]+)*[./]?|")
_RANDOM = 5
"""So many characters that are in no word and no number are no name."""


def text_of(value: object) -> str:
    """Returns a text, or a number as a text; "" of others, and of numbers that are too short for a secret."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return value if isinstance(value, str) else str(value) if abs(value) > 999 else ""


def form_of(text: str) -> str | None:
    """Returns what kind of secret a text holds by its form; None where it holds none."""
    return next((kind for kind, form in FORMS.items() if form.search(text)), None)


def is_reference(text: str) -> bool:
    """Tells whether a text says where a secret is, or that there is none: a path, an ARN, a template; a public key."""
    given = text.strip()
    return bool(_REFERENCE.fullmatch(given) or (_FILE.fullmatch(given) and not is_random(given)))


def is_words(text: str) -> bool:
    """Tells whether a text is of words and short numbers alone, as names are: `ecr-pull-v2`, but not `hunter2`."""
    parts = _PART.findall(text)
    mixed = [each for each in parts if not each.isdigit() and not each.isalpha()]
    return (
        bool(_WORDS.fullmatch(text.strip()))
        and len(mixed) <= 2
        and all(len(each) <= 3 for each in mixed)
        and all(len(each) <= 6 for each in parts if each.isdigit())
        and all(_PLAIN.fullmatch(each) for each in parts if each.isalpha())
    )


def is_random(text: str) -> bool:
    """Tells whether a text looks as if a machine had drawn it: much of it is neither a word nor a number."""
    odd = (each for each in _PART.findall(text) if len(each) > 4 and not _PLAIN.fullmatch(each))
    return sum(len(each if each.isalpha() else _LONG_WORD.sub("", each)) for each in odd) >= _RANDOM
