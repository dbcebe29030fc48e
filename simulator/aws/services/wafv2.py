"""WAF: web ACLs. Tokens `aws:wafv2/...`.

The entry was made from the provider's source that it names, its SDK 7.51 and the WAFV2 API model of botocore 1.44.8;
read 2026-11. Wordings without a source of their own are unverified; the names of fields are those of that model.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog.known_quotas import WEB_ACLS
from simulator.aws import tokens
from simulator.aws.constraints import at_least, between, every, given, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, Service
from simulator.aws.model import Autoname, Quota, ResourceType, Unique, Use
from simulator.aws.operation_context import OperationContext
from simulator.aws.services.refusals import refuse

WAF = Service("WAFV2")

# Managed rule group of AWS -> WCUs.
# Source: AWS WAF developer guide, the pages under "AWS Managed Rules rule groups list"; read 2026-11.
_MANAGED = {
    "AWSManagedRulesACFPRuleSet": 50,
    "AWSManagedRulesATPRuleSet": 50,
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesAntiDDoSRuleSet": 50,
    "AWSManagedRulesBotControlRuleSet": 50,
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesPHPRuleSet": 100,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesUnixRuleSet": 100,
    "AWSManagedRulesWindowsRuleSet": 200,
    "AWSManagedRulesWordPressRuleSet": 100,
}
_MOST_CAPACITY = 5000  # Source: AWS WAF developer guide, "AWS WAF quotas"; read 2026-11
_GROUPS = ("managedRuleGroupStatement", "ruleGroupReferenceStatement")
_NAME = every(length(1, 128), matches(r"[\w-]+", "letters, digits, - and _"))
_METRIC = every(length(1, 128), matches(r"(?!(All|Default_Action)$)[\w-]+", "letters, digits, - and _, not All"))
_TEXT = r"[\w+=:#@/,.-]"


def _wrong(reason: str, field: str, parameter: str) -> AwsError:
    return AwsError("WAFInvalidParameterException", f"Error reason: {reason}, field: {field}, parameter: {parameter}")


def _not_one(field: str, parameter: str) -> AwsError:
    """Sources of the words: hashicorp/terraform-provider-aws, issue 29321; aws/aws-cdk, issue 16627; read 2026-11."""
    reason = "You have used none or multiple values for a field that requires exactly one value."
    return _wrong(reason, field, parameter)


def _given(block: dict[str, Any]) -> list[str]:
    return [name for name, value in block.items() if value is not None and not name.startswith("__")]


def _statements(statement: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields kind and content of a statement, and of those inside it."""
    for kind in _given(statement):
        inside = statement[kind]
        yield kind, inside
        for nested in (*(inside.get("statements") or ()), inside.get("scopeDownStatement")):
            if nested:
                yield from _statements(nested)


def _rules_are_sound(op: OperationContext) -> None:
    """Each rule has its own name and priority, one statement, and the kind of action that fits it."""
    rules = op.get("rules", [])
    for key in ("priority", "name"):
        values = [rule.get(key) for rule in rules]
        twice = next((str(each) for each in values if values.count(each) > 1), None)
        if twice is not None:
            raise _wrong(f"Your rules have the same {key}.", "RULE", twice)
    for rule in rules:
        kinds = _given(rule["statement"])
        if len(kinds) != 1:
            raise _not_one("STATEMENT", "Statement")
        _check_action(rule, "overrideAction" if kinds[0] in _GROUPS else "action")
        for kind, content in _statements(rule["statement"]):
            _check_statement(kind, content)


def _check_action(rule: dict[str, Any], wanted: str) -> None:
    """A group takes an override and no action, other statements an action and no override.

    Sources of the words: sid88in/serverless-appsync-plugin, issue 412 (the wrong one); aws/aws-cdk, issue 6056 (none);
    umotif-public/terraform-aws-waf-webaclv2, pull request 85 (RULE_ACTION); read 2026-11.
    """
    given = [side for side in ("action", "overrideAction") if _given(rule.get(side) or {})]
    if len(given) != 1:
        raise _not_one("RULE", "Rule")
    if given != [wanted]:
        raise _wrong("A reference in your rule statement is not valid.", "RULE", "Statement")
    if len(_given(rule[wanted])) != 1:
        raise _not_one(
            *(("RULE_ACTION", "RuleAction") if wanted == "action" else ("OVERRIDE_ACTION", "OverrideAction"))
        )


def _check_statement(kind: str, content: dict[str, Any]) -> None:
    """Source of the words about logical statements: hashicorp/terraform-provider-aws, issue 34320; read 2026-11."""
    name = content.get("name")
    if kind == "managedRuleGroupStatement" and content.get("vendorName") == "AWS" and name not in _MANAGED:
        raise _wrong("A reference in your rule statement is not valid.", "MANAGED_RULE_SET_STATEMENT", str(name))
    if kind == "rateBasedStatement":
        by = content.get("aggregateKeyType") or "IP"
        for value, input_ in (("CUSTOM_KEYS", "customKeys"), ("FORWARDED_IP", "forwardedIpConfig")):
            if by == value and not content.get(input_):
                raise _wrong(f"{by} needs {input_}.", "RATE_BASED_STATEMENT", "AggregateKeyType")
        if by == "CONSTANT" and not content.get("scopeDownStatement"):
            raise _wrong("CONSTANT needs a scope-down statement.", "RATE_BASED_STATEMENT", "AggregateKeyType")
    if kind in ("andStatement", "orStatement") and len(content.get("statements") or ()) < 2:
        example = "a rule group capacity setting that's too low and an OR statement with only one nested statement"
        reason = f"You haven't met a minimum requirement for a threshold setting. Examples include {example}."
        operator = kind.removesuffix("Statement")
        raise _wrong(reason, f"{operator.upper()}_STATEMENT", f"{operator.title()}Statement")


def _responses_have_a_body(op: OperationContext) -> None:
    """A body that a response names must be one of the web ACL."""
    bodies = {each["key"] for each in op.get("customResponseBodies", [])}
    actions = [op.get("defaultAction"), *(rule.get("action") or {} for rule in op.get("rules", []))]
    for action in actions:
        key = ((action.get("block") or {}).get("customResponse") or {}).get("customResponseBodyKey")
        if key and key not in bodies:
            raise _wrong("The custom response body key is not valid.", "CUSTOM_RESPONSE_BODY", key)


# Kind of statement -> WCUs before transformations. Source: AWS WAF developer guide, "Using match rule statements in AWS
# WAF" and the pages of the statements; read 2026-11. Unverified: that the transformation NONE costs nothing.
_COSTS = {
    "asnMatchStatement": 1,
    "byteMatchStatement": 2,
    "geoMatchStatement": 1,
    "ipSetReferenceStatement": 1,
    "labelMatchStatement": 1,
    "rateBasedStatement": 2,
    "regexMatchStatement": 3,
    "regexPatternSetReferenceStatement": 25,
    "sizeConstraintStatement": 1,
    "sqliMatchStatement": 20,
    "xssMatchStatement": 40,
}


def _cost(kind: str, content: dict[str, Any]) -> int:
    """Returns the WCUs of one statement; those of rule groups of the account are not known, and count nothing.

    AWS may count less, where rules share work.
    """
    if kind == "managedRuleGroupStatement":
        return _MANAGED.get(content.get("name", ""), 0)
    cost = _COSTS.get(kind, 0) + 30 * len(content.get("customKeys") or ())
    if kind == "byteMatchStatement" and "CONTAINS" in content.get("positionalConstraint", ""):
        cost = 10
    if kind == "sqliMatchStatement" and content.get("sensitivityLevel") == "HIGH":
        cost = 30
    if kind == "ipSetReferenceStatement" and (content.get("ipSetForwardedIpConfig") or {}).get("position") == "ANY":
        cost = 5
    field = content.get("fieldToMatch") or {}
    cost += 10 if field.get("allQueryArguments") is not None else 0
    cost *= 2 if field.get("jsonBody") else 1
    plain = [each for each in content.get("textTransformations") or () if each.get("type") != "NONE"]
    return cost + 10 * len(plain)


def _capacity(op: OperationContext) -> int:
    rules = op.get("rules", [])
    return sum(_cost(*each) for rule in rules for each in _statements(rule["statement"]))


def _fits_the_capacity(op: OperationContext) -> None:
    """Source of the words: trussworks/terraform-aws-wafv2, issue 87; read 2026-11."""
    if _capacity(op) > _MOST_CAPACITY:
        raise _wrong("You exceeded the capacity limit for a rule group or web ACL.", "WEB_ACL", str(_capacity(op)))


def _arn(op: OperationContext) -> str:
    scope = "global" if op.inputs.get("scope") == "CLOUDFRONT" else "regional"
    return op.fill("arn:{partition}:wafv2:{region}:{account}:") + f"{scope}/webacl/{op.inputs['name']}/{op.id}"


def _update_what_follows(op: OperationContext) -> None:
    if not op.call.preview:
        op.state = {**op.state, "capacity": _capacity(op), "lockToken": op.fill("{uuid}", f"{op.before['lockToken']}")}


_RATE = "rules[*].statement.rateBasedStatement"
_GROUP = "rules[*].statement.managedRuleGroupStatement"
_RESPONSE = "block.customResponse.responseCode"
_RULES = (_rules_are_sound, _responses_have_a_body, _fits_the_capacity)
WEB_ACL = ResourceType(
    type=tokens.WEB_ACL,
    service=WAF,
    creates="CreateWebACL",
    updates="UpdateWebACL",
    display_name="WAFv2 WebACL",
    label="{name}",
    id="{uuid}",
    required="defaultAction scope visibilityConfig",
    replace_on="name namePrefix scope",
    autoname=Autoname(given_prefix="namePrefix"),
    conflicts=("ruleJson rules",),
    documents="ruleJson",
    sets="rules tokenDomains customResponseBodies",
    computed={"applicationIntegrationUrl": "", "arn": _arn, "capacity": _capacity, "lockToken": "{uuid:lock}"},
    constraints={
        "customResponseBodies[*].contentType": one_of("APPLICATION_JSON", "TEXT_HTML", "TEXT_PLAIN"),
        "customResponseBodies[*].key": _NAME,
        "defaultAction": given("allow block"),
        f"defaultAction.{_RESPONSE}": between(200, 599),
        "description": every(
            length(1, 256), matches(rf"{_TEXT}({_TEXT}|\s)+{_TEXT}", "letters, digits and + = : # @ / - , . or spaces")
        ),
        "name": _NAME,
        "rules[*].name": _NAME,
        "rules[*].priority": at_least(0),
        f"rules[*].action.{_RESPONSE}": between(200, 599),
        f"{_GROUP}.name": _NAME,
        f"{_RATE}.aggregateKeyType": one_of("CONSTANT", "CUSTOM_KEYS", "FORWARDED_IP", "IP"),
        f"{_RATE}.customKeys": length(1, 5),
        f"{_RATE}.evaluationWindowSec": one_of(60, 120, 300, 600),
        f"{_RATE}.limit": between(10, 2000000000),
        "rules[*].visibilityConfig.metricName": _METRIC,
        "scope": one_of("CLOUDFRONT", "REGIONAL"),
        "visibilityConfig.metricName": _METRIC,
    },
    not_found=ErrorTemplate(
        "WAFNonexistentItemException",
        "AWS WAF couldn't perform the operation because your resource doesn't exist.",
    ),
    unique=Unique(
        "name scope",
        ErrorTemplate(
            "WAFDuplicateItemException",
            "AWS WAF couldn't perform the operation because some resource in your request is a duplicate of an "
            "existing one.",
        ),
    ),
    quotas=(
        Quota(
            *WEB_ACLS.limit,
            ErrorTemplate(
                "WAFLimitsExceededException",
                "AWS WAF couldn't perform the operation because you exceeded your resource limit.",
            ),
        ),
    ),
    always=_RULES,
    rules=(
        refuse(
            "WAFInvalidParameterException",
            "Error reason: The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT",
            lambda op: op.get("scope") == "CLOUDFRONT" and op.region != "us-east-1",
        ),
    ),
    after_update=_update_what_follows,
    used_by=(
        Use(
            tokens.LOAD_BALANCER,
            "WebACLArn",
            ErrorTemplate(
                "WAFAssociatedItemException",
                "AWS WAF couldn't perform the operation because your resource is being used by another resource or "
                "it's associated with another resource.",
            ),
            by="arn",
            retried=True,
        ),
    ),
    source="hashicorp/terraform-provider-aws internal/service/wafv2/web_acl.go",
)

TYPES = (WEB_ACL,)
