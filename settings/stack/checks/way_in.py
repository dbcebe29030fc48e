"""Checks that the deployer reaches the API of each cluster, and that no IAM principal has two access entries."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network

from settings.cluster.cluster import ApiEndpointSettings
from settings.core.problems import Mistake
from settings.network.network import NetworkSettings
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields every way into a cluster that leads nowhere, and every principal that AWS would refuse."""
    yield from _ranges_without_a_route(parts)
    yield from _unreachable(parts)
    yield from _principals(parts)


def _ranges_without_a_route(parts: Parts) -> Iterator[Mistake]:
    if parts.network is None:
        return
    routed = (parts.network.cidr, parts.network.pod_cidr, *_connected(parts.network))
    for cluster, content in parts.clusters.items():
        for cidr in content.endpoint.private_cidrs if content.endpoint else ():
            if not any(IPv4Network(cidr).subnet_of(IPv4Network(known)) for known in routed):
                yield (
                    ("clusters", cluster, "endpoint", "private_cidrs"),
                    (
                        f"{cidr} has no route from the VPC, so the API's answers would not arrive there. Add it to "
                        "network.transit_gateway.cidrs or to a connection of network.peering, or drop it."
                    ),
                )


def _unreachable(parts: Parts) -> Iterator[Mistake]:
    if parts.network is None or parts.deployer is None or parts.deployer.address is None:
        return
    address = IPv4Address(parts.deployer.address)
    for cluster, content in parts.clusters.items():
        if content.endpoint is not None and not reaches(address, content.endpoint, parts.network):
            yield (
                ("clusters", cluster, "endpoint"),
                (
                    f"does not admit {address}, which is deployer.from, so `pulumi up` would make the cluster and "
                    "then wait in vain for its API. Admit it: by public: true and public_cidrs, or by private_cidrs "
                    "and a route in network.transit_gateway or network.peering. Or deploy from elsewhere, and change "
                    "deployer.from."
                ),
            )


def reaches(address: IPv4Address, endpoint: ApiEndpointSettings, network: NetworkSettings) -> bool:
    """Returns whether a host at this address reaches the API.

    A host in the VPC counts as a member of the cluster's security group, as nodes and pods are.
    """
    if endpoint.public and _inside(address, endpoint.public_cidrs):
        return True
    if _inside(address, (network.cidr, network.pod_cidr)):
        return True
    admitted = _inside(address, endpoint.private_cidrs) or bool(endpoint.private_security_group_ids)
    return admitted and _inside(address, _connected(network))


def _connected(network: NetworkSettings) -> list[str]:
    return [cidr for connection in network.connections.values() for cidr in connection.cidrs]


def _inside(address: IPv4Address, ranges: Sequence[str]) -> bool:
    return any(address in IPv4Network(cidr) for cidr in ranges)


def _principals(parts: Parts) -> Iterator[Mistake]:
    if parts.deployer is None:
        return
    roles = {"role_arn": parts.deployer.role_arn, "preview_role_arn": parts.deployer.preview_role_arn}
    for key, role in roles.items():
        account = role.split(":")[4] if role else None
        if parts.account_id is not None and account not in (None, parts.account_id):
            yield (
                ("deployer", key),
                (
                    f"is a role of account {account}, but account_id is {parts.account_id}: the run would build in the "
                    "account of the role. Name a role of the stack's account."
                ),
            )
        for cluster, content in parts.clusters.items():
            for name, entry in (content.access or {}).items():
                if entry.principal_arn == role:
                    yield (
                        ("clusters", cluster, "access", name, "principal_arn"),
                        (
                            f"is deployer.{key}, which has an access entry already, and EKS answers a second entry of "
                            "a principal with 409. Drop this one."
                        ),
                    )
