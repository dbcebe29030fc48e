"""`pools[].off_peak`: the hours in which the pool is not needed."""

from pydantic import Field

from settings.core.base import Settings


class OffPeakSettings(Settings):
    """A managed pool has no nodes in these hours, whatever pods wait. Karpenter consolidates nodes only in them."""

    begins: str = Field(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="Time at which the hours begin each day, HH:MM in UTC.",
        examples=["20:00"],
    )
    hours: int = Field(ge=1, le=23, description="Number of hours.", examples=[10])
    weekends: bool = Field(default=True, description="Whether all of Saturday and Sunday (UTC) is off-peak too.")
