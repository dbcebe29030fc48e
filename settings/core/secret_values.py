"""Finds secrets in a stack file, by the form of a value or by the name of its key, and keeps them out of messages.

A stack file is committed, and its values end up in the state of the stack, in previews and in backups. Secrets belong
in AWS Secrets Manager; the settings only name them.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from common.secret_names import flags, secret_by_name, set_inside
from common.secret_texts import form_of, text_of
from common.spelling import nearest
from settings.core.problems import Path

ADVICE = "Keep it in AWS Secrets Manager, and name the secret here."
_OF_PUBLIC = "Make another one, since this one was read, and write its public key or certificate here."
HIDDEN = "(not shown)"
"""Stands for a secret in messages. It is no valid name, so nothing takes it for a setting."""
HIDDEN_NUMBER = 10**18 + 1
"""Stands for a number that could be a secret: what is written wrongly is told as of a number. No setting takes it."""

_OF_ADD_ONS = (("addons",), ("managed_addons",))
"""Below `clusters.<name>`: values of charts and of EKS add-ons, which may hold whole files of settings."""

_WORD_OF_FIELD: Mapping[str, re.Pattern[str]] = {  # field of a team's secret -> what is no secret there
    "keys": re.compile(r"[-._a-zA-Z0-9]{1,253}"),
    "namespaces": re.compile(r"[a-z0-9-]{1,63}"),
    "filled": re.compile(r"outside|generated"),
    "refresh_minutes": re.compile(r"-?\d{1,5}"),
    "rotation.function_arn": re.compile(r"arn:[\w-]*:[a-z]+:[a-z0-9-]*:\d*:[\w:/$-]{1,200}"),
    "rotation.every_days": re.compile(r"-?\d{1,5}"),
}
_LISTS, _NUMBERS = ("keys", "namespaces"), ("refresh_minutes", "rotation.every_days")
_NOTHING = re.compile(r"(?!)")
_NAME = re.compile(r"[a-z0-9-]{1,63}(/[a-z0-9-]{1,63})*")
_SECRETS, _FIELDS = 3, 4  # parts of a path: teams, index, secrets, name


def secret_mistakes(value: Any, path: Path, name: str = "") -> Iterator[tuple[Path, str]]:
    """Yields a mistake for every secret at or below `path`. The sentence never repeats the secret.

    name: of the setting that a list belongs to.
    """
    if isinstance(value, Mapping):
        variable, text = value.get("name"), text_of(value.get("value"))
        if isinstance(variable, str) and secret_by_name(variable, text, variable=True):
            yield (*path, "value"), f"is the value of {variable}, which is a secret by its name. {ADVICE}"
            return
        for key, item in value.items():
            if kind := form_of(str(key)):
                yield path, f"has a key that holds {kind}. {ADVICE}"
            yield from secret_mistakes(item, (*path, key), str(key))
    elif isinstance(value, list):
        given = flags([text_of(item) or item for item in value])
        of_flags = {at: flag for at, flag, text in given if secret_by_name(flag, text, variable=True)}
        for index, item in enumerate(value):
            if index in of_flags and not form_of(text_of(item)):
                yield (*path, index), f"is the value of {of_flags[index]}, which is a secret by its name. {ADVICE}"
            else:
                yield from secret_mistakes(item, (*path, index), name)
    elif kind := form_of(text := text_of(value)):
        advice = _OF_PUBLIC if path[:2] == ("admission", "signatures") else ADVICE
        yield path, f"holds {kind}, and anyone who can read the repository or the state could use it. {advice}"
    elif len(path) > 1 and not _is_map_expected(path) and secret_by_name(name, text, variable=name.isupper()):
        yield path, f"has the name of a secret, and its value is here in plain text. {ADVICE}"
    elif path[2:3] in _OF_ADD_ONS and (inner := set_inside(text)):
        yield path, f"sets {inner}, which is a secret by its name, in plain text. {ADVICE}"


def without_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a stack file with a stand-in for each secret: what is checked cannot be in a message then.

    Below `teams[].secrets` that is all that is not a plain word of its field: what is written there in the wrong place
    may be the secret itself.
    """
    found = {path for path, _ in secret_mistakes(values, ())}
    hidden: dict[str, Any] = _hidden(values, (), found)
    return hidden


def is_hidden(value: Any) -> bool:
    """Tells whether a value stands for one that could be a secret."""
    return isinstance(value, str | int) and value in (HIDDEN, HIDDEN_NUMBER)


def shown_path(path: Path) -> Path:
    """Returns the path of a setting without keys that could be secrets."""
    return tuple(_key(part, path[:index]) for index, part in enumerate(path))


def is_secret_of_a_team(path: Path) -> bool:
    """Tells whether a path is that of `teams[].secrets`, or below it."""
    return len(path) >= _SECRETS and path[0] == "teams" and path[2] == "secrets"


def _is_map_expected(path: Path) -> bool:
    """Tells whether a path is that of one secret of a team: its form says what is wrong with a text there."""
    return is_secret_of_a_team(path) and len(path) == _FIELDS


def _hidden(value: Any, path: Path, found: Collection[Path]) -> Any:
    if isinstance(value, Mapping):
        return {_key(key, path): _hidden(item, (*path, key), found) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item, (*path, index), found) for index, item in enumerate(value)]
    if value is None or isinstance(value, bool):
        return value
    if path in found or (is_secret_of_a_team(path) and not _is_word(value, path[_FIELDS:])):
        return HIDDEN if isinstance(value, str) else HIDDEN_NUMBER
    return value


def _key(key: Any, path: Path) -> Any:
    """Returns a key, or what stands for it: below a secret of a team only its fields are told, or what is near one."""
    strange = is_secret_of_a_team(path) and not isinstance(key, int)
    if strange and len(path) == _SECRETS:
        strange = not _NAME.fullmatch(str(key))
    elif strange:
        strange = not nearest(str(key), _fields(path[_FIELDS:]))
    return HIDDEN if strange or form_of(str(key)) else key


def _fields(above: Path) -> set[str]:
    """Returns the fields of a team's secret, or those below one of its fields."""
    start = "".join(f"{each}." for each in above)
    return {each.removeprefix(start).partition(".")[0] for each in _WORD_OF_FIELD if each.startswith(start)}


def _is_word(value: Any, path: Path) -> bool:
    """path: below a secret of a team."""
    fields = [str(each) for each in path if not isinstance(each, int)]
    field = ".".join(fields)
    in_place = len(path) - len(fields) == (field in _LISTS)
    of_its_type = isinstance(value, str) or field in _NUMBERS
    return in_place and of_its_type and bool(_WORD_OF_FIELD.get(field, _NOTHING).fullmatch(str(value)))
