"""SQS: queues are billed by request, empty answers included."""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import NoPriceError, Resource, read


def queue(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Standard queues; the first million requests of an account are free each month."""
    if read(resource.inputs, "fifoQueue", False) is not False:
        raise NoPriceError("the catalog has the price of standard queues alone")
    requests = context.usage.queue_requests_1m
    said = assumed(requests, "million requests to each queue beyond the free million")
    yield line(resource, context, "SQS requests", "other.sqs_requests_1m", "x 1m", requests, said)


PRICERS: Mapping[str, Pricer] = {"aws:sqs/queue:Queue": queue}
