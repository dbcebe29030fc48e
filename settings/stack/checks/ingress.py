"""Checks the doors against the clusters, the network, the namespaces and the account."""

from collections.abc import Iterator, Mapping

from catalog.limits import RULES_PER_SECURITY_GROUP
from common.spelling import did_you_mean
from settings.cluster.addon_rules import AddOnRules, installed
from settings.core.naming import KUBERNETES_NAMESPACES
from settings.core.problems import Mistake, Path, listed, nearest_or_all
from settings.ingress.ingress import NAMESPACE, CertificateSettings, DnsSettings, IngressSettings
from settings.stack.parts import Parts


def mistakes(parts: Parts, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    """Yields every mistake about the doors."""
    ingress = parts.ingress
    if ingress is None:
        return
    for index, cluster in enumerate(ingress.clusters):
        if cluster not in parts.clusters:
            yield (
                ("ingress", "clusters", index),
                f"there is no cluster {cluster}.{nearest_or_all(cluster, parts.clusters)}",
            )
    for name, route in ingress.routes.items():
        if route.cluster is not None and (route.cluster not in parts.clusters or not _has_doors(parts, route.cluster)):
            with_doors = [key for key in parts.clusters if _has_doors(parts, key)]
            yield (
                ("ingress", "routes", name, "cluster"),
                f"{route.cluster} is no cluster with doors.{nearest_or_all(route.cluster, with_doors)}",
            )
    yield from _namespaces(parts, ingress, add_ons)
    yield from _networks(parts, ingress)
    yield from _certificates(parts, ingress)
    if ingress.dns is not None:
        yield from _owners(parts, ingress.dns)
        yield from _hosts(ingress, ingress.dns)
        yield from _hosts_twice(parts, ingress)
    if parts.network is not None and parts.network.nat == "none":
        for key, service in (("dns", "Route 53"), ("public", "AWS WAF")):
            if getattr(ingress, key) is not None:
                yield (
                    ("ingress", key),
                    (
                        f"needs {service}, which no endpoint of the catalog leads to, and nat is none. Write nat: "
                        "single, or drop it."
                    ),
                )


def _namespaces(parts: Parts, ingress: IngressSettings, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    people = parts.peoples_namespaces()
    if any(namespace == NAMESPACE for _, namespace in people):
        yield (
            ("ingress",),
            (
                f"makes the namespace {NAMESPACE} for the doors, and a team or storage has it too: who may write in "
                "it could open a door. Rename theirs."
            ),
        )
    for path, namespace, only in _named(ingress):
        if namespace in (*KUBERNETES_NAMESPACES, NAMESPACE):
            owner = "the doors" if namespace == NAMESPACE else "Kubernetes"
            yield path, f"{namespace} belongs to {owner}, and nobody exposes a Service of it. Name another one."
            continue
        if not parts.knows_namespaces:
            continue
        missing: list[tuple[str, set[str]]] = []
        served = {key: each for key, each in parts.clusters.items() if each.ingress is not None and only in (None, key)}
        for cluster, content in served.items():
            if content.addons is None:
                continue
            made = {name for of, name in people if of in (cluster, None)}
            known = made | {name for rules in installed(add_ons, content).values() for name in rules.namespaces}
            if namespace not in known:
                missing.append((cluster, made))
        # What a route leads to is in each of its clusters; routes of a namespace's own come where it is.
        if missing and (path[1] == "routes" or len(missing) == len(served)):
            cluster, made = missing[0]
            yield (
                path,
                (
                    f"nothing in this file makes the namespace {namespace} in {cluster}, so no route could lead to it."
                    f"{did_you_mean(namespace, made)} Add it to the namespaces of a team"
                    + (", name the cluster of the route" if len(served) > 1 and path[1] == "routes" else "")
                    + ", or drop it here."
                ),
            )


def _named(ingress: IngressSettings) -> Iterator[tuple[Path, str, str | None]]:
    for name, route in ingress.routes.items():
        yield ("ingress", "routes", name, "namespace"), route.namespace, route.cluster
    for key, door in (("internal", ingress.internal), ("public", ingress.public)):
        for index, namespace in enumerate(door.namespaces if door else ()):
            yield ("ingress", key, "namespaces", index), namespace, None


def _certificates(parts: Parts, ingress: IngressSettings) -> Iterator[Mistake]:
    if parts.environment == "prod" and ingress.internal.certificate is None:
        yield (
            ("ingress", "internal", "certificate"),
            (
                "is missing, so passwords and prompts would pass the networks of the company in the clear. Write "
                "names and zone_id, since names of a public zone may point at private addresses, or the arn of a "
                "certificate of AWS Private CA."
            ),
        )
    for key, door in (("internal", ingress.internal), ("public", ingress.public)):
        certificate = door.certificate if door else None
        if certificate is None:
            continue
        path: Path = ("ingress", key, "certificate")
        if certificate.arn is not None:
            yield from _foreign(parts, certificate.arn, path)
        elif ingress.dns is not None:
            yield from _outside_of_zone(certificate, ingress.dns, path)


def _foreign(parts: Parts, arn: str, path: Path) -> Iterator[Mistake]:
    _, _, _, region, account, _ = arn.split(":", 5)
    for word, given, ours in (("region", region, parts.region), ("account", account, parts.account_id)):
        if ours is not None and given != ours:
            yield (
                (*path, "arn"),
                (
                    f"the certificate is of {word} {given}, and load balancers take those of their own, {ours}. Import "
                    "or issue it there."
                ),
            )


def _outside_of_zone(certificate: CertificateSettings, dns: DnsSettings, path: Path) -> Iterator[Mistake]:
    domain = dns.zones.get(certificate.zone_id or "")
    for index, name in enumerate(certificate.names if domain else ()):
        if not f".{name.removeprefix('*.')}".endswith(f".{domain}"):
            yield (
                (*path, "names", index),
                (
                    f"{name} is not in {domain}, the domain of {certificate.zone_id}: ACM would wait in vain for its "
                    "record there. Name the zone that it is in."
                ),
            )


def _networks(parts: Parts, ingress: IngressSettings) -> Iterator[Mistake]:
    """Yields that the internal door would have more networks than its security group has rules for."""
    if ingress.internal.source_ranges or parts.network is None:
        return
    connected = {cidr for connection in parts.network.connections.values() for cidr in connection.cidrs}
    networks, listeners = 2 + len(connected), 1 if ingress.internal.certificate is None else 2
    if networks * listeners > RULES_PER_SECURITY_GROUP:
        yield (
            ("ingress", "internal", "source_ranges"),
            (
                f"is not given, so {networks} networks may connect: the VPC, its pods and what it is connected to. The "
                f"security group of a load balancer takes {RULES_PER_SECURITY_GROUP // listeners} for {listeners} "
                "ports. Write the ranges of the clients, joined."
            ),
        )


def _has_doors(parts: Parts, cluster: str) -> bool:
    return parts.clusters[cluster].ingress is not None


def _hosts_twice(parts: Parts, ingress: IngressSettings) -> Iterator[Mistake]:
    """Yields hosts at two load balancers: a name has the records of one of them."""
    first: dict[str, tuple[str, str, str]] = {}
    for cluster in (key for key in parts.clusters if _has_doors(parts, key)):
        for name, route in ingress.routes.items():
            if route.cluster not in (None, cluster):
                continue
            other, door, where = first.setdefault(route.host, (name, route.door, cluster))
            if (door, where) != (route.door, cluster):
                place = f"the door {door} of {where}" + ("" if other == name else f", as {other} says")
                yield (
                    ("ingress", "routes", name, "host"),
                    (
                        f"{route.host} is also at {place}, and a name has the records of one load balancer. Take "
                        "another host, or name the cluster of the route."
                    ),
                )
                break


def _hosts(ingress: IngressSettings, dns: DnsSettings) -> Iterator[Mistake]:
    for name, route in ingress.routes.items():
        if not any(f".{route.host}".endswith(f".{domain}") for domain in dns.zones.values()):
            yield (
                ("ingress", "routes", name, "host"),
                (
                    f"{route.host} is in none of {listed(dns.zones.values())}, so nobody would make its record. Add "
                    "its zone to ingress.dns.zones, or take another host."
                ),
            )


def _owners(parts: Parts, dns: DnsSettings) -> Iterator[Mistake]:
    with_doors = [key for key, content in parts.clusters.items() if content.ingress is not None]
    owners: dict[str, list[str]] = {}
    for cluster in with_doors:
        owners.setdefault(dns.owners.get(cluster) or parts.cluster_name(cluster) or cluster, []).append(cluster)
    for owner, clusters in owners.items():
        if len(clusters) > 1:
            yield (
                ("ingress", "dns", "owners"),
                (
                    f"{listed(clusters)} would both be the owner {owner}, and delete each other's records. Give each "
                    "another name."
                ),
            )
    for cluster in dns.owners:
        if cluster not in with_doors:
            yield (
                ("ingress", "dns", "owners", cluster),
                f"there is no cluster {cluster} with doors.{nearest_or_all(cluster, with_doors)}",
            )
