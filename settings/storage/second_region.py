"""Checks a second region, which holds copies of data."""

from collections.abc import Iterator

from catalog.regions import REGIONS
from settings.core.problems import Mistake, Path, listed, nearest_or_all


def region_mistakes(path: Path, region: str | None, stack_region: str | None) -> Iterator[Mistake]:
    """Yields what is wrong with `region` as the second region of a stack; nothing when a region is not given."""
    if region is None or stack_region is None or stack_region not in REGIONS:
        return
    if region not in REGIONS:
        yield path, f"{region} is not an AWS region of the catalog.{nearest_or_all(region, REGIONS)}"
        return
    partition = REGIONS[stack_region].partition
    others = sorted(name for name, row in REGIONS.items() if row.partition == partition and name != stack_region)
    if region == stack_region:
        yield (
            path,
            (
                f"{region} is the region of the stack, so one failure could destroy both the data and the copy. Take "
                f"another region, for example {listed(others[:3])}, or drop the key."
            ),
        )
    elif REGIONS[region].partition != partition:
        yield (
            path,
            (
                f"{region} belongs to partition {REGIONS[region].partition}, whose accounts are separate from those "
                f"of {partition}, where {stack_region} is. Take for example {listed(others[:3])}."
            ),
        )
