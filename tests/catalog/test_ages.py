"""The ages of the catalog's facts."""

from datetime import date
from pathlib import Path

import pytest

from catalog.ages import dates, last_day, old_facts
from catalog.rows import DATA

LAST_READ = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-07-20", date(2026, 7, 20)),
        ("2026-02", date(2026, 2, 28)),
        ("2026", date(2026, 12, 31)),
        ("unknown", date.min),
    ],
)
def test_a_date_means_its_last_day(text: str, day: date) -> None:
    assert last_day(text) == day, "facts that may be new must not be reported as old"


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.json")), ids=lambda path: str(path.relative_to(DATA)))
def test_every_table_has_the_date_when_it_was_read(path: Path) -> None:
    assert dates()[f"catalog/data/{path.relative_to(DATA)}"], "without a date it would never be reported as old"


def test_every_module_with_facts_has_the_date_when_they_were_read() -> None:
    modules = {name for name in dates() if name.endswith(".py")}
    assert modules >= {f"catalog/{name}.py" for name in ("endpoints", "iam", "kubernetes", "limits", "quotas")}


def test_old_facts_are_reported_oldest_first() -> None:
    old = old_facts(LAST_READ)
    assert [age.name for age in old[:1]] == ["catalog/data/service_prices.json"], "it holds a price without a date"
    assert [last_day(age.oldest) for age in old] == sorted(last_day(age.oldest) for age in old)
    assert all(0 < age.old <= age.total for age in old)
    assert "catalog/machine_images.py" not in {age.name for age in old}, "it was read this month"
    assert len(old_facts(LAST_READ, days=10_000)) == 1, "only the price without a date"
