"""FSx for Lustre: billed for provisioned capacity, used or not; the price of a GB depends on the throughput."""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, line
from costs.resource import NoPriceError, Resource, read, read_number, read_text

PURPOSE = "ml-platform:purpose"


def file_system(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """SSD file systems with the deployment types scratch-2 and persistent-2.

    Raises NoPriceError for any other one, and when no capacity is set.
    """
    deployment = read_text(resource.inputs, "deploymentType", "SCRATCH_1")
    if read_text(resource.inputs, "storageType", "SSD") != "SSD" or deployment not in ("SCRATCH_2", "PERSISTENT_2"):
        raise NoPriceError("the catalog has prices for SSD on scratch-2 and persistent-2 only")
    gib = read_number(resource.inputs, "storageCapacity", 0)
    if not gib:
        raise NoPriceError("no capacity is set, so it depends on the backup that the file system is made from")
    throughput = read_number(resource.inputs, "perUnitStorageThroughput", 0)
    persistent = deployment == "PERSISTENT_2"
    key = f"fsx_lustre.persistent_2_ssd_{throughput:g}" if persistent else "fsx_lustre.scratch_2_ssd"
    speed = f"{throughput:g} MB/s/TiB" if persistent else "scratch-2"
    tags = read(resource.inputs, "tags", {})
    purpose = tags.get(PURPOSE) if isinstance(tags, Mapping) else None
    what = f"Lustre, {purpose}" if isinstance(purpose, str) else "Lustre"
    yield line(resource, context, f"{what}, {speed}", key, "GiB", gib)
    if read_number(resource.inputs, "automaticBackupRetentionDays", 0):
        yield Unpriced(resource.urn, resource.type, "daily backups of FSx have no price in the catalog")
    if read(resource.inputs, "metadataConfiguration.mode") == "USER_PROVISIONED":
        yield Unpriced(resource.urn, resource.type, "metadata operations beyond the included ones have no price")


PRICERS: Mapping[str, Pricer] = {"aws:fsx/lustreFileSystem:LustreFileSystem": file_system}
