"""`pools[].off_peak`: the hours in which nobody needs the pool."""

from pydantic import Field

from settings.core.base import Settings


class OffPeakSettings(Settings):
    """Managed groups go to zero then and come back after; Karpenter replaces and packs nodes only then."""

    begins: str = Field(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="When it begins each day, HH:MM in UTC.", examples=["20:00"]
    )
    hours: int = Field(ge=1, le=23, description="How many hours it lasts.", examples=[10])
    weekends: bool = Field(default=True, description="Whether all of Saturday and Sunday (UTC) belongs to it.")
