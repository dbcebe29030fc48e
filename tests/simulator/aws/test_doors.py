"""What stands before load balancers: certificates with the records that prove them, and web ACLs."""

from typing import Any

import pytest

from simulator.aws import tokens
from simulator.provider import Refusal
from tests.simulator.aws.account import Account

ZONE = "Z0123456789ABCDEFGHIJ"
NAMES = {"domainName": "*.ml.example.com", "subjectAlternativeNames": ["ml.example.com"], "validationMethod": "DNS"}
VISIBLE = {"cloudwatchMetricsEnabled": True, "metricName": "rules", "sampledRequestsEnabled": True}
GROUP = {"managedRuleGroupStatement": {"vendorName": "AWS", "name": "AWSManagedRulesCommonRuleSet"}}
MANAGED = {
    "name": "common",
    "priority": 1,
    "statement": GROUP,
    "overrideAction": {"none": {}},
    "visibilityConfig": VISIBLE,
}


def record(aws: Account, option: dict[str, str], name: str = "one", **more: Any) -> dict[str, Any]:
    value = {"name": option["resourceRecordName"], "type": "CNAME", "records": [option["resourceRecordValue"]]}
    return aws.make(tokens.RECORD, name, zoneId=ZONE, ttl=300, **value, **more).state


def acl(aws: Account, *rules: dict[str, Any]) -> dict[str, Any]:
    made = aws.make(
        tokens.WEB_ACL, scope="REGIONAL", defaultAction={"allow": {}}, rules=list(rules), visibilityConfig=VISIBLE
    )
    return made.state


def test_a_name_and_its_wildcard_have_one_record(aws: Account) -> None:
    options = aws.make(tokens.CERTIFICATE, **NAMES)["domainValidationOptions"]
    assert [each["domainName"] for each in options] == ["*.ml.example.com", "ml.example.com"]
    assert len({each["resourceRecordName"] for each in options}) == 1


def test_a_certificate_is_issued_when_its_record_is_there(aws: Account) -> None:
    certificate = aws.make(tokens.CERTIFICATE, **NAMES)
    with pytest.raises(Refusal, match=r"timeout while waiting .* No record proves \*\.ml\.example\.com"):
        aws.make(tokens.CERTIFICATE_VALIDATION, certificateArn=certificate["arn"])
    made = record(aws, certificate["domainValidationOptions"][0])
    aws.make(tokens.CERTIFICATE_VALIDATION, certificateArn=certificate["arn"], validationRecordFqdns=[made["fqdn"]])


def test_a_second_record_of_the_name_needs_a_word(aws: Account) -> None:
    option = aws.make(tokens.CERTIFICATE, **NAMES)["domainValidationOptions"][0]
    record(aws, option)
    with pytest.raises(Refusal, match="but it already exists"):
        record(aws, option, "two")
    record(aws, option, "two", allowOverwrite=True)


def test_a_web_acl_counts_its_capacity(aws: Account) -> None:
    assert acl(aws, MANAGED)["capacity"] == 700


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([MANAGED, {**MANAGED, "name": "other"}], "duplicate priority"),
        ([MANAGED, {**MANAGED, "priority": 2}], "duplicate name"),
        ([{**MANAGED, "overrideAction": None, "action": {"block": {}}}], "a rule group takes an OverrideAction"),
        ([{**MANAGED, "name": f"r{n}", "priority": n} for n in range(8)], "capacity exceeds 5000"),
    ],
)
def test_rules_that_waf_refuses(aws: Account, rules: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(Refusal, match=says):
        acl(aws, *rules)
