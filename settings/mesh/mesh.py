"""`mesh`: Linkerd, with mutual TLS between the pods of the meshed namespaces."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from settings.core.base import Settings
from settings.core.naming import KUBERNETES_NAMESPACES, namespace_is_a_dns_label, rename
from settings.core.problems import listed, nearest_or_all, raise_if, repeated
from settings.core.services import NamespaceName, ServiceEntry

MAX_ANCHORS = 2
ANCHOR = re.compile(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?")
MAX_PORT = 65_535
ServiceAccount = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
Inbound = Literal["audit", "all-authenticated", "deny"]


def anchor_can_name_a_secret(name: str) -> str:
    """Returns the name unchanged. Raises ValueError when no Secret can have it after `linkerd-trust-anchor-`."""
    if not ANCHOR.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a name of an anchor: use up to 30 lower-case letters, digits and '-', and begin and end "
            f"with a letter or digit. {rename(name, 30)}"
        )
    return name


Anchor = Annotated[str, AfterValidator(anchor_can_name_a_secret)]


class CallerSettings(Settings):
    """A service account whose pods may call a Service."""

    namespace: NamespaceName = Field(description="Namespace of the caller.", examples=["agents"])
    service_account: ServiceAccount = Field(description="Its service account.", examples=["llm-gateway"])


class MeshedServiceSettings(ServiceEntry):
    """Who may call a Service of a meshed namespace, and how long a call may take."""

    callers: tuple[CallerSettings, ...] = Field(
        default=(), description="Who may call it. The load balancers of `ingress.routes` may call theirs besides."
    )
    inbound: Literal["audit", "deny"] | None = Field(
        default=None,
        description=(
            "What happens to others: `audit` lets them pass and logs it, `deny` refuses them. When not given: audit "
            "while `mesh.inbound` is audit, otherwise deny. Begin with audit, and look at the logs for a release."
        ),
    )
    protocol: Literal["http", "http2", "grpc", "opaque"] = Field(default="http", description="What the pods speak.")
    timeout_seconds: int | None = Field(
        default=None,
        ge=1,
        le=86_400,
        description="Seconds for a whole request of a meshed client. A stream of tokens is one request.",
    )
    retries: int = Field(
        default=0,
        ge=0,
        le=10,
        description=(
            "How often a request that fails is sent again: with 5xx, or with `internal` or `unavailable` of gRPC. 0 "
            "where half an answer may be out already."
        ),
    )

    @model_validator(mode="after")
    def only_requests_end_and_are_repeated(self) -> "MeshedServiceSettings":
        if self.protocol == "opaque" and (self.timeout_seconds or self.retries):
            raise ValueError(
                "is opaque, and a proxy sees no requests in it. Drop timeout_seconds and retries, or name its protocol."
            )
        return self


class TracingSettings(Settings):
    """Where proxies send their spans."""

    collector: str = Field(
        pattern=r"^[a-z0-9.-]+:[0-9]{1,5}$",
        description="Host and port of a collector that takes OTLP by gRPC.",
        examples=["collector.observability:4317"],
    )
    namespace: NamespaceName = Field(description="Namespace of the collector's service account.")
    service_account: ServiceAccount = Field(
        description="The collector's service account: proxies talk to no other identity."
    )

    @field_validator("collector")
    @classmethod
    def port_exists(cls, collector: str) -> str:
        if not 1 <= int(collector.rpartition(":")[2]) <= MAX_PORT:
            raise ValueError(f"{collector!r} has no port from 1 to {MAX_PORT}, so no meshed pod would start. Mend it.")
        return collector

    @property
    def port(self) -> int:
        """The collector's port."""
        return int(self.collector.rpartition(":")[2])


# Not by the headless Service: proxies ask DNS for SRV records first, and would call all of its ports.
TO_AGENTS = TracingSettings(
    collector="agent-collector.opentelemetry.svc.cluster.local.:4319",
    namespace="opentelemetry",
    service_account="agent-collector",
)
"""The agents of `observability.traces`.

Source: linkerd2-proxy release/v2.366.0, linkerd/dns/src/lib.rs (resolve_addrs); read 2026-11.
"""


class MeshSettings(Settings):
    """Linkerd in the stack's clusters. Pods of the meshed namespaces prove who they are, and encrypt what they send."""

    clusters: tuple[str, ...] = Field(default=(), description="Clusters that have it. Empty: every cluster.")
    namespaces: tuple[NamespaceName, ...] = Field(
        default=(),
        description=(
            "Namespaces whose pods get the proxy when they start. Every other namespace that the platform makes is "
            "kept from the injector, so that nothing waits for it there."
        ),
        examples=[["inference"]],
    )
    inbound: Inbound = Field(
        default="audit",
        description=(
            "What a pod takes when no policy speaks of it: `audit` takes all and logs what a policy would refuse, "
            "`all-authenticated` takes meshed pods, `deny` takes nothing. Begin with audit."
        ),
    )
    high_availability: bool | None = Field(
        default=None,
        description=(
            "Whether the control plane runs three times, each on a node of its own. When not given: where the pools "
            "for add-ons keep three nodes."
        ),
    )
    anchors: tuple[Anchor, ...] = Field(
        default=("first",),
        min_length=1,
        description=(
            "Names of the trust anchors, whose keys cert-manager makes and keeps in the cluster. All pods trust all of "
            "them. A second one is there to replace the first: docs/guides/mesh/rotate-the-anchor.md."
        ),
    )
    issuing_anchor: str | None = Field(
        default=None, description="The anchor that signs the issuer of identities. When not given: the first of them."
    )
    viz: bool = Field(default=False, description="Linkerd's dashboard and its metrics API, for people.")
    services: Mapping[Annotated[str, AfterValidator(namespace_is_a_dns_label)], MeshedServiceSettings] = Field(
        default_factory=dict, description="Services whose callers are known, by a name of your choice."
    )
    opaque_ports: tuple[Annotated[int, Field(ge=1, le=MAX_PORT)], ...] = Field(
        default=(),
        description=(
            "Ports on which the server speaks first, or not HTTP, besides those that Linkerd knows (25, 587, 3306, "
            "4444, 5432, 6379, 9300, 11211). Without it a connection may stall for ten seconds."
        ),
        examples=[[27017, 4222]],
    )
    tracing: TracingSettings | None = Field(
        default=None,
        description="A collector of your own for spans of the proxies. Without it they go to the agents of "
        "`observability.traces`; without these there are none.",
    )

    @property
    def inbound_of_services(self) -> Literal["audit", "deny"]:
        """What happens to callers whom no entry of `services` names, where the entry does not say it."""
        return "audit" if self.inbound == "audit" else "deny"

    @property
    def issuer(self) -> str:
        """The anchor that signs the issuer of identities."""
        return self.issuing_anchor or self.anchors[0]

    @field_validator("namespaces")
    @classmethod
    def namespaces_can_be_meshed(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        twice = repeated(names)
        raise_if(
            [
                *([f"{listed(twice)} is named twice. Name each once."] if twice else ()),
                *(
                    f"{name} belongs to Kubernetes, and its pods must start without the mesh. Drop it."
                    for name in names
                    if name in KUBERNETES_NAMESPACES
                ),
            ]
        )
        return names

    @field_validator("anchors")
    @classmethod
    def anchors_are_one_or_two(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if twice := repeated(names):
            raise ValueError(f"{listed(twice)} is named twice. Name each once.")
        if len(names) > MAX_ANCHORS:
            raise ValueError(
                f"{len(names)} anchors are given, and each more is one more key that all pods trust. Keep the one that "
                "signs, and its successor."
            )
        return names

    @field_validator("issuing_anchor")
    @classmethod
    def issuing_anchor_is_one_of_them(cls, name: str | None, info: ValidationInfo) -> str | None:
        anchors = info.data.get("anchors")
        if name is not None and anchors is not None and name not in anchors:
            raise ValueError(
                f"{name} is not one of anchors, so no pod would trust what it signs.{nearest_or_all(name, anchors)}"
            )
        return name
