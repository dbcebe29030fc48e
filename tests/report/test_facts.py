"""The page about old facts."""

from catalog.ages import Age
from report.facts import as_markdown, in_short

PRICES = Age(name="catalog/data/service_prices.json", oldest="2024-07-01", old=41, total=50)


def test_each_table_with_old_facts_is_a_row_with_their_number() -> None:
    page = as_markdown([PRICES])
    assert "| `catalog/data/service_prices.json` | 2024-07-01 | 41 of 50 |" in page
    assert "`make facts`" in page, "the reader needs to know what to do"


def test_the_summary_has_one_line_about_old_facts_and_none_without_them() -> None:
    assert in_short([PRICES]) == "files of the catalog with facts older than 90 days: 1, see `facts.md`"
    assert in_short([]) == ""
    assert as_markdown([]).endswith("No fact is older than 90 days.\n")
