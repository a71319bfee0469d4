"""The firm's past as questions: each is answered from what was known at its moment."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import DAY, HOUR, NOW
from promises import actions
from promises.due import due_for
from promises.events import Ask, Done
from promises.history import Past, looks
from promises.job_book import Job
from promises.models import Extension, PastJob, Promise

pytestmark = pytest.mark.django_db

# A Monday, six weeks before now, and the Friday of the second week after it.
MADE = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
DUE_ON = date(2026, 10, 16)


@pytest.fixture
def promised(make_promise):
    def make(what="Drawings", **fields):
        return make_promise(what, **{"due_on": DUE_ON, "made_at": MADE, "estimate_hours": 8} | fields)

    return make


def past(firm):
    return list(Past(firm, NOW).events())


def asks(firm):
    return [event for event in past(firm) if isinstance(event, Ask)]


def free_hours(firm, promise):
    return [ask.facts.free_hours for ask in asks(firm) if ask.task.startswith(f"{promise.pk} ")]


def test_a_date_is_asked_about_when_set_each_week_and_at_half_and_four_fifths():
    moments = looks(MADE, MADE, MADE + 20 * DAY, MADE + 20 * DAY)

    assert [(moment - MADE) / DAY for moment in moments] == [0, 7, 10, 14, 16]


def test_a_date_is_not_asked_about_once_it_has_passed_or_the_promise_has_ended():
    assert looks(MADE, MADE, MADE + 20 * DAY, MADE + 14 * DAY) == [MADE, MADE + 7 * DAY, MADE + 10 * DAY]
    assert looks(MADE, MADE, MADE + 7 * DAY, MADE + 30 * DAY)[-1] < MADE + 7 * DAY
    assert looks(MADE, MADE + 9 * DAY, MADE + 8 * DAY, MADE + 30 * DAY) == []


def test_a_moved_date_is_asked_about_from_its_setting_on():
    moments = looks(MADE, MADE + 8 * DAY, MADE + 20 * DAY, MADE + 20 * DAY)

    # Half and four fifths are of the time since the promise was made.
    assert [(moment - MADE) / DAY for moment in moments] == [8, 10, 15, 16]


def test_a_question_knows_no_update_that_came_after_it(firm, promised, thandi):
    promise = promised()
    actions.update(promise, standing="may_be_late", per_cent=60, by=thandi, now=MADE + 2 * DAY)

    first, *later = asks(firm)

    assert (first.facts.per_cent, first.facts.standing) == (None, "")
    assert {(ask.facts.per_cent, ask.facts.standing) for ask in later} == {(60, "may_be_late")}


def test_a_new_per_cent_outdates_the_hours_that_were_left(firm, promised, thandi):
    promise = promised()
    actions.update(promise, standing="on_track", hours_left=3, by=thandi, now=MADE + DAY)
    actions.update(promise, standing="on_track", per_cent=50, by=thandi, now=MADE + 6 * DAY)

    facts = [ask.facts for ask in asks(firm)]

    assert [(one.hours_left, one.per_cent) for one in facts] == [(None, None), (3.0, None), (None, 50), (None, 50)]


def test_days_are_counted_to_the_moment_of_the_question(firm, promised):
    promised()

    facts = [ask.facts for ask in asks(firm)]

    assert [(one.days_elapsed, one.days_left) for one in facts] == [(0, 9), (4, 5), (5, 4), (7, 2)]
    assert [one.silent_days for one in facts] == [0, 4, 5, 7]


def test_only_what_was_promised_by_then_takes_free_hours(firm, promised):
    watched = promised("Watched", due_on=DUE_ON)
    alone = free_hours(firm, watched)
    promised("Earlier", due_on=date(2026, 10, 14), made_at=MADE + 5 * DAY, estimate_hours=10)

    beside = free_hours(firm, watched)

    assert alone[0] == pytest.approx(10 * 8 * 0.7 - 0.7 * 1.5, abs=1.5)  # made at ten, with half a day's and more to go
    assert [a - b for a, b in zip(alone, beside, strict=True)] == pytest.approx([0, 10, 10, 10])


def test_what_has_ended_by_then_takes_none(firm, promised, thandi):
    watched = promised("Watched", made_at=MADE + HOUR)
    alone = free_hours(firm, watched)
    earlier = promised("Earlier", due_on=date(2026, 10, 14), estimate_hours=10)
    actions.deliver(earlier, delivered_at=MADE + DAY, by=thandi, now=MADE + DAY)

    beside = free_hours(firm, watched)

    assert [a - b for a, b in zip(alone, beside, strict=True)] == pytest.approx([10, 0, 0, 0])


@pytest.mark.parametrize(("late_by", "slipped"), [(timedelta(0), False), (timedelta(seconds=1), True)])
def test_it_slipped_if_it_came_after_the_date(firm, promised, thandi, late_by, slipped):
    promise = promised()
    actions.deliver(promise, delivered_at=promise.due_at + late_by, by=thandi, now=NOW)

    assert {ask.slipped for ask in asks(firm)} == {slipped}


def test_what_is_open_and_overdue_has_slipped(firm, promised):
    promised()

    assert {ask.slipped for ask in asks(firm)} == {True}


def test_nothing_is_asked_of_a_date_that_has_not_passed(firm, promised, thandi):
    done = promised(due_on=date(2026, 12, 1))
    actions.deliver(done, delivered_at=NOW - DAY, by=thandi, now=NOW)

    assert asks(firm) == []


def test_nothing_is_asked_of_what_was_withdrawn_before_its_date(firm, promised):
    promise = promised()
    before = promise.due_at - DAY
    Promise.objects.filter(pk=promise.pk).update(withdrawn_at=before, ended_at=before)

    assert asks(firm) == []


def test_a_date_that_was_moved_away_slipped_and_the_new_one_is_asked_about(firm, promised, karoo, thandi):
    promise = promised()
    first = promise.due_at
    moved_at = MADE + 9 * DAY
    extension = actions.extend(
        promise,
        due_for(karoo, firm, date(2026, 10, 30), None),
        reason=Extension.Reason.MORE_WORK,
        reason_text="More.",
        asked_by="us",
        by=thandi,
        now=moved_at,
    )
    actions.answer(extension, agreed=True, answered_at=moved_at, by=thandi, now=moved_at)
    promise.refresh_from_db()
    actions.deliver(promise, delivered_at=promise.due_at - DAY, by=thandi, now=NOW)

    asked = asks(firm)

    of_first = [ask for ask in asked if ask.due == first.date()]
    of_second = [ask for ask in asked if ask.due == date(2026, 10, 30)]
    assert ({ask.slipped for ask in of_first}, {ask.slipped for ask in of_second}) == ({True}, {False})
    assert all(ask.day < moved_at.date() for ask in of_first)
    assert all(ask.day >= moved_at.date() for ask in of_second)
    assert {ask.task for ask in of_first}.isdisjoint(ask.task for ask in of_second)


def test_what_the_replay_holds_at_the_end_is_what_the_row_says(firm, promised, karoo, thandi):
    """A twin: what each act does to a promise, the replay does too."""
    promise = promised()
    actions.update(promise, standing="on_track", hours_left=3, by=thandi, now=MADE + DAY)
    actions.update(promise, standing="may_be_late", per_cent=40, by=thandi, now=MADE + 3 * DAY)
    extension = actions.extend(
        promise,
        due_for(karoo, firm, date(2026, 10, 30), None),
        reason=Extension.Reason.MORE_WORK,
        reason_text="More.",
        asked_by="us",
        by=thandi,
        now=MADE + 4 * DAY,
    )
    actions.answer(extension, agreed=True, answered_at=MADE + 4 * DAY, by=thandi, now=MADE + 4 * DAY)
    actions.update(promise, standing="on_track", per_cent=50, by=thandi, now=MADE + 8 * DAY)
    names = ("due_at", "tell_by_at", "standing", "per_cent", "hours_left", "last_update_at", "waiting_for")
    replay = Past(firm, NOW)

    list(replay.events())

    (stood,) = replay.weighing._open[thandi.pk].values()
    promise.refresh_from_db()
    assert [getattr(stood, name) for name in names] == [getattr(promise, name) for name in names]


def test_a_finished_job_is_known_from_its_end_on(firm, promised, thandi):
    early = promised("Early")
    actions.deliver(early, delivered_at=MADE + 2 * DAY, hours_taken=11, by=thandi, now=MADE + 2 * DAY)
    promised("Later", made_at=MADE + 4 * DAY)

    events = past(firm)

    (place,) = [number for number, event in enumerate(events) if isinstance(event, Done)]
    job = early.past_job
    assert events[place].job == Job(thandi.pk, "", 8.0, 11.0, 2.0, job.hours_a_day, given=9.0)
    # What was asked on the day itself came before.
    assert [event.task.split()[0] == str(early.pk) for event in events[:place]] == [True]
    assert len(events) > place + 1


def test_jobs_from_a_file_take_their_place_in_time(firm, promised, thandi):
    PastJob.objects.bulk_create(
        PastJob(
            owner_name="Somebody of old",
            estimate_hours=4,
            made_on=day,
            finished_on=day,
            working_days=1,
            hours_a_day=5,
            fingerprint=day.isoformat(),
        )
        for day in (date(2026, 10, 10), date(2026, 9, 1), date(2026, 10, 10) + timedelta(days=365))
    )
    promised()

    events = past(firm)

    assert [type(event) for event in events[:4]] == [Done, Ask, Ask, Done]
    assert [event.day for event in events] == sorted(event.day for event in events)
    assert events[0].job == Job("Somebody of old", "", 4.0, None, 1.0, 5.0)


def test_a_replay_changes_nothing(firm, promised, thandi):
    promise = promised()
    actions.update(promise, standing="on_track", per_cent=60, by=thandi, now=MADE + 2 * DAY)
    before = Promise.objects.values().get(pk=promise.pk)

    past(firm)

    assert Promise.objects.values().get(pk=promise.pk) == before


def test_more_promises_cost_no_more_statements(firm, promised):
    counts = []
    for how_many in (1, 2):
        for _number in range(how_many):
            promised()
        with CaptureQueriesContext(connection) as asked:
            past(firm)
        counts.append(len(asked))

    # How a cursor is counted differs between databases.
    assert counts[0] == counts[1] > 3
