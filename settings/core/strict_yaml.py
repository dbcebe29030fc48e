"""YAML as Pulumi's parser reads it, and more strictly where a mistake would pass: with the place of every value.

Bounded: a stack file is written by people, so a file that is long, deep or folded into itself is refused and not read.
"""

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import yaml

from settings.core.problems import Path, Place, Problem, SettingsError

MOST_BYTES = 256 * 1024
DEEPEST = 40
MOST_VALUES = 20_000
PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is there: ten times as fast


@dataclass(frozen=True)
class Ambiguous:
    """A value that Pulumi's parser takes for another one than is written: 007 for 7, 1_000 for 1000, days for times."""

    text: str


class Fraction(float):
    """A number with a point. text: as it is written, which may have zeros at its end."""

    text: str


@dataclass(frozen=True)
class Document:
    """What a file says: plain values, and where each of them stands."""

    content: Any
    places: Mapping[Path, Place]


class _StrictLoader(yaml.SafeLoader):
    """YAML as Pulumi's parser reads it: `yes` is text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key has to be text", key.start_mark)
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


def _fraction(_loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Fraction:
    number = Fraction(node.value)
    number.text = node.value
    return number


_StrictLoader.add_constructor("tag:yaml.org,2002:float", _fraction)
_StrictLoader.add_constructor("!ambiguous", lambda _loader, node: Ambiguous(node.value))


def read(path: FilePath) -> Document:
    """The one document of a file. Raises SettingsError when it is missing, is no YAML, or goes beyond the bounds."""
    source = path.name
    text = _text(path)
    try:
        _within_bounds(source, text)
        loader = _StrictLoader(text)
        node = loader.get_single_node()
        if node is None:
            return Document(None, {})
        _expanded(source, node)
        places: dict[Path, Place] = {}
        twice = list(_places(source, (), node, places))
        if twice:
            raise SettingsError(twice)
        return Document(loader.construct_document(node), places)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _wrong(source, f"is no valid YAML: {error.problem}. Correct that line.", _place(mark)) from None


def _text(path: FilePath) -> str:
    source = path.name
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _wrong(
                source,
                f"has {path.stat().st_size:,} bytes, and a stack file may have {MOST_BYTES:,}. "
                "Take out what was generated, or make several stacks of it.",
            )
        content = path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise _wrong(source, f"cannot be read: {why}. Give the path of a Pulumi.<stack>.yaml.") from None
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        place = _end_of(content[: error.start].decode("latin-1"))  # one character a byte
        raise _wrong(
            source, f"is no UTF-8 text: it holds the byte 0x{content[error.start]:02x}. Save it as UTF-8.", place
        ) from None
    if control := yaml.reader.Reader.NON_PRINTABLE.search(text):
        sentence = f"holds the control character U+{ord(control.group()):04X}, which YAML refuses. Delete it."
        raise _wrong(source, sentence, _end_of(text[: control.start()]))
    return text


def _within_bounds(source: str, text: str) -> None:
    """Reads events alone, which takes no recursion, so that the rest may recurse."""
    depth = 0
    open_anchors: list[str | None] = []
    for event in yaml.parse(text, Loader=PARSER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            open_anchors.append(event.anchor)
            if depth > DEEPEST:
                sentence = f"is nested more than {DEEPEST} levels deep, and no setting is. Correct the brackets."
                raise _wrong(source, sentence, _place(event.start_mark))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            open_anchors.pop()
        elif isinstance(event, yaml.AliasEvent) and event.anchor in open_anchors:
            sentence = f"holds *{event.anchor} inside of &{event.anchor}, so it would never end. Write the values out."
            raise _wrong(source, sentence, _place(event.start_mark))


def _expanded(source: str, root: yaml.Node) -> None:
    """How many values there are once each alias is replaced by what it stands for."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        if id(node) not in sizes:
            inner = node.value if isinstance(node, yaml.CollectionNode) else []
            parts = [part for item in inner for part in (item if isinstance(item, tuple) else (item,))]
            sizes[id(node)] = 1 + sum(size(part) for part in parts)
        return sizes[id(node)]

    if size(root) > MOST_VALUES:
        raise _wrong(
            source,
            f"comes to more than {MOST_VALUES:,} values once its aliases (*name) are replaced. Write out what is "
            "meant, without aliases of aliases.",
        )


def _places(source: str, path: Path, node: yaml.Node, places: dict[Path, Place]) -> Iterator[Problem]:
    """Notes the place of each value; yields each key that comes twice, since only one of the two could count."""
    places.setdefault(path, _place(node.start_mark) or Place(1, 1))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _places(source, (*path, index), item, places)
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, Place] = {}
        for key_node, value in node.value:
            key, place = str(key_node.value), _place(key_node.start_mark) or Place(1, 1)
            below: Path = (*path, key)
            if key in first:
                sentence = (
                    f"{key} stands in line {first[key].line} already, and only one of them could count. Drop one."
                )
                yield Problem(source, "", sentence, place)
            first.setdefault(key, place)
            places.setdefault(below, place)
            yield from _places(source, below, value, places)


def _end_of(text: str) -> Place:
    """The place behind a text."""
    lines = text.split("\n")
    return Place(len(lines), len(lines[-1]) + 1)


def _place(mark: Any) -> Place | None:
    return None if mark is None else Place(mark.line + 1, mark.column + 1)


def _wrong(source: str, message: str, place: Place | None = None) -> SettingsError:
    return SettingsError([Problem(source, "", message, place)])
