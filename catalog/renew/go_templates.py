"""Reads the templates of a Helm chart: which values they use, and what they make. It renders nothing.

An expression is followed through pipes, variables, `with`, `range` and `include` to the values that it can stand for.
Both branches of every `if` are read. Sources: Go's text/template; Helm, "Template Function List"; read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Path = tuple[str, ...]
ITEM = "*"
"""The key in a path that stands for every item of a list, or of a map whose keys are the user's."""

# What an expression can stand for: ("root",) | ("value", path) | ("dict", ((key, Meant), ...)) | ("items", Meant)
# | ("text", text). The Meants of "items" are in their order.
Meant = frozenset[Any]
NOTHING: Meant = frozenset()
ROOT: Meant = frozenset({("root",)})

_ACTION = re.compile(r"\{\{-?\s*((?:`[^`]*`|\"(?:\\.|[^\"\\])*\"|/\*.*?\*/|.)*?)\s*-?\}\}", re.DOTALL)
_TOKEN = re.compile(r'\s*(`[^`]*`|"(?:\\.|[^"\\])*"|\'[^\']*\'|:=|[|(),=]|\$?[\w.-]*[\w.]|\$)')
_ANY_OF = (
    *("default", "coalesce", "ternary", "or", "and", "merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite"),
    *("deepCopy", "mustDeepCopy", "required", "concat", "append", "prepend", "compact", "uniq", "without", "tpl"),
    *("first", "last"),
)
_WHOLE = (
    *("toYaml", "mustToYaml", "toYamlPretty", "toJson", "mustToJson", "toRawJson", "toPrettyJson", "toToml"),
    *("keys", "values"),
)
_OPENERS = ("if", "with", "range", "define", "block")


@dataclass
class Uses:
    """How templates use the values. whole: as they are, with all that is in them. read: by their own names."""

    read: set[Path] = field(default_factory=set)
    whole: set[Path] = field(default_factory=set)

    def add(self, other: Uses) -> None:
        self.read |= other.read
        self.whole |= other.whole


@dataclass
class Document:
    """One manifest of a template. text: actions are replaced by marks, which `uses` explains.

    conditions: the values that the enclosing `if` and `with` read.
    """

    text: str = ""
    uses: list[Uses] = field(default_factory=list)
    conditions: set[Path] | None = None

    def used_by(self, text: str) -> list[Uses]:
        """Returns the uses of the actions in a part of the text."""
        return [self.uses[int(number)] for number in re.findall("\0(\\d+)\0", text)]


@dataclass(frozen=True)
class _Block:
    keyword: str
    expression: str
    body: tuple[Any, ...]
    otherwise: tuple[Any, ...] = ()


def _parsed(text: str) -> tuple[Any, ...]:
    """Returns texts, actions (as a list of one expression) and blocks."""
    parts: list[Any] = []
    end = 0
    for match in _ACTION.finditer(text):
        parts += [text[end : match.start()], [match[1]]]
        end = match.end()
    parts.append(text[end:])
    nodes, _, _ = _until_end(iter(parts))
    return tuple(nodes)


def _until_end(parts: Iterator[Any]) -> tuple[list[Any], str | None, str]:
    """Returns the nodes before `end` or `else`, which of them it was, and what follows `else`."""
    nodes: list[Any] = []
    for part in parts:
        if isinstance(part, str):
            nodes.append(part)
            continue
        keyword = re.sub(r"\W.*", "", part[0], flags=re.DOTALL)  # of `with.Values.a`, too
        rest = part[0].removeprefix(keyword)
        if keyword in ("end", "else"):
            return nodes, keyword, rest.strip()
        nodes.append(_block(keyword, rest.strip(), parts) if keyword in _OPENERS else part)
    return nodes, None, ""


def _block(keyword: str, expression: str, parts: Iterator[Any]) -> _Block:
    body, ended_by, rest = _until_end(parts)
    otherwise: tuple[Any, ...] = ()
    if ended_by == "else":
        again, _, expression_again = rest.partition(" ")
        if again in ("if", "with"):
            otherwise = (_block(again, expression_again.strip(), parts),)
        else:
            otherwise = tuple(_until_end(parts)[0])
    return _Block(keyword, expression, tuple(body), otherwise)


class Templates:
    """All templates of a chart. unknown: functions and templates that it does not know; it takes the worst of them."""

    def __init__(self, texts: Mapping[str, str], parts: Sequence[str] = ()) -> None:
        """texts: file -> text. parts: the texts of charts that it brings, whose named templates it may use."""
        self._defined: dict[str, _Block] = {}
        self._known: dict[tuple[str, Meant], tuple[Uses, list[Document]]] = {}
        self.unknown: set[str] = set()
        self.uses = Uses()
        self.documents: list[Document] = []
        files = [_parsed(text) for text in texts.values()]
        for nodes in (*(_parsed(text) for text in parts), *files):
            for node in nodes:
                if isinstance(node, _Block) and node.keyword in ("define", "block"):
                    self._defined[node.expression.split()[0].strip('"`')] = node
        for nodes in files:
            frame = _Frame(self, ROOT, [Document()])
            frame.walk(nodes)
            self.uses.add(frame.uses)
            self.documents += [*frame.documents, *frame.made]

    def call(self, name: str, dot: Meant) -> tuple[Uses, list[Document]]:
        """Returns what a named template uses when it is called with these values, and the manifests that it is."""
        if name not in self._defined:
            self.unknown.add(name)
            return Uses(whole={meant[1] for meant in dot if meant[0] == "value"}), []
        key = name, dot
        if key not in self._known:
            self._known[key] = Uses(), []  # a template may call itself
            frame = _Frame(self, dot, [Document()])
            frame.walk(self._defined[name].body)
            made = [each for each in (*frame.documents, *frame.made) if each.conditions is not None]
            self._known[key] = frame.uses, made
        return self._known[key]


class _Frame:
    """One call of a template: its variables, and where the reader is."""

    def __init__(self, templates: Templates, dot: Meant, documents: list[Document]) -> None:
        self._templates = templates
        self._dot = dot
        self._variables: dict[str, Meant] = {"$": dot}
        self._conditions: list[set[Path]] = []
        self.uses = Uses()
        self.documents = documents
        self.made: list[Document] = []  # by templates that it calls

    def walk(self, nodes: Sequence[Any]) -> None:
        for node in nodes:
            if isinstance(node, str):
                self._text(node)
            elif isinstance(node, list):
                self._action(node[0])
            elif node.keyword != "define":
                self._walk_block(node)

    def _text(self, text: str) -> None:
        for index, part in enumerate(re.split(r"^---.*$", text, flags=re.MULTILINE)):
            if index:
                self.documents.append(Document())
            document = self.documents[-1]
            document.text += part
            if document.conditions is None and re.search(r"^kind:", part, re.MULTILINE):
                document.conditions = set().union(*self._conditions)

    def _action(self, expression: str) -> Meant:
        before, self.uses = self.uses, Uses()
        meant = NOTHING if expression.startswith("/*") else self._assigned(expression)
        used, self.uses = self.uses, before
        self.uses.add(used)
        document = self.documents[-1]
        document.text += f"\0{len(document.uses)}\0"
        document.uses.append(Uses(set(used.read), set(used.whole)))
        return meant

    def _walk_block(self, block: _Block) -> None:
        before = set(self.uses.read)
        self.uses.read.clear()
        _, _, value = block.expression.rpartition(":=")
        names = re.findall(r"\$\w+", block.expression.partition(":=")[0]) if ":=" in block.expression else []
        meant = self._action(value)
        self._conditions.append(set(self.uses.read))
        self.uses.read |= before
        dot = self._dot
        if block.keyword == "range":
            self._use_whole(frozenset(each for each in meant if each[0] == "value"))
            meant = self._items(meant)
        if block.keyword in ("range", "with", "block"):
            self._dot = meant
        for name in names[-1:]:
            self._assign(name, meant)
        self.walk(block.body)
        self._dot = dot
        self.walk(block.otherwise)
        self._conditions.pop()

    def _items(self, meant: Meant) -> Meant:
        found: set[Any] = set()
        for each in meant:
            if each[0] == "items":
                found |= frozenset().union(*each[1])
            elif each[0] == "value":
                found.add(("value", (*each[1], ITEM)))
            elif each[0] == "dict":
                for _, inner in each[1]:
                    found |= inner
        return frozenset(found)

    def _assign(self, name: str, meant: Meant) -> None:
        self._variables[name] = self._variables.get(name, NOTHING) | meant

    def _assigned(self, expression: str) -> Meant:
        match = re.match(r"(\$\w+)\s*:?=\s*(.*)", expression, re.DOTALL)
        if match is None:
            return self._pipeline(_tokens(expression))
        made = [*self.made]
        meant = self._pipeline(_tokens(match[2]))
        self.made = made  # what a variable holds is not written
        self._assign(match[1], meant)
        return meant

    def _pipeline(self, tokens: list[tuple[str, bool]]) -> Meant:
        """Returns what the tokens stand for, up to a closing parenthesis, which it takes away."""
        piped: Meant | None = None
        while True:
            arguments: list[Meant] = []
            function: str | None = None
            while tokens and tokens[0][0] not in ("|", ")"):
                word, joined = tokens.pop(0)
                if word == "(":
                    arguments.append(self._pipeline(tokens))
                elif word.startswith(".") and joined and arguments:
                    arguments[-1] = self._field(arguments[-1], word[1:])
                elif word[0] in "\"`'" or word.isdigit():
                    arguments.append(frozenset({("text", word.strip("\"`'"))}))
                elif word.startswith((".", "$")):
                    arguments.append(self._operand(word))
                elif function is None and not arguments and word[0].isalpha():
                    function = word
                elif word not in (",", "=", ":="):
                    arguments.append(NOTHING)  # true, nil
            if piped is not None:
                arguments.append(piped)
            piped = self._call(function, arguments) if function else (arguments[-1] if arguments else NOTHING)
            if not tokens or tokens.pop(0)[0] == ")":
                return piped

    def _operand(self, token: str) -> Meant:
        name, _, fields = token.partition(".")
        start = self._variables.get(name, NOTHING) if name else self._dot
        return self._field(start, fields) if fields else start

    def _field(self, meant: Meant, fields: str) -> Meant:
        for name in fields.split("."):
            meant = self._get(meant, name)
        self.uses.read |= {each[1] for each in meant if each[0] == "value" and each[1]}
        return meant

    def _get(self, meant: Meant, name: str) -> Meant:
        found: set[Any] = set()
        for each in meant:
            if each[0] == "root" and name == "Values":
                found.add(("value", ()))
            elif each[0] == "value":
                found.add(("value", (*each[1], ITEM if name.isdigit() else name)))
            elif each[0] == "items" and name.isdigit():
                found |= each[1][int(name)] if int(name) < len(each[1]) else NOTHING
            elif each[0] == "dict":
                found |= dict(each[1]).get(name, NOTHING)
        return frozenset(found)

    def _use_whole(self, meant: Meant) -> None:
        for each in meant:
            if each[0] == "value":
                self.uses.whole.add(each[1])
            elif each[0] == "items":
                self._use_whole(frozenset().union(*each[1]))
            elif each[0] == "dict":
                for _, inner in each[1]:
                    self._use_whole(inner)

    def _call(self, function: str, arguments: list[Meant]) -> Meant:
        texts = [next((each[1] for each in argument if each[0] == "text"), None) for argument in arguments]
        if function in ("include", "template"):
            if not texts or texts[0] is None:
                return NOTHING  # a computed name: `include (print $.Template.BasePath "/config.yaml") .` for a checksum
            uses, made = self._templates.call(texts[0], arguments[1] if len(arguments) > 1 else NOTHING)
            self.uses.add(uses)
            around = set().union(*self._conditions)
            self.made += [replace(each, conditions=(each.conditions or set()) | around) for each in made]
            return NOTHING
        if function == "dict":
            pairs = zip(texts[::2], arguments[1::2], strict=False)
            return frozenset({("dict", tuple((key, meant) for key, meant in pairs if key))})
        if function in ("list", "tuple"):
            return frozenset({("items", tuple(arguments))})
        if function in ("index", "get", "hasKey", "dig", "pluck", "pick", "unset", "set"):
            return self._keyed(function, arguments, texts)
        if function == "omit":  # all other keys are taken, whatever their names
            self.uses.read |= {each[1] for each in self._items(arguments[0]) if each[0] == "value"}
            return arguments[0]
        if function in _ANY_OF:
            return frozenset().union(*arguments)
        if function in _WHOLE:
            for argument in arguments:
                self._use_whole(argument)
        return NOTHING  # what is computed of values is no value

    def _keyed(self, function: str, arguments: list[Meant], texts: list[str | None]) -> Meant:
        if function == "set":
            return arguments[0] | (arguments[2] if len(arguments) > 2 else NOTHING)
        if function == "dig":
            keys, container = texts[:-2], arguments[-1]
        elif function == "pluck":
            keys, container = texts[:1], frozenset().union(*arguments[1:])
        elif function == "pick":
            return frozenset({("dict", tuple((key, self._field(arguments[0], key)) for key in texts[1:] if key))})
        else:
            keys, container = texts[1:], arguments[0]
        for key in keys:
            if key is None:  # a computed key reads any of them
                self._use_whole(container)
                return self._items(container)
            container = self._get(container, key)
        self.uses.read |= {each[1] for each in container if each[0] == "value" and each[1]}
        return container


def _tokens(expression: str) -> list[tuple[str, bool]]:
    """Returns each token, and whether it touches the one before: `(x).y` is a field of x, and `(x) .y` is not."""
    return [(match[1], match[0] == match[1]) for match in _TOKEN.finditer(expression)]
