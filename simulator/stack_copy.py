"""The text of a stack file without what only its real secrets provider can read; every other line stays where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import yaml

MOST_BYTES = 1024 * 1024
PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is there: ten times as fast
_PROVIDER_KEYS = ("secretsprovider", "encryptedkey", "encryptionsalt")

Steps: TypeAlias = "tuple[str | int, ...]"


class StackFileError(Exception):
    """A stack file cannot be read. `str()` says which, and why."""


def read_text(path: Path) -> str:
    """The text of a file. Raises StackFileError where it is none, or too much of it."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise StackFileError(f"{path.name} has {path.stat().st_size:,} bytes, and {MOST_BYTES:,} are read at most.")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise StackFileError(f"{path.name} is no UTF-8 text. Save it as UTF-8.") from None
    except OSError as error:
        raise StackFileError(f"{path.name} cannot be read: {error.strerror}.") from None


def without_secrets(path: Path, text: str) -> tuple[str, list[Steps]]:
    """The text with each encrypted value emptied and the keys of the secrets provider gone; and where those values are.

    Raises StackFileError for a text that is no YAML.
    """
    try:
        root = yaml.compose(text, Loader=PARSER)
    except RecursionError:
        raise StackFileError(f"{path.name} is nested too deeply to be read.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        why = getattr(error, "problem", None) or "it holds a character that YAML refuses"
        raise StackFileError(f"{path.name}{place} is no YAML: {why}.") from None
    if root is None:
        return text, []
    if not isinstance(root, yaml.MappingNode):
        raise StackFileError(f"{path.name} holds no map. Put the settings under `config:`.")
    cuts = [
        (key.start_mark.index, _end(value), "")
        for key, value in root.value
        if key.value in _PROVIDER_KEYS and not root.flow_style
    ]
    config = next((value for key, value in root.value if key.value == "config"), None)
    secured = list(_secured(config, (), set())) if config is not None else []
    cuts += [(node.start_mark.index, _end(node), '""') for _, node in secured]
    for begin, end, instead in sorted(cuts, reverse=True):
        text = text[:begin] + instead + "\n" * text[begin:end].count("\n") + text[end:]
    return text, [steps for steps, _ in secured]


def _secured(node: yaml.Node, at: Steps, seen: set[int]) -> Iterator[tuple[Steps, yaml.Node]]:
    """Every encrypted value, with the way to it. Aliases are not followed a second time: they may be very many."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        if [key.value for key, _ in node.value] == ["secure"]:
            yield at, node
            return
        for key, value in node.value:
            yield from _secured(value, (*at, str(key.value)), seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _secured(item, (*at, index), seen)


def _end(node: yaml.Node) -> int:
    """Where the text of a value ends. The mark of a block is behind the lines that follow it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)
