"""Checks what pods may reach: the isolation of clusters, and the network of each team."""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from catalog.eks_addons import ADDONS
from catalog.limits import PORTS_PER_ADDRESS
from common.spelling import did_you_mean
from settings.cluster.addon_rules import AddOnRules, installed
from settings.cluster.fixed_values import FixedValue, changed, only
from settings.cluster.managed_addons import eks_addons
from settings.cluster.parts import ClusterParts
from settings.core.problems import Mistake, Path, listed, nearest_or_all
from settings.core.services import may_be_both
from settings.network.network import NetworkSettings
from settings.network.network_plan import VPC_SPACE, taken_ranges
from settings.stack.checks.service_ranges import default_service_cidr
from settings.stack.namespaces import cluster_of
from settings.stack.parts import Parts
from settings.storage.drivers import needed_drivers
from settings.tenancy.team import TeamSettings
from settings.tenancy.team_network import OpenPodsSettings

SYSTEM = "kube-system"
_KIND = r"""['"]?kind['"]?:\s*['"]?\w*NetworkPolicy['"]?\s*"""
_OWN_POLICY = re.compile(rf"^[\s{{-]*{_KIND}[,}}]?\s*(#.*)?$|{{.*\b{_KIND}[,}}]", re.MULTILINE)
"""A network policy as text: its kind is a line of its own, or stands in braces. In prose it is none."""
_NAMES = ("labels", "annotations", "nodeselector")
"""Ends of the keys below which charts take names that people choose."""
MOUNTS_IN = {"aws-mountpoint-s3-csi-driver": "mount-s3"}
"""EKS add-on -> the namespace in which it makes pods. Source: awslabs/mountpoint-s3-csi-driver 2.7.0; read 2026-11."""
# Sources: aws/amazon-vpc-cni-k8s 1.22.4, charts/aws-vpc-cni/values.yaml and README; aws/aws-network-policy-agent 1.4.0,
# pkg/config, pkg/ebpf/bpf_client.go and pkg/ebpf/events; read 2026-11.
ENFORCED = (
    FixedValue(
        path="enableNetworkPolicy",
        keeps=lambda given: given == "true",
        why="is anything but the text "
        '"true", with which the CNI keeps network policies: else they would be stored, and kept by nobody.',
    ),
    FixedValue(
        path="nodeAgent.enableIpv6",
        keeps=only("false"),
        why="lets the agent look for addresses of IPv6, which these nodes have not: it ends, and no node gets ready.",
    ),
    FixedValue(path="nodeAgent.enabled", keeps=only(True), why="takes away the agent that keeps network policies."),
    FixedValue(
        path="nodeAgent.enableCloudWatchLogs",
        keeps=only("false"),
        why="lets the agent write logs for which it has no rights: with policy event logs it ends, and no pod starts.",
    ),
    FixedValue(
        path="nodeAgent.conntrackCacheTableSize",
        keeps=lambda given: str(given).isdecimal() and 32 * 1024 <= int(given) <= 1024 * 1024,
        why="is no number from 32768 to 1048576, without which the agent ends, and no pod starts.",
    ),
    FixedValue(
        path="env.AWS_VPC_K8S_CNI_VETHPREFIX",
        keeps=only("eni"),
        why="renames the interfaces of pods, and the agent looks for those of the name eni: no pod starts.",
    ),
    FixedValue(
        path="env.ENABLE_BANDWIDTH_PLUGIN",
        keeps=only("false"),
        why="adds a plugin that takes the place of the agent's programs, so network policies are not kept.",
    ),
)
_UNREACHED = tuple(
    FixedValue(
        path=f"prometheus.{path}",
        keeps=lambda given: not given,
        why="names what no network policy lets Prometheus reach. Write teams[].metrics of the team whose pods it is.",
    )
    for path in (
        *("prometheusSpec.additionalScrapeConfigs", "prometheusSpec.additionalScrapeConfigsSecret.enabled"),
        *("additionalPodMonitors", "additionalServiceMonitors"),
    )
)


def mistakes(parts: Parts, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    """Yields every mistake about isolation, and about `network` of teams."""
    if parts.isolation is not None:
        for index, name in enumerate(parts.isolation.clusters or ()):
            if name not in parts.clusters:
                yield (
                    ("isolation", "clusters", index),
                    f"there is no cluster {name}.{nearest_or_all(name, parts.clusters)}",
                )
    for name, content in parts.clusters.items():
        yield from _cni(parts, name, content)
        for add_on, entry in (content.addons or {}).items() if parts.isolates(name) else ():
            values = entry.get("values") if isinstance(entry, Mapping) else None
            for below in dict.fromkeys(_own_policies(values)):
                sentence = (
                    "makes a network policy of the chart's own, which opens more than the flows of the add-on. Drop it."
                )
                yield ("clusters", name, "addons", add_on, "values", *below), sentence
            if add_on == "kube-prometheus-stack" and isinstance(values, Mapping):
                for keys, sentence in changed(values, _UNREACHED):
                    yield ("clusters", name, "addons", add_on, "values", *keys), sentence
        if parts.strictly_isolates(name):
            yield from _unselected(parts, name, content)
    for index, team in parts.teams.items():
        path: Path = ("teams", index, "network")
        cluster = cluster_of(team, parts.clusters)
        if cluster is None or cluster not in parts.clusters:
            continue
        if not parts.isolates(cluster):
            if team.network.model_fields_set and parts.knows_isolation:
                yield (
                    path,
                    (
                        f"does nothing: {cluster} has no isolation, so its pods reach everybody. Write `isolation: "
                        "{}`, or drop it."
                    ),
                )
            continue
        yield from _open(parts, team, cluster, path, add_ons)
        if parts.network is not None:
            yield from _ranges(parts.network, parts.clusters[cluster], team, path)
        if not team.network.internet:
            yield from _buckets(parts, team, cluster, path)


def _own_policies(values: Any, *path: str | int) -> Iterator[Path]:
    """Yields where the values of a chart turn on policies of its own, or have one as an object or as text."""
    if isinstance(values, str) and _OWN_POLICY.search(values):
        yield path
    elif isinstance(values, Mapping):
        if str(values.get("kind")).endswith("NetworkPolicy"):
            yield path
        for key, each in values.items():
            switch = each.get("enabled", each.get("create")) if isinstance(each, Mapping) else each
            if "networkpolic" in key.lower() and switch:  # in a template every text is true, also "false"
                yield (*path, key)
            if not key.lower().endswith(_NAMES):
                yield from _own_policies(each, *path, key)
    elif isinstance(values, list | tuple):
        for index, each in enumerate(values):
            yield from _own_policies(each, *path, index)


def _cni(parts: Parts, cluster: str, content: ClusterParts) -> Iterator[Mistake]:
    """Yields values of the VPC CNI with which policies are not kept, or in another way than `isolation` says."""
    entry = (content.managed_addons or {}).get("vpc-cni")
    configuration = entry.get("configuration") if isinstance(entry, Mapping) else None
    if not isinstance(configuration, Mapping):
        return
    mode = "strict" if parts.strictly_isolates(cluster) else "standard"
    why = "follows from isolation.mode: with strict, pods that no policy selects reach nobody, CoreDNS among them."
    fixed = FixedValue(path="env.NETWORK_POLICY_ENFORCING_MODE", keeps=only(mode), why=why)
    for below, sentence in changed(configuration, (*(ENFORCED if parts.isolates(cluster) else ()), fixed)):
        yield ("clusters", cluster, "managed_addons", "vpc-cni", "configuration", *below), sentence


def _unselected(parts: Parts, cluster: str, content: ClusterParts) -> Iterator[Mistake]:
    """Yields pods that no policy would select, and that would reach nobody with `strict`."""
    drivers = needed_drivers(parts.storage, cluster, parts.clusters) if parts.storage else ()
    for name in sorted(eks_addons(content, drivers)):
        namespace = MOUNTS_IN.get(name) or (ADDONS[name].namespace if name in ADDONS else SYSTEM)
        if namespace != SYSTEM:
            yield (
                ("isolation", "mode"),
                (
                    f"is strict, and pods of {name} in {namespace} of {cluster} have no policy, so they would reach "
                    "nobody. Write mode: standard, or drop what needs the add-on."
                ),
            )
    teams = {
        name for team in parts.teams.values() if cluster_of(team, parts.clusters) == cluster for name in team.namespaces
    }
    for where, name in sorted(parts.peoples_namespaces(), key=str):
        if where == cluster and name not in teams and parts.knows_namespaces:
            yield (
                ("isolation", "mode"),
                (
                    f"is strict, and {name} of {cluster} is no namespace of a team, so it has no policy and its pods "
                    "would reach nobody. Give it to a team, or write mode: standard."
                ),
            )


def _open(
    parts: Parts, team: TeamSettings, cluster: str, path: Path, add_ons: Mapping[str, AddOnRules]
) -> Iterator[Mistake]:
    content = parts.clusters[cluster]
    people = {name for where, name in parts.peoples_namespaces() if where == cluster}
    charts = installed(add_ons, content) if content.addons is not None else {}
    known = people | {SYSTEM} | {name for rules in charts.values() for name in rules.namespaces}
    knows_all = parts.knows_namespaces and content.addons is not None
    for index, entry in enumerate(team.network.open):
        here: Path = (*path, "open", index)
        if entry.namespace not in team.namespaces:
            yield (
                (*here, "namespace"),
                (
                    f"{entry.namespace} is no namespace of this team, which has {listed(team.namespaces)}. Name one of "
                    "them."
                ),
            )
        for place, caller in enumerate(entry.callers):
            if caller in team.namespaces:
                yield (
                    (*here, "callers", place),
                    f"{caller} is a namespace of this team, and these always reach each other. Drop it.",
                )
            elif caller not in known and knows_all:
                yield (
                    (*here, "callers", place),
                    (
                        f"nothing in this file makes the namespace {caller} in {cluster}, so nobody would call from it."
                        f"{did_you_mean(caller, known)} Add it to the namespaces of a team, or drop it."
                    ),
                )
        meshed = content.mesh is not None and entry.namespace in content.mesh.namespaces
        ports = {port for other in team.network.open if _same_pods(entry, other) for port in other.ports}
        if len(ports) + meshed > PORTS_PER_ADDRESS:
            yield (
                (*here, "ports"),
                (
                    f"opens {len(ports)} ports of the same pods{' beside that of the mesh' * meshed}, and the agent of "
                    f"the VPC CNI keeps {PORTS_PER_ADDRESS} for one address: the others would stay closed. Name fewer."
                ),
            )


def _same_pods(one: OpenPodsSettings, other: OpenPodsSettings) -> bool:
    """Returns whether a pod may be meant by both, and some namespace may call both."""
    together = may_be_both(one.pods, other.pods) and one.namespace == other.namespace
    return together and bool(set(one.callers) & set(other.callers))


def _ranges(network: NetworkSettings, content: ClusterParts, team: TeamSettings, path: Path) -> Iterator[Mistake]:
    services = content.service_cidr or default_service_cidr(network.cidr)
    own = {"the nodes, load balancers and endpoints of the VPC": taken_ranges(network.cidr)}
    own |= {"the pods": (network.pod_cidr,), "the Services of the cluster": (services,)}
    connected = [cidr for connection in network.connections.values() for cidr in connection.cidrs]
    for index, entry in enumerate(team.network.ranges):
        here: Path = (*path, "ranges", index)
        private = any(IPv4Network(entry.cidr).overlaps(space) for space in VPC_SPACE)
        part_of_vpc = _within(entry.cidr, [network.cidr])
        # A wider range of the company may have the VPC in it: the policies except what is ours.
        inside = [
            whose
            for whose, ranges in own.items()
            if _within(entry.cidr, ranges) or (part_of_vpc and any(_within(each, [entry.cidr]) for each in ranges))
        ]
        if inside:
            yield (
                (*here, "cidr"),
                (
                    f"{entry.cidr} has addresses of {listed(inside)}, and would open what isolation closes. Write "
                    "`open` of the team whose pods are called, or a range without them."
                ),
            )
        elif private and not _within(entry.cidr, [network.cidr, *connected]):
            yield (
                (*here, "cidr"),
                (
                    f"{entry.cidr} is in no network that the VPC is connected to"
                    f"{f', which are {listed(connected)}' if connected else ''}, so no packet would arrive. Add it to "
                    "network.transit_gateway or network.peering, or name a range inside of them."
                ),
            )
        ports = {port for other in team.network.ranges if _within(entry.cidr, [other.cidr]) for port in other.ports}
        ports |= {443} if team.network.internet and not private else set()
        if len(ports) > PORTS_PER_ADDRESS:
            yield (
                (*here, "ports"),
                (
                    f"makes {len(ports)} ports of {entry.cidr} with those of the ranges that it is in, and the agent "
                    f"of the VPC CNI keeps {PORTS_PER_ADDRESS} for one range: the others would stay closed. Name fewer."
                ),
            )


def _within(cidr: str, ranges: Iterable[str]) -> bool:
    return any(IPv4Network(cidr).subnet_of(IPv4Network(each)) for each in ranges)


def _buckets(parts: Parts, team: TeamSettings, cluster: str, path: Path) -> Iterator[Mistake]:
    """Yields that pods would not reach their buckets: S3 has public addresses, also behind its gateway endpoint."""
    for name, bucket in parts.storage.buckets.items() if parts.storage else ():
        users = [
            user.namespace
            for user in bucket.used_by
            if cluster_of(user, parts.clusters) == cluster and user.namespace in team.namespaces
        ]
        if users and not bucket.mount:
            yield (
                (*path, "internet"),
                (
                    f"is false, and {users[0]} uses the bucket {name} by the API of S3, whose addresses are public, "
                    "also behind a gateway endpoint. Write mount: true at the bucket and read it as a folder, or "
                    "drop internet."
                ),
            )
