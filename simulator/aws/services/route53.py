"""Route 53: records of hosted zones. Tokens `aws:route53/...`.

Zones are made elsewhere: the simulator assumes that every zone exists, is public and holds the names that records in it
have. So names must be complete: the real provider adds the name of the zone to one that lacks it. Names may have other
printable characters as well, which the simulator refuses.
The entry was made from the provider's source that it names, its SDK 7.51 and the Route 53 API model of botocore 1.44.8;
read 2026-11. Wordings without a source of their own are unverified.
"""

from __future__ import annotations

import ipaddress
import re

from simulator.aws import tokens
from simulator.aws.constraints import between, every, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError, Service
from simulator.aws.model import ResourceType
from simulator.aws.operation_context import OperationContext
from simulator.cloud import CloudResource

ROUTE_53 = Service("Route 53")

_HOST = r"(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?"
# Type -> form of its values; types that are not here take any text.
# Source: Route 53 developer guide, "Supported DNS record types"; read 2026-11.
_FORMS = {
    "CAA": r'\d{1,3} [A-Za-z0-9]+ "[^"]*"',
    "CNAME": _HOST,
    "MX": rf"\d{{1,5}} {_HOST}",
    "NS": _HOST,
    "PTR": _HOST,
    "SRV": rf"\d{{1,5}} \d{{1,5}} \d{{1,5}} {_HOST}",
}
_ADDRESSES = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}
# Type -> what Route 53 calls a wrong value of it. Source: presslabs/zinc, interpret_client_error, which looks for these
# names; read 2026-11.
_WRONG = {
    "A": "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)",
    "AAAA": "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)",
}
_POLICIES = (
    *("cidrRoutingPolicy", "failoverRoutingPolicies", "geolocationRoutingPolicies", "geoproximityRoutingPolicy"),
    *("latencyRoutingPolicies", "multivalueAnswerRoutingPolicy", "weightedRoutingPolicies"),
)


def _name(op: OperationContext) -> str:
    return str(op.get("name")).rstrip(".").lower()


def _id(op: OperationContext) -> str:
    return "_".join(filter(None, [op.get("zoneId"), _name(op), op.get("type"), op.get("setIdentifier")]))


def _refusal(message: str) -> ProviderError:
    return ProviderError(f"InvalidChangeBatch: [{message}]")


def _of_the_name(op: OperationContext) -> list[CloudResource]:
    wanted = (op.get("zoneId"), _name(op))
    return [row for row in op.others() if (row.state["zoneId"], row.state["fqdn"]) == wanted]


def _zone_exists(op: OperationContext) -> None:
    """Zones themselves are not known. Unverified: that every id begins with Z, as those in AWS's documents do.

    Source of the words: terraform-aws-modules/terraform-aws-acm, issue 119; read 2026-11.
    """
    zone = op.get("zoneId")
    if not re.fullmatch(r"Z[A-Z0-9]{1,31}", zone):
        raise AwsError("NoSuchHostedZone", f"No hosted zone found with ID: {zone}", 404)


def _is_new(op: OperationContext) -> None:
    """A record is only overwritten where allowOverwrite says so.

    Source of the words: dfds/infrastructure-modules, issue 74; read 2026-11.
    """
    own = [op.get("type"), op.get("setIdentifier")]
    if op.get("allowOverwrite"):
        return
    if any([row.state["type"], row.state.get("setIdentifier")] == own for row in _of_the_name(op)):
        raise _refusal(
            f"Tried to create resource record set [name='{_name(op)}.', type='{own[0]}'] but it already exists"
        )


def _cname_stands_alone(op: OperationContext) -> None:
    """A CNAME is the only record of its name, and never at the apex, which a name of two labels always is.

    Sources: Route 53 developer guide, "Supported DNS record types"; of the words, RJPearson94/terraform-aws-open-next,
    issue 24, and aws/aws-sdk-java, issue 1996; read 2026-11. Route 53 names the zone at their end too.
    """
    name, type_ = _name(op), op.get("type")
    if type_ == "CNAME" and name.count(".") < 2 and "*" not in name:
        raise _refusal(f"RRSet of type CNAME with DNS name {name}. is not permitted at apex in zone {name}.")
    for row in _of_the_name(op):
        other = row.state["type"]
        if (other == "CNAME") == (type_ == "CNAME"):
            continue
        if type_ == "CNAME":
            text = "it conflicts with other records with the same DNS name"
            raise _refusal(f"RRSet of type CNAME with DNS name {name}. is not permitted as {text}")
        text = "a conflicting RRSet of type CNAME with the same DNS name already exists"
        raise _refusal(f"RRSet of type {type_} with DNS name {name}. is not permitted because {text}")


def _values_fit_the_type(op: OperationContext) -> None:
    type_, values = op.get("type"), op.get("records", [])
    if type_ == "CNAME" and len(values) > 1:
        raise _refusal("Invalid Resource Record: 'FATAL problem: CNAME must have exactly one value'")
    for value in values:
        if not _fits(type_, value):
            problem = _WRONG.get(type_, f"{type_} (Value is not valid)")
            raise _refusal(f"Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}''")


def _fits(type_: str, value: str) -> bool:
    if type_ in _ADDRESSES:
        try:
            _ADDRESSES[type_](value)
        except ValueError:
            return False
        return True
    return re.fullmatch(_FORMS.get(type_, ".+"), value) is not None


def _has_a_time_to_live(op: OperationContext) -> None:
    """Source of the words: ministryofjustice/modernisation-platform, pull request 10072; read 2026-11."""
    if op.get("records") and op.get("ttl") is None:
        expected = (
            "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]"
        )
        change = "[Action=CREATE, Name={name}, Type={type}, SetIdentifier=null]"
        text = f"Invalid request: {expected}, but found none in Change with {change}"
        raise op.error(ErrorTemplate("InvalidInput", text))


_RULES = (_zone_exists, _has_a_time_to_live, _values_fit_the_type, _cname_stands_alone)
RECORD = ResourceType(
    type=tokens.RECORD,
    service=ROUTE_53,
    creates="ChangeResourceRecordSets",
    deletes="ChangeResourceRecordSets",
    display_name="Route53 Record",
    id=_id,
    required="name type zoneId",
    replace_on="name zoneId",
    one_of=("aliases records",),
    conflicts=("aliases ttl", " ".join(_POLICIES)),
    needs=("ttl records", *(f"{each} setIdentifier" for each in _POLICIES)),
    sets="records",
    aws_defaults={"allowOverwrite": False},
    computed={"fqdn": _name},
    constraints={
        "aliases": length(0, 1),
        "aliases[*].name": length(1, 1024),
        "aliases[*].zoneId": length(1, 32),
        "failoverRoutingPolicies[*].type": one_of("PRIMARY", "SECONDARY"),
        "name": every(length(1, 1024), matches(rf"@|{_HOST}", "a complete domain name")),
        "setIdentifier": length(1, 128),
        "ttl": between(0, 2147483647),
        "type": one_of(
            *("SOA", "A", "TXT", "NS", "CNAME", "MX", "NAPTR", "PTR", "SRV", "SPF", "AAAA", "CAA", "DS", "TLSA"),
            *("SSHFP", "SVCB", "HTTPS"),
        ),
        "weightedRoutingPolicies[*].weight": between(0, 255),
        "zoneId": length(1, 32),
    },
    always=_RULES,
    rules=(_is_new,),
    source="hashicorp/terraform-provider-aws internal/service/route53/record.go",
)

TYPES = (RECORD,)
