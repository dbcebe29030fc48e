"""Lists old facts of the catalog: prices change, and the support of versions ends."""

from collections.abc import Sequence

from catalog.ages import OLD_DAYS, Age
from report.tables import markdown

HEADER = ("Facts", "Oldest", f"Older than {OLD_DAYS} days")


def as_markdown(ages: Sequence[Age]) -> str:
    """Returns the whole page."""
    head = ["# Old facts", ""]
    if not ages:
        return "\n".join([*head, f"No fact is older than {OLD_DAYS} days.", ""])
    rows = [(f"`{age.name}`", age.oldest, f"{age.old} of {age.total}") for age in ages]
    advice = (
        "`make facts` renews tables with a module in `catalog/renew`. Renew the others from the source that they name."
    )
    return "\n".join([*head, advice, "", *markdown(HEADER, rows, right=(2,)), ""])


def in_short(ages: Sequence[Age]) -> str:
    """Returns a cell for the summary; "" when no fact is old."""
    if not ages:
        return ""
    return f"files of the catalog with facts older than {OLD_DAYS} days: {len(ages)}, see `facts.md`"
