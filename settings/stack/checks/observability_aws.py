"""Checks what observability needs of AWS: a way to Amazon Managed Prometheus, and people who hear of alarms."""

from collections.abc import Iterator

from catalog.regions import REGIONS
from settings.core.problems import Mistake
from settings.stack.parts import Parts

_ALARMS = ("observability", "cloud_alarms")
_BUDGET = (*_ALARMS, "monthly_usd")
MOST_ADDRESSES = 10
"""Addresses of one notification. Source: Budgets API, CreateBudget (NotificationsWithSubscribers); read 2026-11."""


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields samples that have no way to their workspace, alarms that nobody hears of, and budgets that AWS refuses."""
    if parts.observability is None:
        return
    network, mail = parts.network, parts.observability.alerts.platform.mail
    if (
        parts.observability.metrics.remote_write is not None
        and network is not None
        and network.nat == "none"
        and "aps-workspaces" not in network.endpoints.interface
    ):
        yield (
            ("observability", "metrics", "remote_write"),
            (
                "nothing would arrive: nat is none, and the VPC has no endpoint for it. Add aps-workspaces to "
                "network.endpoints.interface, or drop it."
            ),
        )
    alarms = parts.observability.cloud_alarms
    if alarms is not None and "cloud_alarms" in parts.observability.model_fields_set and not mail:
        yield (
            _ALARMS,
            "have nobody to tell. Write addresses in observability.alerts.platform.mail, or drop them.",
        )
    if alarms is None or alarms.monthly_usd is None:
        return
    region = REGIONS.get(parts.region or "")
    if region is not None and region.partition == "aws-us-gov":
        yield (
            _BUDGET,
            f"AWS has no Budgets in {region.name}. Drop it, and make one in the account that pays for this one.",
        )
    elif len(mail) > MOST_ADDRESSES:
        yield (
            _BUDGET,
            (
                f"tells {len(mail)} addresses of observability.alerts.platform.mail, and AWS takes {MOST_ADDRESSES} at "
                "most. Write the address of a list."
            ),
        )
