"""SQS: queues are billed by request, also for empty answers."""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import NoPriceError, Resource, read


def queue(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Standard queues; the first million requests of an account are free each month."""
    if read(resource.inputs, "fifoQueue", False) is not False:
        raise NoPriceError("the catalog has a price for standard queues only")
    requests = context.usage.queue_requests_1m
    usage = assumed(requests, "million requests to each queue beyond the free million")
    yield line(resource, context, "SQS requests", "other.sqs_requests_1m", "x 1m", requests, usage)


PRICERS: Mapping[str, Pricer] = {"aws:sqs/queue:Queue": queue}
