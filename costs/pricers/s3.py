"""S3: buckets are billed for stored data, for requests that write, and for copies to another region.

The tags that this project sets hold the purpose, the size and the growth of a bucket. Objects in Intelligent-Tiering
cost as much as others at first, and about half after 30 days without a read.
"""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import Resource
from costs.stored_data import monthly_growth, stored, tag
from costs.usage import Amount

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")


def bucket(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Storage class Standard, first 50 TB."""
    purpose = tag(resource, "purpose")
    gb, usage = _stored(resource, context)
    name = f"S3 storage, {purpose}" if purpose else "S3 storage"
    yield line(resource, context, name, "s3.standard_first_50tb", "GB", gb, usage)
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
    purpose = tag(resource, "purpose")
    guess = context.usage.bucket_gib_by_purpose.get(purpose, context.usage.bucket_gib)
    return stored(resource, guess, f"GB of {purpose} in each bucket" if purpose else "GB in each bucket")


def _copied(resource: Resource, context: Context) -> tuple[Amount, str]:
    """Returns the new data of a bucket each month, and the text of the assumption."""
    growth = monthly_growth(resource)
    if growth is not None:
        return Amount(growth, growth), f"{growth:g} GB new in the bucket, all copied"
    gb, share = _stored(resource, context)[0], context.usage.bucket_new_share
    new = Amount(gb.low * share.low, gb.high * share.high)
    return new, assumed(new, f"GB copied: {share.low:.0%} to {share.high:.0%} of the bucket is new each month")


PRICERS: Mapping[str, Pricer] = {
    **dict.fromkeys(BUCKETS, bucket),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": replication,
}
