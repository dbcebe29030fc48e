"""S3: buckets are billed by what they hold, by requests that write, and by what goes to another region.

What a bucket is for, how much it holds and how that grows is read from the tags that this project sets. Objects in
Intelligent-Tiering cost as much as others until nobody has read them for 30 days, then about half.
"""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import Resource
from costs.usage import Amount

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
MONTHS = 12  # how far ahead growth is looked at


def bucket(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Standard class, first 50 TB."""
    purpose = _tag(resource, "purpose")
    held, said = _held(resource, context)
    name = f"S3 storage, {purpose}" if purpose else "S3 storage"
    yield line(resource, context, name, "s3.standard_first_50tb", "GB", held, said)
    if not purpose:  # a service fills it, in few and large writes
        return
    writes = context.usage.bucket_writes_1k
    said = assumed(writes, "thousand requests that write to each bucket")
    yield line(resource, context, "S3 requests that write", "s3.put_1k", "1k", writes, said)


def replication(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """What crosses over; what the copy holds is billed with the bucket that holds it."""
    around = [each for each in context.children.get(resource.parent, ()) if each.type in BUCKETS]
    new, said = _new(around[0] if around else resource, context)
    yield line(resource, context, "S3 copies to another region", "data_transfer.inter_region", "GB", new, said)


def _held(resource: Resource, context: Context) -> tuple[Amount, str]:
    """What a bucket holds, from now to a year from now, and where we have it from."""
    purpose, stated, growth = _tag(resource, "purpose"), _number(resource, "expected-gib"), _growth(resource)
    guessed = context.usage.bucket_gib_by_purpose.get(purpose, context.usage.bucket_gib)
    low, high = (guessed.low, guessed.high) if stated is None else (stated, stated)
    held = Amount(low, high + MONTHS * (growth or 0))
    what = f"GB of {purpose} in each bucket" if purpose else "GB in each bucket"
    if growth is not None:
        return held, assumed(held, f"{what}, growing {growth:g} GB a month for a year")
    return held, assumed(held, what)


def _new(resource: Resource, context: Context) -> tuple[Amount, str]:
    """What comes on top of a bucket each month."""
    growth = _growth(resource)
    if growth is not None:
        return Amount(growth, growth), f"{growth:g} GB new in the bucket, all copied"
    held, share = _held(resource, context)[0], context.usage.bucket_new_share
    new = Amount(held.low * share.low, held.high * share.high)
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
