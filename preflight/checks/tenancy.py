"""Teams: whether AWS counts by the tag that their budgets filter by."""

from collections.abc import Iterator

from catalog.regions import REGIONS
from components.core.stage import TEAM_TAG
from preflight.account import Ask, CouldNotLookError
from preflight.check import Finding, check, could_not_look, ok, warning
from preflight.checks.names import UP, is_up
from preflight.needs import Needs, home_of

_LIST = "ce:ListCostAllocationTags"
_GUIDE = "docs/guides/tenancy/what-a-budget-sees.md"


@check("Cost allocation tag", calls=(_LIST, UP))
def cost_allocation_tag(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The tag of teams is active. AWS refuses the question to an account that does not pay for itself, whoever asks.

    Source: hashicorp/terraform-provider-aws, issue 37636 (what a linked account hears); read 2026-11.
    """
    if not needs.of("budgets/budget:Budget"):
        return
    home = home_of(REGIONS[needs.settings.region].partition)
    command = f"aws ce list-cost-allocation-tags --region {home} --tag-keys {TEAM_TAG}"
    counts_nothing = "until it is active, every budget of a team stands at 0 USD"
    try:
        found = ask(_LIST, region=home, TagKeys=[TEAM_TAG])["CostAllocationTags"]
    except CouldNotLookError as error:
        if not error.code.startswith("AccessDenied"):
            raise
        fix = f"Only the account that pays may ask: {command}; {counts_nothing}."
        yield could_not_look(f"who asks may not see whether {TEAM_TAG} is active ({error.code})", fix)
        return
    if any(each["TagKey"] == TEAM_TAG and each["Status"] == "Active" for each in found):
        yield ok(f"{TEAM_TAG} is active")
    elif found or is_up(needs, ask):
        yield warning(
            f"{TEAM_TAG} is {'not active' if found else 'not known to billing'}",
            counts_nothing,
            f"Activate it, up to a day after something has it: {_GUIDE}.",
            f"aws ce update-cost-allocation-tags-status --region {home} "
            f"--cost-allocation-tags-status TagKey={TEAM_TAG},Status=Active",
        )
    else:
        yield ok(f"{TEAM_TAG} can be activated a day after `up`: {_GUIDE}")
