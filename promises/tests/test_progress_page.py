"""What the client reads, in which order, and in whose words."""

import re
from datetime import date, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import translation

from clients.actions import make_link, save_contact
from clients.models import Addendum, Agreement, Client, Contact, Kind, Scope, SealedDocument
from clients.tests import agreements
from conftest import DAY, HOUR, NOW
from engagement.outbox.models import Channel, Message, State
from promises import actions, progress_rows
from promises.due import due_for
from promises.models import Band, Promise, Standing, Telling
from promises.progress_page import page_for
from promises.progress_rows import MOST_FINISHED, MOST_OPEN, Reader

FRIDAY = date(2026, 11, 20)
SLIPS = [Telling.Kind.MAY_BE_LATE, Telling.Kind.LATE, Telling.Kind.MOVED]


@pytest.fixture
def read(karoo, firm):
    """The page as it stands at a moment."""

    def page(now=NOW, *, client=None, scope=None, contact=None, channel="call"):
        client = Client.objects.get(pk=(client or karoo).pk)
        return page_for(Reader(client, scope, contact, channel), firm, now)

    return page


@pytest.fixture
def tell(thandi, karoo, lena):
    def said(promise, kind, spoken_at=NOW - HOUR, channel=Channel.CALL):
        said = [actions.Said(promise, kind)]
        [telling] = actions.record_conversation(
            said, client=karoo, contact=lena, channel=channel, spoken_at=spoken_at, text="", by=thandi, now=NOW
        )
        return telling

    return said


@pytest.fixture
def extend(karoo, firm, thandi):
    def ask(promise, day, telling=None, at=NOW, asked_by="us", reason="The second survey showed a wall 40 cm out."):
        promise.refresh_from_db()
        due = due_for(karoo, firm, day, None)
        return actions.extend(
            promise,
            due,
            reason="more_work",
            reason_text=reason,
            asked_by=asked_by,
            by=thandi,
            now=at,
            telling=telling,
        )

    return ask


def html(client, token, now=NOW):
    with time_machine.travel(now, tick=False):
        return client.get(f"/p/{token}/").content.decode()


@pytest.fixture
def token(karoo, thandi):
    return make_link(karoo, thandi, NOW - DAY).token()


# The state, from the last word told and the date


def test_a_promise_nobody_has_doubted_is_on_track(make_promise, read):
    make_promise()

    row = read().lead.row

    assert (row.state, row.words) == ("good", "On track")


def test_a_risk_that_nobody_has_put_into_words_is_not_shown(make_promise, read):
    promise = make_promise()
    Promise.objects.filter(pk=promise.pk).update(band=Band.AT_RISK, chance=0.97, sentence="No hours are left.")

    page = read()

    assert page.lead.row.words == "On track"
    assert "No hours" not in str(page)


@pytest.mark.parametrize("kind", SLIPS)
def test_a_client_who_was_told_of_a_slip_reads_may_be_late(make_promise, read, tell, kind):
    tell(make_promise(), kind)

    assert read().lead.row.words == "May be late"


def test_may_be_late_gives_way_to_on_track_when_that_was_found_and_said_after(make_promise, read, tell, thandi):
    promise = make_promise()
    tell(promise, Telling.Kind.MAY_BE_LATE, NOW - 3 * HOUR)
    actions.update(promise, standing="on_track", by=thandi, now=NOW - 2 * HOUR)
    tell(promise, Telling.Kind.PROGRESS, NOW - HOUR)

    assert read().lead.row.words == "On track"


@pytest.mark.parametrize("kind", [Telling.Kind.PROGRESS, Telling.Kind.MADE])
@pytest.mark.parametrize("hours", [-4, None])
def test_a_later_word_on_progress_does_not_take_back_that_it_may_be_late(make_promise, read, tell, thandi, kind, hours):
    promise = make_promise()
    if hours:
        actions.update(promise, standing="on_track", by=thandi, now=NOW + hours * HOUR)
    tell(promise, Telling.Kind.MAY_BE_LATE, NOW - 3 * HOUR)
    tell(promise, kind, NOW - HOUR)

    assert read().lead.row.words == "May be late"


def test_may_be_late_again_stands_although_it_was_on_track_between(make_promise, read, tell, thandi):
    promise = make_promise()
    tell(promise, Telling.Kind.MAY_BE_LATE, NOW - 6 * HOUR)
    actions.update(promise, standing="on_track", by=thandi, now=NOW - 5 * HOUR)
    actions.update(promise, standing="may_be_late", by=thandi, now=NOW - 3 * HOUR)
    tell(promise, Telling.Kind.PROGRESS, NOW - HOUR)

    assert read().lead.row.words == "May be late"


def test_a_message_that_has_not_left_says_nothing_yet(make_promise, read, karoo, lena, thandi):
    promise = make_promise()
    message = actions.write_to_client(
        [actions.Said(promise, Telling.Kind.MAY_BE_LATE)],
        client=karoo,
        contact=lena,
        subject="May be late",
        body="It may be late.",
        occasion="once",
        by=thandi,
        now=NOW - HOUR,
    )

    before = read().lead.row.words
    Message.objects.filter(pk=message.pk).update(state=State.SENT, sent_at=NOW - HOUR / 2)
    actions.refresh_told(promise, NOW)

    assert before == "On track"
    assert read().lead.row.words == "May be late"
    assert "by e-mail" in read().lead.told


@pytest.mark.parametrize(("seconds", "words"), [(-1, "On track"), (0, "Late"), (1, "Late")])
def test_it_is_late_from_the_due_instant_on(make_promise, read, seconds, words):
    promise = make_promise()

    assert read(promise.due_at + timedelta(seconds=seconds)).lead.row.words == words


def test_days_late_are_counted_in_plain_words(make_promise, read):
    make_promise()

    assert read(NOW + 5 * DAY).lead.row.words == "3 days late"


def test_what_waits_for_the_client_says_so(make_promise, read, thandi):
    actions.wait_for_client(make_promise(), "your passport copy", date(2026, 11, 19), thandi, NOW - DAY)

    page = read()

    assert page.lead.row.words == "Waiting for you"
    [needed] = page.needed
    assert (needed.what, needed.by, needed.since) == (
        "your passport copy",
        "Thursday 19 November",
        "Tuesday 17 November",
    )


def test_what_we_need_from_them_comes_before_all_else(make_promise, thandi, client, token):
    actions.wait_for_client(make_promise(), "your passport copy", None, thandi, NOW - DAY)

    page = html(client, token)

    assert page.index("your passport copy") < page.index("<h1>")
    assert "Nothing is needed from you." not in page


@pytest.fixture
def waiting_paper(karoo, lena, thandi, firm):
    scope = agreements.draft(karoo, thandi, NOW - DAY)
    agreements.send(scope.agreement, lena, thandi, NOW - DAY)
    return scope.agreement


def test_a_signature_that_is_waited_for_is_needed(make_promise, read, waiting_paper, client, token):
    make_promise()

    [needed] = read().needed

    assert needed.what == "the signature of Lena Karoo"
    assert (needed.by, needed.since) == ("Tuesday 1 December", "Tuesday 17 November")
    assert "Nothing is needed from you." not in html(client, token)


def test_who_signs_reads_of_their_own_signature(read, waiting_paper, lena):
    assert read(contact=lena).needed[0].what == "your signature under “Shop fittings” (2026-001)"


@pytest.mark.parametrize(
    "over", [{"state": "draft"}, {"state": "accepted"}, {"state": "signed"}, {"valid_until_at": NOW}]
)
def test_no_signature_is_needed_of_what_cannot_be_signed(read, waiting_paper, over):
    Agreement.objects.filter(pk=waiting_paper.pk).update(**over)

    assert read().needed == ()


@pytest.mark.parametrize("gone", [{"left_at": NOW}, {"email": "elsewhere@karoo.example"}])
def test_no_signature_is_needed_of_who_cannot_give_it(read, waiting_paper, lena, gone):
    Contact.objects.filter(pk=lena.pk).update(**gone)

    assert read().needed == ()


def test_a_signature_under_another_scope_is_none_of_this_links(read, waiting_paper, karoo, lena, thandi):
    other = Scope.objects.create(client=karoo, number="2026-044", title="Another", made_at=NOW)
    signed = agreements.signed(karoo, lena, thandi, NOW - DAY, title="Signed")
    addendum = agreements.addendum_to(signed, thandi, [{"act": "add", "service": "Shelf", "price": 9}], NOW - DAY)
    agreements.send(addendum.agreement, lena, thandi, NOW - DAY)

    assert read(scope=other).needed == ()
    [needed] = read(scope=signed, contact=lena).needed
    assert needed.what == f"your signature under “A shelf more” ({signed.number}/1)"


def test_the_promise_in_the_worst_state_leads(make_promise, read, tell, thandi):
    make_promise("On track", due_on=date(2026, 11, 19))
    actions.wait_for_client(make_promise("Waiting", due_on=date(2026, 11, 23)), "a key", None, thandi, NOW)
    tell(make_promise("May be late", due_on=date(2026, 11, 24)), Telling.Kind.MAY_BE_LATE)
    make_promise("Late", due_on=date(2026, 11, 17), made_at=NOW - 9 * DAY)

    page = read()

    assert [page.lead.row.what, *(row.what for row in page.others)] == ["Late", "May be late", "Waiting", "On track"]


# The date


def test_the_day_stands_alone_and_the_hour_below_it(make_promise, read):
    make_promise(due_time=time(12))

    lead = read().lead

    assert lead.day == "Friday 20 November"
    assert lead.hour == "by 12 noon (Johannesburg time), in 2 days"


@pytest.mark.parametrize(
    ("at", "day", "hour"),
    [
        (None, "Friday 20 November", "by the end of the working day (Johannesburg time), in 2 days"),
        (time(0), "End of Thursday 19 November", "Johannesburg time, in 2 days"),
        (time(23, 59), "End of Friday 20 November", "Johannesburg time, in 2 days"),
    ],
)
def test_ends_of_days_are_said_in_words(make_promise, read, at, day, hour):
    make_promise(due_time=at)

    assert (read().lead.day, read().lead.hour) == (day, hour)


def test_a_date_that_has_passed_is_spoken_of_as_passed(make_promise, read):
    make_promise()

    assert read(NOW + 5 * DAY).lead.hour == "It was due by the end of that day (Johannesburg time)."


# Has it changed


def test_a_moved_date_keeps_the_old_one_its_reason_and_how_they_heard(make_promise, read, tell, extend, thandi):
    promise = make_promise()
    extension = extend(promise, date(2026, 11, 25), tell(promise, Telling.Kind.MOVED))
    actions.answer(extension, agreed=True, answered_at=NOW - HOUR / 2, by=thandi, now=NOW)

    page = read()

    [change] = page.lead.changes
    assert (change.old, change.new) == ("Friday 20 November", "Wednesday 25 November")
    assert change.reason == "The second survey showed a wall 40 cm out."
    assert change.told == ("We told you on Wednesday 18 November by phone. You agreed on Wednesday 18 November.")
    assert page.lead.row.words == "On track"


def test_every_move_stays_the_latest_first(make_promise, read, extend, thandi):
    promise = make_promise()
    for hours, day in [(3, date(2026, 11, 24)), (2, date(2026, 11, 27))]:
        extension = extend(promise, day, at=NOW - hours * HOUR)
        actions.answer(extension, agreed=True, answered_at=NOW - hours * HOUR, by=thandi, now=NOW - hours * HOUR)

    lead = read().lead

    assert [change.old for change in lead.changes] == ["Tuesday 24 November", "Friday 20 November"]
    assert lead.row.before == ("Friday 20 November", "Tuesday 24 November")


def test_a_later_date_that_they_were_told_of_asks_for_their_answer(make_promise, tell, extend, client, token):
    promise = make_promise()
    extend(promise, date(2026, 11, 25), tell(promise, Telling.Kind.MOVED))

    page = html(client, token)

    assert "We ask you for a later date: <strong>Wednesday 25 November</strong>." in page
    assert "Tell us whether Wednesday 25 November suits you." in page
    assert "Nothing is needed from you." not in page


def test_a_later_date_that_nobody_told_them_of_is_not_read_here_first(make_promise, read, extend):
    extend(make_promise(), date(2026, 11, 25))

    page = read()

    assert page.lead.asked is None
    assert "40 cm" not in str(page)
    assert page.lead.row.words == "On track"


def test_a_refused_date_leaves_no_trace_but_the_telling(make_promise, read, tell, extend, thandi):
    promise = make_promise()
    extension = extend(promise, date(2026, 11, 25), tell(promise, Telling.Kind.MOVED))
    actions.answer(extension, agreed=False, answered_at=NOW, by=thandi, now=NOW, words="No.")

    page = read()

    assert page.lead.asked is None
    assert page.lead.changes == ()
    assert page.lead.day == "Friday 20 November"


def test_bad_news_on_paper_waits_for_a_person_to_tell_it(make_promise, read, tell, thandi):
    promise = make_promise()
    actions.update(promise, standing=Standing.MAY_BE_LATE, by=thandi, now=NOW - HOUR, text="The wall is out of true.")

    before = read()
    tell(promise, Telling.Kind.MAY_BE_LATE, NOW - HOUR / 2)
    after = read()

    assert before.lead.row.words == "On track"
    assert "out of true" not in str(before)
    assert after.lead.row.words == "May be late"
    assert after.lead.why == "The wall is out of true."


def test_a_late_promise_says_what_we_do_now_and_sorry_once(make_promise, client, token):
    make_promise(next_step="The permit is filed on Monday.")

    page = html(client, token, NOW + 5 * DAY)

    assert "3 days late" in page
    assert "What we do now:" in page
    assert page.count("sorry") == 1


# What now, and when will I hear


def test_a_next_step_that_is_done_is_not_still_to_come(make_promise, read, thandi):
    promise = make_promise(next_step="Measured", steps=["Measured", "Drawn"])
    before = read().lead.now
    actions.tick_step(promise.steps.first(), True, thandi, NOW - HOUR)

    assert (before, read().lead.now, read(NOW + 5 * DAY).lead.now) == ("Measured", "", "Drawn")


def test_the_next_word_follows_the_agreed_cadence(make_promise, read, karoo):
    make_promise()
    Client.objects.filter(pk=karoo.pk).update(word_on=4, next_word_at=NOW + 2 * DAY + 6 * HOUR)

    assert read().next_word == "Next update by Friday 20 November, 17:00, by phone."


def test_an_update_of_today_names_no_day_twice(make_promise, read, tell):
    tell(make_promise(), Telling.Kind.PROGRESS, NOW - HOUR)

    assert read().last_word == "Last update today."


@pytest.mark.parametrize(("seconds", "words"), [(-1, "Next update by"), (0, "An update was due on"), (1, "An update")])
def test_silence_is_shown(make_promise, read, tell, karoo, seconds, words):
    tell(make_promise(due_on=date(2026, 12, 4), made_at=NOW - 15 * DAY), Telling.Kind.PROGRESS, NOW - 12 * DAY)
    due = NOW - 5 * DAY
    Client.objects.filter(pk=karoo.pk).update(word_on=4, next_word_at=due)

    assert read(due + timedelta(seconds=seconds)).next_word.startswith(words)
    assert read().last_word == "Last update 12 days ago, on Friday 6 November."


def test_without_a_cadence_they_read_that_they_hear_before_a_slip(make_promise, read):
    make_promise()

    assert read().next_word == "If the date cannot be kept, you will hear it from us before."


# Who


def test_the_owner_is_named_with_their_own_phone(make_promise, read, thandi):
    thandi.title, thandi.phone = "Architect", "021 555 0134"
    thandi.save()
    make_promise()

    who = read().who

    assert (who.name, who.title, who.dial, who.email) == (
        "Thandi Mokoena",
        "Architect",
        "0215550134",
        "thandi@word.example",
    )


def test_without_a_phone_of_their_own_it_is_the_firms(make_promise, read):
    make_promise()

    assert read().who.phone == "021 555 0100"


def test_who_has_left_or_was_never_here_is_not_written_to(make_promise, read, make_person, karoo):
    make_promise(owner=make_person("Gone Person", is_active=False))
    karoo.lead = None
    karoo.save()

    who = read().who

    assert (who.name, who.email) == ("Word & Co", "office@word.example")


# The rest of the page


def test_steps_are_done_now_and_next(make_promise, read, thandi):
    promise = make_promise(steps=["Measured", "Drawn", "Checked", "Built"])
    actions.tick_step(promise.steps.first(), True, thandi, NOW - HOUR)

    steps = read().steps

    assert [(step.text, step.place, step.when) for step in steps] == [
        ("Measured", "done", "Wed 18 Nov"),
        ("Drawn", "now", "now"),
        ("Checked", "", "next"),
        ("Built", "", ""),
    ]


def test_what_was_agreed_is_the_scope_and_their_own_words(make_promise, read, karoo):
    scope = Scope.objects.create(
        client=karoo, number="2026-014", title="Shop fittings", signed_on=date(2026, 11, 3), made_at=NOW
    )
    make_promise(scope=scope, client_words="We open on the first.", our_understanding="They open late.")

    page = read()

    assert [(a.number, a.title, a.signed) for a in page.agreed] == [
        ("2026-014", "Shop fittings", "Tuesday 3 November"),
    ]
    assert page.lead.own_words == "We open on the first."
    assert "They open late." not in str(page)


def test_what_was_agreed_stands_in_the_order_in_which_it_was_signed(read, karoo):
    older, latest = (
        Scope.objects.create(client=karoo, number=number, title="Fittings") for number in ("2026-999", "2026-1000")
    )
    for scope, days in ((older, 300), (latest, 200)):
        Scope.objects.filter(pk=scope.pk).update(signed_on=NOW - days * DAY)
        seal(scope.agreement, NOW - days * DAY)
    for seq in range(1, 11):
        agreement = Agreement.objects.create(client=karoo, kind=Kind.ADDENDUM, made_at=NOW)
        Addendum.objects.create(agreement=agreement, scope=older, seq=seq, title="More", made_at=NOW)
        # The second is signed after all the others.
        seal(agreement, NOW - (1 if seq == 2 else 50 - seq) * DAY)

    numbers = [agreed.number for agreed in read().agreed]

    order = ["", "/1", "/3", "/4", "/5", "/6", "/7", "/8", "/9", "/10", "/2"]
    assert numbers == ["2026-1000", *(f"2026-999{seq}" for seq in order)]


def seal(agreement, at):
    Agreement.objects.filter(pk=agreement.pk).update(state="signed", signed_at=at)
    sealed = {"content": b"", "size": 0, "sha256": f"{agreement.pk}", "fingerprint": "", "is_timestamped": False}
    SealedDocument.objects.create(agreement=agreement, head_seq=0, head_hash="", made_at=at, **sealed)


def test_updates_stand_newest_first_with_the_fact_of_being_told(make_promise, read, tell, thandi):
    promise = make_promise()
    actions.update(promise, standing=Standing.ON_TRACK, by=thandi, now=NOW - DAY, text="Two sheets are drawn.")
    actions.update(promise, standing=Standing.ON_TRACK, by=thandi, now=NOW - HOUR, text="Four sheets are drawn.")
    tell(promise, Telling.Kind.PROGRESS, NOW - 4 * HOUR)
    actions.update(promise, standing=Standing.ON_TRACK, by=thandi, now=NOW - HOUR / 2)

    assert [word.text for word in read().words] == [
        "Four sheets are drawn.",
        "We told you by phone how it stands.",
        "Two sheets are drawn.",
    ]


def test_what_is_done_says_when_and_how_early_or_late(make_promise, read, thandi):
    make_promise("Open")
    early = make_promise("Early")
    late = make_promise("Late", due_on=date(2026, 11, 16), made_at=NOW - 9 * DAY)
    for promise in (early, late):
        actions.deliver(promise, delivered_at=NOW - HOUR, by=thandi, now=NOW)

    page = read()

    assert {done.what: done.when for done in page.finished} == {
        "Early": "Done on Wednesday 18 November, 2 days early",
        "Late": "Done on Wednesday 18 November, 2 days late",
    }


def test_what_was_taken_back_is_said_without_our_reason(make_promise, read, thandi):
    actions.withdraw(make_promise("Extra sheet"), reason="CANARY", agreed_by="CANARY", by=thandi, now=NOW)

    page = read()

    assert page.finished[0].when == "Taken back on Wednesday 18 November"
    assert "CANARY" not in str(page)


def test_what_was_logged_in_error_was_never_theirs(make_promise, read, thandi):
    actions.void(make_promise("Meant for another"), reason="Wrong client", by=thandi, now=NOW)

    assert "Meant for another" not in str(read())


def test_nothing_open_names_what_was_finished_last(make_promise, thandi, client, token):
    actions.deliver(make_promise("Lease review"), delivered_at=NOW - HOUR, by=thandi, now=NOW)

    page = html(client, token)

    assert "Nothing is open." in page
    assert re.search(r"Last finished:.*Lease review", page)


def test_what_was_taken_back_was_not_finished(make_promise, read, thandi):
    actions.deliver(make_promise("Lease review"), delivered_at=NOW - HOUR, by=thandi, now=NOW)
    actions.withdraw(make_promise("Extra sheet"), reason="Wish", agreed_by="Lena", by=thandi, now=NOW)

    page = read()

    assert page.last_done.what == "Lease review"
    assert [done.what for done in page.finished] == ["Extra sheet"]


def test_a_client_without_any_promise_reads_what_will_stand_here(client, token):
    assert "As soon as we promise you something" in html(client, token)


def test_a_link_to_one_scope_shows_that_scope_alone(make_promise, read, karoo):
    one, other = (
        Scope.objects.create(client=karoo, number=f"2026-01{n}", title=f"Scope {n}", made_at=NOW) for n in (1, 2)
    )
    make_promise("Within", scope=one)
    make_promise("Elsewhere", scope=other)
    make_promise("Without a scope")

    page = read(scope=one)

    assert page.lead.row.what == "Within"
    assert "Elsewhere" not in str(page)
    assert "Without a scope" not in str(page)
    assert [scope.number for scope in page.agreed] == ["2026-011"]


def test_at_most_fifty_are_shown_and_the_rest_counted(make_promise, read):
    for number in range(MOST_OPEN + 2):
        make_promise(f"Promise {number}")

    page = read()

    assert len(page.others) + 1 == MOST_OPEN
    assert page.more == "and 2 more"


def test_what_is_told_of_or_waited_for_is_shown_however_many_are_due_before(
    make_promise, read, tell, thandi, monkeypatch
):
    monkeypatch.setattr(progress_rows, "MOST_OPEN", 3)
    far = date(2026, 12, 18)
    for number in range(4):
        make_promise(f"Promise {number}")
    tell(make_promise("Told of", due_on=far), Telling.Kind.MAY_BE_LATE)
    actions.wait_for_client(make_promise("Waited for", due_on=far), "the colour", None, thandi, NOW - HOUR)

    page = read()

    assert [page.lead.row.what, *(row.what for row in page.others)] == ["Told of", "Waited for", "Promise 0"]


def test_so_many_that_nobody_counts_are_said_to_be_at_least_so_many(make_promise, read, monkeypatch):
    monkeypatch.setattr(progress_rows, "MOST_OPEN", 2)
    monkeypatch.setattr(progress_rows, "MOST_COUNTED", 3)
    for number in range(5):
        make_promise(f"Promise {number}")

    page = read()

    assert page.more == "and at least 2 more"


def test_the_last_ten_that_were_done_are_shown(make_promise, read, thandi):
    make_promise("Open")
    for number in range(MOST_FINISHED + 1):
        actions.deliver(make_promise(f"Promise {number}"), delivered_at=NOW, by=thandi, now=NOW)

    assert len(read().finished) == MOST_FINISHED


def test_other_clients_do_not_appear(make_promise, read, secret):
    make_promise("Theirs", client=secret)

    assert read().lead is None


# Language, size, and what a page costs


def test_dates_are_spoken_in_the_language_of_who_reads(make_promise, karoo, thandi, client):
    contact = Contact(client=karoo, name="Piet", email="piet@karoo.example", language="nl")
    save_contact(contact, thandi, NOW - DAY)
    make_promise()

    page = html(client, make_link(karoo, thandi, NOW - DAY, contact=contact).token())

    assert "Vrijdag 20 november" in page
    assert '<html lang="nl">' in page
    assert translation.get_language() == "en"


def test_the_page_with_its_style_weighs_less_than_sixty_kilobytes(make_promise, client, token, thandi):
    for number in range(MOST_OPEN):
        promise = make_promise(f"{number} " + "A promise of the usual length, in a sentence", steps=["A step"] * 9)
        actions.update(promise, standing=Standing.ON_TRACK, by=thandi, now=NOW - HOUR, text="All goes well. " * 12)

    with open("static/css/client.css", encoding="utf-8") as style:
        css = style.read()

    assert len(html(client, token).encode()) + len(css.encode()) < 60 * 1024


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_cost_does_not_grow_with_the_promises(
    make_promise, tell, extend, thandi, client, token, how_many, django_assert_num_queries
):
    for number in range(how_many):
        promise = make_promise(f"Promise {number}", steps=["One", "Two"])
        extension = extend(promise, date(2026, 11, 25), tell(promise, Telling.Kind.MOVED))
        actions.answer(extension, agreed=True, answered_at=NOW, by=thandi, now=NOW)
        tell(Promise.objects.get(pk=promise.pk), Telling.Kind.MAY_BE_LATE)
        done = make_promise(f"Done {number}")
        actions.deliver(done, delivered_at=NOW, by=thandi, now=NOW, text="Here it is.")

    # Asked of SQLite once by every process.
    assert connection.features.supports_json_field
    # link with the firm, promises, moved dates, words with steps, papers
    with django_assert_num_queries(5):
        html(client, token)


# What staff see beforehand


def test_staff_see_what_the_client_will_with_a_line_above(make_promise, client, karoo, thandi):
    make_promise()
    client.force_login(thandi)

    with time_machine.travel(NOW, tick=False):
        page = client.get(f"/clients/{karoo.pk}/progress/").content.decode()

    assert "This is what Karoo Linen sees." in page
    assert "Shop fittings drawings" in page


def test_staff_see_what_one_link_opens(make_promise, client, karoo, thandi):
    scope = Scope.objects.create(client=karoo, number="2026-014", title="Shop fittings", made_at=NOW)
    make_promise("Within", scope=scope)
    make_promise("Elsewhere")
    link = make_link(karoo, thandi, NOW, scope=scope)
    client.force_login(thandi)

    page = client.get(f"/clients/{karoo.pk}/progress/?link={link.pk}").content.decode()

    assert "Within" in page
    assert "Elsewhere" not in page


@pytest.mark.parametrize("query", ["?link=999999", "?link=x", "?link="])
def test_a_link_that_is_not_theirs_is_not_found(client, karoo, thandi, query):
    client.force_login(thandi)

    assert client.get(f"/clients/{karoo.pk}/progress/{query}").status_code == 404


def test_the_preview_of_a_restricted_client_does_not_exist_for_strangers(client, secret, sam):
    client.force_login(sam)

    assert client.get(f"/clients/{secret.pk}/progress/").status_code == 404


def test_the_preview_asks_strangers_to_sign_in(client, karoo):
    assert client.get(f"/clients/{karoo.pk}/progress/").status_code == 302


# What both sides signed


@pytest.fixture
def papers(karoo, lena, thandi, firm, monkeypatch):
    """A signed scope and an addendum to it with their documents, and a signed scope whose document is not made yet."""
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")
    scope = agreements.signed(karoo, lena, thandi, NOW - DAY)
    agreements.signed(karoo, lena, thandi, NOW - DAY, title="Not sealed yet")
    addendum = agreements.addendum_to(scope, thandi, [{"act": "add", "service": "Shelf", "price": 9}], NOW - DAY)
    agreements.sign(addendum.agreement, agreements.send(addendum.agreement, lena, thandi, NOW - DAY), NOW - DAY)
    for number, agreement in enumerate((scope.agreement, addendum.agreement)):
        SealedDocument.objects.create(
            agreement=agreement,
            content=b"%PDF-1.7",
            size=8,
            sha256=f"{number:064}",
            fingerprint="f" * 64,
            is_timestamped=False,
            head_seq=1,
            head_hash="h" * 64,
            made_at=NOW,
        )
    return scope, addendum


def test_signed_documents_stand_on_the_page(client, token, papers):
    scope, addendum = papers

    page = html(client, token)

    for paper in (scope, addendum):
        assert f'href="/document/{token}/{paper.number}/"' in page
    assert page.index("Scope 2026-001, Shop fittings") < page.index("Addendum 2026-001/1, A shelf more")
    assert page.count("Signed on Tuesday 17 November") == 2
    assert "Not sealed yet" not in page


def test_a_link_to_another_scope_shows_none_of_them(client, karoo, thandi, papers):
    other = Scope.objects.create(client=karoo, number="2026-044", title="Another", made_at=NOW)
    narrow = make_link(karoo, thandi, NOW, scope=other).token()

    page = html(client, narrow)

    assert "2026-044" in page
    assert "/document/" not in page
    assert "2026-001" not in page


def test_staff_who_look_beforehand_are_led_to_no_document(client, karoo, thandi, papers):
    client.force_login(thandi)

    page = client.get(f"/clients/{karoo.pk}/progress/").content.decode()

    assert "Addendum 2026-001/1" in page
    assert "/document/" not in page
