"""AWS regions and their zones. The data file names the sources and the month they were read.

Each account maps zone names to zone ids in its own way; the pairs here come from example accounts. EKS refuses certain
zone ids, so code that deploys to an account asks AWS for its zone ids and compares them with `eks_excluded_zone_ids`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.rows import LazyTable, read_table


@dataclass(frozen=True, kw_only=True)
class Zone:
    """One availability zone, e.g. `us-west-2a`, `usw2-az2`."""

    name: str
    zone_id: str


@dataclass(frozen=True, kw_only=True)
class Region:
    """One region.

    eks_account: account of AWS that has the images of EKS there, of containers and of machines.
    eks_excluded_zone_ids: zones where EKS takes no cluster subnets.
    """

    name: str
    partition: str
    eks_account: str
    zones: tuple[Zone, ...]
    eks_excluded_zone_ids: tuple[str, ...]

    @property
    def eks_zones(self) -> tuple[Zone, ...]:
        """The zones that may hold cluster subnets, in the order of their names."""
        return tuple(zone for zone in self.zones if zone.zone_id not in self.eks_excluded_zone_ids)


def _region(name: str, row: Mapping[str, Any]) -> Region:
    return Region(
        name=name,
        partition=row.get("partition", "aws"),
        eks_account=row["eks_account"],
        zones=tuple(Zone(name=f"{name}{letter}", zone_id=zone_id) for letter, zone_id in row["zones"].items()),
        eks_excluded_zone_ids=tuple(row.get("eks_excluded_zone_ids", ())),
    )


def _load() -> dict[str, Region]:
    return {name: _region(name, row) for name, row in read_table("regions")["regions"].items()}


REGIONS: Mapping[str, Region] = LazyTable(_load)
