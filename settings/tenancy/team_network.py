"""`teams[].network`: whom the pods of a team reach, and who reaches them, where the cluster has `isolation`."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from settings.core.base import Settings
from settings.core.services import NamespaceName

Port = Annotated[int, Field(ge=1, le=65_535)]


class OpenPodsSettings(Settings):
    """Pods of the team that pods of other namespaces may call. The mesh and the doors have entries of their own."""

    namespace: NamespaceName = Field(description="Namespace of the team.", examples=["inference"])
    pods: Mapping[str, str] = Field(
        default_factory=dict,
        description="Labels of the pods, as their Service selects them; not given: all.",
        examples=[{"app": "chat"}],
    )
    ports: tuple[Port, ...] = Field(min_length=1, description="Ports of the pods.", examples=[[8000]])
    callers: tuple[NamespaceName, ...] = Field(
        min_length=1, description="Namespaces whose pods may call them.", examples=[["agents"]]
    )


class RangeSettings(Settings):
    """Addresses in a network that the VPC is connected to."""

    cidr: str = Field(description="Range of IPv4 addresses.", examples=["10.20.0.0/16"])
    ports: tuple[Port, ...] = Field(min_length=1, description="Ports there.", examples=[[5432]])


class TeamNetworkSettings(Settings):
    """The flows of a team beside those that every team has: its own namespaces, DNS, AWS, its routes and the mesh."""

    internet: bool = Field(
        default=True,
        description=(
            "Whether its pods reach port 443 of the internet. False leaves AWS's services that have an interface "
            "endpoint."
        ),
    )
    open: tuple[OpenPodsSettings, ...] = Field(default=(), description="Pods that other namespaces may call.")
    ranges: tuple[RangeSettings, ...] = Field(default=(), description="Private networks that its pods reach.")
