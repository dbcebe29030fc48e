"""`teams[].quota`: how much of the cluster the pods of a namespace may have at once."""

from collections.abc import Mapping

from pydantic import Field, field_validator

from settings.core.base import Settings
from settings.core.problems import raise_if

MOST_OBJECTS: Mapping[str, int] = {
    "configmaps": 500,
    "jobs.batch": 500,
    "persistentvolumeclaims": 100,
    "pods": 500,
    "secrets": 500,
    "services": 100,
}
"""Kind -> how many there may be where the stack file says nothing. Pods that have ended do not count; Jobs do."""


class TeamQuotaSettings(Settings):
    """What the pods of a namespace may request together.

    It has nothing of a device of the pools that is not written here: Kubernetes would count an unlisted one not at all.
    """

    gpus: Mapping[str, int | Mapping[str, int]] = Field(
        default_factory=dict,
        description=(
            "Pool -> whole GPUs (or Neuron devices), or shares of GPUs where pods share them; with MIG, profile -> "
            "slices. Pools that offer the same resource are counted together by Kubernetes."
        ),
        examples=[{"h100": 8, "gpu-small": 2, "a100-mig": {"1g.10gb": 4}}],
    )
    cpu: int = Field(default=64, ge=1, le=1_000_000, description="vCPUs that pods may request.")
    memory_gib: int = Field(default=256, ge=1, le=10_000_000, description="Memory in GiB that pods may request.")
    storage_gib: int = Field(
        default=1000, ge=0, le=100_000_000, description="GiB of volumes that claims may request, of all classes."
    )
    objects: Mapping[str, int] = Field(
        default_factory=dict,
        description="Kind of object -> how many there may be; others have the platform's number.",
        examples=[{"pods": 200, "jobs.batch": 500}],
    )
    oversubscribed: bool = Field(
        default=False,
        description=(
            "Whether the devices may be promised to others as well: who comes first has them. Otherwise the "
            "quotas of all namespaces together must not exceed what the pools can have."
        ),
    )

    @field_validator("gpus")
    @classmethod
    def numbers_of_devices_are_positive(
        cls, gpus: Mapping[str, int | Mapping[str, int]]
    ) -> Mapping[str, int | Mapping[str, int]]:
        raise_if(
            f"{pool} has {count}, and a quota is a whole number from 1 on: without an entry the team has none."
            for pool, counts in gpus.items()
            for count in (counts.values() if isinstance(counts, Mapping) else (counts,))
            if count < 1
        )
        return gpus

    @field_validator("objects")
    @classmethod
    def kinds_are_counted(cls, objects: Mapping[str, int]) -> Mapping[str, int]:
        raise_if(
            f"{kind} is no kind that is counted here, and Kubernetes would take it and count nothing. "
            f"Write one of {', '.join(MOST_OBJECTS)}."
            if kind not in MOST_OBJECTS
            else f"{kind} is {count}. Write 0 or more."
            for kind, count in objects.items()
            if kind not in MOST_OBJECTS or count < 0
        )
        return objects
