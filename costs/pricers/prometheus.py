"""Amazon Managed Prometheus: billed by samples that come in, are kept and are read."""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import Resource, read_list, read_number
from costs.usage import Amount

CONFIGURATION = "aws:amp/workspaceConfiguration:WorkspaceConfiguration"
FIRST_TIER = 200.0
"""Tens of millions of samples in a month at the first price. Source: as for the prices in the catalog."""
GIB_OF_TEN_MILLION = 10_000_000 * 2 / 1024**3  # the same page: one or two bytes each
SERIES_QUOTA = 10_000_000
"""Series that a workspace takes without a limit of its own. Source: Amazon Managed Service for Prometheus user guide,
"Service quotas"; read 2026-11."""
SAMPLES_10M_OF_SERIES = 0.0088  # one in half a minute
DEFAULT_DAYS, DAYS_PER_MONTH = 150, 30


def workspace(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """The samples of two replicas count once. What is free in an account each month is not taken off."""
    limits = next((each for each in context.resources.values() if _is_of(each, resource)), None)
    most, given = _most(limits), context.usage.workspace_samples_10m
    samples = Amount(min(given.low, most), min(given.high, most))
    usage = assumed(samples, "tens of millions of samples to each workspace")
    first = Amount(min(samples.low, FIRST_TIER), min(samples.high, FIRST_TIER))
    more = Amount(samples.low - first.low, samples.high - first.high)
    yield line(resource, context, "metrics written", "prometheus.samples_first_2b", "x 10M", first, usage)
    if more.high:
        item = "metrics written, beyond 2 billion"
        yield line(resource, context, item, "prometheus.samples_next_250b", "x 10M", more, usage)
    days = read_number(limits.inputs, "retentionPeriodInDays", DEFAULT_DAYS) if limits else DEFAULT_DAYS
    gib = days / DAYS_PER_MONTH * GIB_OF_TEN_MILLION
    kept = Amount(samples.low * gib, samples.high * gib)
    yield line(resource, context, "metrics kept", "prometheus.storage", "GB", kept, f"{usage}, kept for {days:g} days")
    read = context.usage.workspace_queried_1b
    usage = assumed(read, "billion samples read from each workspace")
    yield line(resource, context, "metrics read", "prometheus.query", "x 1B", read, usage)


def _most(limits: Resource | None) -> float:
    """Returns how many tens of millions of samples the workspace takes in a month: AWS refuses more series."""
    sets = read_list(limits.inputs, "limitsPerLabelSets") if limits else ()
    series = [read_number(each, "limits.maxSeries", SERIES_QUOTA) for each in sets if isinstance(each, Mapping)]
    return (sum(series) if series else SERIES_QUOTA) * SAMPLES_10M_OF_SERIES


def _is_of(limits: Resource, resource: Resource) -> bool:
    return limits.type == CONFIGURATION and (
        resource.urn in limits.property_dependencies.get("workspaceId", ())
        or (bool(resource.id) and limits.inputs.get("workspaceId") == resource.id)
        or (bool(resource.parent) and limits.parent == resource.parent)  # an event log has neither of a new state
    )


PRICERS: Mapping[str, Pricer] = {"aws:amp/workspace:Workspace": workspace}
