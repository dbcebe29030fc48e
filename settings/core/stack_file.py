"""Reading a `Pulumi.<stack>.yaml` the way Pulumi does, and more strictly where Pulumi is silent.

Pulumi hands a program every value as text: structures as JSON, numbers and booleans as they are written. A file is
brought into that form first, so that what is read here and what a deployment reads cannot differ.
"""

import json
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from settings.core.problems import PathPart, Problem, SettingsError, join_path

NAMESPACE = "ml-platform"


@dataclass(frozen=True)
class _Ambiguous:
    """A value that Pulumi's parser takes for another one than is written: 007 for 7, 1_000 for 1000, days for times."""

    text: str


class _StrictLoader(yaml.SafeLoader):
    """YAML as Pulumi's parser reads it: `yes` is text. A key that comes twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key} is given twice, and only one of them could count", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_StrictLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("tag:yaml.org,2002:int", r"^-?(?:0|[1-9][0-9]{0,14})$", list("-0123456789")),
    ("tag:yaml.org,2002:float", r"^-?(?:0|[1-9][0-9]{0,8})\.[0-9]{1,6}$", list("-0123456789")),
    ("!ambiguous", r"^[-+]?(?:[0-9][0-9_]*|0[xob][0-9a-fA-F_]+)$", list("-+0123456789")),
    ("!ambiguous", r"^[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
    ("!ambiguous", r"^[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)$", list("-+.")),
    ("!ambiguous", r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9:.]+(?:Z|[-+][0-9:]+)?)?$", list("0123456789")),
    ("tag:yaml.org,2002:merge", r"^<<$", ["<"]),
):
    _StrictLoader.add_implicit_resolver(_tag, re.compile(_pattern), _first)
_StrictLoader.add_constructor("!ambiguous", lambda _loader, node: _Ambiguous(node.value))


def read_config(path: Path) -> dict[str, str]:
    """The `config` of a stack file as Pulumi hands it to a program: full key -> text.

    Raises SettingsError when the file is missing, is no YAML, or holds values that are encrypted or that Pulumi reads
    as something else than is written.
    """
    source = path.name
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506  a SafeLoader
    except OSError as error:
        raise _wrong(source, f"cannot be read: {error.strerror}. Give the path of a Pulumi.<stack>.yaml.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise _wrong(source, f"is no valid YAML{where}: {error.problem}. Correct that line.") from None
    config = document.get("config") if isinstance(document, dict) else None
    if not isinstance(config, dict):
        raise _wrong(source, f"has no settings. Put them under `config:`, each key beginning with `{NAMESPACE}:`.")
    unreadable = [
        Problem(source, join_path(path), sentence)
        for key, value in config.items()
        if _is_ours(key)
        for path, sentence in _unreadable(value, (str(key).partition(":")[2],))
    ]
    if unreadable:
        raise SettingsError(unreadable)
    return {str(key): as_text(value) for key, value in config.items()}


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


def _is_ours(key: object) -> bool:
    return str(key).startswith(f"{NAMESPACE}:")


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


def _unreadable(value: Any, path: tuple[PathPart, ...]) -> Iterator[tuple[tuple[PathPart, ...], str]]:
    if isinstance(value, _Ambiguous):
        yield path, f'is written {value.text}, which YAML takes for something else. Write it in quotes: "{value.text}".'
    elif isinstance(value, dict) and set(value) == {"secure"}:
        key = f"{NAMESPACE}:{path[0]}"
        yield (
            path,
            (
                "is encrypted, and no setting is a secret: policies and reports have to read them all. "
                f"Set it again in plain text: `pulumi config set {key} ...`."
            ),
        )
    elif isinstance(value, dict | list):
        for part, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _unreadable(item, (*path, part))


def _wrong(source: str, message: str) -> SettingsError:
    return SettingsError([Problem(source, "", message)])
