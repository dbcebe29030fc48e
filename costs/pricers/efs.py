"""EFS: file systems are billed by what they hold, and by what is read and written or by a set rate.

What a file system is for, how much it holds and how that grows is read from the tags that this project sets. Files in
Infrequent Access cost a twelfth, and are not told apart here: nobody knows beforehand what will not be read.
"""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import Resource, read_number, read_text
from costs.usage import Amount

SYSTEM = "aws:efs/fileSystem:FileSystem"
COPY = "aws:efs/replicationConfiguration:ReplicationConfiguration"
MONTHS = 12  # how far ahead growth is looked at
MB_PER_MIB = 1.048576  # the rate is set in MiB/s and billed in MB/s


def file_system(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Standard class, in all zones or in one."""
    purpose = _tag(resource, "purpose")
    zone = read_text(resource.inputs, "availabilityZoneName")
    held, said = _held(resource, context)
    price = "efs.one_zone" if zone else "efs.standard"
    yield line(resource, context, f"EFS storage, {purpose}" if purpose else "EFS storage", price, "GB", held, said)
    mode = read_text(resource.inputs, "throughputMode", "bursting")
    if mode == "provisioned":
        rate = read_number(resource.inputs, "provisionedThroughputInMibps", 0) * MB_PER_MIB
        yield line(resource, context, "EFS throughput, provisioned", "efs.provisioned_throughput", "MB/s", rate)
    elif mode == "elastic":
        reads, writes = context.usage.file_system_read_gib, context.usage.file_system_written_gib
        said = assumed(reads, "GB read from each file system")
        yield line(resource, context, "EFS reads", "efs.elastic_throughput_read", "GB", reads, said)
        said = assumed(writes, "GB written to each file system")
        yield line(resource, context, "EFS writes", "efs.elastic_throughput_write", "GB", writes, said)


def replication(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """What crosses over, and what the copy holds, which EFS makes itself: as much as the file system beside it."""
    around = [each for each in context.children.get(resource.parent, ()) if each.type == SYSTEM]
    held, said = _held(around[0] if around else resource, context)
    yield line(resource, context, "EFS storage, copy", "efs.standard", "GB", held, said)
    written = context.usage.file_system_written_gib
    said = assumed(written, "GB written to the file system, all copied")
    yield line(resource, context, "EFS copies to another region", "data_transfer.inter_region", "GB", written, said)


def _held(resource: Resource, context: Context) -> tuple[Amount, str]:
    """What it holds, from now to a year from now, and where we have it from."""
    stated, growth = _number(resource, "expected-gib"), _number(resource, "monthly-growth-gib")
    guessed = context.usage.file_system_gib
    low, high = (guessed.low, guessed.high) if stated is None else (stated, stated)
    held = Amount(low, high + MONTHS * (growth or 0))
    what = "GB in each file system"
    return held, assumed(held, what if growth is None else f"{what}, growing {growth:g} GB a month for a year")


def _number(resource: Resource, name: str) -> float | None:
    text = _tag(resource, name)
    return float(text) if text.isdigit() else None


def _tag(resource: Resource, name: str) -> str:
    tags = resource.inputs.get("tags")
    value = tags.get(f"ml-platform:{name}") if isinstance(tags, Mapping) else None
    return value if isinstance(value, str) else ""


PRICERS: Mapping[str, Pricer] = {SYSTEM: file_system, COPY: replication}
