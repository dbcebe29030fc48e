"""Checks what observability needs of AWS: a way to Amazon Managed Prometheus, and people who hear of alarms."""

from collections.abc import Iterator, Mapping, Sequence

from catalog.metrics import exporters, series
from catalog.regions import REGIONS
from common.spelling import did_you_mean
from settings.cluster.addon_rules import AddOnRules
from settings.core.problems import Mistake
from settings.stack.parts import Parts

WRITTEN = ("observability", "metrics", "remote_write")
_ALARMS = ("observability", "cloud_alarms")
_BUDGET = (*_ALARMS, "monthly_usd")
SYNTHETIC = (
    *("ALERTS", "ALERTS_FOR_STATE", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_series_added"),
    *("scrape_samples_post_metric_relabeling", "up"),
)
"""Series that Prometheus makes itself. Source: Prometheus 3, "Jobs and instances", "Alerting rules"; read 2026-11."""
MOST_ADDRESSES = 10
"""Addresses of one notification. Source: Budgets API, CreateBudget (NotificationsWithSubscribers); read 2026-11."""


def mistakes(parts: Parts, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    """Yields samples that nobody has or that have no way to their workspace, alarms that nobody hears of, and budgets
    that AWS refuses.
    """
    if parts.observability is None:
        return
    if parts.observability.metrics.remote_write is not None:
        yield from _unknown(parts.observability.metrics.remote_write.metrics, add_ons)
    network, mail = parts.network, parts.observability.alerts.platform.mail
    if (
        parts.observability.metrics.remote_write is not None
        and network is not None
        and network.nat == "none"
        and "aps-workspaces" not in network.endpoints.interface
    ):
        yield (
            WRITTEN,
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


def _unknown(metrics: Sequence[str], add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    """Yields names and beginnings of names that no exporter and no rule has: nothing would be kept, without a word."""
    known = {*SYNTHETIC, *(name for exporter in exporters() for name in series(exporter))}
    known.update(name for rules in add_ons.values() for name in rules.records())
    groups = {f"{name.partition(':')[0]}:.*" for name in known if ":" in name}
    for index, name in enumerate(metrics):
        beginning, of_many, _ = name.partition(".*")
        if not (any(each.startswith(beginning) for each in known) if of_many else name in known):
            yield (
                (*WRITTEN, "metrics", index),
                (
                    f"is {name}, which no rule of the platform records and no exporter of the catalog has, so nothing "
                    "would be kept unless the chart records it."
                    f"{did_you_mean(name, groups if of_many else known)} One of the chart, of your own programs, or "
                    "another that you know of, belongs in other_metrics."
                ),
            )
