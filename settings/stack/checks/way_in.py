"""Checks that the deployer reaches the API of each cluster, and that EKS takes each IAM principal."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network

from catalog.regions import REGIONS
from settings.cluster.cluster import ApiEndpointSettings
from settings.core.problems import Mistake, Path
from settings.network.network import NetworkSettings
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields every way into a cluster that leads nowhere, and every principal that AWS would refuse."""
    yield from _ranges_without_a_route(parts)
    yield from _unreachable(parts)
    yield from _foreign_partitions(parts)
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
    if parts.network is None or parts.deployer is None:
        return
    if parts.deployer.address is None:
        yield from _closed(parts)
        return
    address = IPv4Address(parts.deployer.address)
    for cluster, content in parts.clusters.items():
        if content.endpoint is not None and not reaches(address, content.endpoint, parts.network):
            yield (
                ("clusters", cluster, "endpoint"),
                (
                    f"does not admit {address}, which is deployer.from, so `pulumi up` would make the cluster and "
                    "then wait in vain for its API. Admit it: by public: true and public_cidrs, then the only way from "
                    "outside the VPC; or by public: false, private_cidrs and a route in "
                    "network.transit_gateway or network.peering. Or deploy from elsewhere, and change deployer.from."
                ),
            )


def _closed(parts: Parts) -> Iterator[Mistake]:
    """Yields the clusters that only their own nodes and pods reach, when nobody says that a run is one of these."""
    for cluster, content in parts.clusters.items():
        way = content.endpoint
        if (
            content.complete
            and way is not None
            and not (way.public or way.private_cidrs or way.private_security_group_ids)
        ):
            yield (
                ("clusters", cluster, "endpoint"),
                (
                    "admits only nodes and pods of the cluster, so neither `pulumi up` nor `pulumi destroy` reaches "
                    "its API. Admit the place that you deploy from: by public: true and public_cidrs, or by "
                    "private_cidrs and a route in network.transit_gateway or network.peering. Name the place in "
                    "deployer.from: it is then checked."
                ),
            )


def reaches(address: IPv4Address, endpoint: ApiEndpointSettings, network: NetworkSettings) -> bool:
    """Returns whether a host at this address reaches the API.

    A host in the VPC counts as a member of the cluster's security group, as nodes and pods are. Outside of the VPC the
    name of an API with a public endpoint stands for its public addresses, also in a connected network.
    A rule may name a group of a peer, but a transit gateway needs an option of its owner for that.
    Source: EKS user guide, "Cluster API server endpoint"; VPC user guide, "Security group referencing"; read 2026-11
    """
    if _inside(address, (network.cidr, network.pod_cidr)):
        return True
    if endpoint.public:
        return _inside(address, endpoint.public_cidrs)
    if _inside(address, endpoint.private_cidrs):
        return _inside(address, _connected(network))
    return bool(endpoint.private_security_group_ids) and any(
        _inside(address, peer.cidrs) for peer in network.peering.values()
    )


def _connected(network: NetworkSettings) -> list[str]:
    return [cidr for connection in network.connections.values() for cidr in connection.cidrs]


def _inside(address: IPv4Address, ranges: Sequence[str]) -> bool:
    return any(address in IPv4Network(cidr) for cidr in ranges)


def _foreign_partitions(parts: Parts) -> Iterator[Mistake]:
    if parts.region is None or parts.region not in REGIONS:
        return
    partition = REGIONS[parts.region].partition
    principals: dict[Path, str | None] = {
        ("clusters", cluster, "access", name, "principal_arn"): entry.principal_arn
        for cluster, content in parts.clusters.items()
        for name, entry in (content.access or {}).items()
    }
    if parts.deployer is not None:
        principals[("deployer", "role_arn")] = parts.deployer.role_arn
        principals[("deployer", "preview_role_arn")] = parts.deployer.preview_role_arn
        principals[("deployer", "permissions_boundary_arn")] = parts.deployer.permissions_boundary_arn
    for path, arn in principals.items():
        if arn and arn.split(":")[1] != partition:
            what = "policy" if path[-1] == "permissions_boundary_arn" else "role"
            yield (
                path,
                (
                    f"{arn!r} is not of {partition}, the partition of {parts.region}, and nothing of another one can "
                    f"be used there. Write arn:{partition}:..., with a {what} of such an account."
                ),
            )


def _principals(parts: Parts) -> Iterator[Mistake]:
    if parts.deployer is None:
        return
    boundary = parts.deployer.permissions_boundary_arn
    if boundary and parts.account_id not in (None, owner := boundary.split(":")[4]):
        yield (
            ("deployer", "permissions_boundary_arn"),
            (
                f"is a policy of account {owner}, but account_id is {parts.account_id}: IAM takes a boundary of the "
                "account of the roles alone. Name a policy of the stack's account."
            ),
        )
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
