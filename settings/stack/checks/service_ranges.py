"""Checks that no address of a Kubernetes service belongs to the VPC or to a network that is connected to it."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from catalog.limits import EKS_SERVICE_CIDRS
from settings.core.problems import Mistake
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields every range that the services of a cluster share with another network.

    Nodes and pods send such an address to a service, so hosts there cannot be reached from them, nor get answers.
    Source: EKS API reference, KubernetesNetworkConfigRequest; read 2026-11
    """
    if parts.network is None:
        return
    network = parts.network
    ranges = {"network.cidr": [network.cidr], "network.pod_cidr": [network.pod_cidr]}
    ranges |= {f"{path}.cidrs": list(connection.cidrs) for path, connection in network.connections.items()}
    for cluster, content in parts.clusters.items():
        services = IPv4Network(content.service_cidr or default_service_cidr(network.cidr))
        origin = "is" if content.service_cidr else "is not given, so EKS takes"
        for path, cidrs in ranges.items():
            for cidr in cidrs:
                if services.overlaps(IPv4Network(cidr)):
                    yield (
                        ("clusters", cluster, "service_cidr"),
                        (
                            f"{origin} {services}, which overlaps with {cidr} of {path}: nodes and pods could not "
                            "reach these hosts. Before the cluster is made, give it a range of its own; a live cluster "
                            "would be replaced for that, so name narrower ranges there."
                        ),
                    )


def default_service_cidr(vpc_cidr: str) -> str:
    """Returns the range that EKS takes for services when none is given."""
    return EKS_SERVICE_CIDRS[1 if IPv4Network(vpc_cidr).subnet_of(IPv4Network("10.0.0.0/8")) else 0]
