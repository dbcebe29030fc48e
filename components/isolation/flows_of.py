"""Who sends and receives what in a cluster with isolation, from the settings alone: namespace -> its flows."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from components.cluster.scrapes import scrapes_of
from components.core.addon_spec import COMES_WITH_THE_CLUSTER, every_add_on
from components.core.flows import PROMETHEUS, Flow, Pods, into, out
from components.core.metrics import Scrape
from components.isolation.team_flows import calls, calls_of_mesh, calls_with_spans, of_doors, own
from settings.cluster.addon_rules import installed
from settings.cluster.managed_addons import eks_addons
from settings.stack.namespaces import peoples_namespaces
from settings.stack.stack import StackSettings

OF_EKS_ADDONS: Mapping[str, tuple[Flow, ...]] = {
    # Its engine of DCGM listens on port 5555 of each GPU node, asks nobody who they are, and may set limits of power.
    # The agent asks it from the same node, by a port that the CNI maps: the pod has an address, and so a policy, of its
    # own. Sources: aws/eks-node-monitoring-agent v1.7.0, dcgm-daemonset.yaml and dcgm_client.go; aws/
    # aws-network-policy-agent 1.4.0, fw_rule_processor.go (the node's own address is always let in); read 2026-11.
    "eks-node-monitoring-agent": (
        into("own-node", "the node monitoring agent asks DCGM", 5555, pods={"k8s-app": "dcgm-server"}),
    ),
}
"""EKS add-on -> the flows of those of its pods in kube-system that are closed."""


def flows_of(settings: StackSettings, cluster: str) -> dict[str, tuple[Flow, ...]]:
    """Returns the closed namespaces of a cluster, those of add-ons and of teams, each with its flows.

    kube-system has those of the pods of our charts alone. Nothing where the cluster has no isolation.
    """
    if settings.isolation_of(cluster) is None:
        return {}
    mesh, ingress = settings.mesh_of(cluster), settings.ingress_of(cluster)
    parts = settings.parts_of(cluster)
    teams = settings.teams_of(cluster)
    people = peoples_namespaces(settings.teams, settings.storage, settings.clusters)
    there = {namespace for where, namespace in people if where == cluster}
    found: dict[str, list[Flow]] = {}
    for spec in installed(every_add_on(), parts).values():
        found.setdefault(spec.chart.namespace, []).extend(spec.flows(parts))
    for name in sorted(eks_addons(parts) & OF_EKS_ADDONS.keys()):
        found.setdefault(COMES_WITH_THE_CLUSTER, []).extend(OF_EKS_ADDONS[name])
    for team in teams:
        found.update({namespace: [*own(team)] for namespace in team.namespaces})
    for scrape in scrapes_of(parts, there, teams):
        _add_scrape(scrape, found)
    for namespace, flows in found.items():
        flows.extend(of_doors(ingress, namespace))
    traces = parts.observability.traces if parts.observability is not None else None
    of_teams = (each for team in teams for each in calls(team, mesh))
    for call in [*of_teams, *calls_of_mesh(mesh, there), *calls_with_spans(traces, there)]:
        if call.source in found and call.source != COMES_WITH_THE_CLUSTER:  # there all but pods of charts are open
            found[call.source].append(call.of_source())
        if call.target in found:
            found[call.target].append(call.of_target())
    return {namespace: _once(flows) for namespace, flows in sorted(found.items())}


def _add_scrape(scrape: Scrape, found: Mapping[str, list[Flow]]) -> None:
    """Adds the flows by which Prometheus reads metrics.

    In kube-system pods that have no flows are open to all, and one flow would close them to the rest.
    """
    peer: Literal["nodes"] | Pods = (
        "nodes" if scrape.host_network else Pods(namespace=scrape.namespace, labels=scrape.pods)
    )
    monitoring = found[PROMETHEUS.namespace]
    monitoring.append(out(peer, "reads metrics", scrape.port, pods=PROMETHEUS.labels))
    flows = found.get(scrape.namespace)
    if flows is None or scrape.host_network:
        return
    in_kube_system = scrape.namespace == COMES_WITH_THE_CLUSTER
    if not in_kube_system or any(flow.pods == scrape.pods for flow in flows):
        pods = scrape.pods if in_kube_system or scrape.team else {}
        flows.append(into(PROMETHEUS, "its metrics are read", scrape.port, pods=pods))


def _once(flows: Iterable[Flow]) -> tuple[Flow, ...]:
    """Returns the flows without those that are there already, for another reason."""
    kept: list[Flow] = []
    for flow in flows:
        if not any(replace(flow, why=each.why) == each for each in kept):
            kept.append(flow)
    return tuple(kept)
