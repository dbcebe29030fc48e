"""EBS volumes: capacity, and the IOPS and throughput beyond what the volume type includes."""

from collections.abc import Iterator, Mapping
from typing import Any

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, line
from costs.resource import NoPriceError, Resource, read_number, read_text
from costs.usage import Amount

INCLUDED_IOPS, INCLUDED_MIBPS = 3000, 125  # of gp3: docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
IO2_FIRST_TIER_IOPS = 32000


def volume_lines(
    owner: Resource, context: Context, ebs: Mapping[str, Any], count: Amount, what: str
) -> Iterator[LineItem | Unpriced]:
    """Yields the lines of `count` equal volumes. ebs: their properties, in the form of a launch template.

    Raises NoPriceError when the size or the type is unknown, or the type has no price.
    """
    kind = read_text(ebs, "volumeType", "gp3")
    size_gib = read_number(ebs, "volumeSize", 0)
    if not size_gib:
        raise NoPriceError("no volume size is set, so it depends on the snapshot")
    if kind not in ("gp3", "io2"):
        raise NoPriceError(f"{kind} volumes have no price in the catalog, only gp3 and io2")
    yield line(owner, context, f"{what}, {kind}", f"ebs.{kind}_storage", "GiB", _times(count, size_gib))
    iops = read_number(ebs, "iops", INCLUDED_IOPS if kind == "gp3" else 0)
    if kind == "io2":
        first = min(iops, IO2_FIRST_TIER_IOPS)
        yield line(owner, context, f"{what}, io2 IOPS", "ebs.io2_iops_first_32000", "IOPS", _times(count, first))
        if iops > first:
            yield Unpriced(owner.urn, owner.type, f"{what}: IOPS beyond {IO2_FIRST_TIER_IOPS} have no price")
        return
    throughput = read_number(ebs, "throughput", INCLUDED_MIBPS)
    if iops > INCLUDED_IOPS:
        extra = _times(count, iops - INCLUDED_IOPS)
        yield line(owner, context, f"{what}, IOPS over 3000", "ebs.gp3_iops_over_3000", "IOPS", extra)
    if throughput > INCLUDED_MIBPS:
        extra = _times(count, throughput - INCLUDED_MIBPS)
        yield line(owner, context, f"{what}, MiB/s over 125", "ebs.gp3_throughput_over_125", "MiB/s", extra)


def volume(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """A single volume. Its default type in EC2 is gp2."""
    as_template = {
        "volumeSize": resource.inputs.get("size"),
        "volumeType": resource.inputs.get("type", "gp2"),
        "iops": resource.inputs.get("iops"),
        "throughput": resource.inputs.get("throughput"),
    }
    yield from volume_lines(resource, context, as_template, Amount(1, 1), "volume")


def _times(count: Amount, amount: float) -> Amount:
    return Amount(count.low * amount, count.high * amount)


PRICERS: Mapping[str, Pricer] = {"aws:ebs/volume:Volume": volume}
