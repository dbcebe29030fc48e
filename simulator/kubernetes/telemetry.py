"""What comes of charts with monitors, and what the operator of kube-prometheus-stack makes of its release.

Helm finds no kind for a monitor before its definition is there, and fails. Some charts look whether it is there, and
leave the monitor out without a word: nobody then reads their metrics.
The operator makes a StatefulSet of each Prometheus and Alertmanager, and makes it again for what Kubernetes does not
change in one, such as the template of its claims. Claims go with it where it says so, and with their namespace; volumes
go with their claims where their class said so when they were made and the driver of EBS runs. A claim that stays keeps
its size. Helm makes the claim of Grafana, with the name of its Deployment, and deletes it with the release.
Left out: the pod of Grafana, and pods that find no node.
Sources: helm v3, pkg/kube/client.go; vmware-tanzu/helm-charts velero-12.1.0, external-secrets v2.9.0, NVIDIA/
gpu-operator v26.7.0 (charts that look); prometheus-operator v0.93.0, pkg/prometheus/server, pkg/alertmanager,
pkg/k8s/statefulset.go; grafana-community/helm-charts grafana-12.11.1, templates/pvc.yaml; Kubernetes 1.35,
"StatefulSets" and "Persistent Volumes"; read 2026-11.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.charts import CHARTS
from common.values import opened
from simulator.aws import tokens
from simulator.cloud import CloudResource
from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.controllers import OF
from simulator.kubernetes.meaning.node import Node
from simulator.values import Props

GROUP = "monitoring.coreos.com/v1"
CHART, DRIVER = "kube-prometheus-stack", "aws-ebs-csi-driver"
_KINDS = {"serviceMonitor": "ServiceMonitor", "podMonitor": "PodMonitor", "prometheusRule": "PrometheusRule"}
_ON_BY_ITSELF = {"dcgm-exporter": "ServiceMonitor"}  # where the values do not turn it off
_LOOK = ("external-secrets", "gpu-operator", "velero")
_RECLAIM = "__reclaim"
"""Of a volume: what its class said of it when it was made. Another class, or none, changes nothing in it."""
_EKS_ADDON = "aws:eks/addon:Addon"
_PROVISIONER = {"volume.kubernetes.io/storage-provisioner": "ebs.csi.aws.com"}
_STORAGE = {"prometheus": "storageSpec", "alertmanager": "storage"}  # where the claims of a part are said


def kind_asked_for(chart: str, values: Any) -> str:
    """Returns a kind of the operator of which the chart makes an object; "" where it makes none."""
    if chart == CHART:
        return "Prometheus"
    found = next(_switched_on(opened(values)), "")
    off = Node(opened(values))["serviceMonitor"]["enabled"].value is False
    return found or ("" if off else _ON_BY_ITSELF.get(chart, ""))


def _switched_on(values: Any) -> Iterator[str]:
    for key, value in values.items() if isinstance(values, Mapping) else ():
        if key in _KINDS and isinstance(value, Mapping) and True in (value.get("enabled"), value.get("create")):
            yield _KINDS[key]
        yield from _switched_on(value)


def why_refused(release: str, kind: str) -> str:
    """Returns the words of Helm about an object of a kind that is not served."""
    return (
        f'unable to build kubernetes objects from release manifest: resource mapping not found for name: "{release}" '
        f'namespace: "" from "": no matches for kind "{kind}" in version "{GROUP}"\nensure CRDs are installed first'
    )


def looks(chart: str) -> bool:
    """Returns whether a chart leaves its monitors out where their kind is not served."""
    return chart in _LOOK


@dataclass(frozen=True)
class _Set:
    """A StatefulSet that the operator makes of a release."""

    name: str
    namespace: str
    app: str
    replicas: int
    template: Node
    policy: Node

    def claims(self) -> list[str]:
        prefix = self.template["metadata"]["name"].text or f"{self.name}-db"
        return [f"{prefix}-{self.name}-{number}" for number in range(self.replicas)] if self.template.is_set else []


def reconcile(cluster: Cluster) -> None:
    """Does what the operator and the controllers of StatefulSets do after a change of a release."""
    for release in cluster.releases_of(CHART):
        for each in _sets(release):
            _scale(cluster, each)
        _follow_grafana(cluster, release, *_of_grafana(release))


def uninstall(cluster: Cluster, release: Mapping[str, Any]) -> None:
    """Deletes what the operator made of a release."""
    if str(release.get("chart")) != CHARTS[CHART].chart:
        return
    for each in _sets(release):
        _delete_set(cluster, each)
        cluster.delete(GROUP, each.app.capitalize(), each.namespace, each.name.removeprefix(f"{each.app}-"))
    _follow_grafana(cluster, release, "", {})


def empty(cluster: Cluster, namespace: str) -> None:
    """Deletes the claims of a namespace that goes, with their volumes."""
    for claim in list(cluster.of_kind("v1", "PersistentVolumeClaim", namespace)):
        _delete_claim(cluster, namespace, claim.state["metadata"]["name"])


def _sets(release: Mapping[str, Any]) -> Iterator[_Set]:
    values = Node(opened(release.get("values")))
    for app, storage in _STORAGE.items():
        spec = values[app][f"{app}Spec"]
        if values[app]["enabled"].value is not False:
            count = spec["replicas"].number
            yield _Set(
                name=f"{app}-{release['name']}-{app}",
                namespace=str(release["namespace"]),
                app=app,
                replicas=1 if count is None else count,
                template=spec[storage]["volumeClaimTemplate"],
                policy=spec["persistentVolumeClaimRetentionPolicy"],
            )


def _of_grafana(release: Mapping[str, Any]) -> tuple[str, Props]:
    """Returns the name of the claim of Grafana, and its spec, which is empty where there is none."""
    values = Node(opened(release.get("values")))["grafana"]
    kept = values["persistence"]
    name = values["fullnameOverride"].text or f"{release['name']}-grafana"
    if values["enabled"].value is False or kept["enabled"].value is not True or kept["existingClaim"].is_set:
        return name, {}
    storage = {"requests": {"storage": kept["size"].text or "10Gi"}}
    class_ = {"storageClassName": kept["storageClassName"].text} if kept["storageClassName"].is_set else {}
    return name, {"accessModes": ["ReadWriteOnce"], "resources": storage, **class_}


def _follow_grafana(cluster: Cluster, release: Mapping[str, Any], name: str, spec: Props) -> None:
    """Deletes the claims that the release has no longer, and makes the one that it has."""
    namespace, helm = str(release["namespace"]), {"meta.helm.sh/release-name": str(release["name"])}
    for claim in list(cluster.of_kind("v1", "PersistentVolumeClaim", namespace)):
        made = claim.state["metadata"]
        if helm.items() <= (made.get("annotations") or {}).items() and (made["name"] != name or not spec):
            _delete_claim(cluster, namespace, made["name"])
    if spec and cluster.get("v1", "PersistentVolumeClaim", namespace, name) is None:
        _make_claim(cluster, namespace, name, spec, helm)


def _scale(cluster: Cluster, wanted: _Set) -> None:
    claims, labels = wanted.claims(), {"app.kubernetes.io/name": wanted.app}
    named = {"namespace": wanted.namespace, "labels": labels}
    stored = cluster.get("apps/v1", "StatefulSet", wanted.namespace, wanted.name)
    before = Node(stored.state)["spec"]["replicas"].number if stored else 0
    template = [wanted.template.value] if claims else []
    spec = {"replicas": wanted.replicas, "selector": {"matchLabels": labels}, "volumeClaimTemplates": template}
    if stored and stored.state["spec"]["volumeClaimTemplates"] != template:
        _delete_set(cluster, wanted)
    kind, name = wanted.app.capitalize(), wanted.name.removeprefix(f"{wanted.app}-")
    made = _put(cluster, GROUP, kind, {"name": name, **named}, {"replicas": wanted.replicas})
    owner = {"apiVersion": GROUP, "kind": kind, "name": name, "controller": True}
    made = _put(cluster, "apps/v1", "StatefulSet", {"name": wanted.name, **named, **_owned(owner)}, spec, made)
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": wanted.name, "controller": True}
    for number in range(wanted.replicas):
        volumes = [{"name": "db", "persistentVolumeClaim": {"claimName": claims[number]}}] if claims else []
        metadata = {"name": f"{wanted.name}-{number}", **named, **_owned(owner)}
        _put(cluster, "v1", "Pod", metadata, {"volumes": volumes, "containers": [{"name": wanted.app}]}, made)
    for number in range(wanted.replicas, before or 0):
        cluster.delete("v1", "Pod", wanted.namespace, f"{wanted.name}-{number}")
        if claims and wanted.policy["whenScaled"].text == "Delete":
            _delete_claim(cluster, wanted.namespace, f"{claims[0][:-1]}{number}")
    for claim in claims:
        if cluster.get("v1", "PersistentVolumeClaim", wanted.namespace, claim) is None:
            template = wanted.template["spec"].value
            _make_claim(cluster, wanted.namespace, claim, template if isinstance(template, Mapping) else {})


def _delete_set(cluster: Cluster, gone: _Set) -> None:
    cluster.delete("apps/v1", "StatefulSet", gone.namespace, gone.name)
    for number in range(gone.replicas):
        cluster.delete("v1", "Pod", gone.namespace, f"{gone.name}-{number}")
    for claim in gone.claims() if gone.policy["whenDeleted"].text == "Delete" else ():
        _delete_claim(cluster, gone.namespace, claim)


def _owned(owner: Props) -> Props:
    return {"ownerReferences": [owner]}


def _put(
    cluster: Cluster, version: str, kind: str, metadata: Props, spec: Props, of: CloudResource | None = None
) -> CloudResource | None:
    namespace, made = metadata["namespace"], {OF: [of.type, of.id]} if of else {}
    cluster.put({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec, **made}, namespace)
    return cluster.get(version, kind, namespace, metadata["name"])


def _make_claim(
    cluster: Cluster, namespace: str, name: str, spec: Mapping[str, Any], said: Props | None = None
) -> None:
    metadata = {"name": name, "namespace": namespace, "annotations": {**_PROVISIONER, **(said or {})}}
    claim = _put(cluster, "v1", "PersistentVolumeClaim", metadata, dict(spec))
    if claim is None or not _driver_runs(cluster):
        return
    size = int((Node(spec)["resources"]["requests"]["storage"].text or "1Gi").removesuffix("Gi"))
    earlier = cluster.times_gone(claim.state, namespace)
    digest = hashlib.sha256(f"{cluster.place}/{namespace}/{name}/{earlier}".encode()).hexdigest()[:17]
    owned = {f"kubernetes.io/cluster/{cluster.name}": "owned", "ebs.csi.aws.com/cluster-name": cluster.name}
    tags = [{"Key": key, "Value": value} for key, value in {"ebs.csi.aws.com/cluster": "true", **owned}.items()]
    volume: Props = {"VolumeId": f"vol-{digest}", "Size": size, "State": "in-use", "Tags": tags}
    cluster.cloud.put(
        tokens.VOLUME,
        volume["VolumeId"],
        {**volume, "region": cluster.region, OF: [claim.type, claim.id], _RECLAIM: _reclaim(cluster, spec)},
    )


def _delete_claim(cluster: Cluster, namespace: str, name: str) -> None:
    claim = cluster.get("v1", "PersistentVolumeClaim", namespace, name)
    if claim is None:
        return
    for volume in list(cluster.cloud.of_type(tokens.VOLUME)):
        if volume.state.get(OF) == [claim.type, claim.id] and volume.region == cluster.region:
            if (volume.state.get(_RECLAIM) or _reclaim(cluster, claim.state["spec"])) == "Delete" and _driver_runs(
                cluster
            ):
                cluster.cloud.delete(volume.type, volume.id, volume.region)
            else:
                free = {key: value for key, value in volume.state.items() if key not in (OF, _RECLAIM)}
                cluster.cloud.put(volume.type, volume.id, {**free, "State": "available"}, region=volume.region)
    cluster.delete("v1", "PersistentVolumeClaim", namespace, name)


def _reclaim(cluster: Cluster, spec: Mapping[str, Any]) -> str:
    """Returns what the class of a claim says of volumes that are made now."""
    class_ = cluster.get("storage.k8s.io/v1", "StorageClass", "", Node(spec)["storageClassName"].text or "")
    return Node(class_.state)["reclaimPolicy"].text or "Delete" if class_ is not None else "Retain"


def _driver_runs(cluster: Cluster) -> bool:
    return cluster.cloud.get(_EKS_ADDON, f"{cluster.name}:{DRIVER}", cluster.region) is not None
