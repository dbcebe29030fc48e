"""WAF: web ACLs. Tokens `aws:wafv2/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the WAFV2 API model; read 2026-11.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from simulator.aws import tokens
from simulator.aws.constraints import between, every, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError, Service
from simulator.aws.model import Autoname, ResourceType, Unique
from simulator.aws.operation_context import OperationContext

WAFV2 = Service("WAFV2")
# Capacity units. Source: AWS WAF developer guide, "AWS Managed Rules rule groups list"; read 2026-11.
_GROUPS = {
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesUnixRuleSet": 100,
}
_MOST_UNITS = 5000


def _units(op: OperationContext) -> int:
    total = 0
    for rule in op.get("rules", []):
        statement = rule.get("statement") or {}
        group = statement.get("managedRuleGroupStatement")
        total += _GROUPS.get(group["name"], 100) if group else 2
    return total


def _rules_are_apart(op: OperationContext) -> None:
    """Rules have names and priorities of their own. Source: WAFV2 API, Rule; wordings unverified."""
    for key in ("name", "priority"):
        twice = [value for value, times in Counter(rule.get(key) for rule in op.get("rules", [])).items() if times > 1]
        if twice:
            raise AwsError(
                "WAFInvalidParameterException", f"Your request contains duplicate {key} of rules: {twice[0]}"
            )


def _rules_act(op: OperationContext) -> None:
    """A rule with a group has an overrideAction, any other an action."""
    for rule in op.get("rules", []):
        statement = rule.get("statement") or {}
        grouped = bool(statement.get("managedRuleGroupStatement") or statement.get("ruleGroupReferenceStatement"))
        if bool(rule.get("overrideAction")) != grouped or bool(rule.get("action")) == grouped:
            raise AwsError(
                "WAFInvalidParameterException",
                "A reference in your rule statement is not valid: a rule group takes an OverrideAction, and any other "
                f"statement an Action, rule: {rule.get('name')}",
            )


def _capacity_is_enough(op: OperationContext) -> None:
    if _units(op) > _MOST_UNITS:
        raise AwsError("WAFLimitsExceededException", f"The web ACL capacity exceeds {_MOST_UNITS}")


def _default_action_is_one(op: OperationContext) -> None:
    action = op.get("defaultAction", {})
    if bool(action.get("allow") is not None) == bool(action.get("block") is not None):
        raise ProviderError("one of `allow,block` must be specified")


def _text(low: int, high: int) -> Any:
    return every(length(low, high), matches(r"[\w-]+", "letters, digits, _ and -"))


WEB_ACL = ResourceType(
    type=tokens.WEB_ACL,
    service=WAFV2,
    creates="CreateWebACL",
    updates="UpdateWebACL",
    deletes="DeleteWebACL",
    display_name="WAFv2 WebACL",
    label="{name}",
    id="{uuid}",
    arn="arn:{partition}:wafv2:{region}:{account}:regional/webacl/{name}/{id}",
    required="defaultAction scope visibilityConfig",
    replace_on="name namePrefix scope",
    autoname=Autoname(max_length=255, given_prefix="namePrefix"),
    computed={"applicationIntegrationUrl": "", "capacity": _units, "lockToken": "{uuid:lock}"},
    constraints={
        "name": _text(1, 128),
        "rules[*].name": _text(1, 128),
        "rules[*].statement.rateBasedStatement.evaluationWindowSec": one_of(60, 120, 300, 600),
        "rules[*].statement.rateBasedStatement.limit": between(10, 2_000_000_000),
        "scope": one_of("CLOUDFRONT", "REGIONAL"),
        "visibilityConfig.metricName": every(length(1, 255), matches(r"[\w#:./-]+", "letters, digits and _#:./-")),
    },
    not_found=ErrorTemplate(
        "WAFNonexistentItemException",
        "AWS WAF couldn't perform the operation because your resource doesn't exist.",
    ),
    unique=Unique(
        "name",
        ErrorTemplate(
            "WAFDuplicateItemException",
            "AWS WAF could not perform the operation because some resource in your request is a duplicate of an "
            "existing one.",
        ),
    ),
    rules=(_default_action_is_one, _rules_are_apart, _rules_act, _capacity_is_enough),
    update_rules=(_default_action_is_one, _rules_are_apart, _rules_act, _capacity_is_enough),
    source="hashicorp/terraform-provider-aws internal/service/wafv2/web_acl.go",
)

TYPES = (WEB_ACL,)
