"""Removes what only the real secrets provider can read from the text of a stack file; line numbers stay the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import yaml

from common.places import place_of_byte
from common.yaml_parser import PARSER

MOST_BYTES = 1024 * 1024
_PROVIDER_KEYS = ("secretsprovider", "encryptedkey", "encryptionsalt")

ConfigPath: TypeAlias = "tuple[str | int, ...]"


class StackFileError(Exception):
    """A stack file cannot be read. The text says which one, and why."""


def read_text(path: Path) -> str:
    """Returns the text of a file. Raises StackFileError when it is not a text, or too large."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise StackFileError(f"{path.name} has {path.stat().st_size:,} bytes, and the limit is {MOST_BYTES:,}.")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line, column = place_of_byte(error)
        raise StackFileError(f"{path.name}:{line}:{column} is not UTF-8 text. Save it as UTF-8.") from None
    except OSError as error:
        raise StackFileError(f"{path.name} cannot be read: {error.strerror}.") from None


def without_secrets(path: Path, text: str) -> tuple[str, list[ConfigPath]]:
    """Returns the text without encrypted values and keys of the secrets provider, and the paths of those values.

    Raises StackFileError for a text that is not YAML.
    """
    try:
        root = yaml.compose(text, Loader=PARSER)
    except RecursionError:
        raise StackFileError(f"{path.name} is nested too deeply to be read.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        position = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        why = getattr(error, "problem", None) or "it contains a character that YAML does not allow"
        raise StackFileError(f"{path.name}{position} is not YAML: {why}.") from None
    if root is None:
        return text, []
    if not isinstance(root, yaml.MappingNode):
        raise StackFileError(f"{path.name} is not a map. Put the settings under `config:`.")
    replacements = [
        (key.start_mark.index, _end(value), "")
        for key, value in root.value
        if key.value in _PROVIDER_KEYS and not root.flow_style
    ]
    config = next((value for key, value in root.value if key.value == "config"), None)
    secured = list(_encrypted_values(config, (), set())) if config is not None else []
    replacements += [(node.start_mark.index, _end(node), '""') for _, node in secured]
    for begin, end, replacement in sorted(replacements, reverse=True):
        text = text[:begin] + replacement + "\n" * text[begin:end].count("\n") + text[end:]
    return text, [steps for steps, _ in secured]


def _encrypted_values(node: yaml.Node, path: ConfigPath, seen: set[int]) -> Iterator[tuple[ConfigPath, yaml.Node]]:
    """Yields the path and node of every encrypted value. A node with many aliases is visited only once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        if [key.value for key, _ in node.value] == ["secure"]:
            yield path, node
            return
        for key, value in node.value:
            yield from _encrypted_values(value, (*path, str(key.value)), seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _encrypted_values(item, (*path, index), seen)


def _end(node: yaml.Node) -> int:
    """Returns the index at which the text of a value ends. The end mark of a block comes later, after empty lines."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)
