"""A web ACL refuses requests: by a managed group of rules, and above a rate of one address.

A managed group whose action is overridden to count refuses nothing. Rules in JSON and of WebAclRule are not read.
Source: AWS WAF, API reference, Rule (OverrideAction, Statement) and RateBasedStatement; read 2026-11.
"""

from collections.abc import Iterator, Mapping

from common.values import UNKNOWN
from policies.rule import Case, Resource, Rule, View, each, flag, keys, present

MANAGED, RATE = "statement.managedRuleGroupStatement", "statement.rateBasedStatement"
METRICS = "visibilityConfig.cloudwatchMetricsEnabled"
REFUSING = {"block", "captcha", "challenge"}


def _is_managed(rule: View) -> bool:
    return present(rule, MANAGED) and "count" not in keys(rule, "overrideAction")


def _limits_rate(rule: View) -> bool:
    return present(rule, RATE) and not REFUSING.isdisjoint(keys(rule, "action"))


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    rules = list(each(resource, "rules"))
    for view in (resource, *rules):
        if not flag(view, METRICS, default=True):
            yield view.under(METRICS), "is false, so nobody sees what is refused"
    if "block" in keys(resource, "defaultAction"):
        return
    if not any(_is_managed(rule) for rule in rules):
        yield "rules", "has no managed group of rules that refuses requests, so known attacks pass"
    if not any(_limits_rate(rule) for rule in rules):
        yield "rules", "has no rate-based rule that refuses requests, so one address may send as many as it likes"


def _managed(action: str = "none") -> Mapping[str, object]:
    group = {"vendorName": "AWS", "name": "AWSManagedRulesCommonRuleSet"}
    return {"overrideAction": {action: {}}, "statement": {"managedRuleGroupStatement": group}}


def _rate(action: str = "block") -> Mapping[str, object]:
    return {"action": {action: {}}, "statement": {"rateBasedStatement": {"limit": UNKNOWN}}}


def _acl(*rules: Mapping[str, object], default: str = "allow") -> Case:
    return Case({"defaultAction": {default: {}}, "rules": list(rules)}, at="rules")


RULE = Rule(
    id="lb-web-acl-filters",
    applies_to="aws:wafv2/webAcl:WebAcl",
    severity="high",
    standards=("FSBP WAF.10", "FSBP WAF.12"),
    why="An empty web ACL, or one that counts, looks like a guard and lets everything through.",
    fix="Add AWSManagedRulesCommonRuleSet with override_action none, and a rate_based_statement with action block.",
    mend={"cloudwatchMetricsEnabled": True},
    on_unknown="fail",
    check=check,
    good={
        "both": _acl(_managed(), _rate()),
        "a puzzle for a fast address": _acl(_managed(), _rate("captcha")),
        "a silent puzzle for a fast address": _acl(_managed(), _rate("challenge")),
        "a group that counts beside one that refuses": _acl(_managed("count"), _managed(), _rate()),
        "refusal by default": _acl(default="block"),
        "metrics": Case({**_acl(_managed(), _rate()).props, "visibilityConfig": {"cloudwatchMetricsEnabled": True}}),
    },
    bad={
        "nothing set": Case({}, at="rules"),
        "no metrics": Case(
            {**_acl(default="block").props, "visibilityConfig": {"cloudwatchMetricsEnabled": False}}, at=METRICS
        ),
        "a rule without metrics": Case(
            _acl({**_managed(), "visibilityConfig": {"cloudwatchMetricsEnabled": False}}, _rate()).props,
            at=f"rules[0].{METRICS}",
        ),
        "no managed group": _acl(_rate()),
        "no rate": _acl(_managed()),
        "a group that counts": _acl(_managed("count"), _rate()),
        "a rate that counts": _acl(_managed(), _rate("count")),
        "rules that are known later": Case({"rules": UNKNOWN}, at="rules"),
    },
)
