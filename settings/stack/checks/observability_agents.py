"""Checks that no second set of agents does what `observability` does: AWS's own add-on brings one, most of it on."""

from collections.abc import Iterator

from common.helm_values import part_of
from settings.cluster.parts import ClusterParts
from settings.core.problems import Mistake
from settings.stack.parts import Parts

ADD_ON = "amazon-cloudwatch-observability"


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields each part of the add-on that runs beside one of ours.

    Source: aws-observability/helm-charts, amazon-cloudwatch-observability-6.4.0, values.yaml: all three are on unless
    the configuration says otherwise, monitorAllServices in regions that have Application Signals; read 2026-11.
    """
    for cluster, content in parts.clusters.items():
        given = content.managed_addons or {}
        if ADD_ON not in given or content.observability is None:
            continue
        for (*above, last), why in _beside_ours(content):
            if part_of(given, (ADD_ON, "configuration", *above)).get(last) is not False:
                yield (
                    ("clusters", cluster, "managed_addons", ADD_ON, "configuration"),
                    f"{'.'.join([*above, last])} is not false, but {why} Write false, or drop the add-on.",
                )


def _beside_ours(cluster: ClusterParts) -> Iterator[tuple[tuple[str, ...], str]]:
    nvidia = any(pool.accelerator and pool.accelerator.manufacturer == "NVIDIA" for pool in cluster.pools.values())
    if cluster.observability is not None and cluster.observability.logs is not None:
        yield (
            ("containerLogs", "enabled"),
            "observability.logs sends the logs of containers already, and AWS would bill them twice.",
        )
    if nvidia:
        yield (
            ("dcgmExporter", "enabled"),
            "GPU nodes have a DCGM exporter already, and two compete for the counters of a GPU.",
        )
    yield (
        ("manager", "applicationSignals", "autoMonitor", "monitorAllServices"),
        "it would put agents into the Python, Java, .NET and Node containers of all teams, and restart them.",
    )
