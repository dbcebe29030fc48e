"""Secrets by their name and value: of variables, flags, and keys of a map. One judge for settings and policies.

A name says it with its last words: DB_PASSWORD, apiKey, --hub-token. So existingSecret and tokenTTL name none, and
neither does a variable that ends in _NAME, _FILE or _ARN. How much the value has to look like a secret depends on the
name: a password may be any text, a token is no plain word, and most keys are names unless a machine has drawn them.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

from common.secret_texts import is_random, is_reference, is_words

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_OF_SECRETS = r"(client|app|shared|webhook|session|cookie|jwt)"
_OF_KEYS = r"(api|access|private|secret|signing|encryption|master|hmac)"
_PUBLIC = frozenset({"public", "kms", "cache", "host", "hash"})  # keys that look random, and are no secrets
_ASSIGNED = re.compile(
    r"(?<![\w.-])-{0,2}([\w.-]{1,80})[\"']?[ \t]*[:=][ \t]*"
    r"(?:\"([^\"\n]*)\"|'([^'\n]*)'|([^\s\"',;&|)}]*\d[^\s\"',;&|)}]*))"
)
_OF_A_PROXY = frozenset({"proxy", "by"})  # proxy_pass, by-pass
_PASSWORD = re.compile(rf"(.*(password|passphrase|passcode)|passwd|pwd|.*{_OF_SECRETS} ?secret)s?")
_TOKEN = re.compile(rf"(.*(token|credential)|.*\b{_OF_KEYS} ?key|{_OF_KEYS}key|pass|bearer|dsn|pat|jwt)s?")
_KEY = re.compile(r".*\bkeys?|auth|authorization|webhook( ur[il])?")

Judge = Callable[[str], bool]


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(name))


def _any(_text: str) -> bool:
    return True


def _no_words(text: str) -> bool:
    return not is_words(text)


def _judge(name: str, *, variable: bool) -> Judge | None:
    """Returns what tells secrets from others under a name; None where the name speaks of none."""
    words = _words(name)
    if not words:
        return None
    *before, last = words
    beside, both = (before or [""])[-1], " ".join([*before[-1:], last])
    if _PASSWORD.fullmatch(last) or _PASSWORD.fullmatch(both):
        return _any
    if last in ("pass", "passes") and beside:
        return None if beside in _OF_A_PROXY else _any if name.isupper() else _no_words
    if last == "secret":  # in a map it mostly names one: existingSecret
        return _no_words if variable or not beside else None
    if _TOKEN.fullmatch(last) or _TOKEN.fullmatch(both):
        return _no_words
    is_key = _KEY.fullmatch(last) or _KEY.fullmatch(both)
    return is_random if is_key and beside not in _PUBLIC and (variable or both != "key") else None


def secret_by_name(name: str, value: str, *, variable: bool) -> bool:
    """Tells whether a text is likely a secret under its name.

    variable: of a process, or a flag: there a name that ends in SECRET has the thing itself, while in a map it mostly
    has its name.
    """
    judge = None if is_reference(value) else _judge(name, variable=variable)
    counts = value.isdigit() and name.lower().endswith("tokens")
    return judge is not None and not counts and judge(value)


def flag(argument: str) -> tuple[str, str]:
    """Returns name and value of a flag of a command, `--token=x`; the value is "" where it may come next.

    Other flags may follow in the same text.
    """
    name, _, value = argument.partition("=") if argument.startswith("-") else ("", "", "")
    return name, value.partition(" -")[0]


def flags(arguments: Iterable[object]) -> list[tuple[int, str, str]]:
    """Returns position, name and value of each flag in a list of arguments, with its value behind `=` or next."""
    found: list[tuple[int, str, str]] = []
    before = ""
    for index, argument in enumerate(arguments):
        if not isinstance(argument, str):
            before = ""
            continue
        name, value = flag(argument)
        if name:
            found += [(index, name, value)] if value else []
            before = "" if value else name
        else:
            found += [(index, before, argument)] if before else []
            before = ""
    return found


def set_inside(text: str) -> str:
    """Returns the name of a secret that a text sets, as a file of settings does: `password: x`; "" without one."""
    for match in _ASSIGNED.finditer(text):
        name, *values = match.groups()
        if secret_by_name(name, "".join(filter(None, values)), variable=name.isupper()):
            return str(name)
    return ""
