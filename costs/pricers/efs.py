"""EFS: file systems are billed for stored data, and for data read and written or for provisioned throughput.

The tags that this project sets hold the purpose, the size and the growth of a file system. Files in Infrequent Access
cost a twelfth. The estimate does not count them apart, because nobody knows in advance which files will not be read.
"""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import Resource, read_number, read_text
from costs.stored_data import stored, tag

SYSTEM = "aws:efs/fileSystem:FileSystem"
COPY = "aws:efs/replicationConfiguration:ReplicationConfiguration"
MB_PER_MIB = 1.048576  # the rate is set in MiB/s and billed in MB/s


def file_system(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Storage class Standard, in all zones or in one zone."""
    purpose = tag(resource, "purpose")
    zone = read_text(resource.inputs, "availabilityZoneName")
    gb, usage = stored(resource, context.usage.file_system_gib, "GB in each file system")
    price = "efs.one_zone" if zone else "efs.standard"
    yield line(resource, context, f"EFS storage, {purpose}" if purpose else "EFS storage", price, "GB", gb, usage)
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
    original = file_systems[0] if file_systems else resource
    gb, usage = stored(original, context.usage.file_system_gib, "GB in each file system")
    yield line(resource, context, "EFS storage, copy", "efs.standard", "GB", gb, usage)
    written = context.usage.file_system_written_gib
    usage = assumed(written, "GB written to the file system, all copied")
    yield line(resource, context, "EFS copies to another region", "data_transfer.inter_region", "GB", written, usage)


PRICERS: Mapping[str, Pricer] = {SYSTEM: file_system, COPY: replication}
