"""How old facts are shown."""

from catalog.ages import Age
from report.facts import as_markdown, in_short

PRICES = Age(name="catalog/data/service_prices.json", oldest="2024-07-01", old=41, said=50)


def test_each_old_table_is_a_row_with_how_much_of_it_is_old() -> None:
    page = as_markdown([PRICES])
    assert "| `catalog/data/service_prices.json` | 2024-07-01 | 41 of 50 |" in page
    assert "`make facts`" in page, "who reads it wants to know what to do"


def test_a_reviewer_gets_one_line_and_nothing_when_all_is_new() -> None:
    assert in_short([PRICES]) == "files of the catalog with some older than 90 days: 1, see `facts.md`"
    assert in_short([]) == ""
    assert as_markdown([]).endswith("None was read more than 90 days ago.\n")
