"""Facts of the catalog that were read long ago: prices move, versions go out of support."""

from collections.abc import Sequence

from catalog.ages import OLD_DAYS, Age
from report.tables import markdown

HEADER = ("Facts", "Oldest", f"Older than {OLD_DAYS} days")


def as_markdown(ages: Sequence[Age]) -> str:
    """The whole page."""
    head = ["# Old facts", ""]
    if not ages:
        return "\n".join([*head, f"None was read more than {OLD_DAYS} days ago.", ""])
    rows = [(f"`{age.name}`", age.oldest, f"{age.old} of {age.said}") for age in ages]
    how = "`make facts` renews what `catalog/renew` has a module for. Read the rest anew from the source that it names."
    return "\n".join([*head, how, "", *markdown(HEADER, rows, right=(2,)), ""])


def in_short(ages: Sequence[Age]) -> str:
    """For a table of the summary; empty when none is old."""
    if not ages:
        return ""
    return f"files of the catalog with some older than {OLD_DAYS} days: {len(ages)}, see `facts.md`"
