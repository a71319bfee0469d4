"""A date moves by an addendum that both sides signed, exactly as by an agreed extension, and not a moment sooner."""

from datetime import date, time, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import translation

from clients import record
from clients.actions.base import Changed, Refused
from clients.actions.drafting import draft_addendum, draft_scope
from clients.actions.sending import preview
from clients.agreement_rules import State
from clients.holding import holding
from clients.models import Addendum, Agreement, Entry, SentVersion
from clients.signals import addendum_signed, agreement_sending
from clients.tests import agreements as papers
from conftest import DAY, HOUR, NOW
from promises import actions, timeline
from promises.actions.addenda import choose_dates
from promises.due import due_for
from promises.models import AddendumMove, DateMove, Outcome, Promise
from promises.progress_page import page_for
from promises.progress_rows import Reader

SECOND = timedelta(seconds=1)
LATER = date(2026, 11, 27)


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def scope(karoo, thandi):
    lines = [{"service": "Drawings", "quantity": 1, "price": 1800}]
    drafted = draft_scope(karoo, {"title": "Shop fittings"}, lines, by=thandi, now=NOW - 10 * DAY)
    Agreement.objects.filter(pk=drafted.agreement_id).update(state=State.SIGNED, signed_at=NOW - 9 * DAY)
    return type(drafted).objects.get(pk=drafted.pk)


@pytest.fixture
def addendum(scope, thandi):
    return draft_addendum(scope, title="A second counter", reason="They asked for it.", by=thandi, now=NOW - DAY)


@pytest.fixture
def choose(addendum, karoo, firm, thandi):
    def chosen(promises, day=LATER, at=None, now=NOW):
        due = due_for(karoo, firm, day, at)
        return choose_dates(addendum, {promise.pk: due for promise in promises}, by=thandi, now=now)

    return chosen


@pytest.fixture
def send(addendum, lena, thandi):
    """Its dates frozen as they stand, and nothing else of a sending."""

    def frozen(language="en"):
        content = {"language": language, "dates": spoken(addendum, language)}
        written = {"content": content, "sha256": "", "pdf": b"", "pdf_sha256": "", "contact": lena, "by": thandi}
        return SentVersion.objects.create(
            agreement=addendum.agreement, version=addendum.agreement.version, sent_at=NOW, **written
        )

    return frozen


@pytest.fixture
def sign(addendum, send):
    """As the signing does it: the state and what follows, in one transaction."""

    def both_sides(at=NOW, addendum=addendum):
        if not addendum.agreement.versions.exists():
            send()
        with transaction.atomic():
            Agreement.objects.filter(pk=addendum.agreement_id).update(state=State.SIGNED, signed_at=at)
            addendum_signed.send(sender=Addendum, addendum=addendum, now=at)

    return both_sides


def fresh(promise):
    return Promise.objects.get(pk=promise.pk)


def kinds(promise):
    return list(Entry.objects.about(promise.record_subject).order_by("seq").values_list("kind", flat=True))


def test_choosing_moves_nothing(make_promise, choose):
    promise = make_promise()

    choose([promise])

    assert (fresh(promise).due_at, fresh(promise).moves, DateMove.objects.count()) == (promise.due_at, 0, 0)
    assert AddendumMove.objects.get().old_due_at == promise.due_at


def test_signed_it_moves_the_date_and_leaves_the_first_one(make_promise, choose, sign, addendum):
    promise = make_promise()
    choose([promise], at=time(12))

    sign()

    moved, move = fresh(promise), DateMove.objects.get()
    assert (moved.due_on, moved.due_time, moved.moves, moved.first_due_at) == (LATER, time(12), 1, promise.due_at)
    assert promise.tell_by_at < moved.tell_by_at < moved.due_at
    assert (moved.told_at, moved.alarm_at, moved.next_look_at) == (None, None, NOW)
    assert (move.addendum, move.extension, move.told_at, move.moved_at) == (addendum, None, NOW, NOW)
    assert move.old_due_at == promise.due_at


def test_the_record_says_by_which_paper_it_moved(make_promise, choose, sign, karoo):
    promise = make_promise()
    choose([promise])

    sign()

    entry = Entry.objects.about(promise.record_subject).get(kind="date_moved_by_addendum")
    assert (entry.data["old"], entry.data["new"]) == ("2026-11-20", "2026-11-27")
    assert entry.data["addendum"].endswith("/1")
    karoo.refresh_from_db()
    assert list(record.verify(karoo)) == []


def test_an_earlier_date_is_signed_as_well(make_promise, choose, sign):
    promise = make_promise(due_on=date(2026, 12, 4))
    choose([promise])

    sign()

    assert fresh(promise).due_on == LATER


@pytest.mark.parametrize("state", [State.DECLINED, State.LAPSED, State.WITHDRAWN])
def test_what_is_not_signed_moves_nothing(make_promise, choose, addendum, state):
    promise = make_promise()
    choose([promise])

    agreement = Agreement.objects.filter(pk=addendum.agreement_id)
    agreement.update(state=State.SENT, sent_at=NOW)
    agreement.update(state=state, closed_at=NOW)

    assert fresh(promise).due_at == promise.due_at
    assert DateMove.objects.count() == 0


def test_a_promise_that_ended_meanwhile_is_left_and_the_record_says_so(make_promise, choose, send, sign, thandi):
    promise, other = make_promise(), make_promise("Counter drawings")
    choose([promise, other])
    send()
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)

    sign(NOW + HOUR)

    assert (fresh(promise).due_at, fresh(promise).outcome) == (promise.due_at, Outcome.KEPT)
    assert kinds(promise)[-1] == "date_left_by_addendum"
    assert fresh(other).due_on == LATER


@pytest.fixture
def extend(karoo, firm, thandi):
    """By an extension that the client agreed to."""

    def extended(promise, day):
        due = due_for(karoo, firm, day, None)
        said = {"reason": "more_work", "reason_text": "A wall.", "asked_by": "us", "by": thandi}
        asked = actions.extend(promise, due, now=NOW, **said)
        actions.answer(asked, agreed=True, answered_at=NOW, by=thandi, now=NOW)
        return due

    return extended


@pytest.mark.parametrize("day", [date(2026, 11, 24), LATER])
def test_an_old_date_that_an_extension_moved_since_it_was_sent_is_not_signed(
    make_promise, choose, send, sign, extend, addendum, day
):
    promise, other = make_promise(), make_promise("Counter drawings")
    choose([promise, other])
    send("nl")
    due = extend(promise, day)

    with pytest.raises(Changed, match="does not hold any more"):
        sign(NOW + HOUR)

    assert (fresh(promise).due_at, fresh(promise).moves, fresh(other).moves) == (due.at, 1, 0)
    assert Agreement.objects.get(pk=addendum.agreement_id).state == State.DRAFT


def test_a_move_that_the_text_does_not_name_is_not_made(make_promise, choose, send, sign, extend):
    promise = make_promise()
    choose([promise])
    extend(promise, LATER)
    assert send().content["dates"] == []
    extend(promise, date(2026, 11, 24))

    with pytest.raises(Changed):
        sign(NOW + HOUR)

    assert fresh(promise).due_on == date(2026, 11, 24)


def test_what_moved_and_then_ended_is_not_signed_with_the_date_before(make_promise, choose, send, sign, extend, thandi):
    promise = make_promise()
    choose([promise])
    send()
    extend(promise, date(2026, 11, 24))
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)

    with pytest.raises(Changed):
        sign(NOW + HOUR)


def test_a_date_that_moved_before_it_was_sent_moves_on_from_there(make_promise, choose, sign, extend):
    promise = make_promise()
    choose([promise])
    between = extend(promise, date(2026, 11, 24))

    sign(NOW + HOUR)

    assert (fresh(promise).due_on, fresh(promise).moves) == (LATER, 2)
    assert DateMove.objects.get(extension=None).old_due_at == between.at


def test_a_date_that_is_there_already_needs_no_move(make_promise, choose, sign, extend):
    promise = make_promise()
    choose([promise])
    extend(promise, LATER)

    sign(NOW + HOUR)

    assert (fresh(promise).moves, kinds(promise)[-1]) == (1, "extension_agreed")


def test_what_an_addendum_that_was_sent_names_was_no_mistake(make_promise, choose, addendum, thandi):
    promise = make_promise()
    choose([promise])
    Agreement.objects.filter(pk=addendum.agreement_id).update(state=State.SENT, sent_at=NOW)

    with pytest.raises(actions.Refused, match="An addendum that was sent names it"):
        actions.void(promise, reason="A slip of the hand.", by=thandi, now=NOW)

    assert fresh(promise).is_open


def test_what_a_draft_names_may_have_been_a_mistake(make_promise, choose, thandi):
    promise = make_promise()
    choose([promise])

    actions.void(promise, reason="A slip of the hand.", by=thandi, now=NOW)

    assert fresh(promise).voided_at == NOW


@pytest.mark.parametrize(
    ("signed", "outcome"),
    [(-SECOND, Outcome.KEPT_LATER), (SECOND * 0, Outcome.LATE_SILENT), (SECOND, Outcome.LATE_SILENT)],
)
def test_signed_before_the_date_is_no_miss_and_after_it_the_miss_stands(
    make_promise, choose, sign, thandi, signed, outcome
):
    promise = make_promise()
    choose([promise])
    sign(promise.due_at + signed)

    done_at = promise.due_at + DAY
    actions.deliver(promise, delivered_at=done_at, by=thandi, now=done_at)

    assert fresh(promise).outcome == outcome


@pytest.mark.parametrize("late", [SECOND * 0, SECOND])
def test_it_is_not_signed_when_its_own_date_has_passed(make_promise, choose, sign, addendum, late):
    promise, other = make_promise(), make_promise("Counter drawings", due_on=date(2026, 12, 1))
    choose([promise, other])

    with pytest.raises(Changed, match="has passed since it was sent"):
        sign(AddendumMove.objects.first().new_due_at + late)

    assert (fresh(promise).moves, fresh(other).moves) == (0, 0)
    assert Agreement.objects.get(pk=addendum.agreement_id).state == State.DRAFT


def test_several_dates_move_together(make_promise, choose, sign):
    promises = [make_promise(f"Drawing {number}") for number in range(3)]
    choose(promises)

    sign()

    assert {fresh(promise).due_on for promise in promises} == {LATER}
    assert {move.promise_id for move in DateMove.objects.all()} == {promise.pk for promise in promises}


def test_all_move_or_none_does(make_promise, choose, sign, addendum):
    """Whoever hears of the signing may fail: then nothing was signed and nothing moved."""
    promise = make_promise()
    choose([promise])

    def fail(**kwargs):
        raise RuntimeError("a receiver fell")

    addendum_signed.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            sign()
    finally:
        addendum_signed.disconnect(fail)

    assert fresh(promise).due_at == promise.due_at
    assert DateMove.objects.count() == 0
    assert "date_moved_by_addendum" not in kinds(promise)
    assert Agreement.objects.get(pk=addendum.agreement_id).state == State.DRAFT


def test_choosing_again_replaces_what_was_chosen(make_promise, choose):
    first, second = make_promise(), make_promise("Counter drawings")
    choose([first, second])

    choose([second], day=date(2026, 12, 1))

    assert [(move.promise, move.new_due_on) for move in AddendumMove.objects.all()] == [(second, date(2026, 12, 1))]


def test_the_same_choice_again_is_no_news(make_promise, choose, addendum):
    promise = make_promise()
    assert choose([promise])

    assert not choose([promise])

    assert Entry.objects.filter(subject=addendum.record_subject, kind="addendum_dates_chosen").count() == 1


@pytest.mark.parametrize("days", [0, 7])
def test_past_and_present_dates_are_refused(make_promise, choose, days):
    promise = make_promise()
    day = promise.due_on - days * DAY

    with pytest.raises(actions.Refused):
        choose([promise], day=day)

    assert AddendumMove.objects.count() == 0


def test_a_promise_to_somebody_else_is_refused(make_promise, choose, secret):
    promise = make_promise(client=secret)

    with pytest.raises(actions.Refused, match="this client"):
        choose([promise])


def test_a_promise_that_ended_is_refused(make_promise, choose, thandi):
    promise = make_promise()
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)

    with pytest.raises(actions.Refused, match="ended"):
        choose([promise])


def test_what_was_sent_does_not_change(make_promise, choose, addendum):
    promise = make_promise()
    choose([promise])
    Agreement.objects.filter(pk=addendum.agreement_id).update(state=State.SENT)

    with pytest.raises(Exception, match="with the client"):
        choose([])
    with pytest.raises(DatabaseError, match="do not change"), transaction.atomic():
        AddendumMove.objects.all().delete()

    assert AddendumMove.objects.count() == 1


def spoken(addendum, language="en"):
    with translation.override(language):
        answers = agreement_sending.send(sender=Agreement, agreement=addendum.agreement, now=NOW)
    return [moved for _receiver, dates in answers for moved in dates or []]


def test_the_text_names_old_and_new_in_its_language(make_promise, choose, addendum):
    choose([make_promise()], at=time(12))

    assert spoken(addendum) == [
        {
            "what": "Shop fittings drawings",
            "old": "Friday 20 November 2026",
            "new": "Friday 27 November 2026, by 12 noon (Johannesburg time)",
        }
    ]
    assert spoken(addendum, "nl")[0]["old"] == "vrijdag 20 november 2026"


def test_the_text_names_no_date_of_what_has_ended(make_promise, choose, addendum, thandi):
    promise = make_promise()
    choose([promise])
    assert len(spoken(addendum)) == 1

    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)

    assert spoken(addendum) == []


def test_a_date_that_has_passed_is_not_sent(make_promise, choose, addendum):
    choose([make_promise()])

    with pytest.raises(Refused, match="has passed"):
        preview(addendum.agreement, NOW + 30 * DAY)


def test_the_text_of_a_scope_moves_nothing(scope):
    answers = agreement_sending.send(sender=Agreement, agreement=scope.agreement, now=NOW)

    assert [dates for _receiver, dates in answers if dates] == []


# What people read of it


def test_the_client_reads_by_which_paper_the_date_moved(make_promise, choose, sign, addendum, karoo, firm):
    choose([make_promise()])
    sign()

    lead = page_for(Reader(karoo, None, None, ""), firm, NOW).lead

    [change] = lead.changes
    assert (change.old, change.new) == ("Friday 20 November", "Friday 27 November")
    number = addendum.number
    assert change.reason == f"By addendum {number}, “A second counter”, signed by you on Wednesday 18 November."
    assert lead.row.before == ("Friday 20 November",)


def test_moves_by_both_papers_stand_in_the_order_in_which_they_came(make_promise, choose, sign, extend, karoo, firm):
    promise = make_promise()
    choose([promise], day=date(2026, 12, 1))
    extend(promise, date(2026, 11, 24))
    sign(NOW + HOUR)

    lead = page_for(Reader(karoo, None, None, ""), firm, NOW + HOUR).lead

    assert [change.old for change in lead.changes] == ["Tuesday 24 November", "Friday 20 November"]


def test_staff_read_the_paper_beside_the_date_and_in_the_timeline(client, thandi, make_promise, choose, sign, addendum):
    promise = make_promise()
    choose([promise])
    sign()
    client.force_login(thandi)

    page = client.get(promise.get_absolute_url()).content.decode()

    assert f"Addendum {addendum.number}, A second counter" in page
    assert addendum.get_absolute_url() in page
    assert f"Moved from Friday 20 November to Friday 27 November by addendum {addendum.number}" in page


def test_the_timeline_says_that_an_ended_promise_was_left(make_promise, choose, send, sign, thandi):
    promise = make_promise()
    choose([promise])
    send()
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)
    sign(NOW + HOUR)

    lines, _more = timeline.of(fresh(promise), NOW + HOUR, [])

    assert "It had ended when that was signed, so nothing moved" in lines[0].said.text


# The page on which they are chosen


@pytest.fixture
def page(client, thandi, addendum):
    client.force_login(thandi)
    return reverse("promises:addendum_dates", args=[addendum.pk])


def box(promise, name="new_date"):
    return f"promise-{promise.pk}-{name}"


def test_dates_are_chosen_on_one_page(client, page, make_promise, addendum, scope):
    first, second, other = make_promise(scope=scope), make_promise("Counter", scope=scope), make_promise("Elsewhere")

    response = client.post(page, {box(first): "27 November", box(other): "1 December", box(other, "new_time"): "noon"})

    assert response.url == addendum.get_absolute_url()
    assert {(move.promise, move.new_due_on, move.new_due_time) for move in addendum.moves.all()} == {
        (first, LATER, None),
        (other, date(2026, 12, 1), time(12)),
    }
    assert not addendum.moves.filter(promise=second).exists()


def test_promises_of_the_scope_come_first_and_others_say_so(client, page, make_promise, scope):
    make_promise("Under the scope", scope=scope)
    make_promise("Elsewhere")

    shown = client.get(page).content.decode()

    assert shown.index("Under the scope") < shown.index("Other promises to Karoo Linen") < shown.index("Elsewhere")


def test_what_was_chosen_stands_there_and_can_be_taken_out(client, page, make_promise, choose, addendum):
    promise = make_promise()
    choose([promise], at=time(12))

    shown = client.get(page).content.decode()
    client.post(page, {box(promise): ""})

    assert 'value="2026-11-27"' in shown
    assert 'value="12:00"' in shown
    assert not addendum.moves.exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"new_date": "someday"}, "Enter a date, for example"),
        ({"new_date": "yesterday"}, "must be today or in the future"),
        ({"new_date": "20 November"}, "Enter another date: this is the date in force"),
        ({"new_date": "27 November", "new_time": "often"}, "Enter a time, for example"),
        ({"new_time": "noon"}, "Enter the new date too"),
    ],
)
def test_a_date_that_will_not_do_is_said_and_the_rest_kept(client, page, make_promise, addendum, typed, words):
    promise, other = make_promise(), make_promise("Counter drawings")
    sent = {box(promise, name): value for name, value in typed.items()}

    response = client.post(page, {**sent, box(other): "27 November"})

    shown = response.content.decode()
    assert response.status_code == 200
    assert words in shown
    assert "<title>Error: " in shown
    assert 'value="27 November"' in shown
    assert not addendum.moves.exists()


def test_who_chose_too_late_reads_why(client, page, make_promise, addendum):
    promise = make_promise()
    Agreement.objects.filter(pk=addendum.agreement_id).update(state=State.SENT)

    looked, tried = client.get(page), client.post(page, {box(promise): "27 November"})

    assert looked.url == addendum.get_absolute_url()
    assert "This is with the client now" in tried.content.decode()


def test_a_promise_that_ended_after_it_was_chosen_is_named(client, page, make_promise, choose, thandi):
    promise = make_promise()
    choose([promise])
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)

    assert "has ended meanwhile" in client.get(page).content.decode()


def test_without_open_promises_there_is_nothing_to_choose(client, page):
    assert "No promise to this client is open" in client.get(page).content.decode()


def test_hostile_words_are_printed_as_words(client, page, make_promise):
    make_promise("<script>alert(1)</script>")

    shown = client.get(page).content.decode()

    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)" in shown


@pytest.mark.parametrize("how_many", [1, 3])
def test_more_promises_cost_no_more_queries(client, page, make_promise, scope, how_many, django_assert_num_queries):
    for number in range(how_many):
        make_promise(f"Drawing {number}", scope=scope)
        make_promise(f"Elsewhere {number}")

    # session, user, addendum, firm (twice: the form, and the page's head), what is chosen, promises of the scope and
    # others, beat and oldest message for the line of truth
    with django_assert_num_queries(9):
        client.get(page)


# From draft to moved date, by the doors that people use


@pytest.fixture
def signed_scope(karoo, lena, thandi, monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")
    return papers.signed(karoo, lena, thandi, NOW - 9 * DAY)


def test_the_clients_signature_moves_date_and_price(signed_scope, make_promise, karoo, lena, firm, thandi):
    promise = make_promise(scope=signed_scope)
    change = {"act": "add", "service": "A second counter", "price": 500}
    addendum = papers.addendum_to(signed_scope, thandi, [change], NOW)
    choose_dates(addendum, {promise.pk: due_for(karoo, firm, LATER, None)}, by=thandi, now=NOW)

    version = papers.send(addendum.agreement, lena, thandi, NOW)
    assert version.content["dates"][0]["old"] == "Friday 20 November 2026"
    assert fresh(promise).due_at == promise.due_at

    papers.sign(addendum.agreement, version, NOW + HOUR)

    assert fresh(promise).due_on == LATER
    assert holding(signed_scope).totals.subtotal == holding(signed_scope).line(4).price + 1141
    assert list(record.verify(type(karoo).objects.get(pk=karoo.pk))) == []


def test_the_client_knew_when_they_signed_though_the_firm_signed_later(
    signed_scope, make_promise, karoo, lena, firm, thandi
):
    promise = make_promise(scope=signed_scope)
    addendum = papers.addendum_to(signed_scope, thandi, [], NOW, terms="Nothing else changes.")
    choose_dates(addendum, {promise.pk: due_for(karoo, firm, LATER, None)}, by=thandi, now=NOW)
    version = papers.send(addendum.agreement, lena, thandi, NOW, name="")
    papers.sign(addendum.agreement, version, NOW + HOUR)
    assert fresh(promise).moves == 0

    after = promise.due_at + HOUR
    agreement = Agreement.objects.get(pk=addendum.agreement_id)
    papers.countersign(agreement, thandi, after)
    actions.deliver(promise, delivered_at=after + DAY, by=thandi, now=after + DAY)

    assert DateMove.objects.get().told_at == NOW + HOUR
    assert fresh(promise).outcome == Outcome.KEPT_LATER


@pytest.mark.parametrize("firm_signs", ["Thandi Mokoena", ""])
def test_the_client_is_told_to_wait_for_a_new_version(
    signed_scope, make_promise, extend, karoo, lena, firm, thandi, firm_signs
):
    promise = make_promise(scope=signed_scope)
    addendum = papers.addendum_to(signed_scope, thandi, [], NOW, terms="Nothing else changes.")
    choose_dates(addendum, {promise.pk: due_for(karoo, firm, LATER, None)}, by=thandi, now=NOW)
    version = papers.send(addendum.agreement, lena, thandi, NOW, name=firm_signs)
    code = papers.code_for(addendum.agreement, NOW)
    due = extend(promise, date(2026, 11, 24))

    with pytest.raises(Changed, match="a new version has to be sent"):
        papers.sign(addendum.agreement, version, NOW + HOUR / 12, code=code)

    assert addendum.agreement.signatures.filter(side="client").count() == 0
    assert fresh(promise).due_at == due.at


def test_the_firm_does_not_sign_an_old_date_that_moved_after_the_client_signed(
    signed_scope, make_promise, extend, karoo, lena, firm, thandi
):
    promise = make_promise(scope=signed_scope)
    addendum = papers.addendum_to(signed_scope, thandi, [], NOW, terms="Nothing else changes.")
    choose_dates(addendum, {promise.pk: due_for(karoo, firm, LATER, None)}, by=thandi, now=NOW)
    papers.sign(addendum.agreement, papers.send(addendum.agreement, lena, thandi, NOW, name=""), NOW)
    extend(promise, date(2026, 11, 24))
    agreement = Agreement.objects.get(pk=addendum.agreement_id)

    with pytest.raises(Changed):
        papers.countersign(agreement, thandi, NOW + HOUR)

    agreement.refresh_from_db()
    assert agreement.state == State.ACCEPTED
