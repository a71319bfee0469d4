"""A process remembers the track record for some minutes: nobody who logs a promise waits for hundreds of jobs."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from conftest import DAY, NOW
from promises import actions
from promises.actions import watching
from promises.kept_record import FEW, LASTS, kept_record
from promises.models import PastJob, Promise
from promises.tests.test_past_jobs import a_job
from promises.track_record import FIRM_JOBS_READ, TrackRecord
from promises.weighing import Weighing

SECOND = timedelta(seconds=1)


@pytest.fixture
def finished(thandi):
    return PastJob.objects.bulk_create([a_job(thandi, number) for number in range(3)])


def elsewhere(owner):
    """Another process put one more on record."""
    PastJob.objects.bulk_create([a_job(owner, 99)])


def read(firm, owner, now):
    record = Weighing(firm).record_at(now)
    return record.jobs, len(record.owner(owner.pk))


def test_nobody_reads_again_what_was_read_just_now(firm, thandi, finished, django_assert_num_queries):
    Weighing(firm).record_at(NOW).owner(thandi.pk)

    with django_assert_num_queries(0):
        record = Weighing(firm).record_at(NOW + SECOND)
        assert len(record.owner(thandi.pk)) == 3


@pytest.mark.parametrize(("later", "jobs"), [(LASTS - SECOND, 3), (LASTS, 4), (-LASTS, 4), (-DAY, 4)])
def test_what_another_process_wrote_is_read_some_minutes_later(firm, thandi, finished, later, jobs):
    before = read(firm, thandi, NOW)
    elsewhere(thandi)

    assert before == (3, 3)
    assert read(firm, thandi, NOW + later) == (jobs, jobs)


def test_what_this_process_delivers_is_read_at_once(firm, thandi, finished, make_promise):
    promise = make_promise(estimate_hours=Decimal(2))
    before = read(firm, thandi, NOW)

    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)
    delivered = read(firm, thandi, NOW)
    actions.reopen(promise, reason="Not quite", by=thandi, now=NOW)

    # The one in hand is on the book until it ends, and again from then on.
    assert before == (3, 4)
    assert delivered == (4, 4)
    assert read(firm, thandi, NOW) == (3, 4)


def test_who_is_not_on_the_books_yet_is_read_as_they_stand_now(firm, thandi, sam, finished, make_promise):
    read(firm, thandi, NOW)
    make_promise(owner=sam)

    assert read(firm, sam, NOW + SECOND) == (3, 1)


def test_an_owner_of_long_ago_is_read_once(firm, thandi, sam, django_assert_num_queries):
    PastJob.objects.bulk_create([a_job(thandi, 0), *(a_job(sam, 1 + number) for number in range(FIRM_JOBS_READ))])
    before = read(firm, thandi, NOW)

    with django_assert_num_queries(0):
        assert read(firm, thandi, NOW) == before == (FIRM_JOBS_READ, 1)


def test_tables_made_once_serve_the_next(firm, thandi, finished):
    first = Weighing(firm).record_at(NOW).days(thandi.pk, "", 3)

    assert Weighing(firm).record_at(NOW).days(thandi.pk, "", 3) is first


def in_another_thread(ask):
    """On a connection of its own, as another request of this process."""

    def closing():
        try:
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(closing).result(10)


@pytest.fixture
def promise(thandi, make_promise):
    PastJob.objects.bulk_create([a_job(thandi, number) for number in range(3)])
    return make_promise(estimate_hours=Decimal(2))


def deliver(promise):
    actions.deliver(promise, delivered_at=NOW, by=promise.owner, now=NOW)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="In memory, threads wait for each other's transactions.")
def test_what_somebody_read_before_the_commit_is_forgotten_with_it(firm, thandi, promise):
    with transaction.atomic():
        deliver(promise)
        meanwhile = in_another_thread(lambda: read(firm, thandi, NOW))

    assert meanwhile == (3, 4)
    assert read(firm, thandi, NOW) == (4, 4)


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_remembered_by_nobody(firm, thandi, promise):
    with suppress(ZeroDivisionError), transaction.atomic():
        deliver(promise)
        delivered = read(firm, thandi, NOW)
        raise ZeroDivisionError

    assert delivered == (4, 4)
    assert read(firm, thandi, NOW) == (3, 4)


@pytest.mark.django_db(transaction=True)
def test_what_was_being_read_while_it_changed_is_not_kept(firm, thandi, promise):
    """The first question was answered before the commit."""

    def as_it_was():
        kept = Weighing(firm)._read_record(NOW)
        deliver(promise)
        return kept

    kept_record(NOW, as_it_was)

    assert read(firm, thandi, NOW) == (4, 4)


@pytest.mark.parametrize("change", ["added", "taken off", "given to somebody else"])
def test_the_watch_reads_what_another_process_wrote_at_its_next_turn(firm, thandi, sam, finished, make_promise, change):
    make_promise(estimate_hours=Decimal(2))
    actions.look_at_due(NOW)
    one = PastJob.objects.filter(pk=finished[0].pk)
    match change:
        case "added":
            elsewhere(thandi)
        case "taken off":
            one.delete()
        case _:
            one.update(owner=sam)
    Promise.objects.update(next_look_at=NOW)

    actions.look_at_due(NOW)

    # As the turn left it, the one in hand among them.
    assert read(firm, thandi, NOW) == {"added": (4, 5), "taken off": (2, 3), "given to somebody else": (3, 3)}[change]


def test_a_turn_reads_the_record_once(firm, thandi, finished, make_promise, monkeypatch):
    monkeypatch.setattr(watching, "CHUNK", 2)
    for number in range(6):
        make_promise(f"Promise {number}")

    with CaptureQueriesContext(connection) as asked:
        assert actions.look_at_due(NOW) == 6

    asked_for = [query["sql"].partition(" FROM ")[0] for query in asked if "promises_pastjob" in query["sql"]]
    # The newest, and all.
    assert len(asked_for) == len(set(asked_for)) == 2


@pytest.mark.parametrize(("more", "counts"), [(FEW, False), (FEW + 1, True)])
def test_of_hundreds_the_watch_reads_again_when_many_were_put_on_record(firm, thandi, sam, make_promise, more, counts):
    PastJob.objects.bulk_create([a_job(thandi, number) for number in range(FIRM_JOBS_READ)])
    make_promise(estimate_hours=Decimal(2))
    actions.look_at_due(NOW)
    before = Weighing(firm).record_at(NOW).firm
    PastJob.objects.bulk_create([a_job(sam, FIRM_JOBS_READ + number) for number in range(more)])
    Promise.objects.update(next_look_at=NOW)

    actions.look_at_due(NOW)

    assert (Weighing(firm).record_at(NOW).firm is not before) == counts


def test_nobody_meets_a_book_that_is_filled_still():
    record, met = TrackRecord([], lambda _owner: ()), []

    class WhileRead:
        """A job, and somebody who asks while it is read."""

        estimate, actual, days, hours_a_day, is_open, given = 2.0, 3.0, 4.0, 5.6, False, None

        @property
        def kind(self):
            met.append(record.knows("mara"))
            return ""

    book = record.put("mara", [WhileRead(), WhileRead()])

    assert met == [False, False]
    assert len(book) == 2
    assert record.owner("mara") is book
