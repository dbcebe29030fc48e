"""CloudWatch Logs: what is written, and what is kept."""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import NoPriceError, Resource, read_number, read_text
from costs.usage import Amount

DAYS_PER_MONTH = 30
KEPT_FOREVER_MONTHS = 12  # a log group without retention grows for ever: the estimate is that after a year


def log_group(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Billed by use alone: the GB written, and the GB-months kept for as long as the retention says."""
    if read_text(resource.inputs, "logGroupClass", "STANDARD") != "STANDARD":
        raise NoPriceError("the catalog has prices of the STANDARD log class alone")
    control_plane = _name(resource).startswith("/aws/eks/")
    written = context.usage.control_plane_log_gib if control_plane else context.usage.log_group_gib
    days = read_number(resource.inputs, "retentionInDays", 0)
    months = days / DAYS_PER_MONTH if days else KEPT_FOREVER_MONTHS
    said = assumed(written, f"GB written to each {'control-plane ' if control_plane else ''}log group")
    kept = f"kept for {days:g} days" if days else f"kept for ever, counted as {KEPT_FOREVER_MONTHS} months"
    stored = Amount(written.low * months, written.high * months)
    yield line(resource, context, "logs written", "cloudwatch_logs.ingestion", "GB", written, said)
    yield line(resource, context, "logs kept", "cloudwatch_logs.storage", "GB", stored, f"{said}, {kept}")


def _name(resource: Resource) -> str:
    try:
        return read_text(resource.inputs, "name")
    except NoPriceError:
        return ""


PRICERS: Mapping[str, Pricer] = {"aws:cloudwatch/logGroup:LogGroup": log_group}
