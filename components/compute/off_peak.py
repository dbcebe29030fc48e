"""Off-peak hours of a managed pool, as recurring actions of its Auto Scaling groups."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from settings.compute.off_peak import OffPeakSettings

DAY, WEEK = timedelta(days=1), timedelta(days=7)
SATURDAY = 6  # as cron counts days, from Sunday


@dataclass(frozen=True, kw_only=True)
class ScheduledSize:
    """One recurring action: at this time (cron, UTC) the group scales to zero, or to its size at creation."""

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
