"""Kubernetes objects that create resources in AWS. All other objects run on nodes that are already counted."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn

from costs.line import LineItem, Unpriced
from costs.pricers.load_balancers import balancer
from costs.pricing import Context, Pricer
from costs.resource import NoPriceError, Resource, read, read_text


def release(resource: Resource, context: Context) -> NoReturn:
    """A chart may create volumes and load balancers, but a preview does not show them."""
    raise NoPriceError("its pods run on counted nodes; volumes and load balancers of the chart are not visible here")


def service(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """A Service of type LoadBalancer becomes a network load balancer."""
    if read_text(resource.inputs, "spec.type", "ClusterIP") != "LoadBalancer":
        return
    yield from balancer(resource, context, "network", "nlb")


def ingress(resource: Resource, context: Context) -> NoReturn:
    """The load balancer controller may use one load balancer for many ingresses."""
    raise NoPriceError("its ingress class decides whether it gets a load balancer")


def claim(resource: Resource, context: Context) -> Iterable[LineItem | Unpriced]:
    """The storage class of a claim creates its volume. A claim with an empty class uses an existing volume."""
    if read(resource.inputs, "spec.storageClassName") == "":
        return ()
    raise NoPriceError("its storage class decides which volume it gets")


PRICERS: Mapping[str, Pricer] = {
    "kubernetes:helm.sh/v3:Release": release,
    "kubernetes:core/v1:Service": service,
    "kubernetes:core/v1:PersistentVolumeClaim": claim,
    "kubernetes:networking.k8s.io/v1:Ingress": ingress,
}
