"""EKS: the control plane, at the price of its support period."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from catalog.kubernetes import VERSIONS
from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, approximations, service_price
from costs.resource import Resource, read, read_text

WARN_BEFORE = timedelta(days=180)


def cluster(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Extended support costs six times as much, and is AWS's default."""
    standard, extended = (service_price(f"eks.control_plane_{support}") for support in ("standard", "extended_support"))
    version = read_text(resource.inputs, "version")
    stays_standard = read_text(resource.inputs, "upgradePolicy.supportType", "EXTENDED") == "STANDARD"
    known = VERSIONS.get(version)
    low, high, item = standard, standard, "EKS control plane"
    notes: tuple[str, ...] = ()
    if version and known is None:
        high = extended
        notes = (f"Kubernetes {version} is not in the catalog, so the price is from standard to extended support",)
    elif known is not None and not stays_standard:
        ends = known.end_standard
        if context.today > ends:
            low, high, item = extended, extended, "EKS control plane, extended support"
            notes = (f"Kubernetes {version} left standard support on {ends}",)
        elif context.today > ends - WARN_BEFORE:
            notes = (f"{extended.usd:.2f} USD per hour from {ends}, when Kubernetes {version} leaves standard support",)
    yield LineItem(
        urn=resource.urn,
        item=item,
        quantity_min=1,
        quantity_max=1,
        unit="cluster",
        price_min=low,
        price_max=high,
        approximations=approximations((low, high), context.region_of(resource)),
        notes=notes,
    )
    if read(resource.inputs, "computeConfig.enabled", False) is True:
        why = "EKS Auto Mode adds a share of each node's price, which is not in the catalog"
        yield Unpriced(resource.urn, resource.type, why)


def addon(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Add-ons run on nodes that are already counted; only the CloudWatch add-on sends billed metrics and logs."""
    if read_text(resource.inputs, "addonName") == "amazon-cloudwatch-observability":
        why = "Container Insights is billed by metric and GB, without a price in the catalog"
        yield Unpriced(resource.urn, resource.type, why)


PRICERS: Mapping[str, Pricer] = {"aws:eks/cluster:Cluster": cluster, "aws:eks/addon:Addon": addon}
