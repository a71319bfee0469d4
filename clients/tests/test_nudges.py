"""Reminders to sign: after three days and then every three, five at the most; and the last day, which ends."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients import actions, record
from clients.models import Agreement, Client, Contact, Entry
from clients.tests.agreements import SEEN, code_for, countersign, draft, sign, signed
from clients.tests.test_signing_races import at_once, surprises
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Hold, Message, State
from engagement.outbox.tests.sink import Sink

SECOND = timedelta(seconds=1)
FAR = 60 * DAY


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


@pytest.fixture
def sink(tmp_path, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with Sink(tmp_path) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 2
        yield server


@pytest.fixture
def waiting(karoo, lena, thandi):
    """Sent, to be signed within sixty days unless told otherwise."""

    def make(now=NOW, lasts=FAR, **more):
        agreement = draft(karoo, thandi, now).agreement
        actions.send(agreement, contact=lena, valid_until=(now + lasts).date(), by=thandi, now=now, **more)
        return agreement

    return make


def nudges(agreement=None):
    found = Message.objects.filter(occasion__startswith=f"sign nudge:{agreement.pk}:" if agreement else "sign nudge:")
    return list(found.order_by("written_at", "pk"))


def days_of(agreement):
    return [(message.written_at - NOW) / DAY for message in nudges(agreement)]


def tick(now):
    actions.lapse_due(now)
    actions.nudge_due(now)


def live(until=40 * DAY, every=6 * HOUR, since=NOW):
    now = since
    while now <= NOW + until:
        tick(now)
        now += every


# When


def test_after_three_days_and_then_every_three_five_at_the_most(waiting):
    agreement = waiting()

    live()

    agreement.refresh_from_db()
    assert days_of(agreement) == [3, 6, 9, 12, 15]
    assert (agreement.nudges, agreement.next_nudge_at, agreement.state) == (5, None, "sent")
    assert Entry.objects.filter(kind="agreement_nudged").count() == 5


def test_three_days_to_the_second(waiting):
    waiting()

    assert actions.nudge_due(NOW + 3 * DAY - SECOND) == 0
    assert actions.nudge_due(NOW + 3 * DAY) == 1
    assert actions.nudge_due(NOW + 3 * DAY) == 0
    assert actions.nudge_due(NOW + 6 * DAY - SECOND) == 0


def test_a_missed_week_is_made_up_for_by_one(waiting):
    agreement = waiting()
    actions.nudge_due(NOW + 3 * DAY)

    live(since=NOW + 13 * DAY)

    assert days_of(agreement) == [3, 13, 16, 19, 22]


def test_the_days_are_counted_from_the_version_that_waits(waiting, lena, thandi):
    agreement = waiting()
    actions.nudge_due(NOW + 3 * DAY)
    actions.revise(agreement, by=thandi, now=NOW + 4 * DAY)
    tick(NOW + 6 * DAY)

    actions.send(agreement, contact=lena, valid_until=(NOW + FAR).date(), by=thandi, now=NOW + 7 * DAY)
    live(since=NOW + 7 * DAY)

    assert days_of(agreement) == [3, 10, 13, 16, 19, 22]


def test_nobody_is_reminded_of_what_we_did_not_mail(waiting):
    waiting(by_mail=False)

    live()

    assert nudges() == []


# Never after


def is_signed(agreement, lena, thandi):
    sign(agreement, agreement.versions.get())


def is_signed_by_the_firm_too(agreement, lena, thandi):
    sign(agreement, agreement.versions.get())
    countersign(agreement, thandi)


def is_declined(agreement, lena, thandi):
    actions.decline(agreement, why="No.", shown=agreement.versions.get().sha256, seen=SEEN, now=NOW)


def is_withdrawn(agreement, lena, thandi):
    actions.withdraw(agreement, why="So.", by=thandi, now=NOW)


def is_taken_back(agreement, lena, thandi):
    actions.revise(agreement, by=thandi, now=NOW)


def has_lost_its_signer(agreement, lena, thandi):
    actions.mark_left(lena, thandi, NOW)


def belongs_to_a_client_put_away(agreement, lena, thandi):
    Client.objects.filter(pk=lena.client_id).update(archived_at=NOW)


ENDS = [
    is_signed,
    is_signed_by_the_firm_too,
    is_declined,
    is_withdrawn,
    is_taken_back,
    has_lost_its_signer,
    belongs_to_a_client_put_away,
]


@pytest.mark.parametrize("happens", ENDS)
def test_nobody_is_reminded_of_what(waiting, lena, thandi, happens):
    agreement = waiting()

    happens(agreement, lena, thandi)
    live(20 * DAY, DAY)

    assert nudges() == []


@pytest.mark.parametrize("happens", ENDS)
def test_a_reminder_that_waits_for_the_morning_does_not_leave_when_it(waiting, lena, thandi, sink, happens):
    agreement = waiting(datetime(2026, 11, 18, 17, tzinfo=UTC))
    outbox.send_waiting(NOW + DAY)
    actions.nudge_due(datetime(2026, 11, 21, 17, tzinfo=UTC))
    assert len(nudges()) == 1

    happens(agreement, lena, thandi)
    outbox.send_waiting(datetime(2026, 11, 22, 7, tzinfo=UTC))

    # Nobody here has to see to what is simply over.
    by_ourselves = happens not in (has_lost_its_signer, belongs_to_a_client_put_away)
    assert nudges()[0].state == (State.DROPPED if by_ourselves else State.FAILED)
    assert not any("Waiting for you" in mail["Subject"] for mail in sink.accepted())


def test_nobody_is_reminded_after_the_last_day(waiting):
    """Seven days: the third one would come on the ninth. And the clock that lapses may be late."""
    agreement = waiting(lasts=7 * DAY)
    for days in (3, 6, 9, 12):
        actions.nudge_due(NOW + days * DAY)

    assert days_of(agreement) == [3, 6]


# Where and how


def test_it_waits_for_the_end_of_the_quiet_hours(waiting, firm):
    """Sent at seven in the evening in Johannesburg, where it is quiet from six until eight."""
    waiting(datetime(2026, 11, 18, 17, tzinfo=UTC))

    actions.nudge_due(datetime(2026, 11, 21, 17, tzinfo=UTC))

    assert (firm.quiet_from, firm.quiet_until) == (time(18), time(8))
    assert nudges()[0].not_before == datetime(2026, 11, 22, 6, tzinfo=UTC)


def test_in_the_day_it_leaves_at_once(waiting):
    waiting()

    actions.nudge_due(NOW + 3 * DAY)

    assert nudges()[0].not_before == NOW + 3 * DAY


def test_it_is_kept_with_a_mark_and_leaves_with_the_address(waiting, lena, thandi, sink):
    agreement = waiting()
    outbox.send_waiting(NOW)

    actions.nudge_due(NOW + 3 * DAY)
    outbox.send_waiting(NOW + 3 * DAY)

    kept, left = nudges()[0], sink.accepted()[-1]
    assert (kept.state, kept.address, left["Reply-To"]) == (State.SENT, lena.email, thandi.email)
    assert f"[signing page {agreement.pk}]" in kept.body
    assert left["Subject"] == "Waiting for you: Shop fittings (2026-001)"
    assert actions.signing_address(agreement) in left.get_content()
    assert "until Sunday 17 January 2027" in left.get_content()


# Whole, and once


def test_one_that_cannot_be_written_stops_no_other_and_is_tried_again(waiting, karoo, thandi, monkeypatch):
    first, second = waiting(), waiting(NOW + HOUR)
    save = Message.save

    def breaks(self, *args, **kwargs):
        if self.occasion.startswith(f"sign nudge:{first.pk}:"):
            raise OSError("no room")
        return save(self, *args, **kwargs)

    monkeypatch.setattr(Message, "save", breaks)
    assert actions.nudge_due(NOW + 4 * DAY) == 1
    first.refresh_from_db()
    assert (first.nudges, first.next_nudge_at) == (0, NOW + 4 * DAY + HOUR)

    monkeypatch.setattr(Message, "save", save)
    assert actions.nudge_due(NOW + 4 * DAY + HOUR) == 1
    assert (len(nudges(first)), len(nudges(second))) == (1, 1)


def test_after_a_restore_one_that_was_due_before_is_left_to_a_person(waiting):
    late, on_time = waiting(), waiting(NOW + 2 * DAY)
    Agreement.objects.filter(pk=late.pk).update(next_nudge_at=NOW + 5 * DAY)
    held = {"held_at": NOW + 4 * DAY, "as_of": NOW + 3 * DAY, "lifted_at": NOW + 4 * DAY + HOUR}
    Hold.objects.create(why=Hold.Why.RESTORED, **held)

    actions.nudge_due(NOW + 5 * DAY)

    assert [message.state for message in nudges(late)] == [State.IN_DOUBT]
    assert [message.state for message in nudges(on_time)] == [State.WAITING]


class TestOnServers:
    pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

    def test_two_workers_remind_and_lapse_once(self, waiting, karoo):
        """Three agreements, forty days, two workers at each tick, and a week in which nobody came."""
        several = [waiting(), waiting(NOW + HOUR), waiting(lasts=10 * DAY)]

        for day in [*range(1, 14), *range(21, 41)]:
            now = NOW + day * DAY + 2 * HOUR
            assert surprises(at_once(lambda now=now: tick(now), lambda now=now: tick(now))) == []

        assert [len(nudges(agreement)) for agreement in several] == [5, 5, 3]
        for agreement in several:
            gaps = [after.written_at - before.written_at for before, after in pairwise(nudges(agreement))]
            assert all(gap >= 3 * DAY for gap in gaps)
        kinds = [entry.kind for entry in karoo.record.all()]
        assert (kinds.count("agreement_nudged"), kinds.count("agreement_lapsed")) == (13, 1)
        assert list(record.verify(Client.objects.get(pk=karoo.pk))) == []


# The last day


@pytest.mark.parametrize(
    ("zone", "day", "ends"),
    [
        ("Africa/Johannesburg", date(2026, 12, 2), datetime(2026, 12, 2, 22, tzinfo=UTC)),
        ("Pacific/Kiritimati", date(2026, 12, 2), datetime(2026, 12, 2, 10, tzinfo=UTC)),
        ("America/New_York", date(2026, 12, 2), datetime(2026, 12, 3, 5, tzinfo=UTC)),
        # Days of twenty-three and of twenty-five hours.
        ("Europe/London", date(2027, 3, 28), datetime(2027, 3, 28, 23, tzinfo=UTC)),
        ("Europe/London", date(2027, 10, 31), datetime(2027, 11, 1, 0, tzinfo=UTC)),
        # The clock goes forward at midnight: there is no midnight after this day.
        ("Africa/Cairo", date(2027, 4, 29), datetime(2027, 4, 29, 22, tzinfo=UTC)),
        ("Asia/Beirut", date(2027, 3, 27), datetime(2027, 3, 27, 22, tzinfo=UTC)),
        # It goes back at midnight: the last hour of this day comes twice.
        ("Africa/Cairo", date(2027, 10, 28), datetime(2027, 10, 28, 22, tzinfo=UTC)),
    ],
)
def test_it_ends_with_the_day_of_the_client(karoo, lena, thandi, zone, day, ends):
    Client.objects.filter(pk=karoo.pk).update(zone=zone)
    agreement = draft(karoo, thandi).agreement
    actions.send(agreement, contact=lena, valid_until=day, by=thandi, now=NOW)
    agreement = Agreement.objects.get(pk=agreement.pk)

    assert agreement.valid_until_at == ends
    for now, over in ((ends - SECOND, False), (ends, True), (ends + SECOND, True)):
        assert agreement.has_lapsed(now) == over
        assert Agreement.objects.lapsing(now).exists() == over


def test_up_to_its_last_second_it_can_be_signed_and_not_at_the_next(waiting):
    first, second = waiting(lasts=7 * DAY), waiting(lasts=7 * DAY)
    end = Agreement.objects.get(pk=first.pk).valid_until_at

    sign(first, first.versions.get(), end - SECOND)
    code = code_for(second, end - SECOND)
    with pytest.raises(actions.Refused, match="The time to sign this has ended"):
        sign(second, second.versions.get(), end, code=code)

    assert [agreement.signatures.count() for agreement in (first, second)] == [1, 0]


def test_it_lapses_once_and_our_people_hear_of_it(waiting, karoo, thandi):
    agreement = waiting(lasts=7 * DAY)
    end = Agreement.objects.get(pk=agreement.pk).valid_until_at

    assert actions.lapse_due(end - SECOND) == 0
    assert actions.lapse_due(end) == 1
    assert actions.lapse_due(end + HOUR) == 0

    agreement.refresh_from_db()
    assert (agreement.state, agreement.closed_at, agreement.closed_by, agreement.next_nudge_at) == (
        "lapsed",
        end,
        None,
        None,
    )
    (told,) = Message.objects.filter(occasion__startswith="lapsed:")
    assert (told.person, told.subject) == (thandi, "2026-001 was not signed in time")
    assert karoo.record.filter(kind="agreement_lapsed").count() == 1


def test_what_the_client_has_signed_does_not_lapse(waiting, thandi):
    agreement = waiting(lasts=7 * DAY)
    sign(agreement, agreement.versions.get())

    assert actions.lapse_due(NOW + FAR) == 0

    # The firm may take longer than the client was given.
    countersign(agreement, thandi, NOW + 30 * DAY)
    assert agreement.state == "signed"


# What it costs


def queries(act):
    with CaptureQueriesContext(
        connection,
    ) as caught:
        act()
    return len(caught)


@pytest.mark.parametrize("step", ["nudge", "lapse"])
def test_each_one_costs_the_same_however_many_there_are(waiting, step):
    cost = []
    for how_many in (1, 2, 4):
        several = [waiting(lasts=7 * DAY) for _each in range(how_many)]
        now = NOW + (3 if step == "nudge" else 30) * DAY
        sweep = actions.nudge_due if step == "nudge" else actions.lapse_due
        cost.append(queries(lambda now=now, sweep=sweep: sweep(now)))
        over = Agreement.objects.filter(pk__in=[one.pk for one in several], state="sent")
        over.update(next_nudge_at=None, state="withdrawn")

    one, two, four = cost
    assert (two - one, four - two) == (two - one, 2 * (two - one))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ("to_nudge", "clients_nudge_due"),
        ("lapsing", "clients_lapse_due"),
        ("wanting_a_document", "clients_document_due"),
    ],
)
def test_what_is_due_is_found_by_its_own_index(asked, index):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Of a table as small as this one everything would be read, index or not.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    orders = {"to_nudge": "next_nudge_at", "lapsing": "valid_until_at", "wanting_a_document": "document_due_at"}

    plan = getattr(Agreement.objects, asked)(NOW).order_by(orders[asked])[:20].explain()

    assert index in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def test_a_reminder_names_the_signer_in_their_language(waiting, lena):
    Contact.objects.filter(pk=lena.pk).update(language="nl")
    waiting()

    actions.nudge_due(NOW + 3 * DAY)

    assert nudges()[0].language == "nl"


def test_signed_scopes_are_never_reminded_of(karoo, lena, thandi):
    signed(karoo, lena, thandi)

    live(20 * DAY, DAY)

    assert nudges() == []
