"""`pools[].reservation`: the id of capacity that was bought before. The stack never buys capacity."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from catalog.limits import CAPACITY_BLOCK_DAYS
from settings.core.base import Settings
from settings.core.problems import raise_if


class ReservationSettings(Settings):
    """An On-Demand Capacity Reservation, or a Capacity Block for ML."""

    id: str = Field(
        pattern=r"^cr-[0-9a-f]{17}$", description="Id of the reservation.", examples=["cr-0123456789abcdef0"]
    )
    kind: Literal["on-demand", "capacity-block"] = Field(
        default="on-demand", description="An On-Demand Capacity Reservation (ODCR), or a Capacity Block."
    )
    zone: str = Field(description="Zone of the reservation; the pool has nodes only there.", examples=["us-west-2a"])
    starts: datetime | None = Field(
        default=None,
        validate_default=True,
        description="With capacity-block: its start, in UTC and in quotes.",
        examples=["2027-01-11T11:30:00Z"],
    )
    ends: datetime | None = Field(
        default=None,
        validate_default=True,
        description="With capacity-block: its end, in UTC and in quotes.",
        examples=["2027-01-18T11:30:00Z"],
    )

    @field_validator("starts", "ends")
    @classmethod
    def a_capacity_block_has_dates(cls, day: datetime | None, info: ValidationInfo) -> datetime | None:
        kind = info.data.get("kind")
        if kind == "capacity-block" and day is None:
            raise ValueError(
                "is missing, but the pool has nodes only while its Capacity Block lasts. Write it as `aws ec2 "
                'describe-capacity-reservations` shows it, for example "2027-01-11T11:30:00Z".'
            )
        if kind == "on-demand" and day is not None:
            raise ValueError(
                "is given, but an On-Demand Capacity Reservation has no dates here, so it would do nothing. Drop it, "
                "or write kind: capacity-block."
            )
        if day is not None and day.utcoffset() is None:
            raise ValueError(f'{day.isoformat()} has no time zone. Write "{day.isoformat()}Z" for UTC.')
        return day

    @field_validator("ends")
    @classmethod
    def a_block_ends_after_it_starts(cls, ends: datetime | None, info: ValidationInfo) -> datetime | None:
        starts = info.data.get("starts")
        if starts is None or ends is None:
            return ends
        mistakes = []
        if ends <= starts:
            mistakes.append(f"is not after starts, {starts.isoformat()}. Swap the two, or correct one of them.")
        if ends - starts > timedelta(days=CAPACITY_BLOCK_DAYS):
            mistakes.append(
                f"is {(ends - starts).days} days after starts, but a Capacity Block has at most {CAPACITY_BLOCK_DAYS} "
                "days. Correct one of the two."
            )
        raise_if(mistakes)
        return ends
