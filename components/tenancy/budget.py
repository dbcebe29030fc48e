"""The AWS Budget of a team: what it counts, and who hears of it."""

import pulumi
import pulumi_aws as aws

from components.core.stage import TEAM_TAG, Stage
from settings.tenancy.team_budget import BudgetSettings

FORECAST = 100
"""Percent of the budget: a mail is sent when a month is likely to end above it."""


def counted(stage: Stage, team: str) -> str:
    """Returns the tag of a team as a filter of AWS Budgets: of any other form AWS takes it too, and counts 0 USD.

    Source: hashicorp/terraform-provider-aws, website/docs/r/budgets_budget.html.markdown (Cost Filter), and its issue
    39850; read 2026-11.
    """
    return f"user:{TEAM_TAG}${stage.team_name(team)}"


def notifications(settings: BudgetSettings) -> list[aws.budgets.BudgetNotificationArgsDict]:
    """Returns what is told: the shares that are spent, and that the month is likely to end above the budget."""
    told = [("ACTUAL", percent) for percent in sorted(settings.at_percent)] + [("FORECASTED", FORECAST)]
    return [
        {
            "notification_type": kind,
            "comparison_operator": "GREATER_THAN",
            "threshold": percent,
            "threshold_type": "PERCENTAGE",
            "subscriber_email_addresses": list(settings.notify),
        }
        for kind, percent in told
    ]


def team_budget(name: str, team: str, settings: BudgetSettings, stage: Stage, opts: pulumi.ResourceOptions) -> None:
    """Registers the budget of a team. What the months before cost is counted too, once the tag is active."""
    aws.budgets.Budget(
        name,
        name=stage.team_name(team),
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=str(settings.monthly_usd),
        limit_unit="USD",
        cost_filters=[{"name": "TagKeyValue", "values": [counted(stage, team)]}],
        notifications=notifications(settings),
        opts=opts,
    )
