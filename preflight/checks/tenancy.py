"""Teams: whether AWS counts by the tag of their budgets, and whether Secrets Manager may call what rotates secrets."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from catalog.regions import REGIONS
from components.core.stage import TEAM_TAG
from costs.resource import Resource
from preflight.account import Ask, CouldNotLookError
from preflight.check import Finding, check, could_not_look, failure, ok, warning
from preflight.checks.names import UP, is_up
from preflight.needs import Needs, home_of, known

_LIST = "ce:ListCostAllocationTags"
_GUIDE = "docs/guides/tenancy/what-a-budget-sees.md"


@check("Cost allocation tag", calls=(_LIST, UP))
def cost_allocation_tag(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The tags that budgets count by are active. AWS refuses the question to administrators, too, of an account that
    others pay for.

    Source: hashicorp/terraform-provider-aws, issue 37636 (what a linked account hears); read 2026-11.
    """
    keys = sorted({key for each in needs.of("budgets/budget:Budget") for key in counted_by(each)})
    if not keys:
        return
    home = home_of(REGIONS[needs.settings.region].partition)
    command = f"aws ce list-cost-allocation-tags --region {home} --tag-keys {' '.join(keys)}"
    try:
        answer = ask(_LIST, region=home, TagKeys=keys)["CostAllocationTags"]
    except CouldNotLookError as error:
        if not error.code.startswith("AccessDenied"):
            raise
        fix = f"Only the account that pays may ask: {command}; {_counts_nothing(keys)}."
        are = f"{', '.join(keys)} {'is' if len(keys) == 1 else 'are'} active"
        yield could_not_look(f"who asks may not see whether {are} ({error.code})", fix)
        return
    status = {each["TagKey"]: each["Status"] for each in answer}
    for key in keys:
        if status.get(key) == "Active":
            yield ok(f"{key} is active")
        elif key in status or is_up(needs, ask):
            yield warning(
                f"{key} is {'not active' if key in status else 'not known to billing'}",
                _counts_nothing([key]),
                f"Activate it, up to a day after something has it: {_GUIDE}.",
                f"aws ce update-cost-allocation-tags-status --region {home} "
                f"--cost-allocation-tags-status TagKey={key},Status=Active",
            )
        else:
            yield ok(f"{key} can be activated a day after `up`: {_GUIDE}")


def counted_by(budget: Resource) -> set[str]:
    """Returns the keys of the tags by which a budget counts."""
    filters = budget.inputs.get("costFilters") or ()
    of_filters = [value for each in filters if each["name"] == "TagKeyValue" for value in each["values"]]
    expression = (budget.inputs.get("filterExpression") or {}).get("ands") or ()
    named = {each["tags"]["key"] for each in expression if "tags" in each}
    return named | {value.partition("$")[0].removeprefix("user:") for value in of_filters}


def _counts_nothing(keys: Sequence[str]) -> str:
    counts = f"each budget that counts by {'it' if len(keys) == 1 else 'them'}"
    whose = "every budget of a team" if keys == [TEAM_TAG] else counts
    return f"until {'it is' if len(keys) == 1 else 'they are'} active, {whose} stands at 0 USD"


_CALLER = "secretsmanager.amazonaws.com"


@check("Rotation of secrets", calls=("lambda:GetPolicy",))
def rotation(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The policy of each function that rotates secrets lets Secrets Manager call it. It is its owner's to say so.

    A function without any policy and one that is not there get the same answer.
    Source: Lambda API, GetPolicy; Secrets Manager user guide, "Permissions for rotation"; read 2026-11.
    """
    planned = needs.of("secretsmanager/secretRotation:SecretRotation")
    for arn in sorted({known(each.inputs.get("rotationLambdaArn")) for each in planned} - {""}):
        answer = ask("lambda:GetPolicy", absent=("ResourceNotFoundException",), FunctionName=arn)
        statements = json.loads(answer["Policy"])["Statement"] if answer else []
        if any(map(_lets_in, statements)):
            yield ok(arn)
            continue
        yield failure(
            f"{arn} is not there, or its policy does not let {_CALLER} invoke it",
            "RotateSecret is refused, and `up` stops half-way",
            "Write another function_arn; or its owner lets Secrets Manager in:",
            f"aws lambda add-permission --region {needs.settings.region} --function-name {arn} --statement-id rotation "
            f"--action lambda:InvokeFunction --principal {_CALLER} --source-account {needs.account_id}",
        )


def _lets_in(statement: dict[str, Any]) -> bool:
    who = statement.get("Principal")
    services = who.get("Service") if isinstance(who, dict) else who
    named = services if isinstance(services, list) else [services]
    does = statement.get("Action")
    actions = does if isinstance(does, list) else [does]
    invokes = bool({"lambda:InvokeFunction", "lambda:*", "*"} & {*actions})
    return statement.get("Effect") == "Allow" and invokes and bool({_CALLER, "*"} & {*named})
