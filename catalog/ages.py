"""How old the catalog's facts are: each table and each module says when its source was read, or as of when it is.

A table says so in `read` or `as_of`, of itself or of its rows; a module by the word `read` and a month, beside its
source.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from catalog.rows import DATA, read_table

OLD_DAYS = 90
SAID = re.compile(r"\bread\s+(20\d\d-\d\d)")
UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Age:
    """One table or module.

    oldest: as its source says it: a day, a month, a year, or `unknown`. old: how many of the dates that it said.
    """

    name: str
    oldest: str
    old: int
    said: int


def dates() -> dict[str, list[str]]:
    """Each date that a table or a module of the catalog says, by its path in the project."""
    found = {}
    for path in sorted(DATA.rglob("*.json")):
        place = path.relative_to(DATA).with_suffix("")
        found[f"catalog/data/{place}.json"] = list(_said(read_table(str(place))))
    for path in sorted(DATA.parent.glob("*.py")):
        if said := SAID.findall(path.read_text(encoding="utf-8")):
            found[f"catalog/{path.name}"] = said
    return found


def _said(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("read", "as_of"):
                yield inner
            else:
                yield from _said(inner)


def last_day(said: str) -> date:
    """The last day that a date can mean; the first of all for one that is not known."""
    if said == UNKNOWN:
        return date.min
    year, month, day = [*map(int, said.split("-")), 0, 0][:3]
    month = month or 12
    return date(year, month, day or calendar.monthrange(year, month)[1])


def old_facts(today: date, days: int = OLD_DAYS) -> list[Age]:
    """Tables with something older than so many days, the oldest first."""
    found = []
    for name, said in dates().items():
        old = sorted((each for each in said if (today - last_day(each)).days > days), key=last_day)
        if old:
            found.append(Age(name=name, oldest=old[0], old=len(old), said=len(said)))
    return sorted(found, key=lambda age: (last_day(age.oldest), age.name))
