"""A Kubernetes Service of a team, as other settings refer to it."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.core.base import Settings
from settings.core.naming import label_key_mistakes, label_value_mistakes, namespace_is_a_dns_label
from settings.core.problems import raise_if

NamespaceName = Annotated[str, AfterValidator(namespace_is_a_dns_label)]


def labels_of_pods(pods: Mapping[str, str]) -> Mapping[str, str]:
    """Returns the labels unchanged. Raises ValueError with every mistake that Kubernetes would refuse."""
    raise_if(
        mistake
        for key, value in pods.items()
        for mistake in (*label_key_mistakes(key), *label_value_mistakes(value))
        if "is reserved for the system" not in mistake  # app.kubernetes.io is usual on pods
    )
    return pods


def may_be_both(pods: Mapping[str, str], others: Mapping[str, str]) -> bool:
    """Returns whether a pod may have the labels of both."""
    return all(others.get(key, value) == value for key, value in pods.items())


def port_is_one(address: str) -> str:
    """Returns an address unchanged. Raises ValueError when its port is not from 1 to 65535."""
    port = address.rpartition(":")[2]
    if port.isdigit() and not 1 <= int(port) <= 65535:
        raise ValueError(f"has port {port}, and ports are 1 to 65535. Write the one that it listens on.")
    return address


Address = Annotated[str, AfterValidator(port_is_one)]


def namespace_of_host(host: str) -> str | None:
    """Returns the namespace of the Service, or of one of its pods, that a host is in the cluster; None for others."""
    *names, last = host.rstrip(".").removesuffix(".cluster.local").split(".")
    return names[-1] if last == "svc" and len(names) in (2, 3) else None


PodLabels = Annotated[Mapping[str, str], AfterValidator(labels_of_pods)]


class ServiceEntry(Settings):
    """A Service, and the pods behind it. The team makes both."""

    namespace: NamespaceName = Field(description="Namespace of the Service.", examples=["inference"])
    service: str = Field(
        pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", description="Name of the Service.", examples=["chat"]
    )
    port: int = Field(ge=1, le=65535, description="Port of the Service.", examples=[80])
    pods: PodLabels = Field(
        min_length=1, description="Labels of the pods behind the Service: its selector.", examples=[{"app": "chat"}]
    )
    pod_port: int | None = Field(
        default=None, ge=1, le=65535, description="Port of the pods. When not given: that of the Service."
    )

    @property
    def target(self) -> tuple[str, tuple[tuple[str, str], ...], int]:
        """The pods and their port: entries with the same target speak of the same thing."""
        return self.namespace, tuple(sorted(self.pods.items())), self.pod_port or self.port
