"""AWS Backup: vaults are billed for stored backups, plans for copies to another region."""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import Resource, read


def vault(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Warm storage, which has the same price for buckets and file systems."""
    stored = context.usage.backup_gib
    usage = assumed(stored, "GB in each vault")
    yield line(resource, context, "Backup storage", "backup.warm_storage", "GB", stored, usage)


def plan(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """A plan costs nothing, except for data that it copies to another region."""
    if any(read(rule, "copyActions") for rule in read(resource.inputs, "rules", [])):
        copied = context.usage.copied_gib
        usage = assumed(copied, "GB copied to the second region by each plan")
        yield line(resource, context, "Backup copies", "data_transfer.inter_region", "GB", copied, usage)


PRICERS: Mapping[str, Pricer] = {"aws:backup/vault:Vault": vault, "aws:backup/plan:Plan": plan}
