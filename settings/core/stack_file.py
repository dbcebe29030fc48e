"""Reads a `Pulumi.<stack>.yaml` as Pulumi does, and refuses mistakes that Pulumi ignores.

Pulumi hands a program every value as text: structures as JSON, numbers and booleans as they are written. This module
converts a file to that form first, so that a check on a desk and a deployment read the same values.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from common.spelling import nearest
from settings.core import strict_yaml
from settings.core.problems import Mistake, Path, Position, Problem, SettingsError, join_path
from settings.core.secret_values import is_secret_of_a_team
from settings.core.strict_yaml import Ambiguous, Document, Fraction

NAMESPACE = "ml-platform"
NAMESPACE_SIMILARITY = 0.75  # from here on a namespace counts as a misspelt `ml-platform`
# Keys at the top of a stack file. Source: sdk/go/common/workspace/project.go of pulumi, ProjectStack, read 2026-11.
FILE_KEYS = ("config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt")
PROVIDERS = ("aws", "eks", "kubernetes")  # the program makes these providers itself, so nothing reads their config
PROVIDER_KEYS = {"region": "region", "allowedAccountIds": "account_id", "defaultTags": "tags"}  # -> our setting


@dataclass(frozen=True)
class StackFile:
    """The content of a stack file, and the mistakes in the way it is written.

    config: full key -> text, as Pulumi hands it to a program. positions: path of a setting -> its position in the file.
    mistakes: keys that nothing reads, and values that are encrypted or that Pulumi reads as something else. `config`
    holds such values as they are written. meant: full key of ours -> text of a key that somebody wrote instead of it.
    bare: settings with nothing after their colon, which YAML reads as null.
    """

    source: str
    config: Mapping[str, str]
    positions: Mapping[Path, Position]
    mistakes: Sequence[Mistake]
    meant: Mapping[str, str] = field(default_factory=dict)
    bare: frozenset[Path] = frozenset()


def read_stack_file(path: FilePath) -> StackFile:
    """Reads a stack file strictly. Raises SettingsError when it is missing, is not YAML, or has no settings."""
    source = path.name
    document = strict_yaml.read(path)
    if misplaced := list(_outside_config(source, document)):
        raise SettingsError(misplaced)
    config = document.content["config"]
    as_texts = {str(key): as_text(_as_written(value)) for key, value in config.items()}
    return StackFile(
        source,
        as_texts,
        {
            _without_namespace(path[1:]): position
            for path, position in document.positions.items()
            if path[:1] == ("config",)
        },
        [mistake for key, value in config.items() for mistake in _mistakes(str(key), value, config)],
        {ours: text for key, text in as_texts.items() if (ours := _meant_key(key)) and ours not in as_texts},
        frozenset(_without_namespace(path[1:]) for path in document.bare if path[:1] == ("config",)),
    )


def _outside_config(source: str, document: Document) -> Iterator[Problem]:
    """Yields what is wrong at the top of a file: no settings, or settings that are not under `config`."""
    content, positions = document.content, document.positions
    advice = f"Put the settings under `config:`, each key beginning with `{NAMESPACE}:`."
    if content is not None and not isinstance(content, dict):
        yield Problem(source, "", f"is {_kind(content)}, and a map is expected. {advice}", positions[()])
        return
    foreign = [str(key) for key in content or () if key not in FILE_KEYS]
    for key in foreign:
        near = nearest(key, FILE_KEYS, 0.75) if ":" not in key else None
        what = f"is not a key that Pulumi reads. Did you mean {near}?"
        if near is None:
            what = "is not under `config:`, so nothing reads it. Write it there, indented."
        yield Problem(source, join_path([key]), what, positions[key,])
    config = content.get("config") if content else None
    if not isinstance(config, dict) and not foreign:
        what = "has no settings." if config is None else f"is {_kind(config)} under `config:`, and a map is expected."
        yield Problem(source, "", f"{what} {advice}", positions.get(("config",)))


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "one value"


def _as_written(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_written(item) for item in value]
    return value.text if isinstance(value, Ambiguous) else value


def settings_of(config: Mapping[str, str], text_keys: frozenset[str]) -> dict[str, Any]:
    """Returns our settings in a Pulumi config, without their namespace. Structures are parsed.

    text_keys: the settings that are text, so that `owner: 007` stays text.
    """
    raw: dict[str, Any] = {}
    for key, text in config.items():
        if _in_our_namespace(key):
            name = key.partition(":")[2]
            raw[name] = text if name in text_keys else _parsed(text)
    return raw


def _in_our_namespace(key: str) -> bool:
    return key.startswith(f"{NAMESPACE}:")


def _without_namespace(path: Path) -> Path:
    """Converts `ml-platform:clusters`, `main` to `clusters`, `main`. Keys of other namespaces stay unchanged."""
    if path and _in_our_namespace(str(path[0])):
        return (str(path[0]).partition(":")[2], *path[1:])
    return path


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def as_text(value: Any) -> str:
    """Returns a value of a stack file as Pulumi hands it to a program."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(_numbers_as_pulumi(value), default=str)


def _numbers_as_pulumi(value: Any) -> Any:
    """Pulumi turns 3.0 into 3."""
    if isinstance(value, dict):
        return {key: _numbers_as_pulumi(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers_as_pulumi(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _meant_key(key: str) -> str | None:
    """Returns our key that somebody probably meant by a key that is not ours."""
    namespace, colon, name = key.partition(":")
    if _in_our_namespace(key):
        return None
    if namespace.lower() in PROVIDERS and colon:
        meant = nearest(name, PROVIDER_KEYS)
        return f"{NAMESPACE}:{PROVIDER_KEYS[meant]}" if meant else None
    if colon and not nearest(namespace, [NAMESPACE], NAMESPACE_SIMILARITY):
        return None
    return f"{NAMESPACE}:{name or key}"


def _mistakes(key: str, value: Any, config: Mapping[str, Any]) -> Iterator[Mistake]:
    namespace, colon, name = key.partition(":")
    if _in_our_namespace(key):
        yield from _misread_values(value, (name,))
        return
    meant, of_provider = _meant_key(key), namespace.lower() in PROVIDERS and colon
    if meant is None and not of_provider:
        return  # of another program, or of Pulumi itself
    what = f"is in the namespace {namespace}, which nothing reads." if colon else "has no namespace."
    if of_provider:
        what = f"does nothing: the program makes its own {namespace.lower()} provider, from the settings."
    advice = "Drop it."
    if meant:
        advice = f"Drop it: {meant} is in the file too." if meant in config else f"Write {meant}."
    elif name == "profile":
        advice = "Drop it, and set the environment variable AWS_PROFILE."
    yield (key,), f"{what} {advice}"


def _misread_values(value: Any, path: Path) -> Iterator[Mistake]:
    if isinstance(value, Ambiguous | Fraction) and is_secret_of_a_team(path):
        # It could be the secret, so it is not repeated. Where no text belongs, the models refuse it.
        if isinstance(value, Ambiguous) and isinstance(path[-1], int):
            yield path, "is no text as it is written: YAML reads a number or a date. Write it in quotes."
    elif isinstance(value, Ambiguous):
        yield path, f'is written {value.text}, which YAML reads as something else. Write it in quotes: "{value.text}".'
    elif isinstance(value, dict) and set(value) == {"secure"}:
        yield (
            path,
            (
                "is encrypted, but it would be in plain text in the resources, in the state and in every backup. Keep "
                "the secret in AWS Secrets Manager, and name it in the settings."
            ),
        )
    elif isinstance(value, Fraction) and path[-1] == "version" and value.text != repr(float(value)):
        yield (
            path,
            (f'is read by YAML as the number {float(value)}, not as {value.text}. Write it in quotes: "{value.text}".'),
        )
    elif isinstance(value, dict | list):
        for part, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _misread_values(item, (*path, part))
