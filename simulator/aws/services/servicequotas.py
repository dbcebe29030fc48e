"""Service Quotas: requests to raise a quota. Tokens `aws:servicequotas/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the API model; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from catalog import quotas as vcpus
from catalog.known_quotas import OFTEN_REACHED, KnownQuota
from simulator.aws import tokens
from simulator.aws.constraints import every, length, matches
from simulator.aws.messages import AwsError, ProviderError, Service
from simulator.aws.model import ResourceType
from simulator.aws.operation_context import OperationContext, account_limit
from simulator.cloud import Cloud

SERVICE_QUOTAS = Service("Service Quotas")


@cache
def known_quotas() -> Mapping[str, KnownQuota]:
    """Returns quotas by code: those of vCPUs from the catalog, and others that stacks often reach."""
    rows = [KnownQuota(vcpus.SERVICE_CODE, row.code, row.name, row.default) for row in vcpus.QUOTAS.values()]
    return {row.code: row for row in (*rows, *OFTEN_REACHED)}


def value_of(cloud: Cloud, quotas: Mapping[str, int], row: KnownQuota, region: str) -> float:
    """Returns the current value of the quota in the account."""
    limit = account_limit(cloud, quotas, row.code, region)
    return float(row.default) if limit is None else float(limit)


def _known(op: OperationContext) -> KnownQuota:
    row = known_quotas().get(op.get("quotaCode"))
    if row is None or row.service != op.get("serviceCode"):
        raise ProviderError(
            f"reading Service Quotas default Service Quota ({op.get('serviceCode')}/{op.get('quotaCode')}): couldn't "
            "find resource; the simulator only knows the quotas of catalog/quotas.py and a few others",
            whole=True,
        )
    return row


def _request_is_not_for_less(op: OperationContext) -> None:
    """The requested value must not be less than the current one; the provider itself refuses that."""
    if op.get("value") < value_of(op.cloud, op.quotas, _known(op), op.region):
        id_ = f"{op.get('serviceCode')}/{op.get('quotaCode')}"
        raise ProviderError(f"requesting Service Quotas Service Quota ({id_}) with value less than current", whole=True)


def _no_request_is_open(op: OperationContext) -> None:
    row = op.find(tokens.SERVICE_QUOTA, "id", f"{op.get('serviceCode')}/{op.get('quotaCode')}")
    if row is not None and row.urn != op.call.urn and row.state["requestStatus"] == "PENDING":
        raise _open_request_error()


def _open_request_error() -> AwsError:
    message = "Only one open service quota increase request is allowed per quota."
    return AwsError("ResourceAlreadyExistsException", message)


def _request_is_for_more(op: OperationContext) -> None:
    """An update must request more than the current value; while a request is open, the provider only warns."""
    requested = op.get("value")
    if requested == op.before.get("value"):
        return
    if op.before.get("requestStatus") == "PENDING":
        op.call.warn(f"resource service quota {op.id} already exists")
        return
    current = value_of(op.cloud, op.quotas, _known(op), op.region)
    if requested <= current:
        message = f"You must provide a quota value greater than the current quota value of {current}."
        raise AwsError("IllegalArgumentException", message)


def _answer_request(op: OperationContext) -> None:
    """Answers a request: it stays open if the command line set the quota, and is granted at once otherwise."""
    if op.call.preview or op.before.get("requestStatus") == "PENDING":
        return
    row = _known(op)
    current = float(op.quotas.get(row.code, row.default))
    is_for_more = op.state["value"] > (value_of(op.cloud, op.quotas, row, op.region) if op.before else current)
    pending = is_for_more and row.code in op.quotas
    status = "PENDING" if pending else "APPROVED" if is_for_more else ""
    request = op.fill("{hex32:request}") if pending else ""  # the provider only keeps the ids of open requests
    op.state = {**op.state, "requestStatus": status, "requestId": request}
    op.cloud.put(op.type, op.id, op.state, op.call.urn)


SERVICE_QUOTA = ResourceType(
    type=tokens.SERVICE_QUOTA,
    service=SERVICE_QUOTAS,
    creates="RequestServiceQuotaIncrease",
    display_name="Service Quotas Service Quota",
    creating="requesting Service Quotas Service Quota ({serviceCode}/{quotaCode}) increase",
    updating="requesting Service Quotas Service Quota ({id}) increase",
    id="{serviceCode}/{quotaCode}",
    arn="arn:{partition}:servicequotas:{region}:{account}:{serviceCode}/{quotaCode}",
    required="quotaCode serviceCode value",
    replace_on="quotaCode serviceCode",
    computed={
        "adjustable": True,
        "defaultValue": lambda op: float(_known(op).default),
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
    rules=(_no_request_is_open, _request_is_not_for_less),
    update_rules=(_request_is_for_more,),
    companions=_answer_request,
    after_update=_answer_request,
    source="hashicorp/terraform-provider-aws internal/service/servicequotas/service_quota.go",
)

TYPES = (SERVICE_QUOTA,)
