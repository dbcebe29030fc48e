"""Whose metrics Prometheus reads in a cluster: those of Helm add-ons, of EKS add-ons, and of the proxies of the mesh.

Left out: the drivers of EFS before 3.4 and of FSx, the snapshot controller and the node monitoring agent, which serve
none as EKS installs them; the sidecars and nodes of the EBS driver. The kubelet tells of volumes, and of those that a
driver does not attach or mount.
Sources: aws/amazon-vpc-cni-k8s v1.22.4, README, "cni-metrics-helper" and `DISABLE_METRICS`; kubernetes-sigs/
aws-ebs-csi-driver v1.54.0 to v1.63.1, docs/metrics.md, -efs- v3.3.0 and v3.4.1, -fsx- v1.9.0; linkerd/linkerd2
edge-26.8.3, charts/partials/templates/_proxy.tpl; read 2026-11.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from catalog.mesh_network import PROXY_ADMIN
from catalog.metrics import series
from components.core.addon_spec import COMES_WITH_THE_CLUSTER, every_add_on
from components.core.metrics import Scrape
from components.core.namespaces import CONTROL_PLANE, VIZ
from settings.cluster.addon_rules import installed
from settings.cluster.parts import ClusterParts
from settings.tenancy.team import TeamSettings

OF_EKS = (
    Scrape(
        job="vpc-cni",
        pods={"k8s-app": "aws-node"},
        port=61678,
        namespace=COMES_WITH_THE_CLUSTER,
        of_nodes=True,
        host_network=True,
    ),
    Scrape(job="aws-ebs-csi-driver", pods={"app": "ebs-csi-controller"}, port=3301, namespace=COMES_WITH_THE_CLUSTER),
)
MESHED: Mapping[str, str] = {"linkerd.io/control-plane-ns": CONTROL_PLANE}
"""Label of each pod that has a proxy, and of any that somebody gives it: so what people's pods serve is bounded."""
PROXY = Scrape(job="linkerd-proxy", pods=MESHED, port=PROXY_ADMIN)
_SAMPLES = 20_000


def scrapes_of(cluster: ClusterParts, namespaces: Collection[str], teams: Iterable[TeamSettings] = ()) -> list[Scrape]:
    """Returns what is read in a cluster, each with its namespace. namespaces: of people. teams: of the cluster."""
    if cluster.observability is None:
        return []
    return [*_scrapes(cluster, namespaces), *of_teams(teams)]


def of_teams(teams: Iterable[TeamSettings]) -> list[Scrape]:
    """Returns what is read of the programs of teams."""
    return [
        Scrape(
            job=f"{team.name}/{name}",
            pods=entry.pods,
            port=entry.port,
            namespace=entry.namespace,
            path=entry.path,
            seconds=entry.every_seconds,
            samples=entry.samples,
            team=team.name,
            most_pods=entry.most_pods,
        )
        for team in teams
        for name, entry in team.metrics.items()
    ]


def _scrapes(cluster: ClusterParts, namespaces: Collection[str]) -> Iterator[Scrape]:
    for spec in installed(every_add_on(), cluster).values():
        yield from (replace(each, namespace=each.namespace or spec.chart.namespace) for each in spec.metrics(cluster))
    yield from OF_EKS
    if cluster.mesh is not None:
        for namespace in [CONTROL_PLANE, *([VIZ] if cluster.mesh.viz else [])]:
            yield replace(PROXY, namespace=namespace)
        for namespace in sorted(set(cluster.mesh.namespaces) & set(namespaces)):
            yield replace(PROXY, namespace=namespace, keep=series(PROXY.job), samples=_SAMPLES)
