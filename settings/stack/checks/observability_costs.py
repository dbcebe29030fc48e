"""Checks that what tells costs can know them."""

from collections.abc import Iterator

from common.helm_values import part_of
from settings.core.problems import Mistake
from settings.stack.parts import Parts

IN_VALUES = ("opencost", "values", "opencost", "exporter", "extraEnv")
URL = "AWS_PRICING_URL"


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields clusters whose OpenCost has no way to AWS's price list: it would tell prices that are built into it.

    Source: opencost/opencost, pkg/cloud/aws/provider.go, getRegionPricing; read 2026-11.
    """
    if parts.network is None or parts.network.nat != "none":
        return
    for name, cluster in parts.clusters.items():
        costs = cluster.observability is not None and cluster.observability.costs
        if costs and not part_of(cluster.addons or {}, IN_VALUES).get(URL):
            yield (
                ("observability", "costs"),
                (
                    f"is on, but nat is none, so OpenCost of cluster {name} does not reach AWS's price list, and would "
                    "tell prices of no machine of yours. Write costs: false, or name a copy of the list in the VPC: "
                    f"addons.{'.'.join(IN_VALUES)}.{URL}."
                ),
            )
