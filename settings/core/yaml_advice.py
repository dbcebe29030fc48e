"""Says in plain words what YAML refuses, and what to write: the texts of the parser name its own inner states."""

import re
from typing import Any

import yaml

CLOSING = {"[": "]", "{": "}"}
RESERVED, QUOTES = {"@", "`", "%"}, {"'", '"'}
QUOTED = "Write the value in quotes."
# Text of the parser -> what is wrong, and what to write. libyaml and PyYAML differ in their texts.
ADVICE = (
    (
        r"another document",
        "has a second document, and a stack file is one. Drop the line `---` and join the two.",
    ),
    (r"undefined tag", "has a YAML tag, which a stack file cannot use. Write the value without it."),
    (r"a key is null", "has a key that is null. Name the key, or quote it."),
    (r"a key must be text", "has a list or map as a key, and a key must be text. Write it in quotes."),
    (r"undefined alias", "has a value that begins with *, which is an alias without an anchor. Write it in quotes."),
    (r"alphabetic or numeric", "has a value that begins with & or *, which is an anchor or alias. Write it in quotes."),
    (
        r"unknown escape",
        "has a backslash in double quotes, which begins an escape. Write the value in single quotes.",
    ),
    (
        r"sequence entries are not allowed",
        "has a list item where none can be. Write each item on a line of its own below its key: `- value`.",
    ),
    (
        r"mapping values are not allowed",
        "is indented further than the line before, which has a value already. Indent both in the same way.",
    ),
    (
        r"expected ':'",
        "has no colon with a space after it. Write `key: value`, or `- value` for the item of a list.",
    ),
    (
        r"expected key|expected <block end>|expected '-' indicator|expected <document start>",
        "does not fit the lines around it. Indent it as they are: keys of one map, or items (`- `) of one list.",
    ),
)


def sentence(error: yaml.MarkedYAMLError, text: str) -> tuple[str, Any]:
    """Returns what is wrong and what to write, and the mark of the place, from an error of the parser."""
    lines = [*text.split("\n"), ""]
    mark, opened, problem = error.problem_mark or error.context_mark, error.context_mark, error.problem or ""
    at, before = _split(lines, mark)
    opening, _ = _split(lines, opened)
    if "\t" in at or "\t" in before[: len(before) - len(before.lstrip())]:
        return "has a tab, which YAML refuses before a key or value. Use spaces.", mark
    if opening in CLOSING and "flow" in str(error.context):
        return f"has a {opening} that is not closed. Add {CLOSING[opening]} after its last value.", opened
    if at in CLOSING.values():
        return f"has a {at} that closes nothing. Drop it, or add the bracket that it closes.", mark
    if "unexpected end" in problem and "quoted scalar" in str(error.context):
        return f"has a quote that is not closed. Add {opening} after the value.", opened
    if at in RESERVED and "start any token" in problem:
        return f"has a value that begins with {at}, which YAML reserves. {QUOTED}", mark
    if before.rstrip()[-1:] in QUOTES and "expected" in problem:
        return "has text after a closing quote. Close the quote in a line above, or write the whole value in it.", mark
    if "mapping values" in problem and re.search(r":\s", before):
        return f"has a colon with a space after it inside a value. {QUOTED}", mark
    other = f"is not valid YAML: {problem}. Compare indentation, quotes and brackets with the lines around."
    return next((advice for pattern, advice in ADVICE if re.search(pattern, problem)), other), (
        opened if "expected ':'" in problem else mark
    )


def _split(lines: list[str], mark: Any) -> tuple[str, str]:
    """Returns the character at a mark, and the text of its line before it; both empty without a mark."""
    if mark is None or mark.line >= len(lines):
        return "", ""
    line = lines[mark.line]
    return line[mark.column : mark.column + 1], line[: mark.column]
