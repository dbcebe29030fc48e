"""What can be wrong with a region that is to hold copies."""

from collections.abc import Iterator

from catalog.regions import REGIONS
from settings.core.problems import Mistake, Path, listed, nearest_or_all


def region_mistakes(place: Path, region: str | None, home: str | None) -> Iterator[Mistake]:
    """What is wrong with `region` as the second one of a stack in `home`; nothing where either is not said."""
    if region is None or home is None or home not in REGIONS:
        return
    if region not in REGIONS:
        yield place, f"{region} is no AWS region that the catalog knows.{nearest_or_all(region, REGIONS)}"
        return
    partition = REGIONS[home].partition
    others = sorted(name for name, row in REGIONS.items() if row.partition == partition and name != home)
    if region == home:
        yield (
            place,
            (
                f"{region} is the region of the stack itself, so what takes the data would take the copy with it. "
                f"Take another one, for example {listed(others[:3])}, or drop the key."
            ),
        )
    elif REGIONS[region].partition != partition:
        yield (
            place,
            (
                f"{region} belongs to {REGIONS[region].partition}, which shares no accounts with {partition}, where "
                f"{home} is. Take for example {listed(others[:3])}."
            ),
        )
