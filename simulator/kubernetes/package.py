"""The simulated pulumi-kubernetes provider. Its API server belongs to the EKS cluster that the kubeconfig names."""

from __future__ import annotations

import os
from typing import Any

from engine.go_build import BuildError
from simulator.aws import tokens
from simulator.caller import Caller
from simulator.cloud import Cloud, CloudResource
from simulator.control_plane.build import UnknownVersionError
from simulator.control_plane.client import ApiServer, Unreachable
from simulator.control_plane.planes import ControlPlanes
from simulator.control_plane.server import ControlPlaneError
from simulator.difference import changes
from simulator.faults import Faults
from simulator.kubernetes import clusters, way_in
from simulator.kubernetes.checking import check_object
from simulator.kubernetes.clusters import RELEASE, Cluster
from simulator.kubernetes.network_policies import why_dns_waits
from simulator.kubernetes.objects import Objects, diff_object
from simulator.kubernetes.planned import Planned
from simulator.kubernetes.real import RealServer
from simulator.kubernetes.releases import Releases, check_release, diff_release, interrupt
from simulator.provider import Call, CheckResult, CreateResult, DiffResult, Package, ReadResult, Refusal
from simulator.values import UNKNOWN, Props

_UNREACHABLE = "configured Kubernetes cluster is unreachable: unable to load schema information from the API server: "
_NO_CLUSTER = "the kubeconfig names {cluster}, and there is no such cluster in the simulated cloud"
_NEWEST = "999"
_PREVIEW_PATIENCE_SECONDS = 1.0


class KubernetesPackage(Package):
    """Objects and Helm releases of all clusters.

    patience_seconds: how long an update waits for a namespace or a custom kind that another resource creates; the real
    provider retries for 63 s. caller: an API server that it does not reach, or that does not know it, is refused.
    planes: starts the real API servers that answer; None: the simulated admission answers.
    """

    name = "kubernetes"

    def __init__(
        self,
        cloud: Cloud,
        patience_seconds: float = 10.0,
        caller: Caller | None = None,
        planes: ControlPlanes | None = None,
        faults: Faults | None = None,
    ) -> None:
        self._cloud, self._patience, self._planes = cloud, patience_seconds, planes
        self._caller, self._faults = caller or Caller(), faults or Faults()
        self._planned = Planned()
        self._real: dict[ApiServer, RealServer] = {}
        clusters.delete_orphans(cloud)
        cloud.on_delete(clusters.EKS_CLUSTER, self._delete_cluster)
        cloud.judge(tokens.ADDON, why_dns_waits)

    def diff_config(self, old: Props, new: Props) -> DiffResult:
        """Replaces the provider and all its resources when the kubeconfig names another API server, or is unknown.

        So the engine deletes the objects of a cluster that is replaced before the cluster itself.
        Source: pulumi-kubernetes 4.34, provider/pkg/provider/provider.go, DiffConfig; read 2026-11.
        """
        changed = tuple(changes(old, new))
        before, after = clusters.address(old.get("kubeconfig")), clusters.address(new.get("kubeconfig"))
        other_server = new.get("kubeconfig") is UNKNOWN or _server(before) != _server(after)
        return DiffResult(changed, frozenset({"kubeconfig"}) if other_server else frozenset())

    def check(self, call: Call, old: Props, new: Props, seed: bytes) -> CheckResult:
        """Refuses unknown fields; the real provider drops them without a message."""
        if call.type == RELEASE:
            return check_release(call, old, new, seed)
        cluster = clusters.find(self._cloud, call.config.get("kubeconfig"))
        return check_object(call, old, new, seed, cluster.version if cluster else _NEWEST)

    def diff(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> DiffResult:
        if call.type == RELEASE:
            return diff_release(old_inputs, new_inputs)
        return diff_object(call, old_inputs, new_inputs)

    def create(self, call: Call, inputs: Props) -> CreateResult:
        cluster = self._find(call)
        if cluster is None:
            if not call.preview:
                raise self._unreachable(call)
            call.warn(self._unreachable(call).args[0] + ". The preview of the real provider does not show this.")
            return CreateResult("", inputs)
        if call.type == RELEASE:
            return self._releases(call, cluster).create(inputs)
        return self._objects(call, cluster).create(inputs)

    def read(self, call: Call, id_: str, inputs: Props, state: Props) -> ReadResult | None:
        cluster = self._find(call)
        if cluster is None:
            if self._drops_unreachable(call):
                return None
            raise self._unreachable(call, hint=True)
        if call.type == RELEASE:
            return self._releases(call, cluster).read(id_, inputs)
        return self._objects(call, cluster).read(id_, inputs, state)

    def update(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> Props:
        cluster = self._find(call)
        if cluster is None:
            if call.preview:
                return new_inputs
            raise self._unreachable(call)
        if call.type == RELEASE:
            return self._releases(call, cluster).update(id_, old_state, new_inputs)
        return self._objects(call, cluster).update(id_, old_inputs, old_state, new_inputs)

    def delete(self, call: Call, id_: str, inputs: Props, state: Props) -> None:
        cluster = self._find(call)
        if cluster is None:
            if self._drops_unreachable(call):
                return
            raise self._unreachable(call, hint=True)
        if call.type == RELEASE:
            self._releases(call, cluster).delete(id_)
        else:
            self._objects(call, cluster).delete(id_, inputs, state)

    def interrupt(self, call: Call) -> None:
        if call.type == RELEASE:
            interrupt(self._cloud, call.urn)

    def _find(self, call: Call) -> Cluster | None:
        """Returns the cluster of the kubeconfig; None where there is none, or where it does not serve the caller."""
        return None if self._refusal(call) else clusters.find(self._cloud, call.config.get("kubeconfig"))

    def _refusal(self, call: Call) -> str:
        named = clusters.address(call.config.get("kubeconfig"))
        row = clusters.row_of(self._cloud, named)
        if named is None or row is None:
            return _NO_CLUSTER.format(cluster=f"{named.cluster} at {named.server}" if named else "no EKS cluster")
        return way_in.refusal(self._cloud, row, named, self._caller, self._faults)

    def _objects(self, call: Call, cluster: Cluster) -> Objects:
        return Objects(call, cluster, self._planned, self._patience_for(call), self._real_server(call, cluster))

    def _real_server(self, call: Call, cluster: Cluster) -> RealServer | None:
        """Returns the cluster's real API server, with all its objects; None when the simulated admission answers."""
        if self._planes is None:
            return None
        try:
            server = self._planes.server(cluster.place, cluster.version)
            with self._cloud.exclusive():
                real = self._real.setdefault(server, RealServer(cluster, server))
                for text in real.bring_in():
                    call.warn(f"{text}. The simulated admission had accepted it.")
        except (BuildError, ControlPlaneError, Unreachable, UnknownVersionError) as problem:
            raise Refusal(str(problem)) from None
        return real

    def _delete_cluster(self, row: CloudResource) -> None:
        cluster = clusters.cluster_of(self._cloud, row)
        clusters.delete_objects(cluster)
        if self._planes is not None:
            self._planes.stop(cluster.place)

    def _releases(self, call: Call, cluster: Cluster) -> Releases:
        return Releases(call, cluster, self._planned, self._patience_for(call))

    def _patience_for(self, call: Call) -> float:
        return min(self._patience, _PREVIEW_PATIENCE_SECONDS) if call.preview else self._patience

    def _drops_unreachable(self, call: Call) -> bool:
        setting: Any = call.config.get("deleteUnreachable", os.environ.get("PULUMI_K8S_DELETE_UNREACHABLE"))
        return setting is True or setting == "true"

    def _unreachable(self, call: Call, hint: bool = False) -> Refusal:
        text = _UNREACHABLE + self._refusal(call)
        if hint:
            text += (
                ". If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the "
                "operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to true"
            )
        return Refusal(text)


def _server(named: clusters.Address | None) -> tuple[str, str] | None:
    return (named.server, named.cluster) if named else None
