"""When a message that nobody is waiting for may reach a client: not in the firm's quiet hours, where they are."""

import os
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.models import Client, Contact
from clients.quiet import after_quiet_hours
from engagement.staff.models import Firm

SECOND = timedelta(seconds=1)
# QUIET_HOURS=10000: make soak.
EXAMPLES = int(os.environ.get("QUIET_HOURS", "400"))
ZONES = ["UTC", "Africa/Johannesburg", "Europe/London", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"]


def somebody(zone, own=""):
    return Contact(name="Lena", zone=own, client=Client(name="Karoo", zone=zone))


def firm(begins="18:00", ends="08:00"):
    return Firm(name="Word & Co", quiet_from=time.fromisoformat(begins), quiet_until=time.fromisoformat(ends))


def there(text, zone="Africa/Johannesburg"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-11-18 08:00", "2026-11-18 08:00"),
        ("2026-11-18 17:59:59", "2026-11-18 17:59:59"),
        ("2026-11-18 18:00", "2026-11-19 08:00"),
        ("2026-11-18 23:59:59", "2026-11-19 08:00"),
        ("2026-11-19 00:00", "2026-11-19 08:00"),
        ("2026-11-19 07:59:59", "2026-11-19 08:00"),
        ("2026-12-31 22:00", "2027-01-01 08:00"),
    ],
)
def test_quiet_hours_across_midnight(now, leaves):
    found = after_quiet_hours(somebody("Africa/Johannesburg"), firm(), there(now).astimezone(UTC))

    assert found == there(leaves)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-11-18 11:59", "2026-11-18 11:59"),
        ("2026-11-18 12:00", "2026-11-18 14:00"),
        ("2026-11-18 13:59", "2026-11-18 14:00"),
        ("2026-11-18 14:00", "2026-11-18 14:00"),
        ("2026-11-18 23:00", "2026-11-18 23:00"),
    ],
)
def test_quiet_hours_within_a_day(now, leaves):
    assert after_quiet_hours(somebody("Africa/Johannesburg"), firm("12:00", "14:00"), there(now)) == there(leaves)


def test_no_quiet_hours_are_none():
    now = there("2026-11-18 03:00")

    assert after_quiet_hours(somebody("Africa/Johannesburg"), firm("00:00", "00:00"), now) == now


def test_they_are_those_of_the_contact_and_not_of_the_client_or_the_firm():
    """Nine in the morning in Johannesburg is two at night in New York."""
    found = after_quiet_hours(somebody("Africa/Johannesburg", "America/New_York"), firm(), there("2026-11-18 09:00"))

    assert found == there("2026-11-18 08:00", "America/New_York")


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        # The clock goes forward at one, and back at two: the morning is at eight all the same.
        (datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 3, 29, 7, tzinfo=UTC)),
        (datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 8, tzinfo=UTC)),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), datetime(2026, 3, 29, 7, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 8, tzinfo=UTC)),
    ],
)
def test_the_night_on_which_the_clock_changes_ends_at_eight(now, leaves):
    assert after_quiet_hours(somebody("Europe/London"), firm(), now) == leaves


moments = st.integers(0, 2 * 366 * 86400).map(lambda second: datetime(2026, 1, 1, tzinfo=UTC) + second * SECOND)
# Not in the small hours in which clocks are changed.
evenings, mornings = st.times(time(17), time(23)), st.times(time(5), time(10))


@settings(max_examples=EXAMPLES, deadline=None)
@given(now=moments, zone=st.sampled_from(ZONES), begins=evenings, ends=mornings)
def test_nothing_is_early_nothing_is_quiet_and_nothing_waits_longer_than_a_night(now, zone, begins, ends):
    house = Firm(quiet_from=begins, quiet_until=ends)

    found = after_quiet_hours(somebody(zone), house, now)

    clock = found.astimezone(ZoneInfo(zone)).time()
    assert ends <= clock < begins
    assert now <= found <= now + timedelta(hours=19)
    assert after_quiet_hours(somebody(zone), house, found) == found
