"""AWS Backup: vaults are billed by what they hold, plans by what they send to another region."""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import Resource, read


def vault(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Warm storage, at the one price that buckets and file systems have."""
    held = context.usage.backup_gib
    yield line(
        resource, context, "Backup storage", "backup.warm_storage", "GB", held, assumed(held, "GB in each vault")
    )


def plan(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """A plan costs nothing; data that leaves the region does."""
    if any(read(rule, "copyActions") for rule in read(resource.inputs, "rules", [])):
        sent = context.usage.copied_gib
        said = assumed(sent, "GB copied to the second region by each plan")
        yield line(resource, context, "Backup copies", "data_transfer.inter_region", "GB", sent, said)


PRICERS: Mapping[str, Pricer] = {"aws:backup/vault:Vault": vault, "aws:backup/plan:Plan": plan}
