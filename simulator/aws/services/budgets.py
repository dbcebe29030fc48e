"""AWS Budgets. Tokens `aws:budgets/...`.

The entry was made from the provider's source that it names, its SDK 7.51 and the Budgets API model of botocore 1.44.8;
read 2026-11. Wordings without a source of their own are unverified. A filter by a tag in another form than
`user:<key>$<value>` is accepted, as by AWS, which then counts nothing: the policy cost-budget-counts refuses it.
Source: hashicorp/terraform-provider-aws, issue 39850; read 2026-11.
"""

from __future__ import annotations

from typing import Any

from simulator.aws import tokens
from simulator.aws.constraints import between, every, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError, Service
from simulator.aws.model import Autoname, ResourceType, Unique
from simulator.aws.operation_context import OperationContext

BUDGETS = Service("Budgets")

# Source: Budgets API, CreateBudget (NotificationsWithSubscribers); read 2026-11
_NOTIFICATIONS, _ADDRESSES, _TOPICS = 5, 10, 1
_TIME = matches(r"\d{4}-\d{2}-\d{2}_\d{2}:\d{2}", "YYYY-MM-DD_HH:MM")
_COST_TYPES = {  # where the block is given, or for a budget of costs
    **dict.fromkeys(
        (
            *("includeCredit", "includeDiscount", "includeOtherSubscription", "includeRecurring", "includeRefund"),
            *("includeSubscription", "includeSupport", "includeTax", "includeUpfront"),
        ),
        True,
    ),
    "useAmortized": False,
    "useBlended": False,
}


def _there_is_a_limit(op: OperationContext) -> None:
    if op.get("budgetType") in ("COST", "USAGE") and not any(
        op.get(name) for name in ("limitAmount", "plannedLimits", "autoAdjustData")
    ):
        raise AwsError(
            "InvalidParameterException",
            "Unable to create/update budget - please provide one of the followings: Budget Limit/ Planned Budget "
            "Limit/ Auto Adjust Data",
        )


def _each_notification_is_heard(op: OperationContext) -> None:
    """Sources of the words: aprin-labs/archimedes, pull request 1712 (topics); the provider (nobody); read 2026-11."""
    given: list[dict[str, Any]] = op.get("notifications", [])
    start = f"creating Budget ({op.fill('{account}')}:{op.get('name')}) notifications: "
    for each in given:
        if not (each.get("subscriberEmailAddresses") or each.get("subscriberSnsTopicArns")):
            raise ProviderError(f"{start}Budget notification must have at least one subscriber", whole=True)
        for name, most, kind in (
            ("subscriberEmailAddresses", _ADDRESSES, "EMAIL"),
            ("subscriberSnsTopicArns", _TOPICS, "SNS"),
        ):
            if len(each.get(name) or ()) > most:
                raise AwsError(
                    "CreationLimitExceededException",
                    f"one notification can only have {most} subscribers with type of {kind}",
                )
    if len(given) > _NOTIFICATIONS:
        raise AwsError("CreationLimitExceededException", f"one budget can only have {_NOTIFICATIONS} notifications")
    same = [tuple(each.get(key) for key in ("notificationType", "comparisonOperator", "threshold")) for each in given]
    if len(set(same)) < len(same):
        raise AwsError("DuplicateRecordException", "Error creating notification - the notification already exists.")


_RULES = (_there_is_a_limit, _each_notification_is_heard)
BUDGET = ResourceType(
    type=tokens.BUDGET,
    service=BUDGETS,
    creates="CreateBudget",
    updates="UpdateBudget",
    display_name="Budget",
    label="{name}",
    id="{accountId}:{name}",
    arn="arn:{partition}:budgets::{account}:budget/{name}",
    required="budgetType timeUnit",
    replace_on="accountId name namePrefix",
    replace_if={"billingViewArn": lambda old, new: False},  # the provider's schema updates it in place
    autoname=Autoname(given_prefix="namePrefix"),
    conflicts=("limitAmount plannedLimits", "limitUnit plannedLimits", "costFilters filterExpression"),
    sets="costFilters notifications plannedLimits",
    defaults={
        **{f"costTypes.{name}": value for name, value in _COST_TYPES.items()},
        "timePeriodEnd": "2087-06-15_00:00",
    },
    aws_defaults={
        "accountId": "{account}",
        "costFilters": [],
        "costTypes": lambda op: dict(_COST_TYPES) if op.inputs.get("budgetType") == "COST" else {},
        "limitAmount": "100.0",
        "limitUnit": "USD",
        "timePeriodStart": "2026-01-01_00:00",
    },
    constraints={
        "accountId": matches(r"\d{12}", "12 digits"),
        "budgetType": one_of(
            "COST", "RI_COVERAGE", "RI_UTILIZATION", "SAVINGS_PLANS_COVERAGE", "SAVINGS_PLANS_UTILIZATION", "USAGE"
        ),
        "limitAmount": matches(r"([0-9]*\.)?[0-9]+", "a number"),
        "name": every(length(1, 100), matches(r"(?!.*/action/)[^:\\]+", "no : or \\, and not /action/")),
        "notifications[*].comparisonOperator": one_of("EQUAL_TO", "GREATER_THAN", "LESS_THAN"),
        "notifications[*].notificationType": one_of("ACTUAL", "FORECASTED"),
        "notifications[*].threshold": between(0, 15000000000000),
        "notifications[*].thresholdType": one_of("ABSOLUTE_VALUE", "PERCENTAGE"),
        "timePeriodEnd": _TIME,
        "timePeriodStart": _TIME,
        "timeUnit": one_of("ANNUALLY", "CUSTOM", "DAILY", "MONTHLY", "QUARTERLY"),
    },
    not_found=ErrorTemplate("NotFoundException", "Unable to get budget: {name} - the budget doesn't exist."),
    unique=Unique(
        "name",
        ErrorTemplate("DuplicateRecordException", "Error creating budget: {name} - the budget already exists."),
    ),
    always=_RULES,
    source="hashicorp/terraform-provider-aws internal/service/budgets/budget.go",
)

TYPES = (BUDGET,)
