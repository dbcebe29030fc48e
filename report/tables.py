"""Tables for a terminal of 100 columns, and for Markdown."""

import re
from collections.abc import Sequence

WIDTH = 100
_BAR = re.compile(r"(?<!\\)((?:\\\\)*)\|")
"""A bar that no backslash escapes."""


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = (), indent: int = 2) -> list[str]:
    """Returns rows as lines, with two spaces between columns. The columns in `right` are aligned right.

    The first column is shortened to fit the width. A row of one cell is a heading over all columns.
    """
    columns = max((len(row) for row in rows), default=0)
    widths = [max((len(row[column]) for row in rows if len(row) == columns), default=0) for column in range(columns)]
    if columns > 1:
        others = sum(widths[1:]) + 2 * (columns - 1) + indent
        widths[0] = min(widths[0], max(20, WIDTH - others))
    lines = []
    for row in rows:
        if len(row) < columns:
            lines.append(" " * indent + row[0])
            continue
        cells = [_fit(cell, widths[column], column in right) for column, cell in enumerate(row)]
        lines.append((" " * indent + "  ".join(cells)).rstrip())
    return lines


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Returns a Markdown table. Bars and line breaks in cells are escaped."""
    rule = ["---:" if column in right else "---" for column in range(len(header))]
    return [_row(header), _row(rule), *(_row([_cell(cell) for cell in row]) for row in rows)]


def wrapped(text: str, indent: str, width: int = WIDTH) -> list[str]:
    """Returns a sentence as lines of at most `width`; the second and later lines are indented two spaces more."""
    lines, line = [], indent
    for word in text.split():
        if len(line) + len(word) + 1 > width and line.strip():
            lines.append(line.rstrip())
            line = f"{indent}  "
        line += f"{word} "
    return [*lines, line.rstrip()]


def some(names: Sequence[str], most: int = 3) -> str:
    """Returns the first names as a list for a sentence, e.g. `a, b, c and 12 more`."""
    first = ", ".join(names[:most])
    return first if len(names) <= most else f"{first} and {len(names) - most} more"


def counted(count: int, noun: str, plural: str = "s") -> str:
    """Returns a number with its noun, e.g. `1 node` and `2 nodes`."""
    return f"{count:,} {noun}{plural * (count != 1)}"


def _fit(cell: str, width: int, align_right: bool) -> str:
    shortened = cell if len(cell) <= width else f"{cell[: width - 1]}…"
    return shortened.rjust(width) if align_right else shortened.ljust(width)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return " ".join(_BAR.sub(r"\1\|", text).split())
