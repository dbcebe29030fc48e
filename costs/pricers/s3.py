"""S3: buckets are billed by what they hold."""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import Resource


def bucket(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Standard class, first 50 TB."""
    held = context.usage.bucket_gib
    yield line(
        resource, context, "S3 storage", "s3.standard_first_50tb", "GB", held, assumed(held, "GB in each bucket")
    )


PRICERS: Mapping[str, Pricer] = {"aws:s3/bucket:Bucket": bucket, "aws:s3/bucketV2:BucketV2": bucket}
