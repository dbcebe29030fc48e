"""`isolation`: network policies in the namespaces of teams and of add-ons, as the VPC CNI keeps them."""

from typing import Literal

from pydantic import Field, field_validator

from settings.core.base import Settings
from settings.core.problems import listed, raise_if, repeated


class IsolationSettings(Settings):
    """Namespaces of teams and add-ons are closed in both directions, but for the flows that are known."""

    clusters: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Clusters that have it, by name. Not given: all.", examples=[["main"]]
    )
    mode: Literal["standard", "strict"] = Field(
        default="standard",
        description=(
            "What a pod may do in the moments before its policies are in place: `standard` everything, `strict` "
            "nothing. With strict a pod that no policy selects never reaches anybody, in any namespace of the cluster."
        ),
    )

    @property
    def strict(self) -> bool:
        return self.mode == "strict"

    @field_validator("clusters")
    @classmethod
    def clusters_are_named_once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        raise_if(f"{listed(twice)} is named twice. Name each once." for twice in [repeated(names or ())] if twice)
        return names
