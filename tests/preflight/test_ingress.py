"""Certificates, hosted zones and quotas of what the doors need, in accounts of their own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from catalog import known_quotas
from costs.resource import Resource
from preflight.checks import ingress, quotas, services
from preflight.needs import Needs
from preflight.run import look
from settings.ingress.ingress import IngressSettings
from tests.preflight import accounts
from tests.preflight.answers import REGION, Asked, missing
from tests.preflight.test_checks import changed, seen

ARN = f"arn:aws:acm:{REGION}:123456789012:certificate/12345678-1234-1234-1234-123456789012"
ZONE = "Z0123456789ABCDEFGHIJ"
ISSUED = {
    "DomainName": "ml.example.com",
    "SubjectAlternativeNames": ["*.ml.example.com"],
    "Status": "ISSUED",
    "NotAfter": datetime.now(UTC) + timedelta(days=200),
}
ROUTE = {
    "namespace": "inference",
    "pods": {"app": "chat"},
    "host": "chat.ml.example.com",
    "service": "chat",
    "port": 80,
}


def with_doors(needs: Needs, **settings: Any) -> Needs:
    return changed(needs, ingress=IngressSettings.model_validate(settings))


def by_arn(needs: Needs, arn: str = ARN, host: str = "chat.ml.example.com") -> Needs:
    routes = {"chat": {**ROUTE, "host": host}}
    return with_doors(needs, internal={"certificate": {"arn": arn}}, routes=routes)


def certificate(**changes: Any) -> dict[str, Any]:
    return {"acm__DescribeCertificate": {"Certificate": {**ISSUED, **changes}}}


def test_a_stack_without_doors_asks_nothing(needs: Needs, aws: None) -> None:
    bare = changed(needs, ingress=None)
    assert seen(ingress.certificates, bare) == seen(ingress.hosted_zones, bare) == []


def test_a_certificate_that_is_issued_and_names_the_hosts_is_ready(needs: Needs, aws: None) -> None:
    ((result, said),) = seen(ingress.certificates, by_arn(needs), **certificate())
    assert (result, said.partition(", until ")[0]) == ("ok", "ingress.internal.certificate: ml.example.com")


@pytest.mark.parametrize(
    ("changes", "result", "said"),
    [
        ({"Status": "PENDING_VALIDATION"}, "failure", "ml.example.com is PENDING_VALIDATION"),
        ({"Status": "EXPIRED"}, "failure", "ml.example.com is EXPIRED"),
        (
            {"SubjectAlternativeNames": ["ml.example.com"]},
            "failure",
            "it is for ml.example.com, and not for chat.ml.example.com",
        ),
        ({"NotAfter": datetime.now(UTC) + timedelta(days=9)}, "warning", "ml.example.com ends on "),
    ],
)
def test_a_certificate_that_does_not_serve_its_hosts_is_told(
    needs: Needs, aws: None, changes: dict, result: str, said: str
) -> None:
    ((found, text),) = seen(ingress.certificates, by_arn(needs), **certificate(**changes))
    assert found == result
    assert text.removeprefix("ingress.internal.certificate: ").startswith(said)


def test_a_certificate_that_is_not_there_or_elsewhere_is_a_failure(needs: Needs, aws: None) -> None:
    gone = seen(ingress.certificates, by_arn(needs), acm__DescribeCertificate=missing("ResourceNotFoundException"))
    assert gone == [("failure", f"ingress.internal.certificate: there is no {ARN}")]
    for other in (ARN.replace(REGION, "eu-central-1"), ARN.replace("123456789012:cert", "999999999999:cert")):
        ((result, said),) = seen(ingress.certificates, by_arn(needs, other))
        assert (result, " of account " in said) == ("failure", True), "a load balancer takes none of elsewhere"


def test_a_certificate_of_the_account_is_found_in_it(needs: Needs, aws: None) -> None:
    acm = boto3.client("acm", region_name=REGION)
    arn = acm.request_certificate(DomainName="ml.example.com", SubjectAlternativeNames=["*.ml.example.com"])
    ((result, said),) = seen(ingress.certificates, by_arn(needs, arn["CertificateArn"]))
    assert (result, said) == ("failure", "ingress.internal.certificate: ml.example.com is PENDING_VALIDATION")


def zone(name: str, *, private: bool = False) -> dict[str, Any]:
    return {"route53__GetHostedZone": accounts.hosted_zone(name, private=private)}


PROVED = {"internal": {"certificate": {"names": ["*.ml.example.com"], "zone_id": ZONE}}}
KEPT = {"dns": {"zones": {ZONE: "ml.example.com"}}}


@pytest.mark.parametrize(
    ("settings", "answer", "result", "said"),
    [
        (PROVED, zone("ml.example.com"), "ok", "ml.example.com"),
        (PROVED, zone("example.com"), "ok", "example.com"),
        (PROVED, zone("other.com"), "failure", f"{ZONE} is other.com, and *.ml.example.com is not in it"),
        (PROVED, zone("ml.example.com", private=True), "failure", f"{ZONE} is a private zone"),
        (KEPT, zone("ml.example.com"), "ok", "ml.example.com"),
        (KEPT, zone("example.com"), "failure", f"{ZONE} is example.com, and ml.example.com is not in it"),
        (KEPT, zone("ml.example.com", private=True), "warning", "ml.example.com is a private zone"),
        (
            KEPT,
            {"route53__GetHostedZone": missing("NoSuchHostedZone")},
            "failure",
            f"this account has no hosted zone {ZONE}",
        ),
    ],
)
def test_a_zone_has_to_be_there_public_and_of_the_names(
    needs: Needs, aws: None, settings: dict, answer: dict, result: str, said: str
) -> None:
    ((found, text),) = seen(ingress.hosted_zones, with_doors(needs, **settings), **answer)
    assert (found, text.partition(": ")[2]) == (result, said)


def test_a_zone_that_is_not_there_is_told_once_for_all_its_uses(needs: Needs, aws: None) -> None:
    both = with_doors(needs, **PROVED, **KEPT)
    ((_, said),) = seen(ingress.hosted_zones, both, route53__GetHostedZone=missing("NoSuchHostedZone"))
    assert said.startswith("ingress.internal.certificate, ingress.dns.zones: ")


GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway"


def planned(needs: Needs, *types: str, **inputs: Any) -> Needs:
    """Returns needs of a stack that makes no more than these."""
    more = tuple(Resource(f"urn:pulumi:a::b::{each}::it{n}", each, inputs) for n, each in enumerate(types))
    return Needs(stack=needs.stack, settings=needs.settings, account_id=needs.account_id, planned=more)


def full(quota: known_quotas.KnownQuota, value: int) -> dict[str, Any]:
    return {"service-quotas:GetServiceQuota": accounts.quotas({**accounts.PLENTY, quota.code: value})}


def numbers(needs: Needs, answers: dict[str, Any]) -> list[tuple[str, str]]:
    found = look(quotas.numbers, needs, Asked({**accounts.ready(needs), **answers}))
    return [(each.result, each.seen) for each in found]


def balancers(*owned: bool, tags: dict[str, str]) -> dict[str, Any]:
    arns = [f"arn:aws:elasticloadbalancing:{REGION}:123456789012:loadbalancer/app/b{n}/1" for n in range(len(owned))]
    ours = [{"Key": key, "Value": value} for key, value in tags.items()]
    others = [{"Key": "project", "Value": "other"}]
    told = [{"ResourceArn": arn, "Tags": ours if own else others} for arn, own in zip(arns, owned, strict=True)]
    return {
        "elbv2:DescribeLoadBalancers": {
            "LoadBalancers": [{"LoadBalancerArn": arn, "Type": "application"} for arn in arns]
        },
        "elbv2:DescribeTags": {"TagDescriptions": told},
    }


def test_load_balancers_of_others_and_of_users_take_their_part_of_the_quota(needs: Needs, aws: None) -> None:
    own = needs.stage.own_tags
    two = planned(needs, GATEWAY, GATEWAY)
    quota = full(known_quotas.LOAD_BALANCERS, 3)
    name = known_quotas.LOAD_BALANCERS.name
    assert numbers(two, {**quota, **balancers(False, tags=own)}) == [
        ("ok", f"{name}: 3, 1 used, 2 more for this stack")
    ]
    assert numbers(two, {**quota, **balancers(True, True, False, tags=own)})[0][0] == "ok", "both doors are there"
    assert numbers(two, {**quota, **balancers(True, True, True, False, tags=own)})[0][0] == "failure"


def test_certificates_and_web_acls_are_counted_where_the_stack_makes_some(needs: Needs, aws: None) -> None:
    acm = boto3.client("acm", region_name=REGION)
    for name in ("a.example.com", "b.example.com"):
        acm.request_certificate(DomainName=name)
    made = planned(needs, "aws:acm/certificate:Certificate", domainName="a.example.com")
    assert numbers(made, full(known_quotas.CERTIFICATES, 1)) == [
        ("failure", "ACM certificates: 1, 1 used, 1 more for this stack")
    ]
    acls = {"wafv2:ListWebACLs": {"WebACLs": [{"Name": "ours"}, {"Name": "theirs"}]}}
    made = planned(needs, "aws:wafv2/webAcl:WebAcl", name="ours")
    assert numbers(made, {**full(known_quotas.WEB_ACLS, 2), **acls})[0][0] == "ok"


def test_a_door_with_too_many_ranges_for_its_security_group_is_a_failure(needs: Needs, aws: None) -> None:
    ranges = [f"10.{number}.0.0/16" for number in range(31)]
    door = planned(needs, "kubernetes:gateway.k8s.aws/v1:LoadBalancerConfiguration", spec={"sourceRanges": ranges})
    name = known_quotas.RULES_OF_A_GROUP.name
    asked = Asked({**accounts.ready(needs), **full(known_quotas.RULES_OF_A_GROUP, 60)})
    (found,) = look(quotas.rules_of_a_door, door, asked)
    assert (found.result, found.seen) == ("failure", f"{name}, it0: 60, 0 used, 62 more for this stack")


def test_the_role_of_load_balancers_is_made_by_the_controller(needs: Needs, aws: None) -> None:
    made = planned(needs, GATEWAY)
    assert ("ok", "elasticloadbalancing.amazonaws.com is made by the load balancer controller") in seen(
        services.linked_roles, made
    )
