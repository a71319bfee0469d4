from datetime import time, timedelta
from decimal import Decimal
from math import inf

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.template.loader import render_to_string
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conftest import DAY, HOUR, NOW
from engagement.outbox.models import Message
from engagement.staff.models import Absence
from engagement.staff.signals import diary_changed
from promises import actions, looking
from promises.actions import alarms, watching
from promises.bulk import update_unchanged
from promises.due import due_for
from promises.forecast import forecast
from promises.looking import Looking, band_of, silent_from
from promises.models import Band, Promise, Reminder, RiskReading, Telling
from promises.risk_words import sentence
from promises.views.board import rows_of

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def fresh_band(firm):
    """The band worked out from nothing at a moment, whatever is stored."""

    def band(promise, now):
        return Looking(firm, now).look(promise).band

    return band


def test_a_new_promise_is_looked_at_by_the_next_tick(make_promise):
    promise = make_promise(estimate_hours=Decimal(9))
    assert (promise.band, promise.chance, promise.next_look_at) == (Band.ON_TRACK, None, promise.made_at)

    actions.look_at_due(NOW)
    promise.refresh_from_db()

    # 9 hours against 15 free ones.
    assert (promise.band, round(promise.chance, 2)) == (Band.WATCH, 0.32)
    assert "free before" in promise.sentence
    assert RiskReading.objects.get().sentence == promise.sentence


def test_a_promise_is_left_alone_until_its_hint(make_promise, django_assert_num_queries):
    make_promise()
    actions.look_at_due(NOW)

    with django_assert_num_queries(2):  # what has changed, and who is due
        assert actions.look_at_due(NOW + SECOND) == 0


def test_looking_twice_writes_one_reading(make_promise, thandi):
    promise = make_promise()
    actions.look_at_due(NOW)
    actions.look_soon([promise.pk], NOW + SECOND)

    actions.look_at_due(NOW + SECOND)

    assert RiskReading.objects.count() == 1


def test_nothing_needs_looking_at_when_the_work_is_overdue_and_nothing_changes(make_promise):
    promise = make_promise()

    actions.look_at_due(promise.due_at + HOUR)
    promise.refresh_from_db()

    assert (promise.band, promise.next_look_at) == (Band.OVERDUE, None)


@example(hours=Decimal("3.49"), watch_from=3, due_in=7, at=time(6))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hours=st.integers(1, 6000).map(lambda hundredths: Decimal(hundredths) / 100),
    watch_from=st.integers(1, 49) | st.floats(1, 49),
    due_in=st.integers(2, 9),
    at=st.times(time(6), time(21)),
)
def test_the_hint_for_a_band_is_never_late(
    make_promise, karoo, firm, fresh_band, thandi, hours, watch_from, due_in, at
):
    Promise.objects.update(next_look_at=None)
    firm.watch_from, firm.at_risk_from = watch_from / 100, watch_from / 50
    firm.save(update_fields=["watch_from", "at_risk_from"])
    due = due_for(karoo, firm, (NOW + due_in * DAY).date(), at.replace(microsecond=0))
    promise = Promise.objects.get(pk=make_promise(due_on=due.on, due_time=due.time, estimate_hours=hours).pk)
    now, bands, looks = NOW, [], 0

    while now is not None and now < promise.due_at:
        actions.look_at_due(now)
        promise.refresh_from_db()
        stored, until = promise.band, promise.next_look_at
        assert until is None or until > now
        looks += 1
        bands.append(stored)
        assert stored == fresh_band(promise, now)
        # Until the very moment of the next look, what is stored still holds.
        assert stored == fresh_band(promise, (until or promise.due_at) - timedelta.resolution)
        now = until

    assert looks < 2 * due_in + 12
    # Time alone never makes it safer.
    order = [Band.ON_TRACK, Band.WATCH, Band.AT_RISK, Band.OVERDUE]
    assert bands == sorted(bands, key=order.index)


@pytest.fixture
def busy_firm(make_promise, karoo, firm, thandi, mara, lena):
    """Promises of two owners over some days, and what happens to them at odd moments."""
    Absence.objects.create(user=mara, first_day=(NOW + 2 * DAY).date(), last_day=(NOW + 5 * DAY).date(), cover=thandi)
    kept, moved, told, waited, _silent, vague, _holiday = [
        make_promise("kept", due_on=(NOW + 2 * DAY).date(), estimate_hours=Decimal(4)),
        make_promise("moved", due_on=(NOW + 2 * DAY).date(), estimate_hours=Decimal(12)),
        make_promise("told", due_on=(NOW + 5 * DAY).date(), estimate_hours=Decimal(9)),
        make_promise("waited", due_on=(NOW + 6 * DAY).date(), due_time=time(11, 7), estimate_hours=Decimal("7.35")),
        make_promise("silent", due_on=(NOW + 5 * DAY).date(), due_time=time(3, 33), estimate_hours=Decimal(2)),
        make_promise("vague", due_on=(NOW + 6 * DAY).date()),
        make_promise("holiday", owner=mara, due_on=(NOW + 6 * DAY).date(), estimate_hours=Decimal(3)),
    ]

    def say(promise, kind, now):
        actions.record_conversation(
            [actions.Said(promise, kind)],
            client=karoo,
            contact=lena,
            channel="call",
            spoken_at=now,
            text="",
            by=thandi,
            now=now,
        )

    def move(now):
        due = due_for(karoo, firm, (NOW + 6 * DAY).date(), None)
        asked = actions.extend(moved, due, reason="more_work", reason_text="More.", asked_by="us", by=thandi, now=now)
        actions.answer(asked, agreed=True, answered_at=now, by=thandi, now=now)

    return {
        NOW + 3 * HOUR: lambda now: actions.update(kept, standing="on_track", per_cent=60, by=thandi, now=now),
        NOW + 25 * HOUR: lambda now: actions.deliver(kept, delivered_at=now, by=thandi, now=now),
        NOW + 26 * HOUR: lambda now: say(moved, Telling.Kind.MOVED, now),
        NOW + 50 * HOUR: move,
        NOW + 51 * HOUR: lambda now: say(told, Telling.Kind.MAY_BE_LATE, now),
        NOW + 73 * HOUR: lambda now: actions.wait_for_client(waited, "Their keys", None, thandi, now),
        NOW + 97 * HOUR: lambda now: actions.stop_waiting(waited, thandi, now),
        NOW + 98 * HOUR: lambda now: actions.update(told, standing="may_be_late", by=thandi, now=now),
        NOW + 99 * HOUR: lambda now: actions.update(
            vague, standing="on_track", hours_left=Decimal("1.5"), by=thandi, now=now
        ),
        NOW + 100 * HOUR: lambda now: _away_for_a_day(thandi, now),
    }


def _away_for_a_day(person, now):
    Absence.objects.create(user=person, first_day=(now + DAY).date(), last_day=(now + DAY).date())
    diary_changed.send(sender=Absence, user=person, now=now)


def test_what_is_stored_is_what_a_fresh_look_would_say_at_every_minute(busy_firm, firm):
    minutes = [NOW + number * MINUTE for number in range(7 * 24 * 60)]
    compared, looks = set(), 0
    stored = None

    for now in minutes:
        if now in busy_firm:
            busy_firm[now](now)
            stored = None
        if stored is None or any(promise.next_look_at and promise.next_look_at <= now for promise in stored):
            looks += actions.look_at_due(now)
            stored = list(Promise.objects.open().select_related("owner", "client"))
            weighing = Looking(firm, now).weighing
        for promise in stored:
            quiet = silent_from(promise, weighing.diaries.of(promise.owner))
            before = weighing.hours_before(promise)
            assert (promise.what, promise.hours_before, now) == (promise.what, before, now)
            facts = weighing.facts(promise, now, quiet, before)
            fresh = band_of(promise, forecast(facts, weighing.record_at(now)), now, firm)
            assert (promise.what, promise.band, now) == (promise.what, fresh, now)
            compared.add((promise.what, fresh))

    # It was worth looking: each promise went through several bands, and not every minute was a look.
    assert len(compared) >= 14
    assert looks < 250


# A slip


def test_a_silent_slip_bears_the_due_instant_and_not_the_moment_somebody_noticed(make_promise):
    promise = make_promise()
    actions.look_at_due(promise.due_at - SECOND)
    promise.refresh_from_db()
    assert promise.slipped_at is None

    actions.look_at_due(promise.due_at + 2 * HOUR)
    promise.refresh_from_db()

    assert promise.slipped_at == promise.due_at


@pytest.fixture
def tell(karoo, lena, thandi):
    def record(promise, spoken_at, now=None, kind=Telling.Kind.MAY_BE_LATE):
        actions.record_conversation(
            [actions.Said(promise, kind)],
            client=karoo,
            contact=lena,
            channel="call",
            spoken_at=spoken_at,
            text="",
            by=thandi,
            now=now or spoken_at,
        )

    return record


def test_a_slip_that_was_told_before_is_not_silent(make_promise, tell):
    promise = make_promise()
    tell(promise, promise.due_at - SECOND)

    actions.look_at_due(promise.due_at)
    promise.refresh_from_db()

    assert (promise.band, promise.slipped_at) == (Band.OVERDUE, None)


@pytest.mark.parametrize("after", [timedelta(0), SECOND, HOUR])
def test_a_slip_told_after_it_happened_was_silent_even_if_nobody_looked_between(make_promise, tell, after):
    promise = make_promise()
    tell(promise, promise.due_at + after)

    actions.look_at_due(promise.due_at + 2 * HOUR)
    promise.refresh_from_db()

    assert promise.slipped_at == promise.due_at


def test_a_call_before_the_date_that_is_written_down_after_it_takes_the_stamp_away(make_promise, tell):
    promise = make_promise()
    actions.look_at_due(promise.due_at)

    tell(promise, promise.due_at - HOUR, now=promise.due_at + HOUR)
    actions.look_at_due(promise.due_at + HOUR)
    promise.refresh_from_db()

    assert promise.slipped_at is None


# Faults


def test_one_promise_that_cannot_be_looked_at_stops_nobody_and_is_shown(make_promise, monkeypatch):
    bad, good = make_promise("bad"), make_promise("good")
    Promise.objects.filter(pk=bad.pk).update(next_look_at=NOW - DAY)
    usual = looking.forecast

    def stumble(facts, record):
        if facts.estimate_hours == 13:
            raise ZeroDivisionError
        return usual(facts, record)

    Promise.objects.filter(pk=bad.pk).update(estimate_hours=13)
    monkeypatch.setattr(looking, "forecast", stumble)
    actions.look_at_due(NOW)
    bad.refresh_from_db()
    good.refresh_from_db()

    assert good.chance is not None
    assert (bad.chance, bad.next_look_at) == (None, NOW + watching.PUT_OFF)
    assert "could not be looked at" in bad.sentence
    assert "could not be looked at" in render_to_string("promises/_rows.html", {"rows": rows_of([bad], NOW)})

    monkeypatch.undo()
    actions.look_at_due(NOW + watching.PUT_OFF)
    bad.refresh_from_db()
    assert bad.chance is not None


def chunks(due):
    return [chunk for together in due.by_owners() for chunk in together.chunks()]


def test_what_some_owners_owe_is_looked_at_together_and_in_the_order_in_which_it_was_made(
    make_promise, make_person, monkeypatch
):
    monkeypatch.setattr(watching, "CHUNK", 2)
    monkeypatch.setattr(watching, "SHELVES", 3)
    monkeypatch.setattr(watching, "DUE_TOGETHER", 5)
    people = [make_person(f"P{number} Person") for number in range(6)]
    promises = [make_promise(owner=owner) for owner in people * 2]

    together = [[hint for chunk in shelf.chunks() for hint in chunk] for shelf in watching._Due(NOW).by_owners()]

    # Two owners stand on each shelf, and two shelves make five or more.
    assert [len({hint.owner_id for hint in hints}) for hints in together] == [4, 2]
    assert [hint.pk for hints in together for hint in hints] == sorted(
        (promise.pk for promise in promises), key=lambda pk: (Promise.objects.get(pk=pk).owner_id % 3 == 2, pk)
    )
    assert actions.look_at_due(NOW) == 12
    assert not Promise.objects.filter(chance=None).exists()


def test_the_slower_of_two_watchers_changes_nothing(make_promise):
    promise = make_promise()
    Promise.objects.filter(pk=promise.pk).update(standing="may_be_late")
    one, other = watching._Due(NOW), watching._Due(NOW)

    for due in (one, other):
        for chunk in chunks(due):
            watching._Sweep(NOW, inf).look_at(chunk)

    assert (RiskReading.objects.count(), Reminder.objects.count(), Message.objects.count()) == (1, 1, 1)


def test_a_hint_that_was_set_anew_is_left_to_the_next_tick(make_promise):
    promise = make_promise()
    due = watching._Due(NOW)
    sweep = watching._Sweep(NOW, inf)
    # Somebody who began a moment before the sweep, and was done after it had read the diaries.
    actions.look_soon([promise.pk], NOW - SECOND)

    looked = [sweep.look_at(chunk) for chunk in chunks(due)]

    assert looked == [0]
    assert actions.look_at_due(NOW) == 1


def test_a_reminder_that_cannot_be_written_leaves_nothing_of_the_look(make_promise, monkeypatch):
    promise = make_promise()
    Promise.objects.filter(pk=promise.pk).update(standing="may_be_late")

    def stumble(*args):
        raise ZeroDivisionError

    monkeypatch.setattr(alarms, "alarms_for", stumble)
    actions.look_at_due(NOW)
    promise.refresh_from_db()

    assert (promise.next_look_at, promise.alarm_at) == (NOW + watching.PUT_OFF, None)
    assert (RiskReading.objects.count(), Reminder.objects.count()) == (0, 0)


@pytest.mark.parametrize("number", [0, 3, 6])
def test_a_row_that_the_database_does_not_take_is_put_off_alone(make_promise, monkeypatch, number):
    promises = [make_promise(f"Promise {number}") for number in range(7)]
    bad = promises[number]
    usual = watching.VALUES_WRITTEN

    def too_long(promise):
        row = usual(promise)
        return ("x" * 11, *row[1:]) if promise.pk == bad.pk and connection.vendor == "postgresql" else row

    def refuse(model, names, guard, rows, besides, needed):
        if connection.vendor == "sqlite" and bad.pk in [row[-1] for row in rows]:
            raise DatabaseError
        return update_unchanged(model, names, guard, rows, besides, needed)

    monkeypatch.setattr(watching, "VALUES_WRITTEN", too_long)
    monkeypatch.setattr(watching, "update_unchanged", refuse)
    actions.look_at_due(NOW)
    bad.refresh_from_db()

    assert (bad.chance, bad.next_look_at) == (None, NOW + watching.PUT_OFF)
    assert "could not be looked at" in bad.sentence
    assert sorted(RiskReading.objects.values_list("promise", flat=True)) == [p.pk for p in promises if p != bad]


def test_a_row_that_cannot_be_held_just_now_is_looked_at_a_little_later(make_promise, monkeypatch):
    promise = make_promise()

    def locked(*args):
        raise OperationalError("database is locked")

    monkeypatch.setattr(watching, "update_unchanged", locked)
    actions.look_at_due(NOW)
    promise.refresh_from_db()

    assert (promise.next_look_at, promise.sentence) == (NOW + watching.PUT_OFF_A_LITTLE, "")


def test_a_turn_ends_in_time_and_the_next_one_goes_on(make_promise, monkeypatch):
    for number in range(3):
        make_promise(f"Promise {number}")
    monkeypatch.setattr(watching, "TURN_LASTS", timedelta(0))

    actions.look_at_due(NOW)
    left = Promise.objects.to_look_at(NOW).count()
    monkeypatch.undo()
    actions.look_at_due(NOW)

    assert left == 3
    assert not Promise.objects.to_look_at(NOW).exists()


# Words


def test_the_sentence_does_not_grow_stale(make_promise, thandi):
    promise = make_promise(due_on=(NOW + 60 * DAY).date(), estimate_hours=Decimal(8))

    actions.look_at_due(NOW)
    first = Promise.objects.get(pk=promise.pk).sentence
    actions.look_at_due(NOW + DAY)

    assert Promise.objects.get(pk=promise.pk).sentence != first


def test_a_day_in_the_sentence_is_a_date(make_promise, thandi):
    promise = make_promise()
    actions.update(promise, standing="may_be_late", by=thandi, now=NOW)

    actions.look_at_due(NOW)
    promise.refresh_from_db()

    assert promise.sentence.startswith("Thandi said on Wed 18 Nov that it may be late.")


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("before", "the client would soon have to hear"),
        ("tell_by_at", "by now the client would have to hear"),
        ("due_at", "Nobody has said lately how this stands."),
    ],
)
def test_silence_is_spoken_of_as_of_its_moment(make_promise, firm, moment, words):
    promise = make_promise(estimate_hours=Decimal("0.1"))
    now = promise.tell_by_at - HOUR if moment == "before" else getattr(promise, moment)

    assert words in sentence(promise, Looking(firm, now).look(promise).forecast, now)
