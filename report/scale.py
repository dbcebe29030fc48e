"""`make scale POOL=main.h100 TO=1`: sets the number of nodes of a managed pool that nothing else scales.

It asks EKS for the node groups of the pool, says what changes and what it costs, and sets the desired size. Without
credentials it prints the commands. With a home of the simulator it does the same in the simulated cloud.
Source: Amazon EKS API reference, UpdateNodegroupConfig, NodegroupScalingConfig; read 2026-11.
"""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.prices import HOURS_PER_MONTH, node_usd_per_hour
from components.stack.stack_file import load_file
from report.clients import CommandError, Run
from report.simulated import ROOT, ReportError
from settings.compute.node_pool import NodePoolSettings
from settings.core import physical_names
from settings.core.problems import nearest_or_all
from settings.stack.stack import StackSettings


@dataclass(frozen=True, kw_only=True)
class NodeGroup:
    """A node group as it is."""

    name: str
    zone: str
    sizes: Mapping[str, int]
    status: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """A pool of the stack file. cluster: its key there; cluster_name: its name in AWS."""

    cluster: str
    cluster_name: str
    pool: NodePoolSettings
    region: str

    def zone_of(self, group: str) -> str | None:
        """Returns the zone of a node group of the pool; None for any other. Pulumi adds digits to the logical name."""
        name = physical_names.node_group_name(f"{self.cluster}-{self.pool.name}", rf"({self.region}[a-z])")
        match = re.fullmatch(rf"{name}-[0-9a-f]+", group)
        return match[1] if match else None


def aws_command(target: Target, action: str, group: str = "", *more: str) -> list[str]:
    """Returns a command of the AWS CLI about node groups of the cluster."""
    named = ("--nodegroup-name", group) if group else ()
    where = ("--region", target.region, "--cluster-name", target.cluster_name)
    return ["aws", "eks", action, *where, *named, *more]


def groups(run: Run, target: Target) -> list[NodeGroup]:
    """Returns the node groups of a pool. Raises CommandError when the cloud does not answer."""
    names = json.loads(run(aws_command(target, "list-nodegroups", "", "--output", "json")))["nodegroups"]
    return [_group(run, target, name, zone) for name in names if (zone := target.zone_of(name))]


def _group(run: Run, target: Target, name: str, zone: str) -> NodeGroup:
    group = json.loads(run(aws_command(target, "describe-nodegroup", name, "--output", "json")))["nodegroup"]
    return NodeGroup(name=name, zone=zone, sizes=group["scalingConfig"], status=group["status"])


def resizing(target: Target, group: str, nodes: int) -> list[str]:
    return aws_command(target, "update-nodegroup-config", group, "--scaling-config", f"desiredSize={nodes}")


def scale(stack: str, pool: str, nodes: int, zone: str | None, run: Run) -> int:
    """Sets the size. Returns 0 when it is set, 1 when the cloud did not answer. Raises ReportError for a refusal."""
    settings = load_file(ROOT / f"Pulumi.{stack}.yaml")
    target = find(settings, pool)
    refuse(target.pool, nodes)
    try:
        found = [group for group in groups(run, target) if zone in (None, group.zone)]
        _check(found, target, nodes, zone)
        print(plan(found, target, nodes))
        for group in found:
            if group.sizes["desiredSize"] != nodes:
                run(resizing(target, group.name, nodes))
    except CommandError as error:
        reason = (str(error).splitlines() or ["no reason"])[-1]
        print(f"No answer: {reason}. These are the commands, one of the second kind for each name of the first:")
        print("\n".join(map(shlex.join, _by_hand(target, nodes, zone))))
        return 1
    print(f"Asked for. To see it: kubectl get nodes -l ml-platform/pool={target.pool.name} --watch")
    return 0


def find(settings: StackSettings, name: str) -> Target:
    """Returns a pool by `cluster.pool`, or by its name alone in a stack with one cluster."""
    pools = {f"{key}.{pool.name}": (key, pool) for key, each in settings.clusters.items() for pool in each.pools}
    full = f"{next(iter(settings.clusters))}.{name}" if len(settings.clusters) == 1 and "." not in name else name
    if full not in pools:
        raise ReportError(f"there is no pool {name}.{nearest_or_all(full, pools)}")
    cluster, pool = pools[full]
    prefix = physical_names.name_prefix(settings.name, settings.environment)
    in_aws = physical_names.cluster_name(prefix, cluster)
    return Target(cluster=cluster, cluster_name=in_aws, pool=pool, region=settings.region)


def refuse(pool: NodePoolSettings, nodes: int) -> None:
    """Raises ReportError where somebody else sets the size, or where the stack file does not allow it."""
    if pool.provisioner == "karpenter":
        raise ReportError(f"Karpenter scales {pool.name} with the pods. Its limits are max_per_zone and max_gpus.")
    if pool.autoscaled:
        raise ReportError(
            f"cluster-autoscaler scales {pool.name} with the pods, and would change the size again. For more nodes at "
            "all times raise min_per_zone; or write scaling: fixed, and run pulumi up first."
        )
    if pool.reservation is not None and pool.reservation.kind == "capacity-block":
        raise ReportError(f"{pool.name} is as large as its Capacity Block, from its begin to its end.")
    if not pool.min_per_zone <= nodes <= pool.max_per_zone:
        limit = "min_per_zone" if nodes < pool.min_per_zone else "max_per_zone"
        raise ReportError(
            f"{nodes} is not between {pool.min_per_zone} (min_per_zone) and {pool.max_per_zone} (max_per_zone) of "
            f"{pool.name}. Write {limit}: {nodes}, and run pulumi up first."
        )


def _check(groups: Sequence[NodeGroup], target: Target, nodes: int, zone: str | None) -> None:
    if not groups:
        where = f" in {zone}" if zone else ""
        raise ReportError(f"{target.cluster_name} has no node group of {target.pool.name}{where}. Run pulumi up first.")
    for group in groups:
        if group.status != "ACTIVE":
            raise ReportError(f"{group.name} is {group.status}. Wait until it is ACTIVE.")
        if not group.sizes["minSize"] <= nodes <= group.sizes["maxSize"]:
            raise ReportError(
                f"{group.name} may have {group.sizes['minSize']} to {group.sizes['maxSize']} nodes: the sizes of the "
                "stack file are not up. Run pulumi up first."
            )


def plan(groups: Sequence[NodeGroup], target: Target, nodes: int) -> str:
    """Returns what changes, what it costs, and what undoes it."""
    pool, machine = target.pool, target.pool.instance_types[0]
    lines = [f"{target.cluster}.{pool.name}, {machine}:"]
    lines += [f"  {group.zone}: {group.sizes['desiredSize']} -> {nodes} nodes" for group in groups]
    more = sum(nodes - group.sizes["desiredSize"] for group in groups)
    price = node_usd_per_hour(machine, target.region, pool.capacity_type)
    if price is not None and more:
        usd, word = abs(more) * price.usd, "more" if more > 0 else "less"
        lines.append(f"  about USD {usd:,.2f} {word} an hour, {usd * HOURS_PER_MONTH:,.0f} a month, at list prices")
    if more < 0:
        lines.append("  Auto Scaling chooses the nodes that end, whatever runs on them; pods get up to 15 minutes")
    if pool.off_peak is not None and nodes != pool.start_per_zone:
        lines.append(
            f"  after the next off-peak hours it has {pool.start_per_zone} again: write desired_per_zone: {nodes}"
        )
    return "\n".join(lines)


def _by_hand(target: Target, nodes: int, zone: str | None) -> list[list[str]]:
    start = physical_names.node_group_name(f"{target.cluster}-{target.pool.name}", zone or target.region)
    query = f"nodegroups[?starts_with(@, '{start}')]"
    return [aws_command(target, "list-nodegroups", "", "--query", query), resizing(target, "NAME", nodes)]
