"""`teams[].metrics`: programs of a team whose metrics Prometheus reads."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.core.base import Settings
from settings.core.services import NamespaceName, PodLabels


def program_can_be_part_of_a_job(name: str) -> str:
    """Returns the name unchanged. Raises ValueError when the label `job` and names of objects cannot have it."""
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name):
        raise ValueError(
            f"{name!r} cannot name a program: use up to 63 lower-case letters, digits and '-', and begin with a letter."
        )
    return name


ProgramName = Annotated[str, AfterValidator(program_can_be_part_of_a_job)]


class TeamMetricsSettings(Settings):
    """Pods whose metrics are read. Their series have the labels job (<team>/<name>), team, namespace and pod."""

    namespace: NamespaceName = Field(description="Namespace of the team.", examples=["inference"])
    pods: PodLabels = Field(min_length=1, description="Labels of the pods.", examples=[{"app": "chat"}])
    port: int = Field(ge=1, le=65_535, description="Port of the pods, not of a Service.", examples=[8000])
    path: str = Field(
        default="/metrics",
        pattern=r"^/[A-Za-z0-9._~/-]*$",
        description="Path where they serve them, by http, without a login and a query: for example /metrics.",
    )
    every_seconds: int = Field(default=30, ge=15, le=120, description="Seconds from one reading to the next.")
    samples: int = Field(
        default=5_000, ge=1, le=20_000, description="Most series of one pod: of a pod with more, none is kept."
    )
    most_pods: int = Field(
        default=50, ge=1, le=1_000, description="Most pods that are read: with more, none of them is."
    )
