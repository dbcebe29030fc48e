"""The web ACL of the public door: managed rules of AWS, and a limit of requests of one address.

Source: AWS WAF developer guide, "AWS Managed Rules rule groups list", "Rate-based rule statement"; read 2026-11.
"""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.core.stage import Stage
from settings.ingress.ingress import WafSettings

COMMON = "AWSManagedRulesCommonRuleSet"
ON_BODIES = tuple(
    f"{name}_BODY" for name in ("SizeRestrictions", "CrossSiteScripting", "GenericLFI", "GenericRFI", "EC2MetaDataSSRF")
)
GROUPS = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet", COMMON)
RATE_WINDOW_SECONDS = 300


def web_acl(name: str, settings: WafSettings, stage: Stage, opts: pulumi.ResourceOptions) -> aws.wafv2.WebAcl:
    """Registers the web ACL. The controller puts it before the load balancer."""
    return aws.wafv2.WebAcl(
        name,
        name=f"{stage.prefix}-public",
        scope="REGIONAL",
        default_action={"allow": {}},
        rules=rules(settings),
        visibility_config=_visible(f"{stage.prefix}-public"),
        opts=opts,
    )


def rules(settings: WafSettings) -> Sequence[aws.wafv2.WebAclRuleArgsDict]:
    """Returns the rules. Those of AWS refuse by themselves. What those on bodies find may be a prompt: counted."""
    counted: Sequence[aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgsDict] = (
        [] if settings.judge_bodies else [{"name": each, "action_to_use": {"count": {}}} for each in ON_BODIES]
    )
    managed: list[aws.wafv2.WebAclRuleArgsDict] = [
        {
            "name": group,
            "priority": priority,
            "override_action": {"none": {}},
            "statement": {
                "managed_rule_group_statement": {
                    "vendor_name": "AWS",
                    "name": group,
                    **({"rule_action_overrides": counted} if group == COMMON and counted else {}),
                }
            },
            "visibility_config": _visible(group),
        }
        for priority, group in enumerate(GROUPS, 1)
    ]
    rate: aws.wafv2.WebAclRuleArgsDict = {
        "name": "requests-of-one-address",
        "priority": 0,
        "action": {"block": {"custom_response": {"response_code": 429}}},
        "statement": {
            "rate_based_statement": {
                "aggregate_key_type": "IP",
                "evaluation_window_sec": RATE_WINDOW_SECONDS,
                "limit": settings.requests_per_five_minutes,
            }
        },
        "visibility_config": _visible("requests-of-one-address"),
    }
    return [rate, *managed]


def _visible(name: str) -> aws.wafv2.WebAclVisibilityConfigArgsDict:
    return {"cloudwatch_metrics_enabled": True, "metric_name": name, "sampled_requests_enabled": True}
