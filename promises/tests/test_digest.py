"""One message a person a morning: at their hour, on their working days, and never an empty one."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.actions import make_client
from clients.models import Client
from conftest import DAY, HOUR, NOW, ZONE
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State
from engagement.staff.diary import Diaries
from engagement.staff.models import Absence, Firm, User
from promises import actions, digest
from promises.actions.digest import _write_digest, next_morning, write_digests
from promises.models import Promise, Telling

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _mails_stay_here(settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def johannesburg(day, hour, minute=0, second=0):
    return datetime(2026, 11, day, hour - 2, minute, second, tzinfo=UTC)


def tick(now):
    write_digests(now)
    outbox.send_waiting(now)


def tick_through(start, end, step=MINUTE):
    """Every tick between, and who had received something by when."""
    heard, now = [], start
    while now <= end:
        before = len(mail.outbox)
        tick(now)
        heard += [(now, letter.to[0].split("@")[0]) for letter in mail.outbox[before:] if "Good morning" in letter.body]
        now += step
    return heard


def watching_began(at):
    """The first tick ever sets everybody's first morning."""
    write_digests(at)


def test_a_person_hears_once_at_their_hour(make_promise, thandi):
    make_promise()
    watching_began(johannesburg(18, 7))

    heard = tick_through(johannesburg(18, 7, 50), johannesburg(18, 20), step=10 * MINUTE)

    assert heard == [(johannesburg(18, 8), "thandi")]


@pytest.mark.parametrize(("second", "is_written"), [(-1, False), (0, True), (1, True)])
def test_it_is_not_a_second_too_early(make_promise, second, is_written):
    make_promise()
    watching_began(johannesburg(18, 7))

    write_digests(johannesburg(18, 8) + second * SECOND)

    assert Message.objects.filter(kind="digest").exists() == is_written


def test_nobody_gets_an_empty_one(thandi, mara, sam):
    watching_began(johannesburg(18, 7))

    tick_through(johannesburg(18, 8), johannesburg(19, 9), step=HOUR)

    assert not Message.objects.exists()


def test_what_is_settled_before_it_leaves_makes_none(make_promise, thandi):
    promise = make_promise()
    watching_began(johannesburg(18, 7))
    write_digests(johannesburg(18, 8))

    actions.deliver(promise, delivered_at=johannesburg(18, 8), by=thandi, now=johannesburg(18, 8))
    outbox.send_waiting(johannesburg(18, 8))

    assert mail.outbox == []
    assert Message.objects.get(kind="digest").state == State.DROPPED


def test_it_is_worded_as_it_leaves(make_promise, thandi):
    make_promise("Early word")
    watching_began(johannesburg(18, 7))
    write_digests(johannesburg(18, 8))

    make_promise("Lamp list", made_at=johannesburg(18, 8))
    outbox.send_waiting(johannesburg(18, 8))

    assert "Lamp list" in mail.outbox[0].body


def test_one_that_could_not_leave_all_morning_is_not_sent_in_the_evening(make_promise, thandi):
    """A night of no mail server, or a restored copy that was held for days, brings no heap of mornings."""
    make_promise()
    watching_began(johannesburg(18, 7))
    write_digests(johannesburg(18, 8))

    outbox.send_waiting(johannesburg(18, 14, 0, 1))

    assert mail.outbox == []
    assert Message.objects.get().state == State.DROPPED


def test_nobody_hears_on_a_day_off(make_promise, thandi):
    make_promise(due_on=(NOW + 20 * DAY).date(), estimate_hours=Decimal(500))
    actions.look_at_due(NOW)
    watching_began(NOW)
    Absence.objects.create(user=thandi, first_day=johannesburg(24, 8).date(), last_day=johannesburg(25, 8).date())

    heard = tick_through(johannesburg(19, 6), johannesburg(27, 12), step=HOUR)

    # Not at the weekend, and not on Tuesday and Wednesday.
    assert [now for now, name in heard if name == "thandi"] == [johannesburg(day, 8) for day in (19, 20, 23, 26, 27)]


def test_nobody_hears_on_a_public_holiday(make_promise):
    day_of_reconciliation = datetime(2026, 12, 16, 6, 0, tzinfo=UTC)
    make_promise(due_on=(day_of_reconciliation + DAY).date())
    watching_began(day_of_reconciliation - HOUR)

    heard = tick_through(day_of_reconciliation, day_of_reconciliation + 30 * HOUR, step=HOUR)

    assert heard == [(day_of_reconciliation + DAY, "thandi")]


@pytest.mark.parametrize(
    ("woke", "hears_at"),
    [
        (johannesburg(18, 13, 59), johannesburg(18, 13, 59)),
        (johannesburg(18, 14), johannesburg(18, 14)),
        (johannesburg(18, 14, 1), johannesburg(19, 8)),  # a morning message in the evening helps nobody
        (johannesburg(18, 23), johannesburg(19, 8)),
        (johannesburg(19, 2), johannesburg(19, 8)),  # yesterday's is not sent at night
        (johannesburg(19, 7, 30), johannesburg(19, 8)),
        (johannesburg(19, 8), johannesburg(19, 8)),
    ],
)
def test_a_worker_that_was_down_catches_up_with_one_at_a_decent_hour(make_promise, woke, hears_at):
    make_promise()
    watching_began(johannesburg(18, 7))

    heard = tick_through(woke, woke)
    heard += tick_through(woke + 30 * SECOND, woke + MINUTE, step=30 * SECOND)
    heard += tick_through(max(woke, johannesburg(19, 7, 50)), johannesburg(19, 8, 10), step=10 * MINUTE)

    moments = [now for now, _name in heard]
    assert moments[0] == hears_at
    assert len({moment.date() for moment in moments}) == len(moments)


def test_a_later_hour_set_on_the_same_morning_makes_no_second_message(make_promise, thandi):
    make_promise()
    watching_began(johannesburg(18, 7))
    tick(johannesburg(18, 8))

    User.objects.filter(pk=thandi.pk).update(digest_time=time(11), next_digest_at=None)
    heard = tick_through(johannesburg(18, 9), johannesburg(18, 20), step=HOUR)

    assert (heard, len(mail.outbox)) == ([], 1)


def test_one_person_whose_message_cannot_be_written_stops_no_other(make_promise, thandi, mara, monkeypatch):
    make_promise()
    make_promise(owner=mara)
    watching_began(johannesburg(18, 7))
    usual = outbox.write

    def stumble(**fields):
        if fields["person"] == mara:
            raise ZeroDivisionError
        return usual(**fields)

    monkeypatch.setattr(outbox, "write", stumble)
    tick(johannesburg(18, 8))
    monkeypatch.undo()
    heard = tick_through(johannesburg(18, 8), johannesburg(18, 10), step=10 * MINUTE)

    assert [letter.to[0].split("@")[0] for letter in mail.outbox] == ["thandi", "mara"]
    assert heard == [(johannesburg(18, 9), "mara")]


def test_the_slower_of_two_workers_writes_nothing(make_promise, thandi):
    make_promise()
    watching_began(johannesburg(18, 7))
    owed = list(User.objects.owed_a_digest(johannesburg(18, 8)))

    write_digests(johannesburg(18, 8))
    # The other one read the list a moment before.
    again = [_write_digest(person, johannesburg(18, 8), Diaries(Firm.get())) for person in owed]

    assert not any(again)
    assert Message.objects.filter(kind="digest").count() == 1


# Their hour, whatever the clocks do

CLOCKS = {
    "Europe/Berlin": [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)],
    "America/New_York": [datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)],
    "Australia/Lord_Howe": [datetime(2026, 4, 5, tzinfo=UTC), datetime(2026, 10, 4, tzinfo=UTC)],
    "Pacific/Chatham": [datetime(2026, 4, 5, tzinfo=UTC), datetime(2026, 9, 27, tzinfo=UTC)],
    "Africa/Casablanca": [datetime(2026, 2, 15, tzinfo=UTC), datetime(2026, 3, 22, tzinfo=UTC)],
}


@pytest.mark.parametrize(("zone", "day"), [(zone, day) for zone, days in CLOCKS.items() for day in days])
@pytest.mark.parametrize("at", [time(1, 30), time(2), time(2, 30), time(3), time(8)])
def test_there_is_one_morning_a_day_when_the_clocks_change(zone, day, at):
    person = User(name="Nomad", zone=zone, digest_time=at)
    moment, mornings = day - 2 * DAY, []

    while moment < day + 3 * DAY:
        moment = next_morning(person, moment)
        mornings.append(moment.astimezone(ZoneInfo(zone)))

    days = [morning.date() for morning in mornings]
    assert days == sorted(set(days))
    assert all(later - sooner == DAY for sooner, later in pairwise(days))
    off = [morning for morning in mornings if morning.time() != at]
    # Only an hour that the clocks skipped is another one, and then it is the hour after.
    assert all(morning.date() in (day.date(), day.date() - DAY) and morning.time() > at for morning in off)


def test_eight_in_the_morning_is_eight_in_the_morning_after_the_clocks_changed(make_promise, thandi):
    thandi.zone = "Europe/Berlin"
    thandi.save(update_fields=["zone"])
    sunday = datetime(2026, 3, 29, tzinfo=UTC)
    make_promise(made_at=sunday - 10 * DAY, due_on=(sunday + 20 * DAY).date(), estimate_hours=Decimal(500))
    actions.look_at_due(sunday - 10 * DAY)
    watching_began(sunday - 3 * DAY)

    heard = tick_through(sunday - 3 * DAY, sunday + 3 * DAY, step=HOUR / 2)

    assert [now.strftime("%a %H:%M") for now, _name in heard] == ["Thu 07:00", "Fri 07:00", "Mon 06:00", "Tue 06:00"]


# What is in it


def sections(person, now=NOW):
    found = digest.contents(person, now, Diaries(Firm.get()))
    return {part.title: [promise.what for promise in part.promises] for part in found}


def tell(promise, contact, by, now=NOW):
    actions.record_conversation(
        [actions.Said(promise, Telling.Kind.MAY_BE_LATE)],
        client=promise.client,
        contact=contact,
        channel="call",
        spoken_at=now,
        text="",
        by=by,
        now=now,
    )


def test_the_client_who_has_to_hear_comes_first(make_promise, thandi):
    actions.update(make_promise("Frightened"), standing="may_be_late", by=thandi, now=NOW)
    today = make_promise("Today", due_on=NOW.date(), estimate_hours=Decimal(1))
    actions.update(today, standing="on_track", by=thandi, now=NOW)
    make_promise("This week", estimate_hours=Decimal(1))
    actions.look_at_due(NOW)

    listed = sections(thandi)

    assert next(iter(listed.items())) == ("The client has to hear from you", ["Frightened"])
    assert listed["Due today"] == ["Today"]
    assert listed["In the next 7 days"] == ["This week"]
    assert "Today" in listed["Is it done?"]


def test_what_the_client_knows_is_not_in_the_first_list(make_promise, lena, thandi):
    promise = make_promise("Told")
    actions.update(promise, standing="may_be_late", by=thandi, now=NOW)
    actions.look_at_due(NOW)
    assert sections(thandi)["The client has to hear from you"] == ["Told"]

    tell(promise, lena, thandi)

    assert "The client has to hear from you" not in sections(thandi)


def test_after_the_time_to_tell_it_stands_on_top_for_both_each_morning(make_promise, thandi, mara):
    promise = make_promise("Untold", due_on=(NOW + 9 * DAY).date())
    actions.update(promise, standing="may_be_late", by=thandi, now=NOW)
    actions.look_at_due(NOW)
    team = "In your team: the client has not been told, and the time to tell has passed"
    before, after = promise.tell_by_at - SECOND, promise.tell_by_at

    assert team not in sections(mara, before)
    assert next(iter(sections(mara, after).items())) == (team, ["Untold"])
    assert next(iter(sections(thandi, after).items())) == ("The client has to hear from you", ["Untold"])
    assert next(iter(sections(mara, promise.due_at + 3 * DAY).items())) == (team, ["Untold"])


def test_only_the_persons_manager_hears_of_their_team(make_promise, thandi, mara, ada):
    promise = make_promise("Untold")

    assert sections(ada, promise.due_at) == {}
    assert sections(mara, promise.due_at) != {}


def test_every_manager_hears_of_those_who_have_none(make_promise, thandi, mara, ada):
    thandi.manager = None
    thandi.save(update_fields=["manager"])
    promise = make_promise("Untold")

    assert sections(ada, promise.due_at) == sections(mara, promise.due_at) != {}


def test_the_cover_gets_what_the_absent_one_would_have_got(make_promise, thandi, sam):
    make_promise()
    assert sections(sam) == {}

    Absence.objects.create(user=thandi, first_day=NOW.date(), last_day=NOW.date(), cover=sam)

    assert sections(sam)["In the next 7 days"] == ["Shop fittings drawings"]
    assert sections(sam, NOW + DAY) == {}


def test_promises_of_a_person_who_left_are_their_managers_to_see_to(make_promise, thandi, mara):
    promise = make_promise("Left behind")
    thandi.is_active = False
    thandi.save(update_fields=["is_active"])

    assert "Left behind" in chain.from_iterable(sections(mara, promise.due_at).values())


def test_word_owed_by_cadence_is_the_leads(thandi, sam):
    client = make_client(Client(name="Weekly", zone=ZONE, lead=thandi, word_every_days=1), thandi, NOW - DAY)

    (part,) = digest.contents(thandi, NOW, Diaries(Firm.get()))

    assert part.clients == [client]
    assert digest.contents(sam, NOW, Diaries(Firm.get())) == []


def test_a_long_list_says_how_many_more_there_are(make_promise, thandi):
    for number in range(15):
        make_promise(f"Promise {number}", due_on=NOW.date())
    watching_began(johannesburg(18, 7))

    tick(johannesburg(18, 8))

    assert "and 3 more" in mail.outbox[0].body
    assert "(15)" in mail.outbox[0].subject


def test_it_speaks_of_nothing_that_has_ended(make_promise, thandi):
    promise = make_promise(due_on=NOW.date())
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)

    assert sections(thandi, promise.due_at + DAY) == {}
    assert Promise.objects.exists()


def test_what_the_client_has_to_do_first_is_listed(make_promise, lena, thandi):
    promise = make_promise("Their keys")
    actions.wait_for_client(promise, "The keys", None, thandi, NOW)
    tell(promise, lena, thandi)
    actions.look_at_due(promise.due_at)

    assert sections(thandi, promise.due_at) == {"Waiting for the client": ["Their keys"]}


TEAM = "In your team: the client has not been told, and the time to tell has passed"


def test_a_manager_who_stands_in_for_a_manager_hears_of_that_team(make_promise, mara, ada):
    promise = make_promise("Untold")
    Absence.objects.create(user=mara, first_day=promise.due_on, last_day=promise.due_on, cover=ada)

    assert sections(ada, promise.due_at) == {TEAM: ["Untold"]}


@pytest.mark.parametrize("why", ["demoted", "never joined"])
def test_every_manager_hears_of_a_team_whose_manager_is_none(make_promise, mara, ada, why):
    promise = make_promise("Untold")
    if why == "demoted":
        mara.role = "staff"
    else:
        mara.set_unusable_password()
    mara.save()

    assert sections(ada, promise.due_at) == {TEAM: ["Untold"]}


def test_a_restricted_client_is_not_read_by_a_cover_who_may_not_see_it(make_promise, secret, thandi, sam):
    promise = make_promise("Their matter", client=secret)
    Absence.objects.create(user=thandi, first_day=NOW.date(), last_day=promise.due_on, cover=sam)

    assert sections(sam, promise.due_at) == {}


def test_an_owner_who_may_not_see_the_client_any_more_reads_nothing_of_it(make_promise, karoo, sam):
    promise = make_promise("Their matter", owner=sam)
    karoo.restricted = True
    karoo.save(update_fields=["restricted"])

    assert sections(sam, promise.due_at) == {}


@pytest.mark.parametrize("why", ["nobody", "left"])
def test_word_owed_to_a_client_whom_nobody_leads_is_the_managers(thandi, mara, sam, why):
    client = make_client(Client(name="Weekly", zone=ZONE, lead=thandi, word_every_days=1), thandi, NOW - DAY)
    if why == "nobody":
        Client.objects.update(lead=None)
    else:
        User.objects.filter(pk=thandi.pk).update(is_active=False)

    (part,) = digest.contents(mara, NOW, Diaries(Firm.get()))

    assert part.clients == [client]
    assert digest.contents(sam, NOW, Diaries(Firm.get())) == []


def test_whoever_has_not_joined_yet_gets_none(make_promise, thandi):
    make_promise()
    watching_began(johannesburg(18, 7))
    User.objects.filter(pk=thandi.pk).update(password="!")

    assert tick_through(johannesburg(18, 8), johannesburg(18, 9), step=HOUR) == []


def test_a_long_list_is_not_read_to_its_end(make_promise, thandi):
    for number in range(20):
        make_promise(f"Promise {number}", due_on=NOW.date())
    with CaptureQueriesContext(connection) as asked:
        part = digest._section("Due today", [Promise.objects.order_by("pk")])

    assert (len(part.promises), part.more) == (12, 8)
    assert asked[0]["sql"].endswith("LIMIT 13")


@pytest.mark.parametrize("how_many", [1, 4])
def test_absences_of_others_cost_nothing_when_they_are_not_now(
    make_promise, make_person, thandi, sam, how_many, django_assert_num_queries
):
    for number in range(how_many):
        Absence.objects.create(
            user=make_person(f"Away{number} Soon"),
            first_day=(NOW + 30 * DAY).date(),
            last_day=(NOW + 31 * DAY).date(),
            cover=sam,
        )

    with django_assert_num_queries(1):
        assert digest._covered_by(sam, NOW) == []


def test_a_morning_costs_the_same_for_many_rows_of_many_clients(make_promise, thandi, mara):
    def asked():
        with CaptureQueriesContext(connection) as captured:
            found = digest.render(mara, NOW, Diaries(Firm.get()))
        assert found
        return len(captured), found[1]

    def late(number):
        client = make_client(Client(name=f"Client {number}", zone=ZONE), mara, NOW - 30 * DAY)
        for owner in (mara, thandi):
            made = {"client": client, "owner": owner, "made_at": NOW - 20 * DAY}
            make_promise(f"Late {number}", due_on=(NOW - 3 * DAY).date(), **made)

    late(0)
    few, _text = asked()
    for number in range(1, 6):
        late(number)
    many, text = asked()

    assert text.count("Late 5") == 2
    assert many == few
