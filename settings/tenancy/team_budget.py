"""`teams[].budget`: what a team may spend in a month, and who hears of it."""

import re

from pydantic import Field, field_validator

from settings.core.base import Settings
from settings.core.problems import listed, raise_if, repeated

_ADDRESS = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class BudgetSettings(Settings):
    """An AWS Budget of what has the team's tag: buckets, file systems and secrets that the team alone uses.

    Nodes bear no team's tag, so what they cost is not in it. A mail is also sent when a month is likely to end above
    the budget: AWS allows five notifications, and this is one of them.
    """

    monthly_usd: int = Field(ge=1, le=100_000_000, description="US dollars a month.", examples=[2000])
    notify: tuple[str, ...] = Field(
        min_length=1,
        max_length=10,
        description="Addresses that get a mail at each threshold; AWS allows ten.",
        examples=[["ml-research@example.com"]],
    )
    at_percent: tuple[int, ...] = Field(
        default=(80, 100), min_length=1, max_length=4, description="Shares of the budget at which a mail is sent."
    )

    @field_validator("notify")
    @classmethod
    def addresses_are_addresses(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        mistakes = [
            f"{address!r} is no mail address, and AWS refuses the budget. Write for example ml-research@example.com."
            for address in addresses
            if not _ADDRESS.fullmatch(address)
        ]
        if twice := repeated(addresses):
            mistakes.append(f"{listed(twice)} is named twice. Name each once.")
        raise_if(mistakes)
        return addresses

    @field_validator("at_percent")
    @classmethod
    def thresholds_are_shares(cls, shares: tuple[int, ...]) -> tuple[int, ...]:
        mistakes = [f"{share} is no share of a budget. Write 1 to 1000." for share in shares if not 1 <= share <= 1000]
        if twice := repeated([str(share) for share in shares]):
            mistakes.append(f"{listed(twice)} is named twice. Name each once.")
        raise_if(mistakes)
        return shares
