"""Checks addresses of what is there already: with `isolation` pods reach them only where network policies name them.

An address leads to the namespace of a Service, to `ranges`, or to the internet. A Service in its short form would count
as the internet, which lets nobody into the cluster.
Source: Kubernetes 1.35, "DNS for Services and Pods"; read 2026-11.
"""

from collections.abc import Collection, Iterator
from functools import reduce
from ipaddress import AddressValueError, IPv4Address
from urllib.parse import urlsplit

from settings.core.problems import Mistake
from settings.core.services import namespace_of_host
from settings.stack.parts import Parts

OTLP = ("observability", "traces", "otlp", "address")
PLACES = (
    OTLP,
    ("observability", "logs", "loki", "address"),
    ("observability", "logs", "opensearch", "host"),
    ("secrets", "vault", "address"),
)
"""Settings with an address, which have `ranges` beside it."""
OTLP_GRPC = 4317
PUBLIC = (
    *("app", "aws", "biz", "cloud", "com", "dev", "edu", "gov", "info", "int", "mil", "net", "online", "org", "site"),
    *("tech", "xyz"),
)
"""Last labels of names on the internet, beside those of two letters. Names with another one need `ranges`."""


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields addresses that pods would not reach, whatever answers there."""
    namespaces = {namespace for _, namespace in parts.peoples_namespaces()}
    for path in PLACES:
        *above, name = path
        place = reduce(lambda each, key: getattr(each, key, None), above, parts)  # type: ignore[arg-type, return-value]
        address = getattr(place, name, None)
        if address is None:
            continue
        url = urlsplit(address if "//" in address else f"//{address}")
        is_open = parts.isolation is None or bool(getattr(place, "ranges", ()))
        if path == OTLP and url.port == OTLP_GRPC:
            yield path, f"has port {OTLP_GRPC}, which is for gRPC, and spans go by HTTP. Write the port for HTTP: 4318."
        elif what := _unreached(url.hostname or "", namespaces, is_open=is_open):
            yield path, what


def _unreached(host: str, namespaces: Collection[str], *, is_open: bool) -> str:
    service, *rest = host.rstrip(".").split(".")
    form = f"{service}.{rest[0] if len(rest) == 1 else '<namespace>'}.svc"
    if not rest:
        return f"{host} is no address for pods of other namespaces. For a Service write {form}, else the whole name."
    if is_open or namespace_of_host(host) is not None:
        return ""
    closed = f"{host} is not on the internet, so network policies would not open it."
    if service.startswith("vpc-") and rest[-2:] in (["amazonaws", "com"], ["on", "aws"]):
        return f"{closed} It is a domain of OpenSearch in a VPC: write its ranges too, those of its subnets."
    try:
        return "" if IPv4Address(host).is_global else f"{closed} Write its ranges too."
    except AddressValueError:
        if (len(rest[-1]) == 2 or rest[-1] in PUBLIC) and not (len(rest) == 1 and rest[0] in namespaces):
            return ""
    return (
        f"{closed} For a Service of the cluster write {form}; for what is in the VPC, or in a network that it is "
        "connected to, name its ranges."
    )
