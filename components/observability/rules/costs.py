"""What the cluster costs by the hour at list prices, who uses it, and what nobody uses.

A node and a volume cost what OpenCost finds, or else their list price. OpenCost gives slices of GPUs no cost, so these
are ours: the GPUs of a node carry its whole price, and a slice its share of it. Nor has it AWS's price of io2 and of
load balancers. Source: opencost/opencost of 2024-10, pkg/cloud/aws/provider.go (volTypes, LoadBalancerPricing); read
2026-11.
"""

from collections.abc import Sequence

from catalog.prices import HOURS_PER_MONTH, SERVICE_PRICES, node_usd_per_hour
from components.core.metrics import Alert, Recording, RuleGroup
from components.core.promql import promql, resource_label
from settings.cluster.parts import ClusterParts
from settings.observability.metrics import TELEMETRY

VOLUMES = {"gp3": "gp3", TELEMETRY: "gp3", "io2": "io2"}
"""Class of volumes -> type of EBS."""
POOL, TYPE = "label_ml_platform_pool", "label_node_kubernetes_io_instance_type"


def constants(cluster: ClusterParts, region: str) -> Sequence[Recording]:
    """Returns the list prices of nodes, GPUs and slices, by pool and instance type, and of volumes by class."""
    rows = []
    for name, kind in VOLUMES.items():
        usd = SERVICE_PRICES[f"ebs.{kind}_storage"].usd / HOURS_PER_MONTH
        about = "List price of a GiB of a volume, USD an hour, without IOPS and throughput."
        rows.append(_usd("volume:gib_price_usd_hour", usd, {"storageclass": name}, about))
    for pool in cluster.pools.values():
        for machine in pool.machines:
            if (price := node_usd_per_hour(machine.name, region, pool.capacity_type)) is None:
                continue
            labels, accelerator = {POOL: pool.name, TYPE: machine.name}, machine.accelerator
            rows.append(_usd("pool:node_price_usd_hour", price.usd, labels, "List price of a node, USD an hour."))
            if accelerator is not None and accelerator.manufacturer == "NVIDIA":
                for resource, share in pool.shared.shares(accelerator).items():
                    usd, of_slice = price.usd / accelerator.count * share, {"resource": resource_label(resource)}
                    about = "List price of a GPU or slice, USD an hour: its share of the whole node."
                    rows.append(_usd("gpu:slice_price_usd_hour", usd, {**labels, **of_slice}, about))
    return rows


def _usd(name: str, usd: float, labels: dict[str, str], about: str) -> Recording:
    return Recording(name=name, expr=f"vector({usd:.8g})", labels=labels, about=about)


GROUP = RuleGroup(
    name="costs",
    constants=constants,
    rules=(
        Recording(
            name="node:price_usd_hour",
            expr=f"max by (node) (node_total_hourly_cost) "
            f"or max by (node) (node:labels * on ({POOL}, {TYPE}) group_left () pool:node_price_usd_hour)",
            about="Price of a node, USD an hour.",
        ),
        Recording(
            name="volume:cost_usd_hour",
            expr=promql(
                """max by (persistentvolume) (kube_persistentvolume_capacity_bytes{KSM}) / 2^30 * on (persistentvolume)
                (max by (persistentvolume) (pv_hourly_cost > 0) or max by (persistentvolume)
                (kube_persistentvolume_info{KSM} * on (storageclass) group_left () volume:gib_price_usd_hour))"""
            ),
            about="What a volume of EBS costs, USD an hour.",
        ),
        Recording(
            name="load_balancer:cost_usd_hour",
            expr=promql("max by (namespace, service) (kube_service_status_load_balancer_ingress{KSM})")
            + f" * {SERVICE_PRICES['load_balancer.nlb_hour'].usd}",
            about="What the load balancer of a Service costs, USD an hour, without traffic.",
        ),
        Recording(
            name="cluster_cost_usd",
            expr="sum(node:price_usd_hour) + (sum(volume:cost_usd_hour) or vector(0)) "
            "+ (sum(load_balancer:cost_usd_hour) or vector(0))",
            about="What nodes, volumes and load balancers cost now, USD an hour, at list prices: not the bill.",
        ),
        Recording(
            name="pod:gpu_cost_usd_hour",
            expr=f"""pod:gpu_units{{node!=""}} * on (node) group_left ({POOL}, {TYPE}) node:labels """
            f"* on ({POOL}, {TYPE}, resource) group_left () gpu:slice_price_usd_hour",
            about="What the GPUs and slices that a pod holds cost, USD an hour.",
        ),
        Recording(
            name="gpu:cost_usd_hour",
            expr=f"sum by (namespace, {POOL}, resource) (pod:gpu_cost_usd_hour)",
            about="What the GPUs and slices that pods of a namespace hold cost, USD an hour.",
        ),
        Recording(
            name="gpu:node_cost_usd_hour",
            expr=f"sum by ({POOL}) (node:labels * on (node) group_left () node:price_usd_hour "
            f"and on ({POOL}) gpu:slice_price_usd_hour)",
            about="What the nodes with GPUs of a pool cost, USD an hour.",
        ),
        Recording(
            name="gpu:idle_cost_usd_hour",
            expr=f"sum by ({POOL}) (node:labels * on (node) group_left () "
            "(node:price_usd_hour * on (node) (1 - avg by (node) (gpu:utilization))))",
            about="What the time in which GPUs of a pool do not compute costs, USD an hour, held or not.",
        ),
        Recording(
            name="namespace:gpu_idle_cost_usd_hour",
            expr="sum by (namespace) "
            "(pod:gpu_cost_usd_hour * on (namespace, pod) group_left () (1 - pod:gpu_utilization))",
            about="What the time in which the GPUs that a namespace holds do not compute costs, USD an hour.",
        ),
        Alert(
            name="GPUSpendIdle",
            expr="avg_over_time(gpu:idle_cost_usd_hour[1d]) / avg_over_time(gpu:node_cost_usd_hour[1d]) > 0.7",
            minutes=60,
            severity="warning",
            summary="{{ $value | humanizePercentage }} of what pool {{ $labels.label_ml_platform_pool }} cost "
            "within a day went to GPUs that did not compute.",
        ),
        Alert(
            name="CostRisen",
            expr="avg_over_time(cluster_cost_usd[1h]) > 1.5 * avg_over_time(cluster_cost_usd[1d] offset 1d)",
            minutes=60,
            severity="warning",
            summary="The cluster costs {{ $value | humanize }} USD an hour, half as much again as yesterday.",
        ),
        Alert(
            name="NodeWithoutPrice",
            expr=f"count by ({POOL}) (node:labels unless on (node) node:price_usd_hour)",
            minutes=60,
            severity="info",
            summary="{{ $value }} nodes of pool {{ $labels.label_ml_platform_pool }} have no price: "
            "the costs leave them out.",
        ),
    ),
)
