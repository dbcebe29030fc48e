"""Requests for the EC2 quotas that the pools need at their maximum.

AWS answers a request in minutes or, for many GPUs, in days after a person has checked it; then nodes can start. The
quotas stay when the stack is deleted. Source: https://docs.aws.amazon.com/servicequotas/latest/userguide/request-quota-increase.html,
read 2026-11.
"""

from collections.abc import Iterable

import pulumi
import pulumi_aws as aws

from catalog.quotas import SERVICE_CODE
from settings.compute.quotas import QuotaNeed


def request_quotas(
    name: str, needs: Iterable[QuotaNeed], opts: pulumi.ResourceOptions
) -> list[aws.servicequotas.ServiceQuota]:
    """Registers one request for each quota that is too small. By default, an account has the quotas of a new account.

    AWS refuses a request that lowers a quota: if the account has more than the pools need, write it in quotas.vcpus.
    """
    return [
        aws.servicequotas.ServiceQuota(
            f"{name}-quota-{need.code}",
            service_code=SERVICE_CODE,
            quota_code=need.code,
            value=need.vcpus,
            opts=opts,
        )
        for need in needs
        if need.vcpus > (need.default if need.have is None else need.have)
    ]
