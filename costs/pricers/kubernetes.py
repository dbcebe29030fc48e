"""Kubernetes objects that create resources in AWS. All other objects run on nodes that are already counted."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn

from costs.line import LineItem, Unpriced
from costs.pricers.ebs import volume_lines
from costs.pricers.load_balancers import balancer
from costs.pricing import Context, Pricer
from costs.resource import NoPriceError, Resource, read, read_number, read_text
from costs.usage import Amount

CLASSES = {"gp3": "gp3", "telemetry": "gp3"}
"""Storage class of the platform -> the type of its volumes."""


def release(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """A chart may create volumes and load balancers, but a preview does not show them.

    Those of kube-prometheus-stack are in its values.
    """
    if read(resource.inputs, "chart") != "kube-prometheus-stack":
        raise NoPriceError(
            "its pods run on counted nodes; volumes and load balancers of the chart are not visible here"
        )
    for what, path, storage in (
        ("Prometheus", "values.prometheus.prometheusSpec", "storageSpec"),
        ("Alertmanager", "values.alertmanager.alertmanagerSpec", "storage"),
    ):
        spec = f"{path}.{storage}.volumeClaimTemplate.spec"
        count = read_number(resource.inputs, f"{path}.replicas", 1)
        yield from _volumes(resource, context, spec, "resources.requests.storage", Amount(count, count), what)
    if read(resource.inputs, "values.grafana.persistence.enabled") is True:
        yield from _volumes(resource, context, "values.grafana.persistence", "size", Amount(1, 1), "Grafana")


def _volumes(
    resource: Resource, context: Context, spec: str, size: str, count: Amount, what: str
) -> Iterator[LineItem | Unpriced]:
    name = read_text(resource.inputs, f"{spec}.storageClassName", "")
    gib = read_text(resource.inputs, f"{spec}.{size}", "").removesuffix("Gi")
    if name not in CLASSES or not gib.isdecimal():
        raise NoPriceError(f"the volumes of {what} are of a class, or have a size, that is not known here")
    ebs = {"volumeType": CLASSES[name], "volumeSize": int(gib)}
    yield from volume_lines(resource, context, ebs, count, f"volumes of {what}")


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
