"""Lives of certificates, records and web ACLs: proven, in use, changed, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.known_quotas import CERTIFICATES, WEB_ACLS, KnownQuota
from simulator.aws import tokens
from simulator.aws.services import wafv2
from simulator.cloud import Cloud
from simulator.provider import Refusal
from tests.simulator.aws.account import Account, Resource
from tests.simulator.aws.sound_values import SOUND

ZONE = "Z0123456789ABCDEFGHIJ"


def certificate(aws: Account, name: str = "door", first: str = "ml.example.com", *others: str) -> Resource:
    return aws.make(
        tokens.CERTIFICATE, name, domainName=first, subjectAlternativeNames=list(others), validationMethod="DNS"
    )


def record(aws: Account, option: dict[str, str], name: str = "proof", **more: Any) -> Resource:
    values = {"type": "CNAME", "name": option["resourceRecordName"], "records": [option["resourceRecordValue"]]}
    return aws.make(tokens.RECORD, name, zoneId=ZONE, ttl=300, **{**values, **more})


def live(aws: Account, resource: Resource) -> dict[str, Any]:
    row = aws.cloud.get(resource.type, resource.id)
    assert row is not None
    return row.state


def balancer(aws: Account, **uses: Any) -> None:
    aws.cloud.put(tokens.LOAD_BALANCER, "arn:balancer", {"region": "us-west-2", **uses})


def test_a_name_and_its_wildcard_are_proven_by_one_record(aws: Account) -> None:
    made = certificate(aws, "door", "ml.example.com", "*.ml.example.com", "chat.example.com")
    options = {each["domainName"]: each["resourceRecordName"] for each in made["domainValidationOptions"]}
    assert options["ml.example.com"] == options["*.ml.example.com"] != options["chat.example.com"]
    again = certificate(aws, "second", "ml.example.com")
    assert again.id != made.id
    assert again["domainValidationOptions"][0]["resourceRecordName"] == options["ml.example.com"], (
        "an account proves a name by the same record, for all of its certificates"
    )


def test_a_preview_does_not_know_the_records(aws: Account) -> None:
    shown = aws.preview(tokens.CERTIFICATE, domainName="ml.example.com", validationMethod="DNS")
    assert not isinstance(shown["domainValidationOptions"], list), "ACM tells them once the certificate is requested"


def test_a_certificate_is_issued_once_all_of_its_records_are_there(aws: Account) -> None:
    made = certificate(aws, "door", "ml.example.com", "chat.example.com")
    assert made["status"] == "PENDING_VALIDATION"
    first, second = made["domainValidationOptions"]
    record(aws, first, "one")
    with pytest.raises(
        Refusal, match=r"timeout while waiting for state to become 'ISSUED'.* No record proves ml\.example\.com"
    ):
        aws.make(tokens.CERTIFICATE_VALIDATION, certificateArn=made.id)
    record(aws, second, "two")
    aws.make(tokens.CERTIFICATE_VALIDATION, certificateArn=made.id)
    assert live(aws, made)["status"] == "ISSUED"


@pytest.mark.parametrize("wrong", [{"records": ["_x.acm-validations.aws."]}, {"type": "TXT"}])
def test_another_record_of_the_same_name_proves_nothing(aws: Account, wrong: dict[str, Any]) -> None:
    made = certificate(aws)
    record(aws, made["domainValidationOptions"][0], **wrong)
    with pytest.raises(Refusal, match="PENDING_VALIDATION"):
        aws.make(tokens.CERTIFICATE_VALIDATION, certificateArn=made.id)


def test_a_private_certificate_needs_no_proof(aws: Account) -> None:
    authority = "arn:aws:acm-pca:us-west-2:123456789012:certificate-authority/1"
    made = aws.make(tokens.CERTIFICATE, domainName="ml.internal.example", certificateAuthorityArn=authority)
    assert made["status"] == "ISSUED"
    with pytest.raises(Refusal, match="has type PRIVATE, no validation necessary"):
        aws.make(tokens.CERTIFICATE_VALIDATION, certificateArn=made.id)


def test_an_account_may_have_more_names_in_a_certificate(cloud: Cloud) -> None:
    names = [f"{number}.example.com" for number in range(11)]
    certificate(Account(cloud, quotas={"L-FB94F0B0": 11}), "door", *names)


@pytest.mark.parametrize(
    ("quota", "type_", "refusal"),
    [
        (CERTIFICATES, tokens.CERTIFICATE, "LimitExceededException: Cannot request more certificates in this account"),
        (WEB_ACLS, tokens.WEB_ACL, "WAFLimitsExceededException"),
    ],
)
def test_the_quotas_that_preflight_reads_are_kept(cloud: Cloud, quota: KnownQuota, type_: str, refusal: str) -> None:
    with pytest.raises(Refusal, match=refusal):
        Account(cloud, quotas={quota.code: 0}).make(type_, **SOUND[type_])


def test_a_certificate_of_a_load_balancer_stays(aws: Account) -> None:
    made = certificate(aws)
    balancer(aws, Certificates=["arn:other", made.id])
    with pytest.raises(Refusal, match="ResourceInUseException"):
        aws.delete(made)
    balancer(aws, Certificates=[])
    aws.delete(made)
    assert aws.cloud.get(tokens.CERTIFICATE, made.id) is None


def test_a_certificate_that_is_made_again_has_another_arn(aws: Account) -> None:
    made = certificate(aws)
    aws.delete(made)
    assert certificate(aws).id != made.id


def test_a_record_goes_only_where_it_may_be_overwritten(aws: Account) -> None:
    option = certificate(aws)["domainValidationOptions"][0]
    first = record(aws, option, "first")
    assert first.id == f"{ZONE}_{option['resourceRecordName'].rstrip('.')}_CNAME"
    with pytest.raises(Refusal, match=r"InvalidChangeBatch: .*already exists"):
        record(aws, option, "second")
    shared = record(aws, option, "second", allowOverwrite=True)
    aws.delete(shared)
    assert aws.cloud.get(tokens.RECORD, first.id) is None, (
        "two certificates share it, and the first to go takes it along"
    )
    aws.delete(first)


def test_a_web_acl_has_the_capacity_of_its_rules(aws: Account) -> None:
    made = aws.make(tokens.WEB_ACL, **SOUND[tokens.WEB_ACL])
    assert made["capacity"] == 2 + 700
    changed = aws.update(made, **{**SOUND[tokens.WEB_ACL], "rules": SOUND[tokens.WEB_ACL]["rules"][:1]})
    assert changed["capacity"] == 2
    assert changed["lockToken"] != made["lockToken"]


PATH = {"fieldToMatch": {"uriPath": {}}, "textTransformations": [{"priority": 0, "type": "LOWERCASE"}]}
NONE = {"fieldToMatch": {"jsonBody": {"matchScope": "ALL"}}, "textTransformations": [{"priority": 0, "type": "NONE"}]}


@pytest.mark.parametrize(
    ("statement", "units"),
    [
        ({"byteMatchStatement": {"positionalConstraint": "CONTAINS_WORD", **PATH}}, 20),
        ({"byteMatchStatement": {"positionalConstraint": "STARTS_WITH", **NONE}}, 4),
        ({"notStatement": {"statements": [{"geoMatchStatement": {"countryCodes": ["US"]}}]}}, 1),
        ({"rateBasedStatement": {"customKeys": [{"header": {}}], "scopeDownStatement": {"xssMatchStatement": {}}}}, 72),
        ({"sqliMatchStatement": {"sensitivityLevel": "HIGH"}}, 30),
        ({"ruleGroupReferenceStatement": {"arn": "arn:x"}}, 0),
    ],
)
def test_capacity_grows_with_what_a_statement_does(statement: dict[str, Any], units: int) -> None:
    """Source: AWS WAF developer guide, "Using match rule statements in AWS WAF" and the pages of the statements."""
    assert sum(wafv2._cost(*each) for each in wafv2._statements(statement)) == units


def test_a_web_acl_of_a_load_balancer_stays(aws: Account) -> None:
    made = aws.make(tokens.WEB_ACL, **SOUND[tokens.WEB_ACL])
    assert made["arn"] == f"arn:aws:wafv2:us-west-2:123456789012:regional/webacl/door/{made.id}"
    balancer(aws, WebACLArn=made["arn"])
    with pytest.raises(Refusal, match="WAFAssociatedItemException"):
        aws.delete(made)
    balancer(aws, WebACLArn="")
    aws.delete(made)


def test_cloudfront_has_its_web_acls_in_one_region(cloud: Cloud) -> None:
    aws = Account(cloud, config={"region": "us-east-1"})
    made = aws.make(tokens.WEB_ACL, **{**SOUND[tokens.WEB_ACL], "scope": "CLOUDFRONT"})
    assert made["arn"].startswith("arn:aws:wafv2:us-east-1:123456789012:global/webacl/")
