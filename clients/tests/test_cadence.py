from datetime import UTC, datetime, timedelta

import pytest

from clients.actions import next_word, save_client, set_cadence_hint, word_given
from clients.models import Client
from clients.models.client import Weekday
from conftest import DAY, HOUR, NOW

# NOW is a Wednesday; the firm's day ends at five in Johannesburg, which is three in UTC.
WEDNESDAY = NOW
SECOND = timedelta(seconds=1)


def five_o_clock(day):
    return datetime(2026, 11, day, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("agreed", "since", "owed"),
    [
        ({}, WEDNESDAY, None),
        ({"word_on": Weekday.THURSDAY}, WEDNESDAY, five_o_clock(19)),
        ({"word_on": Weekday.FRIDAY}, WEDNESDAY, five_o_clock(20)),
        ({"word_on": Weekday.TUESDAY}, WEDNESDAY, five_o_clock(24)),
        # Word given on the day itself is this week's word; the next is owed a week later.
        ({"word_on": Weekday.WEDNESDAY}, WEDNESDAY, five_o_clock(25)),
        ({"word_every_days": 1}, WEDNESDAY, five_o_clock(19)),
        ({"word_every_days": 7}, WEDNESDAY, five_o_clock(25)),
        # Ten in the evening in UTC is Thursday already where the client is.
        ({"word_on": Weekday.THURSDAY}, WEDNESDAY + 13 * HOUR, five_o_clock(26)),
        ({"word_every_days": 1}, WEDNESDAY + 13 * HOUR, five_o_clock(20)),
    ],
)
def test_the_next_word_is_owed_by_the_end_of_the_clients_day(karoo, firm, agreed, since, owed):
    for name, value in agreed.items():
        setattr(karoo, name, value)

    assert next_word(karoo, since, firm) == owed


def test_their_own_hours_end_the_day(karoo, firm):
    karoo.word_on = Weekday.FRIDAY
    karoo.hours = [[["09:00", "12:00"]]] * 7

    assert next_word(karoo, NOW, firm) == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_a_word_given_moves_the_next_one_on(karoo):
    Client.objects.update(word_on=Weekday.FRIDAY)
    karoo.refresh_from_db()

    word_given(karoo, NOW)

    karoo.refresh_from_db()
    assert (karoo.last_word_at, karoo.next_word_at) == (NOW, five_o_clock(20))


def test_an_older_word_changes_nothing(karoo):
    Client.objects.update(word_on=Weekday.FRIDAY)
    karoo.refresh_from_db()
    word_given(karoo, NOW)

    word_given(karoo, NOW - 30 * DAY)
    word_given(karoo, NOW)

    karoo.refresh_from_db()
    assert (karoo.last_word_at, karoo.next_word_at) == (NOW, five_o_clock(20))


def test_a_changed_agreement_counts_from_the_last_word(karoo, thandi):
    word_given(karoo, NOW - DAY)
    karoo.refresh_from_db()
    karoo.word_every_days = 3

    save_client(karoo, thandi, NOW)

    karoo.refresh_from_db()
    assert karoo.next_word_at == five_o_clock(20)


def test_an_agreement_that_is_dropped_owes_nothing(karoo):
    karoo.word_every_days = 3
    set_cadence_hint(karoo, NOW)
    assert karoo.next_word_at is not None

    karoo.word_every_days = None
    set_cadence_hint(karoo, NOW)

    assert Client.objects.get().next_word_at is None


@pytest.mark.parametrize(("moment", "is_owed"), [(-SECOND, False), (timedelta(0), True), (SECOND, True)])
def test_word_is_owed_from_its_moment_on(karoo, moment, is_owed):
    Client.objects.update(next_word_at=NOW)

    assert Client.objects.owed_word(NOW + moment).exists() is is_owed


def test_an_archived_client_is_owed_no_word(karoo):
    Client.objects.update(next_word_at=NOW)
    assert Client.objects.owed_word(NOW).exists()

    Client.objects.update(archived_at=NOW)

    assert not Client.objects.owed_word(NOW).exists()
