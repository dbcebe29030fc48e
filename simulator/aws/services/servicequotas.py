"""Service Quotas: requests to raise a quota. Tokens `aws:servicequotas/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the API model; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from catalog import quotas as vcpus
from simulator.aws import tokens
from simulator.aws.constraints import every, length, matches
from simulator.aws.messages import AwsError, ProviderError, Service
from simulator.aws.model import ResourceType
from simulator.aws.operation_context import OperationContext, limit_of
from simulator.cloud import Cloud

SERVICE_QUOTAS = Service("Service Quotas")

_NAMES = {
    "ec2": "Amazon Elastic Compute Cloud (Amazon EC2)",
    "eks": "Amazon Elastic Kubernetes Service (Amazon EKS)",
    "vpc": "Amazon Virtual Private Cloud (Amazon VPC)",
}


@dataclass(frozen=True)
class KnownQuota:
    """A quota of a service, with what a new account has of it."""

    service: str
    code: str
    name: str
    default: float

    @property
    def service_name(self) -> str:
        """The service in full."""
        return _NAMES[self.service]


@cache
def known_quotas() -> Mapping[str, KnownQuota]:
    """By code: the vCPUs of running instances from the catalog, and others that stacks run into.

    Source: Service Quotas of Amazon EC2, VPC and EKS; medium confidence, read 2026-11.
    """
    rows = [KnownQuota(vcpus.SERVICE_CODE, row.code, row.name, float(row.default)) for row in vcpus.QUOTAS.values()]
    rows += [
        KnownQuota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5.0),
        KnownQuota("eks", "L-1194D53C", "Clusters", 100.0),
        KnownQuota("eks", "L-6D54EA21", "Managed node groups per cluster", 30.0),
        KnownQuota("vpc", "L-F678F1CE", "VPCs per Region", 5.0),
        KnownQuota("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5.0),
        KnownQuota("vpc", "L-83CA0A9D", "IPv4 CIDR blocks per VPC", 5.0),
    ]
    return {row.code: row for row in rows}


def value_of(cloud: Cloud, quotas: Mapping[str, int], row: KnownQuota, region: str) -> float:
    """What the account has of it now."""
    found = limit_of(cloud, quotas, row.code, region)
    return row.default if found is None else float(found)


def _known(op: OperationContext) -> KnownQuota:
    row = known_quotas().get(op.get("quotaCode"))
    if row is None or row.service != op.get("serviceCode"):
        raise ProviderError(
            f"reading Service Quotas default Service Quota ({op.get('serviceCode')}/{op.get('quotaCode')}): couldn't "
            "find resource; the simulator knows the quotas of catalog/quotas.py and a few others",
            whole=True,
        )
    return row


def _asks_for_no_less(op: OperationContext) -> None:
    """The provider refuses by itself to ask for less than there is."""
    if op.get("value") < value_of(op.cloud, op.quotas, _known(op), op.region):
        id_ = f"{op.get('serviceCode')}/{op.get('quotaCode')}"
        raise ProviderError(f"requesting Service Quotas Service Quota ({id_}) with value less than current", whole=True)


def _no_request_is_open(op: OperationContext) -> None:
    row = op.cloud.get(tokens.SERVICE_QUOTA, f"{op.get('serviceCode')}/{op.get('quotaCode')}")
    if row is not None and row.urn != op.call.urn and row.state["requestStatus"] == "PENDING":
        raise _open()


def _open() -> AwsError:
    message = "Only one open service quota increase request is allowed per quota."
    return AwsError("ResourceAlreadyExistsException", message)


def _raises(op: OperationContext) -> None:
    """AWS takes requests for more, and no others; while one is open, the provider warns and leaves it at that."""
    wanted = op.get("value")
    if wanted == op.before.get("value"):
        return
    if op.before.get("requestStatus") == "PENDING":
        op.call.warn(f"resource service quota {op.id} already exists")
        return
    current = value_of(op.cloud, op.quotas, _known(op), op.region)
    if wanted <= current:
        message = f"You must provide a quota value greater than the current quota value of {current}."
        raise AwsError("IllegalArgumentException", message)


def _answered(op: OperationContext) -> None:
    """An account that was told what it has waits for AWS, as large requests do; any other is given it at once."""
    if op.call.preview or op.before.get("requestStatus") == "PENDING":
        return
    row = _known(op)
    told = float(op.quotas.get(row.code, row.default))
    asked = op.state["value"] > (value_of(op.cloud, op.quotas, row, op.region) if op.before else told)
    pending = asked and row.code in op.quotas
    status = "PENDING" if pending else "APPROVED" if asked else ""
    request = op.fill("{hex32:request}") if pending else ""  # the provider forgets requests that are answered
    op.state = {**op.state, "requestStatus": status, "requestId": request}
    op.cloud.put(op.type, op.id, op.state, op.call.urn)


SERVICE_QUOTA = ResourceType(
    type=tokens.SERVICE_QUOTA,
    service=SERVICE_QUOTAS,
    creates="RequestServiceQuotaIncrease",
    updates="RequestServiceQuotaIncrease",
    human="Service Quotas Service Quota",
    creating="requesting Service Quotas Service Quota ({serviceCode}/{quotaCode}) increase",
    updating="requesting Service Quotas Service Quota ({id}) increase",
    id="{serviceCode}/{quotaCode}",
    arn="arn:{partition}:servicequotas:{region}:{account}:{serviceCode}/{quotaCode}",
    required="quotaCode serviceCode value",
    replace_on="quotaCode serviceCode",
    computed={
        "adjustable": True,
        "defaultValue": lambda op: _known(op).default,
        "quotaName": lambda op: _known(op).name,
        "requestId": "",
        "requestStatus": "",
        "serviceName": lambda op: _known(op).service_name,
        "usageMetrics": [],
    },
    constraints={
        "quotaCode": every(length(1, 128), matches(r"[A-Za-z][0-9A-Za-z-]*", "letters, digits and -")),
        "serviceCode": every(length(1, 63), matches(r"[A-Za-z][0-9A-Za-z-]*", "letters, digits and -")),
    },
    rules=(_no_request_is_open, _asks_for_no_less),
    update_rules=(_raises,),
    brings=_answered,
    follows=_answered,
    source="hashicorp/terraform-provider-aws internal/service/servicequotas/service_quota.go",
)

TYPES = (SERVICE_QUOTA,)
