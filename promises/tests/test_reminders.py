"""Who is asked to tell a client, when, and until when. What leaves is read as it leaves."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.core import mail

from clients.actions import make_client, save_client
from clients.models import Client
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State
from engagement.staff.actions import change_person, join, leave, remove_absence, save_absence, save_week
from engagement.staff.models import Absence, Role, User, WorkingWeek
from promises import actions
from promises.actions.alarms import COLLECT, alarms_for
from promises.due import due_for
from promises.models import Promise, Reminder, Telling

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
KIND = Reminder.Kind


@pytest.fixture(autouse=True)
def _mails_stay_here(settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def at_risk(make_promise, thandi):
    """A promise whose owner has just said that it may be late; made on Monday, due on Friday at five."""

    def make(what="Shop fittings drawings", *, now=NOW, **fields):
        promise = make_promise(what, **fields)
        actions.update(promise, standing="may_be_late", by=thandi, now=now)
        promise.refresh_from_db()
        return promise

    return make


@pytest.fixture
def tell(karoo, lena, thandi):
    def record(promise, kind, now):
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

    return record


def alarm_for(person, now, moment):
    """The alarm that a sweep at that moment would put a reminder into."""
    return Message.objects.get(pk=alarms_for({person: moment}, now)[person.pk])


def tick(now):
    actions.look_at_due(now)
    outbox.send_waiting(now)


def tick_until(start, end, step=MINUTE):
    now = start
    while now <= end:
        tick(now)
        now += step


def kinds(promise):
    reminders = promise.reminders.values_list("at", "kind", "person__name")
    return [(kind, name.split()[0]) for _at, kind, name in sorted(reminders)]


def letters():
    return [(letter.to[0].split("@")[0], letter.subject) for letter in mail.outbox]


def johannesburg(day, hour, minute=0):
    return datetime(2026, 11, day, hour - 2, minute, tzinfo=UTC)


def test_the_owner_hears_once_when_a_client_may_have_to_hear(at_risk):
    promise = at_risk()

    tick_until(NOW, NOW + 5 * MINUTE)

    assert kinds(promise) == [(KIND.AT_RISK, "Thandi")]
    assert letters() == [("thandi", "Tell Karoo Linen: Shop fittings drawings")]


def test_the_ladder_from_fear_to_slip(at_risk):
    promise = at_risk()
    half_way = NOW + (promise.tell_by_at - NOW) / 2

    tick_until(NOW, promise.due_at + 3 * DAY, step=10 * MINUTE)

    assert kinds(promise) == [
        (KIND.AT_RISK, "Thandi"),
        (KIND.HALF_WAY, "Thandi"),
        (KIND.TELL_BY, "Mara"),
        (KIND.TELL_BY, "Thandi"),
        (KIND.SLIPPED, "Mara"),
        (KIND.SLIPPED, "Thandi"),
    ]
    moments = dict(promise.reminders.values_list("kind", "at"))
    assert NOW <= moments[KIND.AT_RISK] <= NOW + 10 * MINUTE
    assert half_way <= moments[KIND.HALF_WAY] <= half_way + 10 * MINUTE
    assert promise.tell_by_at <= moments[KIND.TELL_BY] <= promise.tell_by_at + 10 * MINUTE
    assert promise.due_at <= moments[KIND.SLIPPED] <= promise.due_at + 10 * MINUTE


@pytest.mark.parametrize(("seconds", "kind"), [(-1, KIND.HALF_WAY), (0, KIND.TELL_BY), (1, KIND.TELL_BY)])
def test_the_manager_hears_at_tell_by_and_not_before(at_risk, seconds, kind):
    promise = at_risk()
    actions.look_at_due(NOW)

    actions.look_soon([promise.pk], promise.tell_by_at + seconds * SECOND)
    actions.look_at_due(promise.tell_by_at + seconds * SECOND)

    assert promise.reminders.filter(kind=kind, person=promise.owner).exists()
    assert promise.reminders.filter(person__name="Mara Botha").exists() == (kind == KIND.TELL_BY)


@pytest.mark.parametrize("kind", [Telling.Kind.MAY_BE_LATE, Telling.Kind.LATE, Telling.Kind.MOVED])
def test_telling_the_client_ends_it(at_risk, tell, kind):
    promise = at_risk()
    tick(NOW)

    tell(promise, kind, NOW + MINUTE)
    tick_until(NOW + MINUTE, promise.due_at + DAY, step=HOUR)

    assert kinds(promise) == [(KIND.AT_RISK, "Thandi")]
    promise.refresh_from_db()
    assert promise.alarm_at is None


@pytest.mark.parametrize("kind", [Telling.Kind.PROGRESS, Telling.Kind.MADE, Telling.Kind.DONE])
def test_other_words_do_not_end_it(at_risk, tell, kind):
    promise = at_risk()
    tick(NOW)

    tell(promise, kind, NOW + MINUTE)
    tick(promise.tell_by_at)

    assert (KIND.TELL_BY, "Thandi") in kinds(promise)


def test_delivery_ends_it(at_risk, thandi):
    promise = at_risk()
    tick(NOW)

    actions.deliver(promise, delivered_at=NOW + MINUTE, by=thandi, now=NOW + MINUTE)
    tick_until(NOW + MINUTE, promise.due_at + DAY, step=HOUR)

    assert kinds(promise) == [(KIND.AT_RISK, "Thandi")]


def test_risk_that_falls_ends_it_and_a_second_fright_is_a_new_occasion(at_risk, thandi):
    promise = at_risk()
    tick(NOW)
    actions.update(promise, standing="on_track", per_cent=95, by=thandi, now=NOW + HOUR)
    tick(NOW + HOUR)
    promise.refresh_from_db()
    assert promise.alarm_at is None

    actions.update(promise, standing="may_be_late", by=thandi, now=NOW + 2 * HOUR)
    tick_until(NOW + 2 * HOUR, NOW + 2 * HOUR + MINUTE)

    assert kinds(promise) == [(KIND.AT_RISK, "Thandi")] * 2


def test_a_moved_date_is_a_new_occasion(at_risk, karoo, firm, thandi):
    promise = at_risk()
    tick(NOW)
    later = due_for(karoo, firm, promise.due_on + 7 * DAY, None)
    asked = actions.extend(
        promise, later, reason="more_work", reason_text="More.", asked_by="us", by=thandi, now=NOW + HOUR
    )
    actions.answer(asked, agreed=True, answered_at=NOW + HOUR, by=thandi, now=NOW + HOUR)
    tick_until(NOW + HOUR, promise.due_at + HOUR, step=HOUR)
    assert kinds(promise) == [(KIND.AT_RISK, "Thandi")]

    actions.update(promise, standing="may_be_late", by=thandi, now=promise.due_at + 2 * HOUR)
    tick(promise.due_at + 2 * HOUR)

    assert promise.reminders.filter(about_due_at=later.at, kind=KIND.AT_RISK).count() == 1


def test_two_hours_without_ticks_are_caught_up_with_one_message_each(at_risk):
    first, second = at_risk(), at_risk("Lamp list")
    nobody_ticked_until = first.due_at + 2 * HOUR

    tick_until(nobody_ticked_until, nobody_ticked_until + 3 * DAY, step=20 * MINUTE)

    assert sorted(letters()) == sorted(
        [(name, "2 promises: the client has to hear from us") for name in ("mara", "thandi")]
    )
    assert {kind for promise in (first, second) for kind, _name in kinds(promise)} == {KIND.SLIPPED}


def test_alarms_that_arise_together_leave_together(at_risk):
    at_risk(), at_risk("Lamp list"), at_risk("Chairs")

    tick_until(NOW, NOW + 2 * MINUTE)

    assert letters() == [("thandi", "3 promises: the client has to hear from us")]
    assert all(what in mail.outbox[0].body for what in ("Shop fittings drawings", "Lamp list", "Chairs"))


def test_an_alarm_after_one_that_left_is_one_of_its_own(at_risk):
    at_risk()
    tick_until(NOW, NOW + 2 * MINUTE)

    at_risk("Lamp list", now=NOW + HOUR)
    tick_until(NOW + HOUR, NOW + HOUR + 2 * MINUTE)

    assert [subject for _to, subject in letters()] == [
        "Tell Karoo Linen: Shop fittings drawings",
        "Tell Karoo Linen: Lamp list",
    ]


@pytest.mark.parametrize(
    ("arises", "leaves"),
    [
        (johannesburg(18, 11), johannesburg(18, 11)),
        (johannesburg(18, 12, 45), johannesburg(18, 13)),  # at lunch
        (johannesburg(18, 22), johannesburg(19, 8, 30)),
        (johannesburg(19, 3), johannesburg(19, 8, 30)),
        (johannesburg(20, 18), johannesburg(23, 8, 30)),  # Friday evening
        (johannesburg(21, 12), johannesburg(23, 8, 30)),  # Saturday
    ],
)
def test_nobody_is_woken(at_risk, arises, leaves):
    at_risk(due_on=(NOW + 20 * DAY).date(), now=arises)

    tick(arises)

    assert leaves <= Message.objects.get().not_before <= leaves + COLLECT


def test_nobody_is_reminded_on_a_public_holiday(at_risk):
    day_of_reconciliation = datetime(2026, 12, 16, 8, 0, tzinfo=UTC)
    at_risk(due_on=datetime(2027, 1, 20, tzinfo=UTC).date(), now=day_of_reconciliation)

    tick(day_of_reconciliation)

    assert Message.objects.get().not_before == datetime(2026, 12, 17, 6, 30, tzinfo=UTC)


# Who


def away(person, first, last, cover=None):
    return Absence.objects.create(user=person, first_day=first.date(), last_day=last.date(), cover=cover)


def test_the_cover_hears_for_somebody_who_is_away(at_risk, thandi, sam):
    away(thandi, NOW, NOW, cover=sam)
    promise = at_risk()

    tick_until(NOW, NOW + 2 * MINUTE)

    assert kinds(promise) == [(KIND.AT_RISK, "Sam")]
    assert [to for to, _subject in letters()] == ["sam"]


def test_what_arises_the_night_before_a_holiday_goes_to_the_cover(at_risk, thandi, sam):
    friday_night, monday = johannesburg(20, 20), johannesburg(23, 8, 30)
    away(thandi, monday, monday + 14 * DAY, cover=sam)
    promise = at_risk(due_on=(NOW + 20 * DAY).date(), now=friday_night)

    tick_until(friday_night, monday + HOUR, step=HOUR / 2)

    assert kinds(promise)[0] == (KIND.AT_RISK, "Sam")
    assert [to for to, _subject in letters()] == ["sam"]


def test_what_arises_on_the_last_day_of_a_holiday_waits_for_them(at_risk, thandi, sam):
    sunday, monday = johannesburg(22, 12), johannesburg(23, 8, 30)
    away(thandi, sunday - 7 * DAY, sunday, cover=sam)
    promise = at_risk(due_on=(NOW + 20 * DAY).date(), now=sunday)

    tick_until(sunday, monday + HOUR, step=HOUR / 2)

    assert kinds(promise)[0] == (KIND.AT_RISK, "Thandi")


def test_the_cover_of_a_cover_hears(at_risk, thandi, sam, ada):
    away(thandi, NOW, NOW, cover=sam)
    away(sam, NOW, NOW, cover=ada)
    promise = at_risk()

    tick(NOW)

    assert kinds(promise) == [(KIND.AT_RISK, "Ada")]


def test_two_who_cover_each_other_while_both_are_away_do_not_loop(at_risk, thandi, sam):
    away(thandi, NOW, NOW, cover=sam)
    away(sam, NOW, NOW, cover=thandi)
    promise = at_risk()

    tick(NOW)

    assert len(kinds(promise)) == 1


def test_a_cover_who_is_the_manager_too_hears_once(at_risk, thandi, mara):
    away(thandi, NOW - DAY, NOW + 9 * DAY, cover=mara)
    promise = at_risk()

    tick(promise.due_at + HOUR)

    assert kinds(promise) == [(KIND.SLIPPED, "Mara")]


@pytest.mark.parametrize("kind", [KIND.TELL_BY, KIND.SLIPPED])
def test_who_stands_in_for_their_manager_is_not_the_only_one_to_hear(at_risk, thandi, mara, ada, kind):
    away(mara, NOW - DAY, NOW + 9 * DAY, cover=thandi)
    promise = at_risk()

    actions.look_at_due(promise.tell_by_at if kind == KIND.TELL_BY else promise.due_at + HOUR)

    assert sorted(kinds(promise)) == [(kind, "Ada"), (kind, "Thandi")]


@pytest.mark.parametrize("cover", ["thandi", "sam"])
def test_before_tell_by_who_stands_in_for_their_manager_hears_alone(at_risk, thandi, mara, ada, sam, cover):
    away(mara, NOW - DAY, NOW + 9 * DAY, cover={"thandi": thandi, "sam": sam}[cover])
    promise = at_risk()

    tick(NOW)

    assert kinds(promise) == [(KIND.AT_RISK, "Thandi")]


def test_a_manager_who_covers_for_the_owner_is_not_the_only_one_at_tell_by(at_risk, thandi, mara, ada):
    away(thandi, NOW - DAY, NOW + 9 * DAY, cover=mara)
    promise = at_risk()

    actions.look_at_due(promise.tell_by_at)

    assert sorted(kinds(promise)) == [(KIND.TELL_BY, "Ada"), (KIND.TELL_BY, "Mara")]


def test_where_no_manager_is_there_before_the_date_they_hear_at_once(at_risk, thandi, mara, ada, sam):
    away(mara, NOW - DAY, NOW + 9 * DAY, cover=thandi)
    away(ada, NOW - DAY, NOW + 9 * DAY, cover=sam)
    away(sam, NOW - DAY, NOW + 9 * DAY)
    promise = at_risk()

    actions.look_at_due(promise.tell_by_at)

    assert heard_when(promise) == {"Thandi": promise.tell_by_at + COLLECT, "Sam": promise.tell_by_at + COLLECT}


def test_where_nobody_else_is_there_the_owner_is_not_woken(at_risk, thandi, mara):
    late_riser = WorkingWeek(user=thandi, valid_from=NOW.date(), hours=[[["11:00", "17:00"]]] * 5 + [[], []])
    save_week(late_riser, now=NOW)
    away(mara, NOW - DAY, NOW + 9 * DAY, cover=thandi)
    promise = at_risk()

    actions.look_at_due(promise.tell_by_at)

    assert kinds(promise)[-1] == (KIND.TELL_BY, "Thandi")
    assert heard_when(promise)["Thandi"] == johannesburg(20, 11) > promise.tell_by_at + COLLECT


@pytest.mark.parametrize("late", [timedelta(0), 10 * DAY])
def test_managers_hear_for_somebody_who_left(at_risk, thandi, late):
    promise = at_risk()
    thandi.is_active = False
    thandi.save(update_fields=["is_active"])

    tick(NOW + late)

    assert kinds(promise) == [(KIND.SLIPPED if late else KIND.AT_RISK, "Mara")]


def test_every_manager_hears_where_none_is_named(at_risk, thandi, mara, ada, make_person):
    thandi.manager = None
    thandi.save(update_fields=["manager"])
    make_person("Zola Manager", Role.MANAGER)
    gone = make_person("Gone Manager", Role.MANAGER)
    gone.is_active = False
    gone.save(update_fields=["is_active"])
    promise = at_risk()

    actions.look_at_due(promise.tell_by_at)

    assert {name for _kind, name in kinds(promise)} == {"Thandi", "Mara", "Ada", "Zola"}


def test_every_manager_hears_where_the_named_one_left(at_risk, mara, ada):
    mara.is_active = False
    mara.save(update_fields=["is_active"])
    promise = at_risk()

    actions.look_at_due(promise.tell_by_at)

    assert {name for _kind, name in kinds(promise)} == {"Thandi", "Ada"}


def test_a_manager_is_not_told_twice_of_their_own_promise(at_risk, mara, ada):
    promise = at_risk(owner=mara)

    actions.look_at_due(promise.tell_by_at)

    assert sorted(kinds(promise)) == [(KIND.TELL_BY, "Ada"), (KIND.TELL_BY, "Mara")]


# As it leaves


def test_an_alarm_speaks_only_of_what_still_holds(at_risk, thandi):
    done, standing = at_risk(), at_risk("Lamp list")
    actions.look_at_due(NOW)

    actions.deliver(done, delivered_at=NOW, by=thandi, now=NOW)
    outbox.send_waiting(NOW + MINUTE)

    assert letters() == [("thandi", "Tell Karoo Linen: Lamp list")]
    assert standing.what in mail.outbox[0].body
    assert done.what not in mail.outbox[0].body


@pytest.mark.parametrize("meanwhile", ["done", "told", "withdrawn", "moved"])
def test_an_alarm_that_is_overtaken_is_dropped(at_risk, tell, thandi, karoo, firm, meanwhile):
    promise = at_risk()
    actions.look_at_due(NOW)
    match meanwhile:
        case "done":
            actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)
        case "told":
            tell(promise, Telling.Kind.MAY_BE_LATE, NOW)
        case "withdrawn":
            actions.withdraw(promise, reason="No.", agreed_by="Lena", by=thandi, now=NOW)
        case "moved":
            later = due_for(karoo, firm, promise.due_on + 7 * DAY, None)
            asked = actions.extend(
                promise, later, reason="more_work", reason_text="More.", asked_by="us", by=thandi, now=NOW
            )
            actions.answer(asked, agreed=True, answered_at=NOW, by=thandi, now=NOW)

    outbox.send_waiting(NOW + MINUTE)

    assert mail.outbox == []
    assert Message.objects.get().state == State.DROPPED


def test_a_long_name_does_not_keep_an_alarm_from_leaving(at_risk, karoo):
    karoo.name = "K" * 120
    karoo.save(update_fields=["name"])
    at_risk("W" * 300)

    tick_until(NOW, NOW + MINUTE)

    assert len(mail.outbox) == 1
    assert Message.objects.get().state == State.SENT


def test_a_mark_of_a_link_in_a_promise_opens_nothing_and_stops_nothing(at_risk):
    at_risk("[progress page 1] and [progress page 99]")

    tick_until(NOW, NOW + MINUTE)

    assert "[progress page 99]" in mail.outbox[0].body


def test_an_alarm_of_somebody_who_is_gone_altogether_is_dropped(at_risk, thandi):
    at_risk()
    actions.look_at_due(NOW)
    Message.objects.update(person=None)

    outbox.send_waiting(NOW + MINUTE)

    assert mail.outbox == []


# A message to the client that ends the ladder only once it was heard


def test_a_letter_that_is_held_does_not_end_the_ladder_and_one_that_came_back_begins_it_again(
    at_risk, karoo, lena, thandi
):
    promise = at_risk()
    tick(NOW)
    letter = actions.write_to_client(
        [actions.Said(promise, Telling.Kind.MAY_BE_LATE)],
        client=karoo,
        contact=lena,
        subject="About Friday",
        body="It may be late.",
        occasion="form 1",
        by=thandi,
        now=NOW,
    )
    promise.refresh_from_db()
    assert promise.told_at is None

    tick(NOW + MINUTE)
    promise.refresh_from_db()
    assert promise.told_at is not None

    outbox.bounced(letter, NOW + HOUR, "mailbox full")
    tick(NOW + HOUR)
    promise.refresh_from_db()
    assert (promise.told_at, promise.alarm_at) == (None, NOW + HOUR)
    assert kinds(promise) == [(KIND.AT_RISK, "Thandi")] * 2


def test_two_sweeps_share_the_alarm_of_a_person(at_risk, thandi):
    at_risk()

    one, other = alarm_for(thandi, NOW, NOW), alarm_for(thandi, NOW, NOW)

    assert one == other


def test_every_open_promise_that_nobody_told_has_somebody_asked(at_risk, make_promise):
    for number in range(5):
        at_risk(f"At risk {number}")
        make_promise(f"Quiet {number}")

    now = Promise.objects.first().due_at + HOUR
    tick(now)

    not_told = Promise.objects.not_told(now)
    assert not_told.count() == 10
    assert not not_told.filter(reminders=None).exists()


# Silence


@pytest.fixture
def quiet(make_promise):
    """Easily done in time; made on Monday at eleven, due on Friday at five, the client to hear by Thursday."""
    return lambda **fields: make_promise(estimate_hours=Decimal("0.5"), **fields)


def hear_of(promise):
    tick_until(NOW, promise.due_at, step=10 * MINUTE)
    return kinds(promise)[:3]


LADDER = [(KIND.AT_RISK, "Thandi"), (KIND.HALF_WAY, "Thandi"), (KIND.TELL_BY, "Mara")]


def test_the_owner_of_a_promise_that_nobody_updates_hears_a_day_before_the_client_must(quiet):
    promise = quiet()

    heard = hear_of(promise)

    assert heard == LADDER
    first = promise.reminders.earliest("at").at
    assert promise.tell_by_at - DAY <= first <= promise.tell_by_at - DAY + 10 * MINUTE


def test_one_early_word_does_not_stand_for_the_rest_of_the_time(quiet, thandi):
    promise = quiet()
    actions.update(promise, standing="on_track", by=thandi, now=promise.made_at + HOUR)

    assert hear_of(promise) == LADDER


def test_a_word_from_the_second_half_is_believed(quiet, thandi):
    promise = quiet()
    actions.update(promise, standing="on_track", by=thandi, now=NOW + 2 * HOUR)

    tick_until(NOW, promise.tell_by_at + HOUR, step=10 * MINUTE)

    assert kinds(promise) == []


def test_a_word_grows_old_while_a_long_promise_nears_its_date(quiet, thandi):
    promise = quiet(due_on=(NOW + 200 * DAY).date())
    word_at = promise.tell_by_at - 2 * DAY
    actions.update(promise, standing="on_track", by=thandi, now=word_at)

    actions.look_at_due(word_at + 7 * DAY - SECOND)
    before = kinds(promise)
    actions.look_at_due(word_at + 7 * DAY)

    assert (before, kinds(promise)) == ([], [(KIND.TELL_BY, "Mara"), (KIND.TELL_BY, "Thandi")])


@pytest.mark.parametrize(
    "said", [{"standing": "done"}, {"standing": "on_track", "per_cent": 100}, {"standing": "on_track", "hours_left": 0}]
)
def test_what_is_finished_and_not_delivered_is_asked_about_before_the_date(quiet, thandi, said):
    promise = quiet()
    actions.update(promise, by=thandi, now=NOW + 2 * HOUR, **said)

    heard = hear_of(promise)

    assert heard[:2] == [(KIND.TELL_BY, "Mara"), (KIND.TELL_BY, "Thandi")]
    assert "The work seems finished. Is it done?" in mail.outbox[0].body


def test_an_owner_who_says_late_is_heard_whatever_the_firm_calls_at_risk(at_risk, firm):
    firm.at_risk_from = 0.99
    firm.save(update_fields=["at_risk_from"])
    promise = at_risk(estimate_hours=Decimal("0.5"))

    tick(NOW)

    assert kinds(promise) == [(KIND.AT_RISK, "Thandi")]


# When the people named cannot hear


def heard_when(promise):
    """Who is asked, and when their alarm leaves at the earliest."""
    rows = promise.reminders.values_list("person__name", "message__not_before")
    return {name.split()[0]: moment for name, moment in rows}


LONG_GONE = NOW + 40 * DAY


def test_where_the_owner_cannot_hear_before_the_date_their_manager_does(at_risk, thandi):
    away(thandi, NOW, LONG_GONE)
    promise = at_risk()

    tick(NOW)

    assert heard_when(promise)["Mara"] < promise.due_at


def test_where_the_manager_cannot_either_the_other_managers_hear(at_risk, thandi, mara, ada):
    away(thandi, NOW, LONG_GONE)
    away(mara, NOW, LONG_GONE)
    promise = at_risk()

    tick_until(NOW, promise.due_at + HOUR, step=10 * MINUTE)

    assert {to for to, _subject in letters()} == {"ada"}
    assert {kind for kind, name in kinds(promise) if name == "Ada"} == set(KIND.values)


def test_where_nobody_can_it_leaves_at_once(at_risk, make_promise):
    friday_evening, sunday = johannesburg(20, 18), johannesburg(22, 20)
    promise = at_risk(due_on=sunday.date(), due_time=time(20), now=friday_evening, made_at=friday_evening)

    tick_until(friday_evening, friday_evening + MINUTE)

    assert {to for to, _subject in letters()} == {"thandi", "mara"}
    assert promise.tell_by_at < sunday


def test_where_who_was_to_hear_goes_away_before_they_have_the_others_hear_at_once(at_risk, thandi, mara, ada):
    thandi.manager = None
    thandi.save()
    friday_evening, sunday = johannesburg(20, 18), johannesburg(22, 12)
    away(thandi, friday_evening, LONG_GONE)
    away(ada, friday_evening, LONG_GONE)
    promise = at_risk(due_on=date(2026, 11, 23), due_time=time(12), now=friday_evening, made_at=friday_evening)
    tick(promise.tell_by_at)
    tick(sunday)
    assert heard_when(promise)["Mara"] < promise.due_at < heard_when(promise)["Ada"]
    assert letters() == []

    save_absence(Absence(user=mara, first_day=sunday.date(), last_day=LONG_GONE.date()), now=sunday)
    tick_until(sunday, sunday + 2 * MINUTE)

    assert {to for to, _subject in letters()} == {"thandi", "mara", "ada"}


def test_who_is_shut_off_from_a_client_hears_of_others_only_and_somebody_else_hears_of_this_one(
    at_risk, karoo, sam, mara
):
    open_to_all = make_client(Client(name="Open House", zone=karoo.zone, lead=mara), mara, NOW - DAY)
    at_risk("Curtains", owner=sam)
    at_risk("Lamps", owner=sam, client=open_to_all)
    actions.look_at_due(NOW)

    karoo.restricted = True
    save_client(karoo, mara, NOW + SECOND)
    tick_until(NOW + MINUTE, NOW + 3 * MINUTE)

    said = {letter.to[0].split("@")[0]: letter.body for letter in mail.outbox}
    assert sorted(said) == ["mara", "sam"]
    assert "Lamps" in said["sam"]
    assert "Curtains" not in said["sam"]
    assert "Curtains" in said["mara"]


def test_a_slip_does_not_wait_for_the_end_of_two_holidays(at_risk, thandi, mara, ada):
    promise = at_risk()
    actions.look_at_due(promise.tell_by_at)
    away(thandi, promise.due_at, LONG_GONE)
    away(mara, promise.due_at, LONG_GONE)

    actions.look_at_due(promise.due_at)

    assert (KIND.SLIPPED, "Ada") in kinds(promise)


def test_an_alarm_that_waits_for_the_end_of_a_holiday_leaves_with_a_more_urgent_one(thandi, firm):
    holiday = NOW + 12 * DAY
    late = alarm_for(thandi, NOW, holiday)

    urgent = alarm_for(thandi, NOW, NOW + MINUTE)

    assert (urgent.pk, urgent.not_before) == (late.pk, NOW + MINUTE)


def test_an_absence_that_is_called_off_lets_the_alarm_leave(at_risk, thandi):
    absence = away(thandi, NOW, NOW + 5 * DAY)
    promise = at_risk(due_on=(NOW + 20 * DAY).date())
    tick(NOW)
    assert heard_when(promise)["Thandi"] > NOW + 5 * DAY

    remove_absence(absence, now=NOW + HOUR)

    assert heard_when(promise)["Thandi"] < NOW + 2 * HOUR


@pytest.mark.parametrize("how", ["refused", "bounced"])
def test_where_an_alarm_could_not_be_delivered_the_next_circle_hears(at_risk, how):
    promise = at_risk()
    actions.look_at_due(NOW)
    message = Message.objects.get()
    if how == "bounced":
        outbox.send_waiting(NOW + MINUTE)
        outbox.bounced(message, NOW + 2 * MINUTE, "no such mailbox")
    else:
        Message.objects.update(address="not an address")
        outbox.send_waiting(NOW + MINUTE)

    tick(NOW + 3 * MINUTE)

    assert kinds(promise) == [(KIND.AT_RISK, "Thandi"), (KIND.AT_RISK, "Mara")]


def test_an_alarm_that_failed_and_waits_again_stops_no_other(at_risk, thandi):
    at_risk()
    actions.look_at_due(NOW)
    Message.objects.update(state=State.FAILED)
    first = Message.objects.get()
    second = alarm_for(thandi, NOW + HOUR, NOW + 2 * HOUR)

    outbox.resend(first, NOW + HOUR)

    assert first != second
    assert alarm_for(thandi, NOW + HOUR, NOW + 2 * HOUR) == first


def test_a_manager_who_is_none_any_more_is_passed_over(at_risk, mara, ada):
    mara.role = Role.STAFF
    change_person(mara, by=mara, now=NOW)
    promise = at_risk()

    actions.look_at_due(promise.tell_by_at)

    assert {name for _kind, name in kinds(promise)} == {"Thandi", "Ada"}


@pytest.mark.parametrize("why", ["nowhere", "never joined"])
def test_a_manager_who_cannot_be_reached_is_passed_over(at_risk, mara, ada, why):
    if why == "nowhere":
        mara.email = "mara@nowhere.invalid"
    else:
        mara.set_unusable_password()
    mara.save()
    promise = at_risk()

    actions.look_at_due(promise.tell_by_at)

    assert {name for _kind, name in kinds(promise)} == {"Thandi", "Ada"}


def test_an_owner_whom_a_file_named_hears_nothing_until_they_have_joined(at_risk, thandi):
    thandi.set_unusable_password()
    thandi.save()
    promise = at_risk()

    tick_until(NOW, NOW + MINUTE)
    assert [to for to, _subject in letters()] == ["mara"]

    join(thandi, name="Thandi Mokoena", password="long enough for us", now=NOW + HOUR)
    tick(NOW + HOUR)
    assert (KIND.AT_RISK, "Thandi") in kinds(promise)


def test_who_leaves_is_followed_by_their_managers_at_the_next_tick(at_risk, thandi, ada):
    promise = at_risk(due_on=(NOW + 20 * DAY).date())
    tick(NOW)

    leave(thandi, by=ada, now=NOW + SECOND)
    tick(NOW + MINUTE)

    assert (KIND.AT_RISK, "Mara") in kinds(promise)


# Restricted clients


def test_a_cover_who_may_not_see_the_client_hears_nothing_and_the_manager_does(at_risk, secret, thandi, sam):
    away(thandi, NOW, NOW + 9 * DAY, cover=sam)
    promise = at_risk(client=secret)

    tick_until(NOW, NOW + 2 * MINUTE)

    assert kinds(promise) == [(KIND.AT_RISK, "Mara")]
    assert [to for to, _subject in letters()] == ["mara"]


def test_where_only_the_covers_may_not_see_the_client_those_they_stand_in_for_hear(at_risk, secret, thandi, sam, mara):
    away(thandi, NOW, LONG_GONE, cover=sam)
    away(mara, NOW, LONG_GONE, cover=sam)
    User.objects.filter(name__startswith="Ada").update(is_active=False)
    promise = at_risk(client=secret)

    tick_until(NOW, NOW + 2 * MINUTE)

    assert kinds(promise) == [(KIND.AT_RISK, "Mara"), (KIND.AT_RISK, "Thandi")]
    assert sorted(to for to, _subject in letters()) == ["mara", "thandi"]


def test_where_the_alarm_of_the_only_cover_failed_who_they_stand_in_for_hears(at_risk, thandi, sam, mara):
    away(thandi, NOW, LONG_GONE, cover=sam)
    away(mara, NOW, LONG_GONE, cover=sam)
    User.objects.filter(name__startswith="Ada").update(is_active=False)
    promise = at_risk()
    tick_until(NOW, NOW + MINUTE)
    outbox.bounced(Message.objects.get(person=sam, kind="alarm"), NOW + 2 * MINUTE, "no such mailbox")

    tick_until(NOW + 2 * MINUTE, NOW + 5 * MINUTE)

    assert kinds(promise) == [(KIND.AT_RISK, "Sam"), (KIND.AT_RISK, "Mara"), (KIND.AT_RISK, "Thandi")]
    assert sorted(to for to, _subject in letters()) == ["mara", "sam", "thandi"]


def test_an_owner_who_may_not_see_the_client_any_more_hears_nothing(at_risk, karoo, sam, mara):
    promise = at_risk(owner=sam)
    actions.look_at_due(NOW)
    karoo.restricted = True
    karoo.save(update_fields=["restricted"])

    tick_until(NOW + MINUTE, NOW + 3 * MINUTE)

    assert [to for to, _subject in letters()] == ["mara"]
    assert (KIND.AT_RISK, "Mara") in kinds(promise)


def test_who_handed_a_promise_over_is_not_asked_any_more(at_risk, thandi, sam):
    promise = at_risk()
    actions.look_at_due(NOW)

    actions.reassign(promise, sam, by=thandi, now=NOW + SECOND)
    tick_until(NOW + MINUTE, NOW + 3 * MINUTE)

    assert [to for to, _subject in letters()] == ["sam"]


def test_a_word_that_it_may_be_late_does_not_leave_after_the_date(at_risk, karoo, lena, thandi):
    promise = at_risk()
    letter = actions.write_to_client(
        [actions.Said(promise, Telling.Kind.MAY_BE_LATE)],
        client=karoo,
        contact=lena,
        subject="About Friday",
        body="It may be late.",
        occasion="form 1",
        by=thandi,
        now=promise.due_at - 5 * SECOND,
    )

    outbox.send_waiting(promise.due_at + MINUTE)

    letter.refresh_from_db()
    assert letter.state == State.FAILED
    assert mail.outbox == []
