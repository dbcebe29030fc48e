"""Checks what observability needs of AWS: a way to Amazon Managed Prometheus, and a budget that somebody hears of."""

from collections.abc import Iterator

from catalog.regions import REGIONS
from settings.core.problems import Mistake
from settings.stack.parts import Parts

BUDGET = ("observability", "cloud_alarms", "monthly_usd")
MOST_ADDRESSES = 10
"""Addresses of one notification. Source: Budgets API, CreateBudget (NotificationsWithSubscribers); read 2026-11."""


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields samples that have no way to their workspace, and budgets that AWS refuses or nobody hears of."""
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
    if parts.observability.cloud_alarms is None or parts.observability.cloud_alarms.monthly_usd is None:
        return
    region = REGIONS.get(parts.region or "")
    if region is not None and region.partition == "aws-us-gov":
        yield (
            BUDGET,
            f"AWS has no Budgets in {region.name}. Drop it, and make one in the account that pays for this one.",
        )
    elif not mail:
        yield BUDGET, "has nobody to tell. Write addresses in observability.alerts.platform.mail, or drop it."
    elif len(mail) > MOST_ADDRESSES:
        yield (
            BUDGET,
            (
                f"tells {len(mail)} addresses of observability.alerts.platform.mail, and AWS takes {MOST_ADDRESSES} at "
                "most. Write the address of a list."
            ),
        )
