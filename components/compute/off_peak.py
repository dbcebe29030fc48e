"""Off-peak hours of a managed pool, as recurring actions of its Auto Scaling groups."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from settings.compute.node_pool import NodePoolSettings
from settings.compute.off_peak import OffPeakSettings

DAY, WEEK = timedelta(days=1), timedelta(days=7)
SATURDAY = 6  # as cron counts days, from Sunday
AS_IT_IS = -1
"""The provider then sends no size, and EC2 raises it to the minimum. Without a value the provider sends 0.

Sources: terraform-provider-aws, internal/service/autoscaling/schedule.go; EC2 Auto Scaling user guide, "Scheduled
scaling"; read 2026-11.
"""


class GroupSize(NamedTuple):
    """The sizes of an Auto Scaling group."""

    minimum: int
    maximum: int
    desired: int


def group_size(pool: NodePoolSettings, off: bool) -> GroupSize:
    """Returns the sizes in off-peak hours, or after them.

    In them pods must not bring up a pool that is scaled: its maximum is zero. Afterwards it has its minimum, and gets
    what its pods need. Of a fixed pool nobody knows the size from before, so it gets that of the stack file.
    """
    if off:
        return GroupSize(0, 0 if pool.autoscaled else pool.max_per_zone, 0)
    return GroupSize(pool.min_per_zone, pool.max_per_zone, AS_IT_IS if pool.autoscaled else pool.start_per_zone)


@dataclass(frozen=True, kw_only=True)
class ScheduledSize:
    """One recurring action: at this time (cron, UTC) the off-peak hours begin or end."""

    name: str
    recurrence: str
    off: bool


def is_off_peak(settings: OffPeakSettings, moment: timedelta) -> bool:
    """Returns whether a moment is off-peak. moment: time since Sunday 00:00 UTC."""
    hours, minutes = map(int, settings.begins.split(":"))
    if settings.weekends and moment // DAY in (0, SATURDAY):
        return True
    return (moment - timedelta(hours=hours, minutes=minutes)) % DAY < timedelta(hours=settings.hours)


def schedule(settings: OffPeakSettings) -> tuple[ScheduledSize, ...]:
    """Returns the smallest set of actions for a whole week."""
    days: dict[tuple[timedelta, bool], list[int]] = {}
    for moment in _moments(settings):
        off = is_off_peak(settings, moment)
        if off != is_off_peak(settings, (moment - timedelta(minutes=1)) % WEEK):
            days.setdefault((moment % DAY, off), []).append(moment // DAY)
    return tuple(
        ScheduledSize(
            name=f"{'off' if off else 'on'}-{_hour(time):02}-{_minute(time):02}",
            recurrence=f"{_minute(time)} {_hour(time)} * * {_cron_days(sorted(set(on)))}",
            off=off,
        )
        for (time, off), on in days.items()
    )


def _moments(settings: OffPeakSettings) -> Iterator[timedelta]:
    """Yields the moments at which the size may change: on each day midnight, the beginning and the end."""
    hours, minutes = map(int, settings.begins.split(":"))
    begins = timedelta(hours=hours, minutes=minutes)
    ends = (begins + timedelta(hours=settings.hours)) % DAY
    for day in range(7):
        for time in sorted({timedelta(), begins, ends}):
            yield day * DAY + time


def _cron_days(days: list[int]) -> str:
    return "*" if len(days) == 7 else ",".join(map(str, days))


def _hour(time: timedelta) -> int:
    return time // timedelta(hours=1)


def _minute(time: timedelta) -> int:
    return time % timedelta(hours=1) // timedelta(minutes=1)
