"""How much data a store holds, as far as its tags say: this project writes its purpose, its size and its growth."""

from collections.abc import Mapping

from costs.pricing import assumed
from costs.resource import Resource
from costs.usage import Amount

GROWTH_MONTHS = 12  # the estimate includes the growth of a year


def stored(resource: Resource, guess: Amount, what: str) -> tuple[Amount, str]:
    """Returns the stored data in GB, from now to a year from now, and the text of the assumption.

    guess: of a store whose tags give no size. what: what is counted, such as `GB in each bucket`.
    """
    expected, growth = number_tag(resource, "expected-gib"), monthly_growth(resource)
    low, high = (guess.low, guess.high) if expected is None else (expected, expected)
    amount = Amount(low, high + GROWTH_MONTHS * (growth or 0))
    return amount, assumed(amount, what if growth is None else f"{what}, growing {growth:g} GB a month for a year")


def monthly_growth(resource: Resource) -> float | None:
    """Returns the growth in GB a month, None where no tag gives it."""
    return number_tag(resource, "monthly-growth-gib")


def number_tag(resource: Resource, name: str) -> float | None:
    """Returns the number in a tag of this project, None where there is none."""
    text = tag(resource, name)
    return float(text) if text.isdigit() else None


def tag(resource: Resource, name: str) -> str:
    """Returns a tag of this project, "" where it is missing or not known yet."""
    tags = resource.inputs.get("tags")
    value = tags.get(f"ml-platform:{name}") if isinstance(tags, Mapping) else None
    return value if isinstance(value, str) else ""
