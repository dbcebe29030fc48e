"""Kubernetes objects that create resources in AWS. All other objects run on nodes that are already counted."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, NoReturn

from costs.line import LineItem, Unpriced
from costs.pricers.ebs import volume_lines
from costs.pricers.load_balancers import balancer, named
from costs.pricing import Context, Pricer
from costs.resource import NoPriceError, Resource, quantity, read, read_number, read_text, text_if_known
from costs.usage import Amount

STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
GIB = 1024**3


def release(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Volumes by the claims that its values ask for. What a chart makes by itself, a preview does not show."""
    claims = [*_claims(resource.inputs.get("values"))]
    for each in claims:
        yield from _volumes(resource, context, each)
    also = "other volumes" if claims else "volumes"
    raise NoPriceError(f"its pods run on counted nodes; {also} and load balancers of the chart are not visible here")


class Claim(NamedTuple):
    """Claims of one part of a chart, of one size. path: in its values. storage_class: None for the default one."""

    path: str
    size: Any
    count: Any
    storage_class: Any


def _claims(values: Any, path: tuple[str, ...] = ()) -> Iterator[Claim]:
    """Yields what values ask for: `persistence` with a size, and templates of claims, with the replicas beside them."""
    for key, value in values.items() if isinstance(values, Mapping) else ():
        here = (*path, str(key))
        if not isinstance(value, Mapping):
            continue
        if key == "persistence" and value.get("enabled") is True and value.get("size") is not None:
            named = next((value[each] for each in ("storageClassName", "storageClass") if value.get(each)), None)
            yield Claim(".".join(here[:-1]), value["size"], values.get("replicas", 1), named)
        elif isinstance(template := value.get("volumeClaimTemplate"), Mapping):
            size, named = (_at(template, way) for way in (_SIZE, ("spec", "storageClassName")))
            yield Claim(".".join(here[:-1]), size, values.get("replicas", 1), named)
        else:
            yield from _claims(value, here)


_SIZE = ("spec", "resources", "requests", "storage")


def _at(value: Any, way: tuple[str, ...]) -> Any:
    for step in way:
        value = value.get(step) if isinstance(value, Mapping) else value
    return value


def _volumes(resource: Resource, context: Context, claim: Claim) -> Iterator[LineItem | Unpriced]:
    """Yields the volumes of claims, by what their storage class makes."""
    what = f"volumes of {claim.path}" if claim.path else "volumes"
    storage_class = named(resource, context, STORAGE_CLASS, str(claim.storage_class))
    provisioner = text_if_known(storage_class.inputs, "provisioner") if storage_class else ""
    if storage_class is None or provisioner != "ebs.csi.aws.com":
        yield Unpriced(resource.urn, resource.type, f"{what}: their storage class decides which volumes they get")
        return
    ebs = {
        "volumeSize": quantity(claim.size, f"size of {claim.path}") / GIB,
        "volumeType": read_text(storage_class.inputs, "parameters.type", "gp3"),
        "iops": read(storage_class.inputs, "parameters.iops"),
        "throughput": read(storage_class.inputs, "parameters.throughput"),
    }
    count = read_number({"replicas": claim.count}, "replicas", 1)
    yield from volume_lines(resource, context, ebs, Amount(count, count), what)


def service(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """A Service of type LoadBalancer becomes a network load balancer."""
    if read_text(resource.inputs, "spec.type", "ClusterIP") != "LoadBalancer":
        return
    yield from balancer(resource, context, "network", "nlb")


def ingress(resource: Resource, context: Context) -> NoReturn:
    """The load balancer controller may use one load balancer for many ingresses."""
    raise NoPriceError("its ingress class decides whether it gets a load balancer")


def claim(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """The storage class of a claim creates its volume. A claim with an empty class uses an existing volume."""
    storage_class = read(resource.inputs, "spec.storageClassName")
    if storage_class != "":
        size = read(resource.inputs, "spec.resources.requests.storage")
        yield from _volumes(resource, context, Claim("", size, 1, storage_class))


PRICERS: Mapping[str, Pricer] = {
    "kubernetes:helm.sh/v3:Release": release,
    "kubernetes:core/v1:Service": service,
    "kubernetes:core/v1:PersistentVolumeClaim": claim,
    "kubernetes:networking.k8s.io/v1:Ingress": ingress,
}
