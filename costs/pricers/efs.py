"""EFS: file systems are billed for stored data, and for data read and written or for provisioned throughput.

The tags that this project sets hold the purpose, the size and the growth of a file system. Files in Infrequent Access
cost a twelfth. The estimate does not count them apart, because nobody knows in advance which files will not be read.
"""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import Resource, read_number, read_text
from costs.usage import Amount

SYSTEM = "aws:efs/fileSystem:FileSystem"
COPY = "aws:efs/replicationConfiguration:ReplicationConfiguration"
GROWTH_MONTHS = 12  # the estimate includes the growth of a year
MB_PER_MIB = 1.048576  # the rate is set in MiB/s and billed in MB/s


def file_system(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Storage class Standard, in all zones or in one zone."""
    purpose = _tag(resource, "purpose")
    zone = read_text(resource.inputs, "availabilityZoneName")
    stored, usage = _stored(resource, context)
    price = "efs.one_zone" if zone else "efs.standard"
    yield line(resource, context, f"EFS storage, {purpose}" if purpose else "EFS storage", price, "GB", stored, usage)
    mode = read_text(resource.inputs, "throughputMode", "bursting")
    if mode == "provisioned":
        rate = read_number(resource.inputs, "provisionedThroughputInMibps", 0) * MB_PER_MIB
        yield line(resource, context, "EFS throughput, provisioned", "efs.provisioned_throughput", "MB/s", rate)
    elif mode == "elastic":
        reads, writes = context.usage.file_system_read_gib, context.usage.file_system_written_gib
        usage = assumed(reads, "GB read from each file system")
        yield line(resource, context, "EFS reads", "efs.elastic_throughput_read", "GB", reads, usage)
        usage = assumed(writes, "GB written to each file system")
        yield line(resource, context, "EFS writes", "efs.elastic_throughput_write", "GB", writes, usage)


def replication(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Transfer to another region, and storage of the copy, which EFS creates and which is as large as the original."""
    file_systems = [child for child in context.children.get(resource.parent, ()) if child.type == SYSTEM]
    stored, usage = _stored(file_systems[0] if file_systems else resource, context)
    yield line(resource, context, "EFS storage, copy", "efs.standard", "GB", stored, usage)
    written = context.usage.file_system_written_gib
    usage = assumed(written, "GB written to the file system, all copied")
    yield line(resource, context, "EFS copies to another region", "data_transfer.inter_region", "GB", written, usage)


def _stored(resource: Resource, context: Context) -> tuple[Amount, str]:
    """Returns the stored data, from now to a year from now, and the text of the assumption."""
    expected, growth = _number(resource, "expected-gib"), _number(resource, "monthly-growth-gib")
    guess = context.usage.file_system_gib
    low, high = (guess.low, guess.high) if expected is None else (expected, expected)
    stored = Amount(low, high + GROWTH_MONTHS * (growth or 0))
    what = "GB in each file system"
    return stored, assumed(stored, what if growth is None else f"{what}, growing {growth:g} GB a month for a year")


def _number(resource: Resource, name: str) -> float | None:
    text = _tag(resource, name)
    return float(text) if text.isdigit() else None


def _tag(resource: Resource, name: str) -> str:
    tags = resource.inputs.get("tags")
    value = tags.get(f"ml-platform:{name}") if isinstance(tags, Mapping) else None
    return value if isinstance(value, str) else ""


PRICERS: Mapping[str, Pricer] = {SYSTEM: file_system, COPY: replication}
