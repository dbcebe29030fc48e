"""Kubernetes objects that make something in AWS. All other objects run on nodes that are counted already."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, assumed, line
from costs.resource import NoPriceError, Resource, read, read_text


def release(resource: Resource, context: Context) -> NoReturn:
    """A chart may ask for volumes and load balancers, which only the cluster sees."""
    raise NoPriceError("its pods run on nodes that are counted; volumes and load balancers of the chart are not seen")


def service(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """A Service of type LoadBalancer becomes a network load balancer."""
    if read_text(resource.inputs, "spec.type", "ClusterIP") != "LoadBalancer":
        return
    units = context.usage.load_balancer_units
    said = assumed(units, "capacity units for each load balancer")
    yield line(resource, context, "network load balancer", "load_balancer.nlb_hour", "balancer", 1)
    yield line(resource, context, "load balancer capacity", "load_balancer.nlb_lcu_hour", "unit", units, said)


def ingress(resource: Resource, context: Context) -> NoReturn:
    """The load balancer controller may share one balancer between many ingresses."""
    raise NoPriceError("its ingress class decides whether a load balancer is made for it")


def claim(resource: Resource, context: Context) -> Iterable[LineItem | Unpriced]:
    """A claim becomes a volume of whatever its storage class says; one of no class is bound to a volume there is."""
    if read(resource.inputs, "spec.storageClassName") == "":
        return ()
    raise NoPriceError("its storage class decides what volume is made for it")


PRICERS: Mapping[str, Pricer] = {
    "kubernetes:helm.sh/v3:Release": release,
    "kubernetes:core/v1:Service": service,
    "kubernetes:core/v1:PersistentVolumeClaim": claim,
    "kubernetes:networking.k8s.io/v1:Ingress": ingress,
}
