"""Realistic wrong values and updates of certificates, records and web ACLs."""

from __future__ import annotations

from typing import Any

from simulator.aws import tokens
from tests.simulator.aws.sound_values import SOUND
from tests.simulator.aws.wrong_values import REPLACES, of, updates

_NAMES = [f"{number}.example.com" for number in range(10)]
_RATE, _COMMON = SOUND[tokens.WEB_ACL]["rules"]
_GROUP = "rules.1.statement.managedRuleGroupStatement"
_LIMIT = "rules.0.statement.rateBasedStatement"


def _record(type_: str, *values: str, **more: Any) -> dict[str, Any]:
    return {"type": type_, "records": list(values), **more}


DOORS = (
    *of(
        tokens.CERTIFICATE,
        ("eleven names", {"subjectAlternativeNames": _NAMES}, "too many domains"),
        ("long first name", {"domainName": f"{'x' * 60}.example.com"}, "64"),
        ("URL", {"domainName": "https://ml.example.com"}, "domain_name"),
        ("period at its end", {"domainName": "ml.example.com."}, "domain_name"),
        ("underscore", {"domainName": "my_model.example.com"}, "domain_name"),
        ("wildcard in the middle", {"domainName": "chat.*.example.com"}, "domain_name"),
        ("wildcard of a part", {"domainName": "chat*.example.com"}, "domain_name"),
        ("one label", {"domainName": "localhost"}, "domain_name"),
        ("other name with a port", {"subjectAlternativeNames": ["ml.example.com:443"]}, "subject_alternative_names"),
        ("no name", {"domainName": None}, "one of"),
        ("no way to prove it", {"validationMethod": None}, "validation_method"),
        ("method", {"validationMethod": "CNAME"}, "validation_method"),
        ("key", {"keyAlgorithm": "RSA-2048"}, "key_algorithm"),
        ("own certificate by DNS", {"domainName": None, "privateKey": "x", "certificateBody": "x"}, "onflict"),
        ("private authority by DNS", {"certificateAuthorityArn": "arn:aws:acm-pca:us-west-2:1:x/y"}, "onflict"),
    ),
    *updates(
        tokens.CERTIFICATE,
        ("one more name", {}, {"subjectAlternativeNames": ["*.ml.example.com", "a.example.com"]}, REPLACES),
        ("another name", {}, {"domainName": "chat.example.com"}, REPLACES),
        ("key", {}, {"keyAlgorithm": "EC_prime256v1"}, REPLACES),
    ),
    *of(
        tokens.CERTIFICATE_VALIDATION,
        ("no record", {"certificateArn": "<unproven>"}, "last state: 'PENDING_VALIDATION'"),
        ("record of another name", {"validationRecordFqdns": ["_x.example.com"]}, "missing ml.example.com DNS valid"),
        (
            "records of an email",
            {"certificateArn": "<by-email>", "validationRecordFqdns": ["_x.example.com"]},
            "not valid for EMAIL",
        ),
        (
            "certificate that is not there",
            {"certificateArn": "arn:aws:acm:us-west-2:123456789012:certificate/0"},
            "Could not find certificate",
        ),
    ),
    *of(
        tokens.RECORD,
        ("taken", {"name": "taken.ml.example.com"}, "already exists"),
        ("taken, in capitals and with a period", {"name": "Taken.ML.example.com."}, "already exists"),
        ("beside a CNAME", {"name": "taken.ml.example.com", **_record("A", "192.0.2.1")}, "conflicting RRSet of type"),
        ("CNAME with two values", _record("CNAME", "a.example.com", "b.example.com"), "exactly one value"),
        ("CNAME of the apex", {"name": "example.com"}, "at apex"),
        ("CNAME to a URL", _record("CNAME", "https://door.example.com"), "not valid"),
        ("A with a name", _record("A", "door.example.com"), "IllegalIPv4Address (Value is not a valid IPv4 address)"),
        ("A with IPv6", _record("A", "2001:db8::1"), "IllegalIPv4Address"),
        ("AAAA with IPv4", _record("AAAA", "192.0.2.1"), "IllegalIPv6Address"),
        ("MX without a preference", _record("MX", "mail.example.com"), "not valid"),
        ("CAA without quotes", _record("CAA", "0 issue amazon.com"), "not valid"),
        ("SRV without a port", _record("SRV", "1 10 chat.example.com"), "not valid"),
        ("CAA with a tag of two words", _record("CAA", '0 issue-wild "amazon.com"'), "not valid"),
        ("no TTL", {"ttl": None}, "all of [TTL, and ResourceRecords]"),
        ("TTL below nothing", {"ttl": -1}, "ttl"),
        ("type in words", {"type": "ALIAS"}, "type"),
        ("values and alias", {"aliases": [{"name": "x.example.com", "zoneId": "Z1"}]}, "only one of"),
        ("no value", {"records": None, "ttl": None}, "one of"),
        ("zone by its name", {"zoneId": "example.com"}, "No hosted zone found"),
        ("weight without an identifier", {"weightedRoutingPolicies": [{"weight": 1}]}, "set_identifier"),
        ("name with a space", {"name": "my chat.example.com"}, "name"),
    ),
    *updates(
        tokens.RECORD,
        ("name", {}, {"name": "code.ml.example.com"}, REPLACES),
        ("zone", {}, {"zoneId": "Z9876543210ABCDEFGHIJ"}, REPLACES),
        ("to two values", {}, _record("CNAME", "a.example.com", "b.example.com"), "exactly one value"),
        ("to a URL", {}, _record("CNAME", "http://192.0.2.1/"), "not valid"),
    ),
    *of(
        tokens.WEB_ACL,
        ("priority twice", {"rules.1.priority": 0}, "same priority"),
        ("name twice", {"rules.1.name": "rate"}, "same name"),
        ("priority below nothing", {"rules.0.priority": -1}, "priority"),
        ("group with an action", {"rules.1.action": {"block": {}}}, "exactly one value"),
        ("group without an override", {"rules.1.overrideAction": None}, "exactly one value"),
        ("rate with an override", {"rules.0.overrideAction": {"none": {}}}, "exactly one value"),
        ("rate without an action", {"rules.0.action": None}, "exactly one value"),
        (
            "group with an action alone",
            {"rules.1.action": {"block": {}}, "rules.1.overrideAction": None},
            "field: RULE, parameter: Statement",
        ),
        (
            "rate with an override alone",
            {"rules.0.action": None, "rules.0.overrideAction": {"none": {}}},
            "field: RULE, parameter: Statement",
        ),
        ("two actions", {"rules.0.action": {"block": {}, "count": {}}}, "field: RULE_ACTION, parameter: RuleAction"),
        (
            "two overrides",
            {"rules.1.overrideAction": {"none": {}, "count": {}}},
            "field: OVERRIDE_ACTION, parameter: OverrideAction",
        ),
        (
            "AND of one statement",
            {"rules.0.statement": {"andStatement": {"statements": [{"geoMatchStatement": {"countryCodes": ["US"]}}]}}},
            "field: AND_STATEMENT, parameter: AndStatement",
        ),
        ("no statement", {"rules.0.statement": {}}, "field: STATEMENT, parameter: Statement"),
        (
            "two statements",
            {"rules.0.statement": {**_RATE["statement"], "geoMatchStatement": {"countryCodes": ["US"]}}},
            "field: STATEMENT",
        ),
        ("group that AWS does not have", {f"{_GROUP}.name": "AWSManagedRulesLlmRuleSet"}, "not valid"),
        ("low limit", {f"{_LIMIT}.limit": 5}, "limit"),
        ("limit too high", {f"{_LIMIT}.limit": 2000000001}, "limit"),
        ("window of a second", {f"{_LIMIT}.evaluationWindowSec": 1}, "evaluation_window_sec"),
        ("key in words", {f"{_LIMIT}.aggregateKeyType": "HEADER"}, "aggregate_key_type"),
        ("own keys without one", {f"{_LIMIT}.aggregateKeyType": "CUSTOM_KEYS"}, "customKeys"),
        ("all requests as one", {f"{_LIMIT}.aggregateKeyType": "CONSTANT"}, "scope-down"),
        (
            "body that is not there",
            {"rules.0.action": {"block": {"customResponse": {"responseCode": 429, "customResponseBodyKey": "busy"}}}},
            "body key",
        ),
        ("status of no response", {"rules.0.action.block.customResponse.responseCode": 600}, "response_code"),
        (
            "too much capacity",
            {"rules": [{**_COMMON, "name": f"common-{number}", "priority": number} for number in range(8)]},
            "field: WEB_ACL, parameter: 5600",
        ),
        ("scope of a region", {"scope": "regional"}, "scope"),
        ("CloudFront's in another region", {"scope": "CLOUDFRONT"}, "SCOPE_VALUE"),
        ("both default actions", {"defaultAction": {"allow": {}, "block": {}}}, "default_action"),
        ("no default action", {"defaultAction": {}}, "default_action"),
        ("name with a space", {"name": "my door"}, "name"),
        ("long name", {"name": "x" * 129}, "name"),
        ("name of another", {"name": "taken"}, "duplicate"),
        ("description with a sign", {"description": "doors & more"}, "description"),
        ("metric with a space", {"visibilityConfig.metricName": "my door"}, "metric_name"),
        ("metric of WAF", {"visibilityConfig.metricName": "All"}, "metric_name"),
        ("no metrics", {"visibilityConfig": None}, "visibility_config"),
        ("rules twice", {"ruleJson": "[]"}, "onflict"),
    ),
    *updates(
        tokens.WEB_ACL,
        ("name", {}, {"name": "door-2"}, REPLACES),
        ("scope", {}, {"scope": "CLOUDFRONT"}, REPLACES),
        ("priority twice", {}, {"rules.1.priority": 0}, "same priority"),
    ),
)
