"""Reads the catalog's tables: JSON files with one row a line. A table is read when it is first used."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")

DATA = Path(__file__).parent / "data"


def read_table(name: str) -> dict[str, Any]:
    """Returns the whole content of `catalog/data/<name>.json`, with its notes and sources."""
    table: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return table


def tables(folder: str) -> list[str]:
    """Returns the names of the tables in a folder of `catalog/data`, in alphabetical order."""
    return sorted(path.stem for path in (DATA / folder).glob("*.json"))


class LazyTable(Mapping[str, Row], Generic[Row]):
    """A read-only mapping that loads its rows when it is first used, so that importing the catalog costs nothing."""

    def __init__(self, load: Callable[[], dict[str, Row]]) -> None:
        self._load = load

    @cached_property
    def _rows(self) -> dict[str, Row]:
        return self._load()

    def __getitem__(self, key: str) -> Row:
        return self._rows[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def laid_out(table: Mapping[str, Any], *rows: str) -> str:
    """Returns the text of a table: one key per line; for the keys in `rows`, or else the last key, one row per line.

    So a changed row is a changed line, and two people can add rows at the same time.
    """
    by_row = rows or tuple(table)[-1:]

    def line(key: str, value: Any, indent: str) -> str:
        return f"{indent}{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"

    def part(key: str, value: Any) -> str:
        if key not in by_row or not value:
            return line(key, value, "  ")
        lines = ",\n".join(line(name, row, "    ") for name, row in value.items())
        return f"  {json.dumps(key)}: {{\n{lines}\n  }}"

    return "{\n" + ",\n".join(part(key, value) for key, value in table.items()) + "\n}\n"
