"""`teams[].network`: whom the pods of a team reach, and who reaches them, where the cluster has `isolation`."""

from typing import Annotated

from pydantic import AfterValidator, Field

from settings.core.base import Settings
from settings.core.problems import listed, raise_if, repeated
from settings.core.services import NamespaceName, PodLabels
from settings.network.network_plan import range_has_hosts


def named_once(items: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Returns the items unchanged. Raises ValueError when one is there twice."""
    twice = repeated([str(each) for each in items])
    raise_if([f"{listed(twice)} is named twice. Name each once."] if twice else [])
    return items


Port = Annotated[int, Field(ge=1, le=65_535)]
Ports = Annotated[tuple[Port, ...], AfterValidator(named_once)]


class OpenPodsSettings(Settings):
    """Pods of the team that pods of other namespaces may call. The mesh and the doors have entries of their own."""

    namespace: NamespaceName = Field(description="Namespace of the team.", examples=["inference"])
    pods: PodLabels = Field(
        default_factory=dict,
        description="Labels of the pods, as their Service selects them; not given: all.",
        examples=[{"app": "chat"}],
    )
    ports: Ports = Field(min_length=1, description="Ports of the pods, not of a Service.", examples=[[8000]])
    callers: Annotated[tuple[NamespaceName, ...], AfterValidator(named_once)] = Field(
        min_length=1, description="Namespaces whose pods may call them.", examples=[["agents"]]
    )


class RangeSettings(Settings):
    """Addresses outside of the cluster: in a network that the VPC is connected to, or in the internet."""

    cidr: Annotated[str, AfterValidator(range_has_hosts)] = Field(
        description="Range of IPv4 addresses.", examples=["10.20.0.0/16"]
    )
    ports: Ports = Field(min_length=1, description="Ports there.", examples=[[5432]])


class TeamNetworkSettings(Settings):
    """The flows of a team beside those that every team has: its own namespaces, DNS, AWS, its routes and the mesh."""

    internet: bool = Field(
        default=True,
        description=(
            "Whether its pods reach port 443 of the internet. False leaves AWS's services that have an interface "
            "endpoint, and `ranges`."
        ),
    )
    open: tuple[OpenPodsSettings, ...] = Field(default=(), description="Pods that other namespaces may call.")
    ranges: tuple[RangeSettings, ...] = Field(
        default=(), description="Networks outside of the cluster that its pods reach, with their ports."
    )
