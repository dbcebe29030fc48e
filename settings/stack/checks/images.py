"""Checks the cache of images against the names, the network and the region of the stack."""

from collections.abc import Iterator

from catalog.image_upstreams import CACHE_PREFIX_LENGTH, WITHOUT_CACHE
from catalog.regions import REGIONS
from settings.core.physical_names import cache_prefix, name_prefix
from settings.core.problems import Mistake
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields every cache that ECR would refuse, or that no node could fill, and names that it takes from teams."""
    cache = parts.images.cache if parts.images is not None else None
    if cache is None:
        return
    if parts.network is not None and parts.network.nat == "none":
        yield (
            ("images", "cache"),
            (
                "an image comes through a cache only where the first pull has a route to the internet, and nat is "
                "none. Write nat: single, or drop it and copy the images into repositories of a team."
            ),
        )
    region = REGIONS.get(parts.region or "")
    if region is not None and region.partition in WITHOUT_CACHE:
        yield ("images", "cache"), f"ECR has no pull-through cache in {region.name}. Drop it, and copy the images."
    if parts.name and parts.environment:
        for index, upstream in enumerate(cache.upstreams):
            prefix = cache_prefix(name_prefix(parts.name, parts.environment), upstream)
            if len(prefix) > CACHE_PREFIX_LENGTH:
                yield (
                    ("images", "cache", "upstreams", index),
                    (
                        f"its repositories would begin with {prefix}, which has {len(prefix)} characters, and ECR "
                        f"allows {CACHE_PREFIX_LENGTH}. Shorten `name` by {len(prefix) - CACHE_PREFIX_LENGTH}, which "
                        "only a new stack can, or drop it."
                    ),
                )
    for place, team in parts.teams.items():
        if team.repositories and team.name in cache.upstreams:
            yield (
                ("teams", place, "repositories"),
                (
                    f"they would be among those of the cache of {team.name}, since both begin with its name. Rename "
                    "the team, or drop that upstream."
                ),
            )
