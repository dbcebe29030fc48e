"""CloudWatch: logs by data written and stored, and alarms."""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import NoPriceError, Resource, read_list, read_number, read_text, text_if_known
from costs.stored_data import tag
from costs.usage import Amount

DAYS_PER_MONTH = 30
INGESTION = {
    "STANDARD": "cloudwatch_logs.ingestion",
    "INFREQUENT_ACCESS": "cloudwatch_logs.ingestion_infrequent_access",
}
MONTHS_WITHOUT_RETENTION = 12  # a log group without retention grows without end; the estimate is its size after a year


def log_group(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Billed by use only: the GB written, and the GB stored during the retention."""
    price = INGESTION.get(read_text(resource.inputs, "logGroupClass", "STANDARD"))
    if price is None:
        raise NoPriceError(f"the catalog has prices for the log classes {', '.join(INGESTION)} only")
    which, written = "log group", context.usage.log_group_gib
    if text_if_known(resource.inputs, "name").startswith("/aws/eks/"):
        which, written = "control-plane log group", context.usage.control_plane_log_gib
    elif tag(resource, "purpose") == "containers":
        which, written = "log group of containers", context.usage.container_log_gib
    days = read_number(resource.inputs, "retentionInDays", 0)
    months = days / DAYS_PER_MONTH if days else MONTHS_WITHOUT_RETENTION
    usage = assumed(written, f"GB written to each {which}")
    kept = f"kept for {days:g} days" if days else f"kept for ever, counted as {MONTHS_WITHOUT_RETENTION} months"
    stored = Amount(written.low * months, written.high * months)
    yield line(resource, context, "logs written", price, "GB", written, usage)
    yield line(resource, context, "logs kept", "cloudwatch_logs.storage", "GB", stored, f"{usage}, {kept}")


def metric_filter(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """A filter is free; its metric is billed for the hours in which something matches."""
    raise NoPriceError("the catalog has no price of a custom metric, which is billed in hours with a match")


def alarm(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Billed by the metrics that it looks at; an expression of them adds nothing."""
    queries = [query for query in read_list(resource.inputs, "metricQueries") if isinstance(query, Mapping)]
    metrics = [query["metric"] for query in queries if isinstance(query.get("metric"), Mapping)]
    if any(read_number(each, "period", 300) < 60 for each in (resource.inputs, *metrics)):
        raise NoPriceError("the catalog has the price of alarms of standard resolution only")
    yield line(resource, context, "alarm", "cloudwatch.alarm", "metric", max(len(metrics), 1))


PRICERS: Mapping[str, Pricer] = {
    "aws:cloudwatch/logGroup:LogGroup": log_group,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": metric_filter,
    "aws:cloudwatch/metricAlarm:MetricAlarm": alarm,
}
