"""Requests for the EC2 quotas that the pools need at their maximum.

AWS answers a request in minutes or, for many GPUs, in days after a person has checked it; then nodes can start. The
quotas stay when the stack is deleted. Source: https://docs.aws.amazon.com/servicequotas/latest/userguide/request-quota-increase.html,
read 2026-11.
"""

from collections.abc import Iterable, Mapping

import pulumi
import pulumi_aws as aws

from catalog.quotas import SERVICE_CODE
from settings.compute.quotas import QuotaNeed


def requests(
    needs: Iterable[QuotaNeed], have: Mapping[str, int], requested: Mapping[str, float]
) -> Mapping[str, float]:
    """Returns quota code -> vCPUs to ask for, where the account has too few. By default, it has those of a new account.

    requested: what the stack has asked for before. AWS refuses a request for less than it has granted, so a need that
    shrinks leaves a request as it is.
    """
    needed = {need.code: need.vcpus for need in needs if need.vcpus > have.get(need.code, need.default)}
    earlier = {code: value for code, value in requested.items() if value > have.get(code, 0)}
    return {code: max(needed.get(code, 0), earlier.get(code, 0)) for code in sorted({*needed, *earlier})}


def request_quotas(
    name: str, vcpus: Mapping[str, float], opts: pulumi.ResourceOptions
) -> list[aws.servicequotas.ServiceQuota]:
    """Registers one request for each quota. vcpus: as `requests` returns them."""
    return [
        aws.servicequotas.ServiceQuota(
            f"{name}-quota-{code}", service_code=SERVICE_CODE, quota_code=code, value=value, opts=opts
        )
        for code, value in vcpus.items()
    ]
