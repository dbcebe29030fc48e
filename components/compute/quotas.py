"""Asking AWS for the EC2 quotas that the pools take at their maximum.

A request is answered in minutes or, for many GPUs, by a person in days; nodes start when it is granted. Deleting the
stack lowers no quota. Source: https://docs.aws.amazon.com/servicequotas/latest/userguide/request-quota-increase.html,
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
    """One request for each quota that is too small. Where the account's value was not given, a new account's holds.

    AWS refuses to lower a quota by request: an account that has more than the pools take has to say so in quotas.vcpus.
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
