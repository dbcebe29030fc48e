"""Aligned tables for a terminal of 100 columns, and the same as Markdown."""

from collections.abc import Sequence

WIDTH = 100


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = (), indent: int = 2) -> list[str]:
    """Rows as lines: columns two spaces apart, those in `right` flush right, the first cut to fit the width.

    A row of one cell is a heading and has no columns.
    """
    columns = max((len(row) for row in rows), default=0)
    widths = [max((len(row[at]) for row in rows if len(row) == columns), default=0) for at in range(columns)]
    if columns > 1:
        others = sum(widths[1:]) + 2 * (columns - 1) + indent
        widths[0] = min(widths[0], max(20, WIDTH - others))
    lines = []
    for row in rows:
        if len(row) < columns:
            lines.append(" " * indent + row[0])
            continue
        cells = [_fit(cell, widths[at], at in right) for at, cell in enumerate(row)]
        lines.append((" " * indent + "  ".join(cells)).rstrip())
    return lines


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """A Markdown table. Bars and line ends in cells are made harmless."""
    rule = ["---:" if at in right else "---" for at in range(len(header))]
    return [_bar(header), _bar(rule), *(_bar([_cell(cell) for cell in row]) for row in rows)]


def wrapped(text: str, indent: str, width: int = WIDTH) -> list[str]:
    """A sentence over as many lines as it needs; the second and later ones are indented two further."""
    lines, line = [], indent
    for word in text.split():
        if len(line) + len(word) + 1 > width and line.strip():
            lines.append(line.rstrip())
            line = f"{indent}  "
        line += f"{word} "
    return [*lines, line.rstrip()]


def some(names: Sequence[str], most: int = 3) -> str:
    """Names as a list in a sentence, the first few of many, e.g. `a, b, c and 12 more`."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _fit(cell: str, width: int, flush_right: bool) -> str:
    cut = cell if len(cell) <= width else f"{cell[: width - 1]}…"
    return cut.rjust(width) if flush_right else cut.ljust(width)


def _bar(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
