"""Reads YAML as Pulumi's parser does, with the position of every value, and refuses mistakes that the parser ignores.

The size is limited: people write stack files, so a file that is very long, very deep or refers to itself is refused.
"""

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import yaml

from common.places import line_and_column, place_of_byte
from common.secret_texts import is_words
from common.yaml_parser import PARSER
from settings.core import yaml_advice
from settings.core.problems import Path, Position, Problem, SettingsError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40
MAX_VALUES = 20_000
STANDARD_TAGS = (
    "binary",
    "bool",
    "float",
    "int",
    "map",
    "merge",
    "null",
    "omap",
    "pairs",
    "seq",
    "set",
    "str",
    "timestamp",
)


@dataclass(frozen=True)
class Ambiguous:
    """A value that Pulumi's parser reads as something else: 007 as 7, 1_000 as 1000, a date as a time."""

    text: str


class Fraction(float):
    """A number with a decimal point. text: as it is written, perhaps with zeros at its end."""

    text: str


@dataclass(frozen=True)
class Document:
    """The content of a file: plain values, the position of each, and the keys with nothing after their colon."""

    content: Any
    positions: Mapping[Path, Position]
    bare: frozenset[Path] = frozenset()


class _StrictLoader(yaml.SafeLoader):
    """Reads YAML as Pulumi's parser does: `yes` is text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be text", key.start_mark)
            if key.tag == "tag:yaml.org,2002:null":
                raise yaml.constructor.ConstructorError(None, None, "a key is null; quote or name it", key.start_mark)
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
    """Reads the one document of a file. Raises SettingsError when it is missing, is not YAML, or is over a limit."""
    source = path.name
    text = _text(path)
    try:
        _check_events(source, text)
        loader = _StrictLoader(text)
        node = loader.get_single_node()
        if node is None:
            return Document(None, {})
        _check_number_of_values(source, node)
        positions: dict[Path, Position] = {}
        bare: set[Path] = set()
        duplicates = list(_positions(source, (), node, positions, bare))
        if duplicates:
            raise SettingsError(duplicates)
        return Document(loader.construct_document(node), positions, frozenset(bare))
    except yaml.MarkedYAMLError as error:
        sentence, mark = yaml_advice.sentence(error, text)
        raise _error(source, sentence, _position(mark)) from None


def _text(path: FilePath) -> str:
    source = path.name
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _error(
                source,
                f"has {path.stat().st_size:,} bytes, and a stack file may have {MAX_BYTES:,}. Take out what was "
                "generated, or split it into several stacks.",
            )
        content = path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise _error(source, f"cannot be read: {why}. Give the path of a Pulumi.<stack>.yaml.") from None
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        sentence = f"is not UTF-8 text: it holds the byte 0x{content[error.start]:02x}. Save it as UTF-8."
        raise _error(source, sentence, Position(*place_of_byte(error))) from None
    if control := yaml.reader.Reader.NON_PRINTABLE.search(text):
        sentence = f"holds the control character U+{ord(control.group()):04X}, which YAML refuses. Delete it."
        raise _error(source, sentence, Position(*line_and_column(text[: control.start()])))
    return text


def _check_events(source: str, text: str) -> None:
    """Checks tags, depth and self-reference on parser events, without recursion: later steps may recurse safely."""
    depth = 0
    open_anchors: list[str | None] = []
    for event in yaml.parse(text, Loader=PARSER):
        tag = getattr(event, "tag", None)
        if tag is not None:  # PyYAML would build bytes, sets and dates, of which the engine makes something else
            standard, is_standard, name = tag.partition("tag:yaml.org,2002:")  # another one could be a secret with a !
            shown = f"the YAML tag !!{name}" if is_standard and not standard and name in STANDARD_TAGS else "a YAML tag"
            sentence = f"has {shown}, which no setting needs. Write the value without it, or quoted."
            raise _error(source, sentence, _position(event.start_mark))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            open_anchors.append(event.anchor)
            if depth > MAX_DEPTH:
                sentence = f"is nested more than {MAX_DEPTH} levels deep, and no setting is. Correct the brackets."
                raise _error(source, sentence, _position(event.start_mark))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            open_anchors.pop()
        elif isinstance(event, yaml.AliasEvent) and event.anchor in open_anchors:
            sentence = f"uses *{event.anchor} inside &{event.anchor}, so it would never end. Write the values out."
            raise _error(source, sentence, _position(event.start_mark))


def _check_number_of_values(source: str, root: yaml.Node) -> None:
    """Raises SettingsError when the file has too many values after each alias is replaced by its content."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        if id(node) not in sizes:
            inner = node.value if isinstance(node, yaml.CollectionNode) else []
            parts = [part for item in inner for part in (item if isinstance(item, tuple) else (item,))]
            sizes[id(node)] = 1 + sum(size(part) for part in parts)
        return sizes[id(node)]

    if size(root) > MAX_VALUES:
        raise _error(
            source,
            f"has more than {MAX_VALUES:,} values once its aliases (*name) are replaced. Write the values out, "
            "without aliases of aliases.",
        )


def _positions(
    source: str, path: Path, node: yaml.Node, positions: dict[Path, Position], bare: set[Path]
) -> Iterator[Problem]:
    """Fills `positions` and `bare`, and yields each key that occurs twice, since only one of the two could count."""
    positions.setdefault(path, _position(node.start_mark) or Position(1, 1))
    if isinstance(node, yaml.ScalarNode) and not node.value and node.tag == "tag:yaml.org,2002:null":
        bare.add(path)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _positions(source, (*path, index), item, positions, bare)
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, Position] = {}
        for key_node, value in node.value:
            key, position = str(key_node.value), _position(key_node.start_mark) or Position(1, 1)
            below: Path = (*path, key)
            if key in first:
                shown = key if is_words(key) and "secrets" not in path else "this key"  # it could be a secret
                sentence = (
                    f"{shown} is already in line {first[key].line}, and only one of the two could count. Drop one."
                )
                yield Problem(source, "", sentence, position)
            first.setdefault(key, position)
            positions.setdefault(below, position)
            yield from _positions(source, below, value, positions, bare)


def _position(mark: Any) -> Position | None:
    return None if mark is None else Position(mark.line + 1, mark.column + 1)


def _error(source: str, message: str, position: Position | None = None) -> SettingsError:
    return SettingsError([Problem(source, "", message, position)])
