"""`ingress`: load balancers of AWS in front of the clusters' Services, by the Gateway API."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from itertools import combinations
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from catalog.limits import RULES_PER_SECURITY_GROUP
from catalog.load_balancers import (
    FIRST_NAME_LENGTH,
    HOST_PATTERN,
    NAMES_PER_CERTIFICATE,
    PATH_CHARACTERS,
    PREFIX_LENGTH,
    RULES_PER_LOAD_BALANCER,
    TLS_POLICIES,
    VALUE_LENGTH,
)
from settings.core.base import Settings
from settings.core.naming import DNS_SUBDOMAIN, namespace_is_a_dns_label
from settings.core.problems import listed, nearest_or_all, raise_if, repeated
from settings.core.services import NamespaceName, ServiceEntry

Door = Literal["internal", "public"]
HOSTED_ZONE = r"^Z[A-Z0-9]{1,31}$"
CERTIFICATE = re.compile(r"arn:aws(-[a-z]+)*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]{36}")
EVERYBODY = "0.0.0.0/0"
PATH = re.compile(f"[{PATH_CHARACTERS}]")
NAMESPACE = "ingress"
"""The namespace of the doors, in which nobody else makes objects."""


def is_a_host(name: str) -> str:
    """Returns the name unchanged. Raises ValueError when it is no DNS name of two labels or more."""
    bare = name.removeprefix("*.")
    if "." not in bare or not DNS_SUBDOMAIN.fullmatch(bare):
        raise ValueError(f"{name!r} is not a host name. Write for example chat.ml.example.com, in lower case.")
    if not re.fullmatch(HOST_PATTERN, name):
        raise ValueError(
            f"{name!r} ends in other than letters, which no rule of a load balancer takes. Change its end."
        )
    if len(name) > VALUE_LENGTH:
        raise ValueError(f"{name[:20]!r}... has {len(name)} characters, and a rule takes {VALUE_LENGTH}. Shorten it.")
    return name


def is_a_range(cidr: str) -> str:
    """Returns the range unchanged. Raises ValueError when it is no IPv4 range."""
    try:
        network = IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"{cidr!r} is not a range of IPv4 addresses: {error}. Write for example 10.0.0.0/8.") from None
    if str(network) != cidr:  # security groups take no other spelling
        raise ValueError(f"{cidr!r} does not say how many bits of it count. Write {network}.")
    return cidr


HostName = Annotated[str, AfterValidator(is_a_host)]
Range = Annotated[str, AfterValidator(is_a_range)]


def _path_mistakes(path: str) -> Iterator[str]:
    """Yields why a path cannot begin the paths of a route.

    One such path stops the whole Gateway, with the routes of all. Sources: Gateway API 1.6.1, HTTPPathMatch;
    aws-load-balancer-controller 3.5.0, pkg/gateway/routeutils/route_rule_condition.go; read 2026-11.
    """
    if not path.startswith("/"):
        yield f"{path!r} does not begin with a slash. Write /{path}."
    if wrong := sorted({each for each in path if not PATH.fullmatch(each)}):
        yield f"{path!r} has {listed(wrong)}. Write the beginning of the paths, such as /v1: all that follows counts."
    elif {"", ".", ".."} & set(path.removeprefix("/").removesuffix("/").split("/")) and path != "/":
        yield f"{path!r} has an empty part, or . or .., which no request has. Drop it."
    if len(path) > PREFIX_LENGTH:
        yield f"{path[:20]!r}... has {len(path)} characters, and a rule takes {PREFIX_LENGTH}. Shorten it."


def covers(name: str, host: str) -> bool:
    """Returns whether a name of a certificate, which may begin with `*.`, is valid for a host."""
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])


class CertificateSettings(Settings):
    """A certificate of AWS Certificate Manager: an existing one, or one that ACM issues for names of a zone."""

    arn: str | None = Field(
        default=None, description="ARN of an existing certificate in this region, also of a private authority."
    )
    names: tuple[HostName, ...] = Field(
        default=(),
        description="Names of a new certificate; the first may begin with `*.`. ACM renews it while its records stay.",
        examples=[["*.ml.example.com"]],
    )
    zone_id: str | None = Field(
        default=None,
        pattern=HOSTED_ZONE,
        description="Public hosted zone of Route 53 that the names are in; the records that prove it go there.",
        examples=["Z0123456789ABCDEFGHIJ"],
    )

    @field_validator("arn")
    @classmethod
    def arn_is_of_acm(cls, arn: str | None) -> str | None:
        if arn is not None and not CERTIFICATE.fullmatch(arn):
            raise ValueError(
                f"{arn!r} is not a certificate of ACM: load balancers take no other. Write "
                "arn:aws:acm:REGION:ACCOUNT:certificate/ID."
            )
        return arn

    @model_validator(mode="after")
    def it_exists_or_is_issued(self) -> "CertificateSettings":
        if self.arn is not None and (self.names or self.zone_id):
            raise ValueError("has arn, and names or zone_id for a new one. Keep arn, or keep the two others.")
        if self.arn is None and not (self.names and self.zone_id):
            raise ValueError("names no certificate. Write arn, or names and the zone_id that they are in.")
        if twice := repeated(self.names):
            raise ValueError(f"has {listed(twice)} twice in names. Name each once.")
        if len(self.names) > NAMES_PER_CERTIFICATE:
            raise ValueError(
                f"has {len(self.names)} names, and ACM puts {NAMES_PER_CERTIFICATE} in one certificate. Join them "
                "under a `*.`."
            )
        if self.names and len(self.names[0]) > FIRST_NAME_LENGTH:
            raise ValueError(
                f"begins with a name of {len(self.names[0])} characters, and ACM takes {FIRST_NAME_LENGTH} in the "
                "first. Begin with a shorter one."
            )
        return self


class DoorSettings(Settings):
    """A shared Gateway with its load balancer."""

    namespaces: tuple[NamespaceName, ...] = Field(
        default=(),
        description="Namespaces whose own HTTPRoutes and GRPCRoutes may use it, besides those under `ingress.routes`.",
        examples=[["inference"]],
    )
    idle_timeout_seconds: int = Field(
        default=600,
        ge=1,
        le=4000,
        description="Seconds without a byte after which a connection is cut. A model may think long before it speaks.",
    )
    tls_policy: str = Field(
        default="ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
        description="Security policy of Elastic Load Balancing: which versions of TLS and ciphers clients may use.",
    )

    deletion_protection: bool | None = Field(
        default=None,
        description=(
            "Whether its load balancer cannot be deleted. When not given: as `deletion_protection` of the stack. Turn "
            "it off, and run `up`, before a door is dropped."
        ),
    )

    @field_validator("tls_policy")
    @classmethod
    def tls_is_new(cls, policy: str) -> str:
        if policy not in TLS_POLICIES:
            raise ValueError(
                f"{policy} takes versions of TLS before 1.2 or has no TLS 1.3, or Elastic Load Balancing has no such "
                f"policy.{nearest_or_all(policy, TLS_POLICIES)}"
            )
        return policy

    @field_validator("namespaces")
    @classmethod
    def namespaces_are_named_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if twice := repeated(names):
            raise ValueError(f"{listed(twice)} is named twice. Name each once.")
        return names


class InternalDoorSettings(DoorSettings):
    """The Gateway for clients in the VPC and the networks that it is connected to."""

    certificate: CertificateSettings | None = Field(
        default=None,
        description=(
            "Certificate of its listener. Without one it speaks HTTP, which production refuses. A name of a public "
            "zone may point at a private address; or give the ARN of a certificate of AWS Private CA."
        ),
        examples=[{"arn": "arn:aws:acm:us-west-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"}],
    )
    source_ranges: tuple[Range, ...] = Field(
        default=(),
        description="Clients that may connect. When not given: the VPC and the networks that it is connected to.",
    )
    access_logs: bool = Field(default=False, description="Whether each request is logged in a bucket.")


class WafSettings(Settings):
    """The web ACL of the public door: AWS's managed rules, and a limit of requests."""

    requests_per_five_minutes: int = Field(
        default=2000, ge=10, le=2_000_000_000, description="Requests of one address in five minutes; more are refused."
    )
    judge_bodies: bool = Field(
        default=False,
        description=(
            "Whether AWS's common rules on bodies refuse: over 8 KB, with scripts, paths of files or addresses of "
            "metadata. Prompts have all of these, so they are only counted by default."
        ),
    )


class PublicDoorSettings(DoorSettings):
    """The Gateway for clients in the internet, with a certificate, a web ACL and access logs."""

    certificate: CertificateSettings = Field(
        description="Certificate of its listener.",
        examples=[{"names": ["*.ml.example.com"], "zone_id": "Z0123456789ABCDEFGHIJ"}],
    )
    source_ranges: tuple[Range, ...] = Field(
        default=(EVERYBODY,), min_length=1, description="Clients that may connect. When not given: everybody."
    )
    waf: WafSettings = Field(default=WafSettings(), description="Rules that stand before it.")


class RouteSettings(ServiceEntry):
    """A host name and paths of a door that lead to a Service."""

    door: Door = Field(default="internal", description="The door that it is behind.")
    cluster: str | None = Field(
        default=None, description="The only cluster that has it. When not given: all with doors."
    )
    host: HostName = Field(description="Host name of the requests.", examples=["chat.ml.example.com"])
    paths: tuple[str, ...] = Field(default=("/",), min_length=1, description="Beginnings of the paths that it takes.")
    protocol: Literal["http", "http2", "grpc"] = Field(
        default="http", description="What the pods speak. grpc needs a door with a certificate."
    )
    health_path: str = Field(
        default="/",
        pattern=r"^/",
        description=(
            "Path at which the load balancer asks whether a pod is well. In a mesh not that of the pod's own probe, "
            "which every policy lets pass: a pod that refuses all requests would be healthy."
        ),
    )

    @field_validator("paths")
    @classmethod
    def paths_begin_with_a_slash(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        raise_if(mistake for path in paths for mistake in _path_mistakes(path))
        if twice := repeated(paths):
            raise ValueError(f"{listed(twice)} is named twice. Name each once.")
        return paths

    @model_validator(mode="after")
    def grpc_has_no_paths(self) -> "RouteSettings":
        if self.protocol == "grpc" and self.paths != ("/",):
            raise ValueError("has paths, and a route of grpc takes all methods of its host. Drop paths.")
        return self

    def meets(self, cluster: str | None) -> bool:
        """Returns whether it is in a cluster where a route of this `cluster` is, too."""
        return None in (self.cluster, cluster) or self.cluster == cluster

    @property
    def checks(self) -> tuple[str, str]:
        """What the load balancer speaks to the pods, and asks them: one answer for each Service."""
        return self.protocol, self.health_path


class DnsSettings(Settings):
    """Records for the hosts of Gateways, Ingresses and Services, by external-dns."""

    zones: Mapping[Annotated[str, Field(pattern=HOSTED_ZONE)], HostName] = Field(
        min_length=1,
        description="Hosted zones of Route 53 -> their domain. It may change records there, and nowhere else.",
        examples=[{"Z0123456789ABCDEFGHIJ": "ml.example.com"}],
    )
    owners: Mapping[str, str] = Field(
        default_factory=dict,
        description=(
            "Clusters whose records have an owner of another name than the cluster's, for example of an earlier "
            "installation. Who has the same owner deletes the other's records."
        ),
        examples=[{"main": "earlier-owner"}],
    )


class IngressSettings(Settings):
    """The doors of the clusters: an internal Gateway, and a public one where it is asked for."""

    clusters: tuple[str, ...] = Field(default=(), description="Clusters that have it. Empty: every cluster.")
    internal: InternalDoorSettings = Field(
        default=InternalDoorSettings(), description="The door for the company's own networks; there is always one."
    )
    public: PublicDoorSettings | None = Field(
        default=None, description="The door for the internet. Without it nothing of the clusters is there."
    )
    routes: Mapping[Annotated[str, AfterValidator(namespace_is_a_dns_label)], RouteSettings] = Field(
        default_factory=dict, description="Services that are exposed, by a name of your choice."
    )
    access_log_days: int = Field(default=90, ge=1, le=3653, description="Days until logged requests are deleted.")
    dns: DnsSettings | None = Field(default=None, description="Records of the hosts. Without it, people make them.")

    def of_cluster(self, cluster: str) -> "IngressSettings | None":
        """Returns the doors of one cluster with its routes; None where it has none."""
        if self.clusters and cluster not in self.clusters:
            return None
        routes = {name: route for name, route in self.routes.items() if route.cluster in (None, cluster)}
        return self.model_copy(update={"routes": routes})

    def exposed(self) -> frozenset[str]:
        """Returns the namespaces whose pods may be behind a load balancer."""
        doors = [self.internal, *([self.public] if self.public else [])]
        return frozenset(
            {route.namespace for route in self.routes.values()} | {name for door in doors for name in door.namespaces}
        )

    def namespaces_of(self, door: Door) -> list[str]:
        """Returns the namespaces whose own routes a door takes, in alphabetical order."""
        settings = self.internal if door == "internal" else self.public
        return sorted(settings.namespaces if settings else ())

    @field_validator("routes")
    @classmethod
    def routes_differ(cls, routes: Mapping[str, RouteSettings], info: ValidationInfo) -> Mapping[str, RouteSettings]:
        mistakes = [
            f"{name} is behind the public door, and there is none. Write public, or drop door."
            for name, route in routes.items()
            if route.door == "public" and "public" in info.data and info.data["public"] is None
        ]
        for (first, one), (name, other) in combinations(routes.items(), 2):
            if not one.meets(other.cluster):
                continue
            if (one.door, one.host) == (other.door, other.host):
                mistakes += [
                    f"{name} and {first} both take {other.host}{path}. Give one of them another host or path."
                    for path in other.paths
                    if path in one.paths
                ]
            if (one.namespace, one.service) == (other.namespace, other.service) and one.checks != other.checks:
                mistakes.append(
                    f"{name} and {first} lead to one Service, {other.namespace}/{other.service}, which has one "
                    "protocol and one health_path. Give both the same."
                )
        raise_if(mistakes)
        return routes

    @model_validator(mode="after")
    def hosts_have_a_certificate(self) -> "IngressSettings":
        mistakes = []
        doors: dict[str, InternalDoorSettings | PublicDoorSettings] = {"internal": self.internal}
        doors |= {"public": self.public} if self.public else {}
        for key, each in doors.items():
            listeners = 1 if each.certificate is None else 2
            if len(each.source_ranges) * listeners > RULES_PER_SECURITY_GROUP:
                mistakes.append(
                    f"{key}.source_ranges has {len(each.source_ranges)} ranges, and the security group of a load "
                    f"balancer takes {RULES_PER_SECURITY_GROUP // listeners} for {listeners} ports. Join ranges."
                )
            behind = [route for route in self.routes.values() if route.door == key]
            of_clusters = [[one for one in behind if one.meets(each.cluster)] for each in behind if each.cluster] or [
                behind
            ]
            redirects = listeners - 1
            rules = redirects + max(sum(len(route.paths) for route in routes) for routes in of_clusters)
            if rules > RULES_PER_LOAD_BALANCER:
                mistakes.append(
                    f"routes make {rules} rules behind {key}, one for each path, and a load balancer takes "
                    f"{RULES_PER_LOAD_BALANCER}. Join paths by what they begin with."
                )
        for name, route in self.routes.items():
            door = self.internal if route.door == "internal" else self.public
            certificate = door.certificate if door else None
            if route.protocol == "grpc" and door is not None and certificate is None:
                mistakes.append(
                    f"routes.{name} speaks grpc, which a load balancer takes over HTTPS alone. Give {route.door} a "
                    "certificate."
                )
            if certificate and certificate.names and not any(covers(each, route.host) for each in certificate.names):
                mistakes.append(
                    f"routes.{name} has the host {route.host}, and the certificate of {route.door} is for "
                    f"{listed(certificate.names)}: clients would refuse it. Add the host to its names."
                )
        raise_if(mistakes)
        return self
