"""Route 53: records of hosted zones, which this account has outside of the cloud. Tokens `aws:route53/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the Route 53 API model; read 2026-11.
"""

from __future__ import annotations

from simulator.aws import tokens
from simulator.aws.constraints import between, matches, one_of
from simulator.aws.messages import AwsError, ProviderError, Service
from simulator.aws.model import ResourceType
from simulator.aws.operation_context import OperationContext

ROUTE_53 = Service("Route 53")


def _id(op: OperationContext) -> str:
    parts = (op.get("zoneId"), str(op.get("name")).lower(), op.get("type"), op.get("setIdentifier"))
    return "_".join(str(part) for part in parts if part)


def _has_a_value(op: OperationContext) -> None:
    """A record has values and a TTL, or an alias."""
    if op.get("aliases"):
        return
    if not op.get("records") or op.get("ttl") is None:
        raise ProviderError('"ttl": all of `records,ttl` must be specified')


def _name_is_free(op: OperationContext) -> None:
    """A zone has one record of a name and type, unless the program may overwrite it."""
    if op.get("allowOverwrite") or op.call.preview:
        return
    if any(row.id == _id(op) for row in op.others()):
        message = (
            f"[Tried to create resource record set [name='{op.get('name')}', type='{op.get('type')}'] but it already "
            "exists]"
        )
        raise AwsError("InvalidChangeBatch", message)


RECORD = ResourceType(
    type=tokens.RECORD,
    service=ROUTE_53,
    creates="ChangeResourceRecordSets",
    updates="ChangeResourceRecordSets",
    deletes="ChangeResourceRecordSets",
    display_name="Route 53 Record",
    creating="creating Route53 Record",
    deleting="deleting Route53 Record ({id})",
    updating="updating Route53 Record ({id})",
    id=_id,
    required="name type zoneId",
    replace_on="name zoneId",
    sets="records",
    aws_defaults={"allowOverwrite": False},
    computed={"fqdn": lambda op: str(op.get("name")).rstrip(".")},
    constraints={
        "ttl": between(0, 2147483647),
        "type": one_of(
            *("A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP"),
            *("SVCB", "TLSA", "TXT"),
        ),
        "zoneId": matches(r"Z[A-Z0-9]{1,31}", "an id of a hosted zone"),
    },
    rules=(_has_a_value, _name_is_free),
    update_rules=(_has_a_value,),
    source="hashicorp/terraform-provider-aws internal/service/route53/record.go",
)

TYPES = (RECORD,)
