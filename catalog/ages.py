"""Finds old facts of the catalog: each table and module has the date when its source was read, or the date of its
facts.

A table has the date in `read` or `as_of`, for itself or in its rows; a module has the word `read` and a month beside
its source.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from catalog.rows import DATA, read_table

OLD_DAYS = 90
READ_DATE = re.compile(r"\bread\s+(20\d\d-\d\d)")
UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Age:
    """The age of one table or module.

    oldest: its oldest date, as it is written: a day, a month, a year, or `unknown`. old: the number of its old dates.
    total: the number of its dates.
    """

    name: str
    oldest: str
    old: int
    total: int


def dates() -> dict[str, list[str]]:
    """Returns all dates of each table and module of the catalog, by its path in the project."""
    by_path = {}
    for path in sorted(DATA.rglob("*.json")):
        table = path.relative_to(DATA).with_suffix("")
        by_path[f"catalog/data/{table}.json"] = list(_dates_in(read_table(str(table))))
    for path in sorted(DATA.parent.glob("*.py")):
        if months := READ_DATE.findall(path.read_text(encoding="utf-8")):
            by_path[f"catalog/{path.name}"] = months
    return by_path


def _dates_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("read", "as_of"):
                yield inner
            elif key not in ("values", "schema"):  # of a chart, whose keys have names of their own
                yield from _dates_in(inner)


def last_day(text: str) -> date:
    """Returns the last day that a date can mean, and the earliest possible day for an unknown date."""
    if text == UNKNOWN:
        return date.min
    year, month, day = [*map(int, text.split("-")), 0, 0][:3]
    month = month or 12
    return date(year, month, day or calendar.monthrange(year, month)[1])


def old_facts(today: date, days: int = OLD_DAYS) -> list[Age]:
    """Returns the tables and modules with a date that is more than `days` days old, the oldest first."""
    ages = []
    for name, written in dates().items():
        old = sorted((each for each in written if (today - last_day(each)).days > days), key=last_day)
        if old:
            ages.append(Age(name=name, oldest=old[0], old=len(old), total=len(written)))
    return sorted(ages, key=lambda age: (last_day(age.oldest), age.name))
