"""Kubernetes objects that create resources in AWS. All other objects run on nodes that are already counted."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import NoPriceError, Resource, read, read_text


def release(resource: Resource, context: Context) -> NoReturn:
    """A chart may create volumes and load balancers, but a preview does not show them."""
    raise NoPriceError("its pods run on counted nodes; volumes and load balancers of the chart are not visible here")


def service(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """A Service of type LoadBalancer becomes a network load balancer."""
    if read_text(resource.inputs, "spec.type", "ClusterIP") != "LoadBalancer":
        return
    units = context.usage.load_balancer_units
    usage = assumed(units, "capacity units for each load balancer")
    yield line(resource, context, "network load balancer", "load_balancer.nlb_hour", "balancer", 1)
    yield line(resource, context, "load balancer capacity", "load_balancer.nlb_lcu_hour", "unit", units, usage)


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
