from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from components.compute.off_peak import is_off_peak, schedule
from settings.compute.off_peak import OffPeakSettings

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def hours(begins="20:00", hours=10, weekends=True):
    return OffPeakSettings(begins=begins, hours=hours, weekends=weekends)


def crons(settings):
    return {action.recurrence: action.off for action in schedule(settings)}


def test_every_night_off():
    assert crons(hours(weekends=False)) == {"0 20 * * *": True, "0 6 * * *": False}


def test_nights_and_weekends_off():
    assert crons(hours()) == {"0 20 * * 1,2,3,4,5": True, "0 6 * * 1,2,3,4,5": False}, "Friday's night lasts to Monday"


def test_hours_within_a_day_and_the_weekend():
    assert crons(hours("02:30", 5)) == {
        "30 2 * * 1,2,3,4,5": True,
        "30 7 * * 1,2,3,4,5": False,
        "0 0 * * 6": True,
        "0 0 * * 1": False,
    }


def fires(recurrence, moment):
    minute, hour, _, _, days = recurrence.split()
    on_day = days == "*" or str(moment // DAY) in days.split(",")
    return on_day and moment % DAY == int(hour) * HOUR + int(minute) * MINUTE


@given(begins=st.times().map(lambda t: t.strftime("%H:%M")), length=st.integers(1, 23), weekends=st.booleans())
def test_whoever_follows_the_actions_is_off_when_the_settings_say_so(begins, length, weekends):
    settings = hours(begins, length, weekends)
    actions = schedule(settings)
    assert len({action.name for action in actions}) == len(actions) <= 4
    off = None
    for half_hours in range(2 * 7 * 48):  # two weeks: after the first action, the state is known
        for minute in (0, int(begins[3:]) % 30):
            moment = (half_hours * 30 + minute) * MINUTE % (7 * DAY)
            fired = [action.off for action in actions if fires(action.recurrence, moment)]
            assert len(fired) <= 1, "Auto Scaling refuses two actions at one time"
            off = fired[0] if fired else off
            assert off is None or off == is_off_peak(settings, moment), f"wrong at {moment}"
    assert off is not None
