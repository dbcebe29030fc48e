"""`pools[].reservation`: capacity that was bought before, by its id. The stack never buys any."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from settings.base import Settings


class ReservationSettings(Settings):
    """An On-Demand Capacity Reservation, or a Capacity Block for ML."""

    id: str = Field(
        pattern=r"^cr-[0-9a-f]{17}$", description="Id of the reservation.", examples=["cr-0123456789abcdef0"]
    )
    kind: Literal["on-demand", "capacity-block"] = Field(
        default="on-demand", description="An On-Demand Capacity Reservation (ODCR), or a Capacity Block."
    )
    zone: str = Field(description="Zone of the reservation; the pool stands there and nowhere else.")
    starts: datetime | None = Field(
        default=None, description="With capacity-block: when it begins, in UTC.", examples=["2027-01-11T11:30:00Z"]
    )
    ends: datetime | None = Field(
        default=None, description="With capacity-block: when it ends, in UTC.", examples=["2027-01-18T11:30:00Z"]
    )
