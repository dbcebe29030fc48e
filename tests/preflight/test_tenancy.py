"""Teams: names of secrets that AWS still holds, and the tag that budgets count by."""

import json
from typing import Any

import boto3
import pytest

from costs.resource import Resource
from preflight.checks import names, tenancy
from preflight.needs import Needs, name_of
from tests.preflight.accounts import COUNTED_BY, cost_tags
from tests.preflight.answers import REGION, Answer, Denied, missing
from tests.preflight.test_checks import seen


def secrets_of(needs: Needs) -> list[str]:
    found = [name for each in needs.of("secretsmanager/secret:Secret") if (name := name_of(each))]
    assert len(found) > 1
    return found


def made(name: str, *, deleted: bool = False, tags: Any = ()) -> None:
    client = boto3.client("secretsmanager", region_name=REGION)
    client.create_secret(Name=name, Tags=[{"Key": key, "Value": value} for key, value in dict(tags).items()])
    if deleted:
        client.delete_secret(SecretId=name, RecoveryWindowInDays=7)


def test_a_name_in_its_recovery_window_is_taken_also_where_it_was_this_stacks(needs: Needs, aws: None) -> None:
    first, *others = secrets_of(needs)
    made(first, deleted=True, tags=needs.stage.own_tags)
    assert seen(names.secrets, needs) == [
        ("failure", f"{first} is scheduled for deletion, and its recovery window is not over"),
        *(("ok", f"{name} is free") for name in others),
    ]


def test_a_secret_of_somebody_else_has_the_name(needs: Needs, aws: None) -> None:
    first, *_ = secrets_of(needs)
    made(first, tags={"project": "crawler"})
    assert seen(names.secrets, needs)[0] == ("failure", f"{first} stands already, of crawler")


def test_a_name_that_is_free_is_ready(needs: Needs, aws: None) -> None:
    assert {result for result, _ in seen(names.secrets, needs)} == {"ok"}


TAGS: dict[str, tuple[Answer | Denied, str, list[str]]] = {
    "active": (cost_tags("Active"), "ok", [f"{key} is active" for key in COUNTED_BY]),
    "not active": (cost_tags("Inactive"), "warning", [f"{key} is not active" for key in COUNTED_BY]),
    "of another account": (
        Denied(),
        "could not look",
        [f"who asks may not see whether {', '.join(COUNTED_BY)} are active (AccessDeniedException)"],
    ),
    "before the first up": (
        {"CostAllocationTags": []},
        "ok",
        [f"{key} can be activated a day after `up`" for key in COUNTED_BY],
    ),
    "busy": (
        Denied("ThrottlingException"),
        "could not look",
        ["ce:ListCostAllocationTags answers ThrottlingException"],
    ),
}


@pytest.mark.parametrize("name", TAGS)
def test_the_tags_of_budgets_are_looked_at(name: str, needs: Needs, aws: None) -> None:
    answer, result, says = TAGS[name]
    found = seen(tenancy.cost_allocation_tag, needs, ce__ListCostAllocationTags=answer)
    assert [each for each, _ in found] == [result] * len(says)
    assert [text for (_, text), said in zip(found, says, strict=True) if not text.startswith(said)] == []


def test_a_stack_that_is_up_and_whose_tags_billing_does_not_know_is_warned(needs: Needs, aws: None) -> None:
    (cluster,) = needs.settings.clusters
    there = {"cluster": {"name": needs.stage.cluster_name(cluster), "tags": needs.stage.own_tags}}
    answers: dict[str, Answer | Denied] = {"eks__DescribeCluster": there}
    answers["ce__ListCostAllocationTags"] = {"CostAllocationTags": []}
    assert seen(tenancy.cost_allocation_tag, needs, **answers) == [
        ("warning", f"{key} is not known to billing") for key in COUNTED_BY
    ]


def test_who_may_not_see_the_one_tag_of_a_stack_is_told_of_one(needs: Needs, aws: None) -> None:
    planned = tuple(each for each in needs.of("budgets/budget:Budget") if each.inputs.get("costFilters"))
    of_teams = Needs(stack=needs.stack, settings=needs.settings, account_id=needs.account_id, planned=planned)
    assert seen(tenancy.cost_allocation_tag, of_teams, ce__ListCostAllocationTags=Denied()) == [
        ("could not look", "who asks may not see whether ml-platform:team is active (AccessDeniedException)")
    ]


def test_a_stack_without_budgets_asks_nothing(needs: Needs, aws: None) -> None:
    planned = tuple(each for each in needs.planned if "budget" not in each.type)
    without = Needs(stack=needs.stack, settings=needs.settings, account_id=needs.account_id, planned=planned)
    assert len(planned) < len(needs.planned)
    assert seen(tenancy.cost_allocation_tag, without, ce__ListCostAllocationTags=Denied()) == []


def test_the_tags_of_the_stacks_own_budget_are_looked_at_too(needs: Needs, aws: None) -> None:
    by = [{"tags": {"key": key, "values": ["x"]}} for key in ("project", "environment")]
    budget = Resource(
        "urn:pulumi:prod::ml-platform::x::stack", "aws:budgets/budget:Budget", {"filterExpression": {"ands": by}}
    )
    alone = Needs(stack=needs.stack, settings=needs.settings, account_id=needs.account_id, planned=(budget,))
    told = [
        {"TagKey": key, "Type": "UserDefined", "Status": status}
        for key, status in (("project", "Active"), ("environment", "Inactive"))
    ]
    assert seen(tenancy.cost_allocation_tag, alone, ce__ListCostAllocationTags={"CostAllocationTags": told}) == [
        ("warning", "environment is not active"),
        ("ok", "project is active"),
    ]


FUNCTION = "arn:aws:lambda:us-west-2:123456789012:function:rotate"


def rotating(needs: Needs) -> Needs:
    kind = "aws:secretsmanager/secretRotation:SecretRotation"
    planned = Resource(f"urn:pulumi:prod::ml-platform::{kind}::hub", kind, {"rotationLambdaArn": FUNCTION})
    return Needs(
        stack=needs.stack, settings=needs.settings, account_id=needs.account_id, planned=(*needs.planned, planned)
    )


ROTATES = {"Service": "secretsmanager.amazonaws.com"}


def function_policy(effect: str = "Allow", action: Any = "lambda:InvokeFunction", **principal: Any) -> dict[str, str]:
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": FUNCTION}
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


NOT_LET_IN = ("failure", f"{FUNCTION} is not there, or its policy does not let secretsmanager.amazonaws.com invoke it")
POLICIES: dict[str, tuple[Answer | Denied, tuple[str, str]]] = {
    "Secrets Manager": (function_policy(Service="secretsmanager.amazonaws.com"), ("ok", FUNCTION)),
    "one of several actions": (function_policy(action=["lambda:GetFunction", "lambda:*"], **ROTATES), ("ok", FUNCTION)),
    "another action": (function_policy(action="lambda:GetFunction", **ROTATES), NOT_LET_IN),
    "a denial": (function_policy("Deny", **ROTATES), NOT_LET_IN),
    "another service": (function_policy(Service="events.amazonaws.com"), NOT_LET_IN),
    "an account": (function_policy(AWS="arn:aws:iam::123456789012:root"), NOT_LET_IN),
    "nobody": (missing("ResourceNotFoundException"), NOT_LET_IN),
    "who asks not": (Denied(), ("could not look", "the caller may not lambda:GetPolicy (AccessDeniedException)")),
}


@pytest.mark.parametrize("name", POLICIES)
def test_the_policy_of_a_function_that_rotates_is_looked_at(name: str, needs: Needs, aws: None) -> None:
    answer, found = POLICIES[name]
    assert seen(tenancy.rotation, rotating(needs), lambda__GetPolicy=answer) == [found]


def test_a_stack_without_rotations_asks_for_no_policy(needs: Needs, aws: None) -> None:
    assert seen(tenancy.rotation, needs, lambda__GetPolicy=Denied()) == []
