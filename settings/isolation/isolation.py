"""`isolation`: network policies in the namespaces of teams and of add-ons, as the VPC CNI keeps them."""

from typing import Literal

from pydantic import Field

from settings.core.base import Settings


class IsolationSettings(Settings):
    """Namespaces of teams and add-ons are closed in both directions, but for the flows that are known."""

    clusters: tuple[str, ...] = Field(
        default=(), description="Clusters that have it, by name. Not given: all.", examples=[["main"]]
    )
    mode: Literal["standard", "strict"] = Field(
        default="standard",
        description=(
            "What a pod may do in the moments before its policies are in place: `standard` everything, `strict` "
            "nothing. With strict a pod that no policy selects never reaches anybody; a change makes all new nodes so."
        ),
    )
