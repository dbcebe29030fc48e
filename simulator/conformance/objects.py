"""Holds every Kubernetes object of a simulated cloud against a real API server: created, changed and deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from simulator.cloud import Cloud
from simulator.control_plane.client import ApiServer, Object, Refused
from simulator.control_plane.planes import ControlPlanes
from simulator.kubernetes.clusters import EKS_CLUSTER, Cluster, cluster_of
from simulator.kubernetes.real import RealServer, identity

_LABEL = "conformance/changed"


@dataclass(frozen=True)
class ObjectsResult:
    """The objects of one cluster. total: how many there are; refused: one text for each refusal."""

    cluster: str
    version: str
    total: int
    created: int
    changed: int
    deleted: int
    refused: tuple[str, ...]


def check_objects(
    cloud_file: Path, planes: ControlPlanes, when_created: Callable[[Cluster, RealServer], None] = lambda *_: None
) -> Iterator[ObjectsResult]:
    """Yields the result for each cluster of a cloud file, whose control planes must have no objects yet.

    when_created: called for each cluster while its control plane has all objects that it accepts; leaves them alone.
    Raises BuildError, ControlPlaneError, Unreachable, and UnknownVersionError.
    """
    with closing(Cloud(cloud_file)) as cloud:
        for resource in cloud.of_type(EKS_CLUSTER):
            yield _check_cluster(cluster_of(cloud, resource), planes, when_created)


def _check_cluster(
    cluster: Cluster, planes: ControlPlanes, when_created: Callable[[Cluster, RealServer], None]
) -> ObjectsResult:
    server = planes.server(cluster.place, cluster.version)
    real = RealServer(cluster, server)
    objects, refused = real.objects(), list[str]()

    def accepted(states: Sequence[Object], verb: str, act: Callable[[Object], object]) -> list[Object]:
        done = []
        for state in states:
            try:
                act(state)
            except Refused as refusal:
                refused.append(f"{state['kind']} {state['metadata']['name']} is not {verb}: {refusal}")
            else:
                done.append(state)
        return done

    created = accepted(objects, "created", real.restore)
    when_created(cluster, real)
    changed = accepted(created, "changed", lambda state: _add_label(server, state))
    # All deletions are asked for before any is waited for: a namespace alone takes seconds.
    going = accepted(created[::-1], "deleted", lambda state: server.delete(*identity(state), wait=False))
    deleted = accepted(going, "deleted", lambda state: server.delete(*identity(state)))
    return ObjectsResult(
        cluster=cluster.name,
        version=cluster.version,
        total=len(objects),
        created=len(created),
        changed=len(changed),
        deleted=len(deleted),
        refused=tuple(refused),
    )


def _add_label(server: ApiServer, state: Object) -> None:
    server.merge(state, identity(state)[2], {"metadata": {"labels": {_LABEL: "true"}}})
