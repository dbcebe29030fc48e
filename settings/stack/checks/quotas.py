"""Checks EC2 quotas: unknown codes, and quotas that are too small for the pools at their maximum."""

from collections.abc import Iterator, Mapping

from catalog.quotas import QUOTAS, SERVICE_CODE
from settings.compute.node_pool import NodePoolSettings
from settings.compute.quota_needs import quota_needs
from settings.compute.quotas import QuotaSettings
from settings.core.problems import Mistake, Path, join_path, listed, nearest_or_all


def mistakes(
    quotas: QuotaSettings | None, pools: Mapping[Path, NodePoolSettings], zones: tuple[str, ...] | None
) -> Iterator[Mistake]:
    """Yields what is wrong with the given quotas. zones: of the network; None when not known."""
    if quotas is None:
        return
    yield from _unknown(quotas)
    if zones is not None and not quotas.request:
        yield from _too_small(quotas, pools, zones)


def _unknown(quotas: QuotaSettings) -> Iterator[Mistake]:
    for code in quotas.vcpus:
        if code not in QUOTAS:
            yield (
                ("quotas", "vcpus", code),
                f"is not the code of an EC2 quota for running instances.{nearest_or_all(code, QUOTAS)}",
            )


def _too_small(
    quotas: QuotaSettings, pools: Mapping[Path, NodePoolSettings], zones: tuple[str, ...]
) -> Iterator[Mistake]:
    pools_by_name = {join_path(path[1:]): pool for path, pool in pools.items()}
    for need in quota_needs(pools_by_name, zones, quotas.vcpus):
        if need.enough is False:
            yield (
                ("quotas", "vcpus", need.code),
                (
                    f"the account has {need.have} vCPUs of {need.code} ({need.name}), but {listed(need.pools)} at "
                    f"their maximum need {need.vcpus}, so nodes would not start. Request an increase and give the new "
                    f"value (`aws service-quotas request-service-quota-increase --service-code {SERVICE_CODE} "
                    f"--quota-code {need.code} --desired-value {need.vcpus}`), set quotas.request: true, or lower "
                    "max_per_zone or max_gpus."
                ),
            )
