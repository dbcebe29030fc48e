"""What AWS deletes together with a resource."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.aws import paths
from simulator.aws.registry import kinds
from simulator.cloud import Cloud, CloudResource


def contents(cloud: Cloud, resource: CloudResource) -> Iterator[CloudResource]:
    """Yields the settings and parts of a resource, and what AWS made together with it."""
    kind = kinds().get(resource.type)
    if kind is None:
        return
    near = ("", resource.region)
    for cascade in kind.cascade_deletes:
        found = [resource.id] if cascade.by == "id" else [each for _, each in paths.find(resource.state, cascade.by)]
        for row in cloud.of_type(cascade.type):
            if row.region in near and any(each in found for _, each in paths.find(row.state, cascade.path)):
                yield row
    if kind.companions:
        for row in cloud.all():
            if row.region in near and row.state.get("__owner") == f"{kind.type}::{resource.id}":
                yield row
