"""Names that say that a value is a secret: of variables, flags, and keys of a map. One list for settings and policies.

A name says it with its last words: DB_PASSWORD, apiKey, --hub-token. So existingSecret and tokenTTL name none, and
neither does a variable that ends in _NAME, _FILE or _ARN.
"""

import re
from collections.abc import Iterable
from functools import cache


def _any_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Last word, or its end where words are joined: clientsecret.
_LAST = re.compile(
    r"(.*(password|passphrase|token|(client|app|shared|webhook|session|cookie|jwt)secret"
    r"|(api|access|private|secret|signing|encryption|master)key)|pass|passwd|pwd|credential|bearer|dsn)s?"
)
_DOUBTFUL = frozenset({"auth", "authorization"})  # often says how, and not with what
_WORDS = re.compile(r"[A-Za-z]+([-_,. ][A-Za-z]+)*")
_OF_SECRETS = _any_of("client app shared webhook session cookie jwt")
_OF_KEYS = _any_of("api access private secret signing encryption master auth ssh hmac license account")
_OF_OTHER_KEYS = _any_of(  # keys of data and of maps, which a variable names too
    "public partition sort shard label topology annotation taint node primary foreign cache object route routing map "
    "column group hash config selector host index lookup tag metric kms s3 bucket prefix time feature join"
)
_OF_MODELS = _any_of(  # tokens of a text
    "pad bos eos unk sep cls mask start stop max min num next special new batched draft image added total input output "
    "prompt completion chunk per"
)
_ASSIGNED = re.compile(
    r"(?<![\w.-])-{0,2}([\w.-]{1,80})[\"']?[ \t]*[:=][ \t]*"
    r"(?:\"([^\"\n]*)\"|'([^'\n]*)'|([^\s\"',;&|)}]*\d[^\s\"',;&|)}]*))"
)
_REFERENCE = re.compile(  # what stands where a secret could, but is none
    r"|true|false|null|none|arn:.*|(?:/[\w.@-]+){2,}|\$[({].*|\$[A-Za-z_]\w*|[<{\[|>*%].*", re.IGNORECASE | re.DOTALL
)
_OF_A_PROXY = frozenset({"proxy", "by"})  # proxy_pass, by-pass


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(name))


def secret_by_name(name: str, value: str, *, variable: bool) -> bool:
    """Tells whether a text is a secret, by its name.

    variable: of a process, or a flag: there a name that ends in SECRET or KEY has the thing itself, while in a map it
    mostly has its name (`existingSecret`).
    """
    words = _words(name)
    if not value or not words:
        return False
    *before, last = words
    if last in ("token", "tokens"):
        return _OF_MODELS.isdisjoint(before) and not (last == "tokens" and value.isdigit())
    if last in ("key", "keys"):
        other = not before or not _OF_OTHER_KEYS.isdisjoint(before[-1:])
        return not _OF_KEYS.isdisjoint(before[-1:]) or (variable and last == "key" and not other)
    if last == "secret":
        return variable or not before or before[-1] in _OF_SECRETS
    if last in _DOUBTFUL:
        return not value.isdigit() and not _WORDS.fullmatch(value)
    return bool(_LAST.fullmatch(last)) and not (last == "pass" and not _OF_A_PROXY.isdisjoint(before[-1:]))


def flag(argument: str) -> tuple[str, str]:
    """Returns name and value of a flag of a command, `--token=x`; the value is "" where it may come next."""
    name, _, value = argument.partition("=") if argument.startswith("-") else ("", "", "")
    return name, value


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


def is_reference(value: str) -> bool:
    """Tells whether a text stands where a secret could, and is none: a path, an ARN, a variable, a template."""
    return bool(_REFERENCE.fullmatch(value.strip()))


def set_inside(text: str) -> str:
    """Returns the name of a secret that a text sets, as a file of settings does: `password: x`; "" without one."""
    for match in _ASSIGNED.finditer(text):
        name, *values = match.groups()
        value = "".join(filter(None, values))
        if secret_by_name(name, value, variable=name.isupper()) and not is_reference(value):
            return str(name)
    return ""
