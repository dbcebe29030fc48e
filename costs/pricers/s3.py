"""S3: buckets are billed for stored data, for requests that write, and for copies to another region.

The tags that this project sets hold the purpose, the size and the growth of a bucket. Objects in Intelligent-Tiering
cost as much as others at first, and about half after 30 days without a read.
"""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import Resource
from costs.usage import Amount

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
GROWTH_MONTHS = 12  # the estimate includes the growth of a year


def bucket(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Storage class Standard, first 50 TB."""
    purpose = _tag(resource, "purpose")
    stored, usage = _stored(resource, context)
    name = f"S3 storage, {purpose}" if purpose else "S3 storage"
    yield line(resource, context, name, "s3.standard_first_50tb", "GB", stored, usage)
    if not purpose:  # only an AWS service writes to it, with few large requests
        return
    writes = context.usage.bucket_writes_1k
    usage = assumed(writes, "thousand requests that write to each bucket")
    yield line(resource, context, "S3 requests that write", "s3.put_1k", "x 1k", writes, usage)


def replication(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Transfer to another region. The storage of the copy is billed with the bucket there."""
    buckets = [child for child in context.children.get(resource.parent, ()) if child.type in BUCKETS]
    copied, usage = _copied(buckets[0] if buckets else resource, context)
    yield line(resource, context, "S3 copies to another region", "data_transfer.inter_region", "GB", copied, usage)


def _stored(resource: Resource, context: Context) -> tuple[Amount, str]:
    """Returns the stored data, from now to a year from now, and the text of the assumption."""
    purpose, expected, growth = _tag(resource, "purpose"), _number(resource, "expected-gib"), _growth(resource)
    guess = context.usage.bucket_gib_by_purpose.get(purpose, context.usage.bucket_gib)
    low, high = (guess.low, guess.high) if expected is None else (expected, expected)
    stored = Amount(low, high + GROWTH_MONTHS * (growth or 0))
    what = f"GB of {purpose} in each bucket" if purpose else "GB in each bucket"
    if growth is not None:
        return stored, assumed(stored, f"{what}, growing {growth:g} GB a month for a year")
    return stored, assumed(stored, what)


def _copied(resource: Resource, context: Context) -> tuple[Amount, str]:
    """Returns the new data of a bucket each month, and the text of the assumption."""
    growth = _growth(resource)
    if growth is not None:
        return Amount(growth, growth), f"{growth:g} GB new in the bucket, all copied"
    stored, share = _stored(resource, context)[0], context.usage.bucket_new_share
    new = Amount(stored.low * share.low, stored.high * share.high)
    return new, assumed(new, f"GB copied: {share.low:.0%} to {share.high:.0%} of the bucket is new each month")


def _growth(resource: Resource) -> float | None:
    return _number(resource, "monthly-growth-gib")


def _number(resource: Resource, name: str) -> float | None:
    text = _tag(resource, name)
    return float(text) if text.isdigit() else None


def _tag(resource: Resource, name: str) -> str:
    tags = resource.inputs.get("tags")
    value = tags.get(f"ml-platform:{name}") if isinstance(tags, Mapping) else None
    return value if isinstance(value, str) else ""


PRICERS: Mapping[str, Pricer] = {
    **dict.fromkeys(BUCKETS, bucket),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": replication,
}
