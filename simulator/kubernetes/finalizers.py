"""What keeps an object after its delete: finalizers that only a controller takes off, and namespaces that hang.

The controllers of these charts put a finalizer on each object of their kinds. Once the release is gone, nobody takes it
off. A namespace also stays while the API server cannot list an API: one that a Service of the cluster answers for.
Left out: SecretStores with PushSecrets, and objects of which a program sets finalizers by itself.
Sources: external-secrets v2.9.0, pkg/controllers (externalsecret, clusterexternalsecret, pushsecret); kedacore/keda
2.20, controllers/keda; kedacore/charts v2.20.2, templates/metrics-server/apiservice.yaml; kubernetes-sigs/kueue,
pkg/controller/constants; kubernetes-sigs/metrics-server, chart 3.13.1; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.charts import CHARTS
from common.values import opened
from simulator.aws import tokens
from simulator.kubernetes import load_balancers
from simulator.kubernetes.clusters import OUTAGE, Cluster
from simulator.kubernetes.meaning.node import Node
from simulator.values import Props

_OF_KEDA, _OF_KUEUE = "finalizer.keda.sh", "kueue.x-k8s.io/resource-in-use"
_OF_SECRETS = "externalsecrets.external-secrets.io"
FINALIZERS: Mapping[str, Mapping[str, str]] = {  # chart -> kind -> the finalizer that its controller sets
    "external-secrets": {
        "ClusterExternalSecret": f"{_OF_SECRETS}/clusterexternalsecret-cleanup",
        "ExternalSecret": f"{_OF_SECRETS}/externalsecret-cleanup",
        "PushSecret": "pushsecret.externalsecrets.io/finalizer",
    },
    "keda": dict.fromkeys(
        ("ClusterTriggerAuthentication", "ScaledJob", "ScaledObject", "TriggerAuthentication"), _OF_KEDA
    ),
    "kueue": dict.fromkeys(("ClusterQueue", "ResourceFlavor", "Topology", "Workload"), _OF_KUEUE),
}
_API_SERVICE = ("apiregistration.k8s.io/v1", "APIService")


def reconcile(cluster: Cluster) -> None:
    """Does what the controllers do after a change of any object: it puts the finalizers on."""
    for chart, kinds in FINALIZERS.items():
        if not any(cluster.releases_of(chart)):
            continue
        for crd in CHARTS[chart].crds:
            finalizer = kinds.get(crd.kind)
            for version in crd.versions if finalizer else ():
                for row in cluster.of_kind(f"{crd.group}/{version}", crd.kind):
                    metadata = row.state["metadata"]
                    has = metadata.get("finalizers") or []
                    if finalizer not in has and _is_finalized(row.state):
                        state = {**row.state, "metadata": {**metadata, "finalizers": [*has, finalizer]}}
                        cluster.put(state, metadata.get("namespace", "") if crd.scope != "Cluster" else "")


def _is_finalized(state: Props) -> bool:
    return state["kind"] != "PushSecret" or Node(state)["spec"]["deletionPolicy"].text == "Delete"


def why_kept(cluster: Cluster, state: Props) -> str:
    """Returns why an object stays when it is deleted, with everything in it; "" when it goes.

    A namespace stays with an object in it, and a definition with an object of its kind.
    """
    if (state.get("apiVersion"), state.get("kind")) == ("v1", "Namespace") and (api := _dead_api(cluster)):
        group, _, version = api.partition("/")
        return (
            "NamespaceDeletionDiscoveryFailure: Discovery failed for some groups, 1 failing: unable to retrieve the "
            f"complete list of server APIs: {api}: stale GroupVersion discovery: {api}. No pod answers for the "
            f"APIService {version}.{group}"
        )
    inside = cluster.inside(state)
    reasons = [(each, why) for each in ([state] if inside is None else inside) if (why := why_finalized(cluster, each))]
    if not reasons:
        return load_balancers.why_kept(cluster, state)
    (first, why), *_ = reasons
    if inside is None:
        return why
    remaining = f"Some content has finalizers remaining, in {len(reasons)} resource instances"
    return f"{remaining}: {first['kind']} {first['metadata']['name']} stays, because {why}"


def why_finalized(cluster: Cluster, state: Mapping[str, Any], leaving: str = "") -> str:
    """Returns which finalizer of an object nobody takes off; "" where there is none.

    leaving: the chart whose release goes at the same time.
    """
    found = set(Node(state)["metadata"].at("finalizers").texts() or ())
    for chart, kinds in FINALIZERS.items():
        finalizer = kinds.get(state.get("kind", ""))
        if finalizer in found and (chart == leaving or not any(cluster.releases_of(chart))):
            return f"no release of chart {chart} runs any more, and only that removes its finalizer {finalizer}"
    return ""


def _dead_api(cluster: Cluster) -> str:
    """Returns group and version of an API that nobody answers for; "" where there is none."""
    has_nodes = any(row.id.startswith(f"{cluster.name}:") for row in cluster.cloud.of_type(tokens.NODE_GROUP))
    for api, namespace, service in _apis(cluster):
        if not has_nodes or cluster.cloud.get(OUTAGE, f"{cluster.name}/{namespace}/{service}", cluster.region):
            return api
    return ""


def _apis(cluster: Cluster) -> Iterator[tuple[str, str, str]]:
    """Yields the APIs that Services answer for, with the namespace and the name of the Service."""
    for row in cluster.of_kind(*_API_SERVICE):
        spec = Node(row.state)["spec"]
        if spec["service"].is_set:
            service = spec["service"]
            yield (
                f"{spec['group'].text}/{spec['version'].text}",
                service["namespace"].text or "",
                service["name"].text or "",
            )
    for release in cluster.releases_of("keda"):
        values = Node(opened(release.get("values")))
        if values["metricsServer"]["enabled"].value is not False:
            name = values["operator"]["name"].text or "keda-operator"
            yield "external.metrics.k8s.io/v1beta1", release["namespace"], f"{name}-metrics-apiserver"
    for release in cluster.releases_of("metrics-server"):
        yield "metrics.k8s.io/v1beta1", release["namespace"], str(release["name"])
