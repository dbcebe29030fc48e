"""Reading a `Pulumi.<stack>.yaml` the way Pulumi does, and more strictly where Pulumi is silent.

Pulumi hands a program every value as text: structures as JSON, numbers and booleans as they are written. A file is
brought into that form first, so that what is read here and what a deployment reads cannot differ.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from common.spelling import nearest
from settings.core import strict_yaml
from settings.core.problems import Mistake, Path, Place, Problem, SettingsError
from settings.core.strict_yaml import Ambiguous, Fraction

NAMESPACE = "ml-platform"
ALIKE = 0.75  # how alike a namespace has to be before it counts as ours, misspelt


@dataclass(frozen=True)
class StackFile:
    """What a stack file says, and what is wrong with how it says it.

    config: as Pulumi hands it to a program, full key -> text. places: path of a setting -> where it stands.
    mistakes: keys that nobody would read, and values that Pulumi takes for others than are written, or that are
    encrypted. The values themselves stand in `config` as they are written.
    """

    source: str
    config: Mapping[str, str]
    places: Mapping[Path, Place]
    mistakes: Sequence[Mistake]


def read_stack_file(path: FilePath) -> StackFile:
    """What a stack file says, read strictly.

    Raises SettingsError when nothing can be made of it: it is missing, no YAML, or holds no settings at all.
    """
    source = path.name
    document = strict_yaml.read(path)
    config = document.content.get("config") if isinstance(document.content, dict) else None
    if not isinstance(config, dict):
        raise SettingsError(
            [Problem(source, "", f"has no settings. Put them under `config:`, each key beginning with `{NAMESPACE}:`.")]
        )
    return StackFile(
        source,
        {str(key): as_text(_as_written(value)) for key, value in config.items()},
        {_without_namespace(path[1:]): place for path, place in document.places.items() if path[:1] == ("config",)},
        [mistake for key, value in config.items() for mistake in _mistakes(str(key), value)],
    )


def _as_written(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_written(item) for item in value]
    return value.text if isinstance(value, Ambiguous) else value


def settings_of(config: Mapping[str, str], text_keys: frozenset[str]) -> dict[str, Any]:
    """The settings among a Pulumi config, without their namespace: structures parsed, text left as it is.

    text_keys: the settings that are text, so that `owner: 007` stays what it is.
    """
    raw: dict[str, Any] = {}
    for key, text in config.items():
        if _is_ours(key):
            name = key.partition(":")[2]
            raw[name] = text if name in text_keys else _parsed(text)
    return raw


def _is_ours(key: str) -> bool:
    return key.startswith(f"{NAMESPACE}:")


def _without_namespace(path: Path) -> Path:
    """`ml-platform:clusters`, `main` -> `clusters`, `main`. Keys of other namespaces keep theirs."""
    if path and _is_ours(str(path[0])):
        return (str(path[0]).partition(":")[2], *path[1:])
    return path


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def as_text(value: Any) -> str:
    """A value of a stack file as Pulumi hands it over."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(_numbers_as_pulumi(value), default=str)


def _numbers_as_pulumi(value: Any) -> Any:
    """3.0 becomes 3 on its way through Pulumi."""
    if isinstance(value, dict):
        return {key: _numbers_as_pulumi(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers_as_pulumi(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _mistakes(key: str, value: Any) -> Iterator[Mistake]:
    namespace, colon, name = key.partition(":")
    if _is_ours(key):
        yield from _unreadable(value, (name,))
    elif not colon:
        yield (key,), f"has no namespace. Write {NAMESPACE}:{key}."
    elif nearest(namespace, [NAMESPACE], ALIKE):
        yield (key,), f"is in the namespace {namespace}, which nobody reads. Write {NAMESPACE}:{name}."


def _unreadable(value: Any, path: Path) -> Iterator[Mistake]:
    if isinstance(value, Ambiguous):
        yield path, f'is written {value.text}, which YAML takes for something else. Write it in quotes: "{value.text}".'
    elif isinstance(value, dict) and set(value) == {"secure"}:
        yield (
            path,
            (
                "is encrypted, but it would stand in plain text in what is built, in its state and in every backup. "
                "Keep the secret in AWS Secrets Manager, and name it in the settings."
            ),
        )
    elif isinstance(value, Fraction) and path[-1] == "version" and value.text != repr(float(value)):
        yield path, f'is the number {float(value)} to YAML, not {value.text}. Write it in quotes: "{value.text}".'
    elif isinstance(value, dict | list):
        for part, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _unreadable(item, (*path, part))
