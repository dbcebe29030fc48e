"""EC2's quotas of running instances: vCPUs per region, by family and capacity type.

An On-Demand Capacity Reservation counts as on-demand, whether instances run in it or not. A Capacity Block counts
against no quota. Source: https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html and EC2 user
guide, "Capacity Reservations", read 2026-11. That page names no Spot quota for P6, so this module has none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from catalog.instance_types import InstanceType
from catalog.rows import LazyTable

SERVICE_CODE = "ec2"


@dataclass(frozen=True, kw_only=True)
class Quota:
    """One quota, counted in vCPUs. default: the value in a new account; AWS raises it with use, or on request."""

    code: str
    name: str
    default: int


STANDARD = "Standard (A, C, D, H, I, M, R, T, Z)"
# The letters of a family, with or without its generation -> (code, name, default of a new account).
_ON_DEMAND: Mapping[str, tuple[str, str, int]] = {
    **dict.fromkeys("acdhimrtz", ("L-1216C47A", f"Running On-Demand {STANDARD} instances", 5)),
    **dict.fromkeys(("g", "gr", "vt"), ("L-DB2E81BA", "Running On-Demand G and VT instances", 0)),
    "p": ("L-417A185B", "Running On-Demand P instances", 0),
    "inf": ("L-1945791B", "Running On-Demand Inf instances", 0),
    "trn": ("L-2C3B7624", "Running On-Demand Trn instances", 0),
    "x": ("L-7295265B", "Running On-Demand X instances", 0),
    "u": ("L-43DA4232", "Running On-Demand High Memory instances", 0),
    "dl": ("L-6E869C2A", "Running On-Demand DL instances", 0),
    "f": ("L-74FC7D96", "Running On-Demand F instances", 0),
    "hpc": ("L-F7808C92", "Running On-Demand HPC instances", 0),
}
_SPOT: Mapping[str, tuple[str, str, int]] = {
    **dict.fromkeys("acdhimrtz", ("L-34B43A08", f"All {STANDARD} Spot Instance Requests", 5)),
    **dict.fromkeys(("g", "gr", "vt"), ("L-3819A6DF", "All G and VT Spot Instance Requests", 0)),
    **dict.fromkeys(("p2", "p3", "p4"), ("L-7212CCBC", "All P4, P3 and P2 Spot Instance Requests", 0)),
    "p5": ("L-C4BD4855", "All P5 Spot Instance Requests", 0),
    "inf": ("L-B5D1601B", "All Inf Spot Instance Requests", 0),
    "trn": ("L-6B0D517C", "All Trn Spot Instance Requests", 0),
    "x": ("L-E3A00192", "All X Spot Instance Requests", 0),
    "dl": ("L-85EED4F7", "All DL Spot Instance Requests", 0),
    "f": ("L-88CF9481", "All F Spot Instance Requests", 0),
}


def _rows() -> Iterator[Quota]:
    for code, name, default in {*_ON_DEMAND.values(), *_SPOT.values()}:
        yield Quota(code=code, name=name, default=default)


QUOTAS: Mapping[str, Quota] = LazyTable(lambda: {quota.code: quota for quota in _rows()})


def quota_for(instance_type: InstanceType, capacity_type: str) -> Quota | None:
    """Returns the quota that an instance counts against. `reserved` (an ODCR) counts as `on-demand`.

    Returns None for `capacity-block`, and when no source names a quota.
    """
    return quota_of_family(instance_type.family, capacity_type)


def quota_of_family(family: str, capacity_type: str) -> Quota | None:
    """Returns the same for the family of any instance, such as `m5`, also one that is not in the catalog."""
    groups = {"on-demand": _ON_DEMAND, "reserved": _ON_DEMAND, "spot": _SPOT}.get(capacity_type, {})
    letters, generation = re.findall(r"^([a-z]+)(\d*)", family)[0]
    row = groups.get(letters + generation) or groups.get(letters)
    return QUOTAS[row[0]] if row else None
