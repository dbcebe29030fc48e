"""KMS: customer-managed keys."""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import Resource, read
from costs.usage import Amount


def key(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """One key-month. Each of the first two rotations adds one, later rotations none (aws.amazon.com/kms/pricing)."""
    rotates = read(resource.inputs, "enableKeyRotation", False) is True
    notes = ("each of the first two rotations adds one key-month",) if rotates else ()
    count = Amount(1, 3 if rotates else 1)
    requests = context.usage.kms_requests_10k
    usage = assumed(requests, "x 10 000 requests to each key")
    yield line(resource, context, "KMS key", "kms.key_month", "key", count, notes=notes)
    yield line(resource, context, "KMS requests", "kms.requests_10k", "x 10k", requests, usage)


PRICERS: Mapping[str, Pricer] = {"aws:kms/key:Key": key}
