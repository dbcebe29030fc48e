"""ECR: images are billed by the GB that they take, and pulls within the region are free.

What a cache holds is in no state: its rule stands for it. ECR bills a layer once for each repository.
"""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import Resource


def repository(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """The images of one repository."""
    stored = context.usage.repository_gib
    usage = assumed(stored, "GB of images in each repository")
    yield line(resource, context, "ECR storage", "other.ecr_storage", "GB", stored, usage)


def cache(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """The images that pulls bring in from one registry."""
    stored = context.usage.cached_gib
    usage = assumed(stored, "GB of images from each cached registry")
    yield line(resource, context, "ECR storage of a cache", "other.ecr_storage", "GB", stored, usage)


PRICERS: Mapping[str, Pricer] = {
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": cache,
    "aws:ecr/repository:Repository": repository,
}
