"""Every promise that ends by delivery adds itself to the track record; forecasts read the latest of it."""

from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from clients.models import Scope, ScopeLine
from conftest import DAY, NOW
from engagement.staff.models import Absence, Firm, WorkingWeek
from promises import actions
from promises.actions.from_scope import make_from_line
from promises.actions.importing import Importer
from promises.due import due_for
from promises.importing.rows import Reading, Row
from promises.job_book import LONGEST, Job
from promises.kept_record import forget_record
from promises.models import PastJob, Promise
from promises.tests.test_from_scope import add, sign
from promises.track_record import FIRM_JOBS_READ, OWNER_JOBS_READ
from promises.weighing import Weighing

THURSDAY = NOW - 13 * DAY
KEPT = (
    "owner",
    "owner_name",
    "kind",
    "estimate_hours",
    "actual_hours",
    "made_on",
    "finished_on",
    "working_days",
    "days_given",
)


@pytest.fixture
def done(thandi):
    def deliver(promise, at=NOW, **fields):
        return actions.deliver(promise, delivered_at=at, by=thandi, now=NOW, **fields)

    return deliver


@pytest.fixture
def line(karoo, thandi):
    """A line of a signed scope."""
    scope = Scope.objects.create(client=karoo, number="2026-014", title="Shop fittings", made_at=NOW)
    ScopeLine.objects.create(scope=scope, number=1, service="Drawings", turnaround_days=10)
    return sign(scope, NOW)


def fill():
    migration = import_module("promises.migrations.0008_past_jobs_of_ended")
    migration.put_on_record(apps, None)


def a_job(owner, number, **fields):
    finished_on = date(2024, 1, 1) + timedelta(days=number)
    fields = {"made_on": date(2023, 12, 1), "finished_on": finished_on, "actual_hours": Decimal(6), **fields}
    return PastJob(
        owner=owner,
        owner_name=owner.name if owner else "Somebody",
        estimate_hours=Decimal(number + 1),
        working_days=float(number),
        hours_a_day=5.6,
        fingerprint=f"{owner and owner.pk}-{number}",
        **fields,
    )


# What goes on it


def test_a_delivered_promise_goes_on_record_as_it_was(make_promise, done, thandi):
    Absence.objects.create(user=thandi, first_day=date(2026, 11, 10), last_day=date(2026, 11, 11))
    promise = make_promise(made_at=THURSDAY, estimate_hours=Decimal("4.5"))

    done(promise, hours_taken=Decimal(6))

    job = PastJob.objects.get()
    assert (job.promise, job.owner, job.owner_name, job.kind) == (promise, thandi, "Thandi Mokoena", "")
    assert (job.estimate_hours, job.actual_hours) == (Decimal("4.50"), Decimal("6.00"))
    assert (job.made_on, job.finished_on) == (date(2026, 11, 5), date(2026, 11, 18))
    # From Friday the 6th to Wednesday the 18th, but for two weekend days twice and the two days away: 9 less 2.
    assert job.working_days == 7
    assert job.hours_a_day == pytest.approx(8 * 0.7)
    assert job.fingerprint == ""


def test_hours_that_nobody_said_stay_unknown(make_promise, done):
    done(make_promise())

    job = PastJob.objects.get()
    assert (job.estimate_hours, job.actual_hours) == (None, None)


def test_a_promise_kept_the_day_it_was_made_took_no_working_day(make_promise, done):
    done(make_promise(made_at=NOW - timedelta(hours=1)))

    assert PastJob.objects.get().working_days == 0


def test_the_day_is_that_of_the_owners_zone(make_promise, make_person, done):
    # Late in the evening in Auckland, and already the next day.
    kiri = make_person("Kiri Far")
    kiri.zone = "Pacific/Auckland"
    kiri.save()
    promise = make_promise(owner=kiri, made_at=NOW - 2 * DAY + timedelta(hours=3))

    done(promise)

    job = PastJob.objects.get()
    assert (job.made_on, job.finished_on) == (date(2026, 11, 17), date(2026, 11, 18))


def test_the_kind_is_the_service_of_the_line_as_it_holds_now(line, karoo, thandi, firm, done):
    due = due_for(karoo, firm, date(2026, 11, 20), None)
    promise = make_from_line(line, 1, what="Drawings", due=due, owner=thandi, by=thandi, now=NOW - DAY)
    add(line, {"act": "change", "number": 1, "service": "Drawings and models", "turnaround_days": 10})

    done(promise)

    assert PastJob.objects.get().kind == "Drawings and models"


def test_what_is_withdrawn_or_void_adds_nothing(make_promise, thandi):
    actions.withdraw(make_promise(), reason="No longer needed", agreed_by="Lena", by=thandi, now=NOW)
    actions.void(make_promise(), reason="Logged twice", by=thandi, now=NOW)

    assert not PastJob.objects.exists()


def test_opened_again_it_is_off_the_record_until_it_ends_once_more(make_promise, done, thandi):
    promise = make_promise(made_at=THURSDAY)
    done(promise, at=NOW - DAY, hours_taken=Decimal(5))

    actions.reopen(promise, reason="One sheet is missing", by=thandi, now=NOW)

    assert not PastJob.objects.exists()
    done(promise, hours_taken=Decimal(7))
    job = PastJob.objects.get()
    assert (job.actual_hours, job.finished_on) == (Decimal("7.00"), date(2026, 11, 18))


def test_both_are_written_or_neither(make_promise, done, thandi):
    promise = make_promise()
    WorkingWeek.objects.create(user=thandi, valid_from=date(2026, 1, 1), hours=[[["nine", "five"]]] * 7)

    with pytest.raises(ValueError, match="nine"):
        done(promise)

    promise.refresh_from_db()
    assert promise.is_open
    assert not PastJob.objects.exists()


def test_a_calendar_that_changes_later_rewrites_nothing(make_promise, done, thandi):
    done(make_promise(made_at=THURSDAY))
    before = list(PastJob.objects.values())

    Absence.objects.create(user=thandi, first_day=date(2026, 11, 1), last_day=date(2026, 11, 18))
    WorkingWeek.objects.create(user=thandi, valid_from=date(2026, 1, 1), share=Decimal("0.1"))

    assert list(PastJob.objects.values()) == before


@pytest.mark.parametrize(
    ("made", "delivered", "found"),
    [
        (date(2026, 3, 5), date(2026, 3, 13), [(6, None)]),
        (None, date(2026, 3, 13), []),
        (date(2026, 3, 5), None, []),
        # Brought in as written, and no length can be made of it.
        (date(2026, 3, 16), date(2026, 3, 13), []),
    ],
)
def test_imported_promises_add_themselves_where_both_days_are_known(firm, thandi, made, delivered, found):
    row = Row(2, "A-1", "Acme", "Plan", thandi.name, date(2026, 3, 20), made, delivered)

    Importer(None, NOW).bring_in([Reading(row)])

    assert Promise.objects.count() == 1
    assert list(PastJob.objects.values_list("working_days", "actual_hours")) == found


# What ended before there was a record


def test_what_ended_before_is_filled_in_as_it_would_have_added_itself(make_promise, make_person, line, done, thandi):
    naledi = make_person("Naledi Dube")
    naledi.zone = "America/New_York"
    naledi.save()
    day = [["08:00", "12:00"], ["13:00", "24:00"]]
    WorkingWeek.objects.create(user=naledi, valid_from=date(2026, 11, 9), hours=[day, day, [], day, [], [], []])
    WorkingWeek.objects.create(user=naledi, valid_from=date(2026, 1, 1), share=Decimal("0.4"))
    Absence.objects.create(user=thandi, first_day=date(2026, 11, 10), last_day=date(2026, 11, 11))
    done(make_promise(made_at=NOW - 380 * DAY, estimate_hours=Decimal(4)), hours_taken=Decimal(5))
    done(make_promise(made_at=THURSDAY, owner=naledi))
    done(make_promise(made_at=NOW - 5 * DAY, owner=naledi, scope=line, scope_line=1))
    actions.withdraw(make_promise(), reason="No longer needed", agreed_by="Lena", by=thandi, now=NOW)
    added = list(PastJob.objects.order_by("promise").values_list("promise", "hours_a_day", *KEPT))
    PastJob.objects.all().delete()

    fill()
    fill()

    assert list(PastJob.objects.order_by("promise").values_list("promise", "hours_a_day", *KEPT)) == added
    assert len(added) == 3


def test_filling_in_leaves_alone_what_is_there(make_promise, done):
    promise = make_promise()
    done(promise)
    PastJob.objects.update(kind="Corrected")

    fill()

    assert PastJob.objects.get().kind == "Corrected"


# How it is read


def test_forecasts_read_jobs_as_they_stand_and_the_oldest_first(thandi):
    PastJob.objects.bulk_create([a_job(thandi, 2), a_job(thandi, 0), a_job(None, 1, actual_hours=None, kind="Design")])

    assert [begun.job for begun in PastJob.objects.latest_jobs(10)] == [
        Job(thandi.pk, "", 1.0, 6.0, 0.0, 5.6),
        Job("Somebody", "Design", 2.0, None, 1.0, 5.6),
        Job(thandi.pk, "", 3.0, 6.0, 2.0, 5.6),
    ]


def test_of_two_jobs_finished_on_one_day_the_later_one_came_in_later(thandi):
    same = date(2026, 1, 5)
    PastJob.objects.bulk_create([a_job(thandi, 1, finished_on=same), a_job(thandi, 2, finished_on=same)])

    assert [begun.job.estimate for begun in PastJob.objects.latest_jobs(10)] == [2.0, 3.0]


def test_only_the_latest_are_read(thandi, sam, firm):
    PastJob.objects.bulk_create([a_job(sam, number) for number in range(OWNER_JOBS_READ + 5)])
    PastJob.objects.bulk_create([a_job(thandi, 1000 + number) for number in range(FIRM_JOBS_READ + 5)])

    record = Weighing(firm).record_at(NOW)

    assert len(record.firm) == FIRM_JOBS_READ
    # None of Sam's is among the firm's latest, and he has a record all the same.
    assert len(record.owner(sam.pk)) == OWNER_JOBS_READ


def test_an_owners_book_is_the_same_wherever_it_is_read(thandi, firm, monkeypatch):
    """From the firm's jobs, or from their own once the firm has more than are read: those that were finished last."""
    PastJob.objects.bulk_create(
        [a_job(thandi, number, made_on=date(2024, 1, 1)) for number in range(1, OWNER_JOBS_READ + 1)]
    )
    # The last to be finished was the first to be begun.
    PastJob.objects.bulk_create([a_job(thandi, 500, made_on=date(2023, 1, 1))])
    days = []

    for read in (OWNER_JOBS_READ + 2, OWNER_JOBS_READ + 1):
        forget_record()
        monkeypatch.setattr("promises.weighing.FIRM_JOBS_READ", read)
        days.append([*Weighing(firm).record_at(NOW).owner(thandi.pk).lasted(0).in_hand])

    assert days[0] == days[1]
    assert days[0][-1] == LONGEST + 1


@pytest.mark.parametrize(("read", "asked"), [(16, 2 + 3), (15, 2 + 3 + 3)])
def test_a_record_is_read_once_for_the_firm_and_for_an_owner_where_it_goes_further_back(
    make_person, read, asked, django_assert_num_queries, mara, monkeypatch, firm
):
    """Once for what is finished and once for what is in hand; and what somebody has open is their load as well."""
    monkeypatch.setattr("promises.weighing.FIRM_JOBS_READ", read)
    people = [make_person(f"P{number} Person") for number in range(3)]
    PastJob.objects.bulk_create([a_job(person, number) for person in people for number in range(5)])

    with django_assert_num_queries(asked):
        record = Weighing(firm).record_at(NOW)
        for person in people * 3:
            assert len(record.owner(person.pk)) == 5


def test_promises_in_hand_count_for_as_long_as_they_have_lasted(make_promise, thandi, sam, firm):
    make_promise(owner=thandi, made_at=NOW - 7 * DAY)
    PastJob.objects.bulk_create([a_job(thandi, 1), a_job(sam, 2)])

    record = Weighing(firm).record_at(NOW)

    # Five working days of one week lie behind it; it is on its owner's book and on the firm's.
    assert [*record.owner(thandi.pk).lasted(0).in_hand] == [5, 1]
    assert [entry.is_open for entry in record.firm.entries] == [False, False, True]
    assert record.jobs == 2
    assert record.days(thandi.pk, "", None).share_beyond(4, 1) > record.days(sam.pk, "", None).share_beyond(4, 1)


def test_reading_walks_an_index_and_sorts_nothing(thandi, sam):
    # So many that PostgreSQL does not rather read the whole table.
    PastJob.objects.bulk_create([a_job(sam, number) for number in range(3000)])
    PastJob.objects.bulk_create([a_job(thandi, number) for number in range(50)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    for of_whom, index in ((PastJob.objects.all(), "past_job_latest"), (thandi.past_jobs.all(), "past_job_of_owner")):
        plan = of_whom.order_by("-finished_on", "-pk").values_list("kind")[:10].explain()
        assert index in plan, plan
        assert "SORT" not in plan.upper(), plan
        assert "B-TREE" not in plan.upper(), plan


def test_what_is_on_record_is_counted(thandi, sam):
    PastJob.objects.bulk_create([a_job(thandi, 0), a_job(thandi, 1, actual_hours=None), a_job(None, 2)])

    counts = PastJob.objects.counts()

    assert (counts.jobs, counts.compared, counts.people) == (3, 2, 1)


def test_without_a_record_there_is_nothing_and_nothing_fails(db):
    assert Weighing(Firm.get()).record_at(NOW).jobs == 0
    assert PastJob.objects.counts().jobs == 0


def test_administrators_see_it_and_change_nothing(client, ada, thandi):
    job = PastJob.objects.bulk_create([a_job(thandi, 3)])[0]
    client.force_login(ada)

    listed = client.get(reverse("admin:promises_pastjob_changelist"), {"q": "Thandi"})
    shown = client.get(reverse("admin:promises_pastjob_change", args=[job.pk]))

    assert b"Thandi Mokoena" in listed.content
    assert shown.status_code == 200
    assert b'name="_save"' not in shown.content
    assert client.get(reverse("admin:promises_pastjob_add")).status_code == 403
