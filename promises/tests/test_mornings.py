"""Each morning once, whatever the clocks do: every change from 2024 to 2032, in forty zones."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from engagement.staff.models import User
from promises.actions.digest import next_morning

MINUTE = timedelta(minutes=1)
AROUND = timedelta(hours=26)
# Half hours, quarter hours, changes of two hours and of half an hour, Ramadan, a day that never was.
ZONES = """
Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Lagos America/Adak America/Asuncion America/Bogota
America/Caracas America/Chicago America/Denver America/Godthab America/Halifax America/Havana America/Los_Angeles
America/Mexico_City America/New_York America/Santiago America/Sao_Paulo America/St_Johns Antarctica/Troll
Asia/Beirut Asia/Gaza Asia/Jerusalem Asia/Kathmandu Asia/Kolkata Asia/Tehran Asia/Tokyo Atlantic/Azores
Australia/Adelaide Australia/Lord_Howe Australia/Sydney Europe/Dublin Europe/Istanbul Europe/London Europe/Paris
Pacific/Apia Pacific/Auckland Pacific/Chatham Pacific/Easter Pacific/Norfolk
"""


def changes(zone):
    """The moments from 2024 to 2032 from which another offset holds there."""
    moment, end, hour = datetime(2024, 1, 1, tzinfo=UTC), datetime(2033, 1, 1, tzinfo=UTC), timedelta(hours=1)
    found, before = [], moment.astimezone(zone).utcoffset()
    while moment < end:
        after = moment.astimezone(zone).utcoffset()
        if after != before:
            while moment.astimezone(zone).utcoffset() != before:
                moment -= MINUTE
            moment += MINUTE
            found.append(moment)
            before = after
        moment += hour
    return found


def mornings(person, start, end):
    """When a clock that ticks each minute finds that the moment has come, and sets the next one."""
    rung, now, at = [], start, next_morning(person, start)
    while now <= end:
        if now >= at:
            rung.append(now)
            at = next_morning(person, now)
        now += MINUTE
    return rung


@pytest.mark.parametrize("name", ZONES.split())
@pytest.mark.parametrize("wanted", [time(9), time(2, 30), time(1, 30), time(23, 30)], ids=str)
def test_each_day_has_one_morning_at_its_hour(name, wanted):
    zone = ZoneInfo(name)
    person = User(zone=name, digest_time=wanted)

    for change in changes(zone):
        start = (change - AROUND).replace(second=0)
        rung = mornings(person, start, change + AROUND)

        days = [moment.astimezone(zone).date() for moment in rung]
        assert len(days) == len(set(days)), change
        first, last = start.astimezone(zone), (change + AROUND).astimezone(zone)
        whole_days = (first.date() + timedelta(days=n) for n in range(1, (last.date() - first.date()).days))
        # A day that never was (Samoa has left one out before) has no morning to miss.
        assert set(days) >= {day for day in whole_days if was(day, zone)}, change
        for moment in rung:
            there = moment.astimezone(zone)
            # Where the hour does not exist it is the first one after; of two the first.
            assert there.time() == wanted or not exists(there.date(), wanted, zone), change
            assert there.fold == 0 or there.time() != wanted, change


def exists(day, clock, zone):
    local = datetime.combine(day, clock, tzinfo=zone)
    return local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)


def was(day, zone):
    return exists(day, time(12), zone)
