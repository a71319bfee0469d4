"""The sweep as a whole: what it costs, what a cut in the middle leaves, and whom a changed load concerns."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from math import inf
from threading import Event, Thread
from time import sleep

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from conftest import DAY, HOUR, NOW
from engagement.outbox.actions import send_waiting
from engagement.outbox.models import Message
from engagement.staff.models import Firm, Role
from promises import actions
from promises.actions import watching
from promises.actions.alarms import COLLECT, Alarms, alarms_for
from promises.due import due_for
from promises.looking import Looking
from promises.models import Band, LoadChange, Promise, Reminder, RiskReading
from promises.weighing import Weighing

SECOND = timedelta(seconds=1)


@pytest.fixture
def many(make_promise):
    """So many promises like one that went through the front door; every third by somebody who says it may be late."""

    def make(number, owners=()):
        like = make_promise(estimate_hours=Decimal("0.5"))
        copies = []
        for place in range(number - 1):
            copy = Promise.objects.get(pk=like.pk)
            copy.pk, copy.what = None, f"Promise {place}"
            copy.standing = "may_be_late" if place % 3 == 0 else ""
            copy.owner = owners[place % len(owners)] if owners else like.owner
            copies.append(copy)
        Promise.objects.bulk_create(copies)
        LoadChange.objects.all().delete()
        return like

    return make


def statements(now):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        looked = actions.look_at_due(now)
    about_itself = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    return looked, [query["sql"] for query in asked if not query["sql"].startswith(about_itself)]


def test_a_chunk_of_more_changed_rows_takes_ten_more_statements_at_the_most(many):
    counts = {}
    for number in (3, watching.CHUNK, 2 * watching.CHUNK):
        Promise.objects.all().delete()
        many(number)
        looked, asked = statements(NOW)
        counts[looked] = len(asked)

    assert counts[watching.CHUNK] - counts[3] <= 10
    assert counts[2 * watching.CHUNK] - counts[watching.CHUNK] <= 10


def test_history_is_not_read(many):
    like = many(50)
    actions.look_at_due(NOW)
    readings = [RiskReading(promise=like, at=NOW, band="watch", chance=0.3, sentence="Then.") for _then in range(200)]
    RiskReading.objects.bulk_create(readings)
    Promise.objects.update(next_look_at=NOW + HOUR)

    _looked, asked = statements(NOW + HOUR)

    assert not [sql for sql in asked if "riskreading" in sql and "INSERT INTO" not in sql]


@pytest.mark.servers
def test_what_is_due_is_found_by_its_hint_though_it_is_read_in_parts(many):
    """A cursor is planned for its first tenth unless it is told otherwise: for rows in order, by walking over all."""
    many(2000)
    later = Promise.objects.order_by("-pk").values("pk")[:1500]
    Promise.objects.filter(pk__in=later).update(next_look_at=NOW + DAY)
    due = str(watching.listed(NOW).query).replace(str(NOW), f"'{NOW}'")
    with watching._the_word() as is_mine, connection.cursor() as cursor:
        cursor.execute("ANALYZE promises_promise")
        # At this size the whole table costs no more than a few places in an index.
        cursor.execute("SET LOCAL random_page_cost = 1")
        cursor.execute(f"EXPLAIN DECLARE due CURSOR FOR {due}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert is_mine
    assert "promise_look" in plan, plan


class Cut(BaseException):
    """The worker is killed: nothing catches it."""


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("where", ["reminders", "update_unchanged"])
def test_a_sweep_cut_in_the_middle_loses_and_doubles_nothing(many, monkeypatch, where, after):
    monkeypatch.setattr(watching, "CHUNK", 7)
    many(20)
    usual, calls = getattr(watching, where), []

    def cut(*args):
        calls.append(args)
        done = usual(*args)
        if len(calls) > after:
            raise Cut
        return done

    monkeypatch.setattr(watching, where, cut)
    with pytest.raises(Cut):
        actions.look_at_due(NOW)
    half_way = Promise.objects.to_look_at(NOW).count()
    monkeypatch.setattr(watching, where, usual)
    actions.look_at_due(NOW)

    assert half_way == 20 - 7 * after
    assert not Promise.objects.to_look_at(NOW).exists()
    assert sorted(RiskReading.objects.values_list("promise", flat=True)) == sorted(
        Promise.objects.values_list("pk", flat=True)
    )
    at_risk = Promise.objects.filter(band=Band.AT_RISK)
    assert Reminder.objects.count() == at_risk.count() == 7
    assert Message.objects.filter(kind="alarm").count() == 1


def test_owners_who_share_a_chunk_are_each_reminded_in_one_alarm(many, thandi, sam, mara):
    like = many(30, owners=[thandi, sam, mara])

    actions.look_at_due(like.tell_by_at)

    whom = set(Reminder.objects.values_list("person__name", "message"))
    assert len(whom) == len({name for name, _message in whom}) == Message.objects.filter(kind="alarm").count()
    assert Reminder.objects.filter(kind="tell_by", promise__owner=sam, person=mara).exists()


def test_one_manager_or_many_cost_the_same(many, make_person, thandi):
    thandi.manager = None
    thandi.save(update_fields=["manager"])
    many(4)
    for number in range(8):
        make_person(f"M{number} Manager", Role.MANAGER)

    tell_by = Promise.objects.first().tell_by_at
    _looked, asked = statements(tell_by)

    assert Reminder.objects.values("person").distinct().count() == 10
    assert len(asked) < 30


# Loads


def due_now(now):
    return set(Promise.objects.to_look_at(now).values_list("what", flat=True))


@pytest.fixture
def load(make_promise, thandi, sam):
    """Looked at: early, middle and late promises of Thandi, and one of Sam."""
    for what, days in (("early", 3), ("middle", 6), ("late", 9)):
        make_promise(what, due_on=(NOW + days * DAY).date(), estimate_hours=Decimal(2))
    make_promise("Sam's", owner=sam, due_on=(NOW + 9 * DAY).date(), estimate_hours=Decimal(2))
    actions.look_at_due(NOW)
    assert due_now(NOW) == set()
    return lambda what: Promise.objects.get(what=what)


ACTS = {
    "a word on hours": lambda p, by, other, now: actions.update(
        p, standing="on_track", hours_left=Decimal(1), by=by, now=now
    ),
    "a per cent": lambda p, by, other, now: actions.update(p, standing="on_track", per_cent=50, by=by, now=now),
    "done": lambda p, by, other, now: actions.update(p, standing="done", by=by, now=now),
    "an estimate": lambda p, by, other, now: actions.change_words(p, {"estimate_hours": Decimal(9)}, by, now),
    "delivery": lambda p, by, other, now: actions.deliver(p, delivered_at=now, by=by, now=now),
    "withdrawal": lambda p, by, other, now: actions.withdraw(p, reason="No.", agreed_by="Lena", by=by, now=now),
    "a mistake": lambda p, by, other, now: actions.void(p, reason="Twice.", by=by, now=now),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=list(ACTS))
def test_what_is_promised_for_later_is_looked_at_again(load, thandi, sam, act):
    act(load("middle"), thandi, sam, NOW + HOUR)
    assert LoadChange.objects.count() >= 1

    watching._spread_load_changes(NOW + HOUR)

    assert due_now(NOW + HOUR) - {"middle"} == {"late"}
    assert not LoadChange.objects.exists()


def test_words_that_change_no_load_concern_nobody_else(load, thandi):
    actions.update(load("middle"), standing="on_track", text="All well.", by=thandi, now=NOW + HOUR)
    actions.change_words(load("early"), {"next_step": "Call."}, thandi, NOW + HOUR)

    assert not LoadChange.objects.exists()


def test_a_new_promise_concerns_those_due_after_it(load, make_promise):
    make_promise("new", due_on=(NOW + 4 * DAY).date(), made_at=NOW + HOUR)

    watching._spread_load_changes(NOW + HOUR)

    assert due_now(NOW + HOUR) == {"new", "middle", "late"}


def test_a_promise_that_is_handed_over_concerns_both(load, thandi, sam):
    actions.reassign(load("middle"), sam, thandi, NOW + HOUR)

    watching._spread_load_changes(NOW + HOUR)

    assert due_now(NOW + HOUR) == {"middle", "late", "Sam's"}


def test_a_date_that_moves_concerns_those_after_the_earlier_of_both(load, karoo, firm, thandi):
    due = due_for(karoo, firm, (NOW + 12 * DAY).date(), None)
    asked = actions.extend(
        load("early"), due, reason="more_work", reason_text="More.", asked_by="us", by=thandi, now=NOW + HOUR
    )
    actions.answer(asked, agreed=True, answered_at=NOW + HOUR, by=thandi, now=NOW + HOUR)

    watching._spread_load_changes(NOW + HOUR)

    assert due_now(NOW + HOUR) == {"early", "middle", "late"}


def before(firm):
    """By open promise, what the watch has kept of what is promised before it, and what that is."""
    weighing = Weighing(firm)
    rows = list(Promise.objects.open())
    return {one.what: one.hours_before for one in rows}, {one.what: weighing.hours_before(one) for one in rows}


def moved(load, thandi, sam, now):
    promise = load("early")
    due = due_for(promise.client, Firm.get(), (NOW + 12 * DAY).date(), None)
    asked = actions.extend(promise, due, reason="more_work", reason_text="More.", asked_by="us", by=thandi, now=now)
    actions.answer(asked, agreed=True, answered_at=now, by=thandi, now=now)


def opened_again(load, thandi, sam, now):
    actions.deliver(load("late"), delivered_at=now, by=thandi, now=now)
    actions.look_at_due(now)
    actions.update(load("early"), standing="on_track", hours_left=Decimal(7), by=thandi, now=now)
    actions.look_at_due(now)
    actions.reopen(load("late"), reason="Not all of it.", by=thandi, now=now)


CHANGES = {name: lambda load, *rest, act=act: act(load("middle"), *rest) for name, act in ACTS.items()} | {
    "another owner": lambda load, thandi, sam, now: actions.reassign(load("middle"), sam, thandi, now),
    "another date": moved,
    "an end that was none": opened_again,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_is_promised_before_is_kept_until_it_changes(load, thandi, sam, firm, change):
    kept_first, first = before(firm)
    change(load, thandi, sam, NOW + HOUR)

    actions.look_at_due(NOW + HOUR)

    kept, fresh = before(firm)
    assert kept_first == first
    assert kept == fresh != first


@pytest.mark.parametrize(
    ("change", "what"),
    [("another owner", "middle"), ("another date", "early"), ("an end that was none", "late")],
)
def test_a_sweep_under_way_weighs_what_changed_hands_or_dates_by_what_is_before_it_now(
    load, thandi, sam, firm, change, what
):
    CHANGES[change](load, thandi, sam, NOW + HOUR)

    looked = sum(watching._turn(NOW + HOUR, inf))

    kept, fresh = before(firm)
    assert looked == 1
    assert kept[what] == fresh[what]


def test_what_was_kept_wrongly_gives_way_to_a_load_that_is_at_hand(load, firm):
    Promise.objects.filter(what="late").update(hours_before=1000.0, next_look_at=NOW + HOUR)

    actions.look_at_due(NOW + HOUR)

    kept, fresh = before(firm)
    assert kept == fresh


def test_what_comes_due_by_time_alone_is_looked_at_without_adding_up_loads(many, monkeypatch):
    # As in a firm with so many finished jobs that its record is not read whole, and owners stay known for minutes.
    monkeypatch.setattr("promises.weighing.FIRM_JOBS_READ", 0)
    many(12)
    actions.look_at_due(NOW)
    Promise.objects.update(next_look_at=NOW + SECOND)

    _looked, kept = statements(NOW + SECOND)
    Promise.objects.update(next_look_at=NOW + 2 * SECOND, hours_before=None)
    _looked, added_up = statements(NOW + 2 * SECOND)

    assert len(added_up) == len(kept) + 1


def test_many_changes_of_one_load_are_spread_at_once(load, thandi, django_assert_max_num_queries):
    for minute in range(20):
        now = NOW + minute * timedelta(minutes=2)
        actions.update(load("middle"), standing="on_track", per_cent=minute, by=thandi, now=now)

    # The changes; whose hints, held, set, none left; the changes away. And savepoints.
    with django_assert_max_num_queries(9):
        watching._spread_load_changes(NOW + HOUR)

    assert due_now(NOW + HOUR) == {"middle", "late"}


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_a_load_that_changes_under_a_sweep_is_weighed_by_the_next(load, thandi, firm, monkeypatch):
    """Of two sweeps the slower spreads the change and leaves; the other has read the load, and the row to come."""
    monkeypatch.setattr(watching, "CHUNK", 1)
    actions.look_at_due(NOW + HOUR)
    Promise.objects.filter(what__in=["middle", "late"]).update(next_look_at=NOW + HOUR)
    usual, others = watching.update_unchanged, []

    def change():
        try:
            actions.update(load("early"), standing="on_track", hours_left=30, by=thandi, now=NOW + HOUR)
            actions.look_at_due(NOW + HOUR + SECOND)
        finally:
            connection.close()

    def write(*args):
        written = usual(*args)
        if not others:
            others.append(Thread(target=change))
            others[0].start()
            # Over, or waiting for the row that this sweep holds.
            others[0].join(2)
        return written

    monkeypatch.setattr(watching, "update_unchanged", write)
    actions.look_at_due(NOW + HOUR)
    others[0].join(10)
    monkeypatch.undo()
    later = NOW + HOUR + timedelta(minutes=1)
    actions.look_at_due(later)

    assert not LoadChange.objects.exists()
    for name in ("middle", "late"):
        promise = load(name)
        # Thirty hours more make much more of a difference than a minute.
        assert promise.chance == pytest.approx(Looking(firm, later).look(promise).forecast.chance, abs=0.005), name


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_who_says_a_word_while_a_promise_is_weighed_neither_waits_nor_is_overwritten(load, thandi, monkeypatch):
    later, usual, waited = NOW + HOUR, watching._Sweep._look, []
    Promise.objects.filter(what__in=["early", "middle"]).update(next_look_at=later)

    def say():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '1s'")
                actions.update(load("early"), standing="may_be_late", text="Closed.", by=thandi, now=later + SECOND)
        except OperationalError as error:
            waited.append(error)
        finally:
            connection.close()

    def look(*args):
        if not said:
            said.append(Thread(target=say))
            said[0].start()
            said[0].join(10)
        return usual(*args)

    said = []
    monkeypatch.setattr(watching._Sweep, "_look", look)
    first = next(watching._turn(later + SECOND, inf))
    left = due_now(later + SECOND)
    actions.look_at_due(later + SECOND)

    assert waited == []
    assert (first, left) == (1, {"early"})
    assert load("early").band == Band.AT_RISK


def test_an_alarm_that_left_without_its_reminder_keeps_no_later_one_from_being_written(make_promise, monkeypatch):
    promise = make_promise(estimate_hours=Decimal(400))
    actions.look_at_due(NOW)
    now, usual = promise.tell_by_at, watching.update_unchanged

    def somebody_was_quicker(*args):
        actions.look_soon([promise.pk], now + SECOND)
        return usual(*args)

    monkeypatch.setattr(watching, "update_unchanged", somebody_was_quicker)
    actions.look_at_due(now)
    monkeypatch.undo()
    between = Reminder.objects.filter(kind="tell_by").count()
    send_waiting(now + HOUR)
    actions.look_at_due(now + HOUR)

    assert between == 0
    assert Message.objects.filter(kind="alarm", state="dropped").exists()
    assert Reminder.objects.filter(kind="tell_by", promise=promise).exists()
    promise.refresh_from_db()
    assert "could not be looked at" not in promise.sentence


@pytest.fixture
def two_late(make_promise, monkeypatch):
    """Two promises of one owner, who says of both that they may be late; they are written one after the other."""
    monkeypatch.setattr(watching, "CHUNK", 1)
    promises = [make_promise("first"), make_promise("second")]
    Promise.objects.update(standing="may_be_late")
    return promises


def between_two(act, monkeypatch):
    """Do this once the first of them is written, as the second is about to be."""
    usual, calls = watching.update_unchanged, []

    def write(*args):
        calls.append(args)
        if len(calls) == 2:
            act()
        return usual(*args)

    monkeypatch.setattr(watching, "update_unchanged", write)


def test_alarms_are_asked_for_once_a_sweep(two_late):
    looked, asked = statements(NOW)

    assert looked == 2
    assert len([sql for sql in asked if sql.startswith("SELECT") and '"not_before"' in sql]) == 1
    assert len([sql for sql in asked if sql.startswith('INSERT INTO "outbox_message"')]) == 1
    assert len({reminder.message_id for reminder in Reminder.objects.all()}) == 1


def test_nothing_is_written_into_an_alarm_that_has_left_while_the_sweep_went_on(two_late, monkeypatch):
    between_two(lambda: send_waiting(NOW + HOUR), monkeypatch)

    actions.look_at_due(NOW)

    first, second = Reminder.objects.select_related("message", "promise").order_by("pk")
    assert (first.promise.what, first.message.state) == ("first", "sent")
    assert (second.promise.what, second.message.state) == ("second", "waiting")
    assert not Promise.objects.to_look_at(NOW).exists()


@pytest.mark.servers
def test_an_alarm_that_leaves_between_two_writes_of_a_chunk_is_asked_for_anew(many, make_person, monkeypatch):
    """Of one chunk: what is written after it left goes into another, and no other person gets an empty one."""
    monkeypatch.setattr(watching, "WRITTEN_AT_ONCE", 10)
    early, late = make_person("Early Bird"), make_person("Night Owl")
    many(61, [early, late])
    Promise.objects.exclude(owner__in=[early, late]).update(next_look_at=None)
    Promise.objects.filter(owner__in=[early, late]).update(standing="may_be_late")
    # By owner: thirty of each, ten at a time.
    between_two(lambda: send_waiting_of(early, NOW + HOUR), monkeypatch)

    assert actions.look_at_due(NOW) == 60

    of = {person: Reminder.objects.filter(person=person) for person in (early, late)}
    assert [one.count() for one in of.values()] == [30, 30]
    assert Counter(of[early].values_list("message__state", flat=True)) == {"sent": 10, "waiting": 20}
    assert Message.objects.filter(kind="alarm").count() == 3


def send_waiting_of(person, now):
    Message.objects.exclude(person=person).update(not_before=now + DAY)
    send_waiting(now)


def refused_once(monkeypatch, error):
    """The first that is written is taken back."""
    usual, refused = watching.update_unchanged, []

    def refuse(*args):
        if not refused:
            refused.append(args)
            raise error
        return usual(*args)

    monkeypatch.setattr(watching, "update_unchanged", refuse)


@pytest.mark.parametrize("error", [OperationalError("deadlock detected"), DatabaseError("too long")])
def test_an_alarm_that_waits_for_later_leaves_in_time_though_it_was_hurried_in_vain(
    two_late, thandi, monkeypatch, error
):
    monkeypatch.setattr(watching, "CHUNK", 2)
    [waiting] = alarms_for({thandi: NOW + 5 * DAY}, NOW - DAY).values()
    refused_once(monkeypatch, error)

    actions.look_at_due(NOW)

    assert Reminder.objects.filter(message=waiting).count() == 2
    assert Message.objects.get(pk=waiting).not_before == NOW + COLLECT


def test_an_alarm_that_was_written_for_later_leaves_in_time_though_it_was_hurried_in_vain(two_late, monkeypatch):
    monkeypatch.setattr(watching, "CHUNK", 2)
    actions.look_at_due(NOW)
    Message.objects.filter(kind="alarm").update(not_before=NOW + 5 * DAY)
    Promise.objects.update(next_look_at=NOW + HOUR)
    refused_once(monkeypatch, OperationalError("deadlock detected"))

    actions.look_at_due(NOW + HOUR)

    assert Reminder.objects.count() == 2
    assert Message.objects.get(kind="alarm").not_before == NOW + HOUR + COLLECT


def test_what_was_asked_for_in_what_is_taken_back_is_asked_for_again(two_late, thandi, monkeypatch):
    """Their alarm leaves; one that was made for later is hurried instead, and that is taken back."""
    monkeypatch.setattr(watching, "CHUNK", 2)
    usual, calls = watching.update_unchanged, []

    def write(*args):
        calls.append(args)
        if len(calls) == 1:
            send_waiting(NOW + HOUR)
            alarms_for({thandi: NOW + 5 * DAY}, NOW)
        if len(calls) == 2:
            raise OperationalError("deadlock detected")
        return usual(*args)

    monkeypatch.setattr(watching, "update_unchanged", write)
    actions.look_at_due(NOW)

    assert Reminder.objects.count() == 2
    assert {reminder.message.not_before for reminder in Reminder.objects.all()} == {NOW + COLLECT}


def test_whoever_is_to_hear_sooner_is_asked_for_again_and_nobody_else(thandi, mara, django_assert_num_queries):
    alarms = Alarms(NOW)
    before = alarms.of({thandi: NOW + DAY, mara: NOW + DAY})

    with django_assert_num_queries(0):
        assert alarms.of({thandi: NOW + 2 * DAY}) == {thandi.pk: before[thandi.pk]}
    assert alarms.of({thandi: NOW + HOUR}) == {thandi.pk: before[thandi.pk]}

    assert Message.objects.get(person=thandi).not_before == NOW + HOUR
    assert Message.objects.get(person=mara).not_before == NOW + DAY


def test_an_alarm_that_was_never_written_is_not_written_into(two_late, monkeypatch):
    refused_once(monkeypatch, OperationalError("database is locked"))

    actions.look_at_due(NOW)
    actions.look_at_due(NOW + watching.PUT_OFF_A_LITTLE)

    assert {reminder.promise.what for reminder in Reminder.objects.all()} == {"first", "second"}
    assert Message.objects.filter(kind="alarm").count() == 1


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_a_sweep_waits_for_an_alarm_that_is_leaving_and_takes_another(two_late, monkeypatch):
    held, left = Event(), []

    def leave():
        try:
            with transaction.atomic():
                Message.objects.filter(kind="alarm").update(state="sending", attempts=1)
                held.set()
                # The sweep has come to the second by then, and waits.
                left.append(_waits_for_a_row())
        finally:
            connection.close()

    other = begun_between_two(leave, held, monkeypatch)
    looked = actions.look_at_due(NOW)
    other.join(20)

    assert (looked, left) == (2, [True])
    first, second = Reminder.objects.select_related("message").order_by("pk")
    assert (first.message.state, second.message.state) == ("sending", "waiting")


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_a_sweep_and_a_new_diary_take_alarms_in_one_order(two_late, thandi, mara, monkeypatch):
    """Of the second a manager is to hear as well: one alarm is known by then, and the other, made before, is not."""
    with transaction.atomic():
        low, high = (alarms_for({person: NOW + DAY}, NOW - DAY)[person.pk] for person in (thandi, mara))
    Promise.objects.filter(what="second").update(tell_by_at=NOW - HOUR)
    held = Event()

    def change():
        try:
            with transaction.atomic():
                Message.objects.filter(pk=low).update(not_before=NOW)
                held.set()
                _waits_for_a_row()
                Message.objects.filter(pk=high).update(not_before=NOW)
        except OperationalError as error:
            errors.append(error)
        finally:
            connection.close()

    other, errors = begun_between_two(change, held, monkeypatch), []
    looked = actions.look_at_due(NOW)
    other.join(20)

    assert (looked, errors) == (2, [])
    assert not Promise.objects.filter(sentence="").exists()
    assert sorted(Reminder.objects.values_list("promise__what", "message")) == [
        ("first", low),
        ("second", low),
        ("second", high),
    ]


def begun_between_two(act, held, monkeypatch):
    """Somebody else does it, and the second is written once they hold what they are to hold."""
    other = Thread(target=act)

    def begin():
        other.start()
        held.wait(10)

    between_two(begin, monkeypatch)
    return other


def _waits_for_a_row():
    """Whether anybody waits for what this transaction holds, within ten seconds."""
    for _again in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
            if cursor.fetchone()[0]:
                return True
        sleep(0.05)
    return False


def test_what_is_never_looked_at_again_hides_nobody(load):
    Promise.objects.filter(what="early").update(next_look_at=None)
    Promise.objects.filter(what="late").update(next_look_at=NOW + HOUR)

    assert actions.look_at_due(NOW + HOUR) == 1


def test_what_comes_due_while_a_turn_goes_on_is_looked_at_in_it(load, monkeypatch):
    Promise.objects.filter(what="early").update(next_look_at=NOW + HOUR)
    usual, done = watching.update_unchanged, []

    def write(*args):
        written = usual(*args)
        if not done:
            done.append(actions.look_soon([load("late").pk], NOW + HOUR))
        return written

    monkeypatch.setattr(watching, "update_unchanged", write)

    assert actions.look_at_due(NOW + HOUR) == 2
    assert done == [1]


def test_a_change_that_was_not_spread_to_the_end_is_spread_again(load, thandi, monkeypatch):
    actions.deliver(load("early"), delivered_at=NOW, by=thandi, now=NOW)
    usual = watching._look_soon_at_all

    def cut(*args):
        usual(*args)
        raise Cut

    monkeypatch.setattr(watching, "_look_soon_at_all", cut)
    with pytest.raises(Cut):
        watching._spread_load_changes(NOW + HOUR)
    assert LoadChange.objects.exists()
    monkeypatch.undo()
    watching._spread_load_changes(NOW + HOUR)

    assert (due_now(NOW + HOUR), LoadChange.objects.exists()) == ({"middle", "late"}, False)


def test_what_is_promised_earlier_is_weighed(load, thandi):
    before = load("late").chance
    actions.change_words(load("early"), {"estimate_hours": Decimal(40)}, thandi, NOW + HOUR)

    actions.look_at_due(NOW + HOUR)

    assert load("late").chance > before
    assert load("Sam's").next_look_at > NOW + HOUR


def test_a_reading_keeps_the_date_it_speaks_of_and_the_days_before_it(load):
    promise = load("late")

    reading = promise.readings.get()

    # Friday 27 November, from Wednesday 18.
    assert (reading.due_at, reading.days_left) == (promise.due_at, 7)
