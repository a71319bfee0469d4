"""What we know of a client and owe them, on one page."""

from datetime import date

import pytest
import time_machine
from django.utils.html import escape

from clients.actions import archive, make_link, mark_left, save_contact
from clients.models import Client, Contact, Scope
from conftest import DAY, HOUR, NOW
from engagement.outbox.models import Channel, Message, State
from promises import actions
from promises.actions import Said
from promises.models import Band, Promise, Telling
from promises.views import client as view


@pytest.fixture
def as_thandi(client, thandi):
    client.force_login(thandi)
    with time_machine.travel(NOW, tick=False):
        yield client


@pytest.fixture
def show(as_thandi, karoo):
    def show():
        return as_thandi.get(f"/clients/{karoo.pk}/")

    return show


@pytest.fixture
def slip(make_promise, thandi):
    """A promise that was delivered late without a word."""

    def slip(what="Curtains", ended_at=NOW - DAY):
        promise = make_promise(what, due_on=(ended_at - 3 * DAY).date(), made_at=ended_at - 10 * DAY)
        actions.deliver(promise, by=thandi, now=ended_at, delivered_at=ended_at)
        return promise

    return slip


def whats(response):
    return [row.promise.what for row in response.context["rows"]]


def call(karoo, lena, thandi, *promises, kind=Telling.Kind.PROGRESS, at=NOW - HOUR, text="All is well."):
    return actions.record_conversation(
        [Said(promise, kind) for promise in promises],
        client=karoo,
        contact=lena,
        channel=Channel.CALL,
        spoken_at=at,
        text=text,
        by=thandi,
        now=at,
    )


def write(karoo, lena, thandi, *promises, kind=Telling.Kind.MAY_BE_LATE):
    return actions.write_to_client(
        [Said(promise, kind) for promise in promises],
        client=karoo,
        contact=lena,
        subject="How it stands",
        body="Dear Lena, it may be late.",
        occasion="press one",
        by=thandi,
        now=NOW - HOUR,
    )


def test_open_promises_come_soonest_first_and_no_others(show, make_promise, secret, thandi):
    make_promise("Second", due_on=date(2026, 11, 25))
    make_promise("First", due_on=date(2026, 11, 20))
    actions.withdraw(make_promise("Gone"), by=thandi, now=NOW, reason="They asked", agreed_by="Lena")
    make_promise("Quiet", client=secret)

    assert whats(show()) == ["First", "Second"]


def test_a_promise_says_its_date_band_and_whether_they_know(show, make_promise):
    promise = make_promise("Drawings", due_on=date(2026, 11, 20))
    Promise.objects.filter(pk=promise.pk).update(band=Band.AT_RISK, chance=0.62, sentence="About 9 hours left.")

    (row,) = show().context["rows"]

    assert row.due == "Fri 20 Nov"
    assert row.told.words.startswith("Not yet. Tell by")
    assert (row.act.words, row.act.url) == ("Tell Karoo", f"/promises/{promise.pk}/tell/")


def test_a_message_on_its_way_is_said_where_they_do_not_know_yet(show, make_promise, karoo, lena, thandi):
    promise = make_promise()
    Promise.objects.filter(pk=promise.pk).update(band=Band.AT_RISK)
    write(karoo, lena, thandi, promise)

    (row,) = show().context["rows"]

    assert row.told.words == "Not yet. The e-mail is on its way"


def test_only_so_many_open_promises_are_listed_and_the_rest_is_one_press_away(show, make_promise, monkeypatch):
    monkeypatch.setattr(view, "MOST_OPEN", 2)
    for number in range(2):
        make_promise(f"Drawing {number}")
    assert "All open promises" not in show().content.decode()

    make_promise("Drawing 2")

    response = show()
    assert len(whats(response)) == 2
    assert "All open promises" in response.content.decode()


@pytest.mark.parametrize(
    ("how_many", "sentence"),
    [(0, "No slips in 90 days."), (1, "1 slip in 90 days."), (2, "2 slips in 90 days.")],
)
def test_recent_slips_stand_before_the_next_promise(show, slip, karoo, how_many, sentence):
    for number in range(how_many):
        slip(f"Curtains {number}")

    page = show().content.decode()

    assert page.index(sentence) < page.index(f'href="/promises/new/?client={karoo.pk}"')


@pytest.mark.parametrize(("ago", "counted"), [(90 * DAY - HOUR, 1), (90 * DAY, 0), (91 * DAY, 0)])
def test_a_slip_is_forgiven_after_ninety_days(show, slip, ago, counted):
    slip(ended_at=NOW - ago)

    assert show().context["slips"] == counted


def test_anothers_slips_are_not_theirs(show, slip, secret):
    slip()
    Promise.objects.update(client=secret)

    assert show().context["slips"] == 0


def test_what_has_ended_says_how(show, make_promise, slip, thandi):
    slip("Curtains")
    actions.deliver(make_promise("Drawings"), by=thandi, now=NOW - HOUR, delivered_at=NOW - HOUR)
    actions.withdraw(make_promise("Plan"), by=thandi, now=NOW - 2 * HOUR, reason="They asked", agreed_by="Lena")

    response = show()

    page = response.content.decode()
    assert [promise.what for promise in response.context["ended"]] == ["Drawings", "Plan", "Curtains"]
    assert "Kept, 2 days early" in page
    assert "Withdrawn" in page
    assert "Late, silent, 3 days late" in page


def test_what_was_said_comes_newest_first_with_how_and_to_whom(show, make_promise, karoo, lena, thandi):
    promise = make_promise("Drawings")
    call(karoo, lena, thandi, promise, at=NOW - DAY, text="The drawings come along.")
    call(karoo, lena, thandi, promise, at=NOW - HOUR, text="They are nearly there.")

    response = show()

    page = response.content.decode()
    assert [word.first.text for word in response.context["words"]] == [
        "They are nearly there.",
        "The drawings come along.",
    ]
    assert "Thandi Mokoena to Lena Karoo by phone" in " ".join(page.split())


def test_one_conversation_about_two_promises_is_one_entry(show, make_promise, karoo, lena, thandi):
    call(karoo, lena, thandi, make_promise("Drawings"), make_promise("Curtains"))

    (word,) = show().context["words"]

    assert {telling.promise.what for telling in word.tellings} == {"Drawings", "Curtains"}


@pytest.mark.parametrize(
    ("becomes", "words"),
    [
        ({"state": State.SENT, "sent_at": NOW}, "Accepted by the mail server"),
        ({"state": State.FAILED, "bounced_at": NOW, "error": "no such address"}, "Bounced: no such address"),
        ({"state": State.IN_DOUBT}, "We may not have sent this"),
    ],
)
def test_a_message_says_what_became_of_it(show, make_promise, karoo, lena, thandi, becomes, words):
    write(karoo, lena, thandi, make_promise())
    Message.objects.update(**becomes)

    assert words in show().content.decode()


def test_earlier_words_are_one_press_away(show, make_promise, karoo, lena, thandi):
    promise = make_promise()
    for number in range(view.FIRST_WORDS + 1):
        call(karoo, lena, thandi, promise, at=NOW - number * HOUR, text=f"Word {number}")

    response = show()

    assert len(response.context["words"]) == view.FIRST_WORDS
    assert [word.first.text for word in response.context["earlier_words"]] == [f"Word {view.FIRST_WORDS}"]


def test_the_agreed_update_and_the_last_word_are_there(show, karoo):
    Client.objects.update(word_on=4, last_word_at=NOW - 6 * DAY, next_word_at=NOW - DAY)

    page = " ".join(show().content.decode().split())

    assert "Every Friday, as agreed" in page
    assert "6 days ago" in page
    assert '<span class="late"><time datetime="2026-11-17T09:00:00+00:00">' in page


def test_contacts_say_how_and_when_they_like_to_be_reached(show, lena, thandi):
    lena.good_from, lena.good_until, lena.zone, lena.manner = "09:00", "16:30", "Europe/London", "Call first."
    save_contact(lena, thandi, NOW)
    Contact.objects.update(bounced_at=NOW)

    page = " ".join(show().content.decode().split())

    assert "Prefers: E-mail, 9am – 4:30pm (London time)" in page
    assert "Bad news: Call first." in page
    assert "Mail came back" in page


def test_whoever_has_left_is_not_among_the_contacts(show, lena, thandi):
    assert "Lena Karoo" in show().content.decode()

    mark_left(lena, thandi, NOW)

    assert "Lena Karoo" not in show().content.decode()


def test_links_and_scopes_are_there(show, karoo, lena, thandi):
    make_link(karoo, thandi, NOW, contact=lena)
    Scope.objects.create(client=karoo, number="2026-014", title="Shop fittings", signed_on=date(2026, 11, 3))

    page = show().content.decode()

    assert "1 link opens their progress page." in page
    assert "Shop fittings" in page


def test_what_was_asked_for_beyond_the_scopes_is_logged_from_here(show, karoo):
    page = show().content.decode()

    assert f"/clients/{karoo.pk}/requests/new/" in page
    assert f"/clients/{karoo.pk}/requests/" in page


def test_a_client_to_whom_we_owe_something_is_not_archived(as_thandi, make_promise, karoo, thandi):
    promise = make_promise()

    refused = as_thandi.post(f"/clients/{karoo.pk}/archive/", follow=True)
    karoo.refresh_from_db()
    archived_at, entries = karoo.archived_at, karoo.record.filter(kind="client_archived").count()
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)
    as_thandi.post(f"/clients/{karoo.pk}/archive/")

    karoo.refresh_from_db()
    assert "1 promise to Karoo Linen is still open: deliver or withdraw it first." in refused.content.decode()
    assert (archived_at, entries) == (None, 0)
    assert karoo.archived_at


def test_an_archived_client_can_be_brought_back_and_promised_nothing(show, karoo, thandi):
    archive(karoo, thandi, NOW)

    page = show().content.decode()

    assert "Bring back" in page
    assert "/promises/new/?client=" not in page


def test_only_who_answers_for_a_client_is_offered_to_archive_it(client, show, karoo, sam):
    assert "Archive this client" in show().content.decode()

    client.force_login(sam)

    assert "Archive this client" not in show().content.decode()


def test_a_new_client_says_what_to_do_next(show):
    page = show().content.decode()

    assert "Nothing is open." in page
    assert "They have not heard from us about a promise yet." in page
    assert "Nobody yet. Add who you speak with." in page


def test_a_stranger_cannot_tell_that_it_exists(client, sam, secret):
    client.force_login(sam)

    assert client.get(f"/clients/{secret.pk}/").status_code == 404


def test_what_people_typed_is_never_run(show, make_promise, karoo, lena, thandi):
    evil = "<script>alert(1)</script>"
    Client.objects.update(name=evil, about=evil)
    Contact.objects.update(name=evil, role=evil, manner=evil)
    call(karoo, lena, thandi, make_promise(evil), text=evil)

    page = show().content.decode()

    assert escape(evil) in page
    assert evil not in page


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_page_costs_the_same_with_more_of_everything(
    show, make_promise, slip, karoo, lena, thandi, how_many, django_assert_num_queries
):
    for number in range(how_many):
        promise = make_promise(f"Drawings {number}")
        call(karoo, lena, thandi, promise)
        slip(f"Curtains {number}")
        save_contact(Contact(client=karoo, name=f"Ben {number}", email="ben@karoo.example"), thandi, NOW)
        make_link(karoo, thandi, NOW, contact=lena)
        Scope.objects.create(client=karoo, number=f"2026-{number}", title="Fittings")

    # session, user, client, open promises, ended ones, contacts, tellings, slips, open links, scopes,
    # those that wait for promises, firm, heartbeat, oldest unsent
    with django_assert_num_queries(13):
        show()
