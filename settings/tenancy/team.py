"""`teams`: the people who share the stack's clusters."""

from pydantic import Field, field_validator

from settings.core.base import Settings
from settings.core.naming import KUBERNETES_NAMESPACES
from settings.core.problems import listed, raise_if, repeated
from settings.core.services import NamespaceName


class TeamSettings(Settings):
    """A team, and the namespaces that are its own."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,29}$",
        description="Name of the team: up to 30 lower-case letters, digits and '-'.",
        examples=["serving"],
    )
    cluster: str | None = Field(default=None, description="Name of the cluster; not needed when there is only one.")
    namespaces: tuple[NamespaceName, ...] = Field(
        min_length=1,
        description="Namespaces of the team; the platform makes them. One that is dropped stays, with its data.",
        examples=[["inference"]],
    )

    @field_validator("namespaces")
    @classmethod
    def namespaces_are_the_teams(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        mistakes = [
            f"{name} belongs to Kubernetes, and is no team's. Name another one."
            for name in names
            if name in KUBERNETES_NAMESPACES
        ]
        if twice := repeated(names):
            mistakes.append(f"{listed(twice)} is named twice. Name each once.")
        raise_if(mistakes)
        return names
