"""The one line in the head of every page: what is clear is saved at once, what is not is asked."""

import re
from datetime import date, datetime, time
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from clients.actions import archive, make_client, make_link
from clients.models import Client, Scope
from conftest import DAY, NOW, ZONE
from promises import actions
from promises.models import Promise

QUICK = "/promises/quick/"


@pytest.fixture(autouse=True)
def _clock(settings):
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def _empty_cache():
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def office(client, thandi, karoo, sam, make_person):
    """Thandi at her desk, among two clients and three colleagues."""
    make_client(Client(name="Acme Ltd", zone=ZONE), thandi, NOW - 20 * DAY)
    make_client(Client(name="Acme Legal", zone=ZONE), thandi, NOW - 20 * DAY)
    make_client(Client(name="Perth Dairy", zone="Australia/Perth"), thandi, NOW - 20 * DAY)
    make_person("Ana Nel")
    client.force_login(thandi)
    return client


def page_of(response):
    assert response.status_code == 200
    return response.content.decode()


SAVED = [
    ("Send draft brief to @Karoo Linen by Fri 5pm", "Send draft brief|Karoo Linen|2026-11-20|17:00|Thandi|"),
    (
        "Send \u202edraft\u2066 brief\u200f to @karoo by Fri 5pm",
        "Send draft brief|Karoo Linen|2026-11-20|17:00|Thandi|",
    ),
    ("Send draft brief to @karoo by Fri 5pm", "Send draft brief|Karoo Linen|2026-11-20|17:00|Thandi|"),
    ("@Karoo Linen: send draft brief tomorrow", "send draft brief|Karoo Linen|2026-11-19||Thandi|"),
    ("Call @karoo back by four o'clock", "Call back|Karoo Linen|2026-11-18|16:00|Thandi|"),
    ("Call @karoo back by 4pm", "Call back|Karoo Linen|2026-11-18|16:00|Thandi|"),
    ("Call @karoo back today at 16:30", "Call back|Karoo Linen|2026-11-18|16:30|Thandi|"),
    ("Answer @karoo by end of day", "Answer|Karoo Linen|2026-11-18||Thandi|"),
    ("Quote for @karoo by Friday", "Quote|Karoo Linen|2026-11-20||Thandi|"),
    ("Quote for @karoo on 27 November", "Quote|Karoo Linen|2026-11-27||Thandi|"),
    ("Quote for @karoo on November 27", "Quote|Karoo Linen|2026-11-27||Thandi|"),
    ("Quote for @karoo on 27 Nov 2026", "Quote|Karoo Linen|2026-11-27||Thandi|"),
    ("Quote for @karoo on 2026-11-27", "Quote|Karoo Linen|2026-11-27||Thandi|"),
    ("Quote for @karoo on 15 January 2027", "Quote|Karoo Linen|2027-01-15||Thandi|"),
    ("Quote for @karoo on 15 January", "Quote|Karoo Linen|2027-01-15||Thandi|"),
    ("Quote for @karoo in two weeks", "Quote|Karoo Linen|2026-12-02||Thandi|"),
    ("Quote for @karoo in 2 days", "Quote|Karoo Linen|2026-11-20||Thandi|"),
    ("Quote for @karoo tomorrow at noon", "Quote|Karoo Linen|2026-11-19|12:00|Thandi|"),
    ("Quote for @karoo tomorrow 9:15", "Quote|Karoo Linen|2026-11-19|09:15|Thandi|"),
    ("Quote for @karoo tomorrow ~3h", "Quote|Karoo Linen|2026-11-19||Thandi|3"),
    ("Quote for @karoo tomorrow ~90 min", "Quote|Karoo Linen|2026-11-19||Thandi|1.5"),
    ("Quote for @karoo tomorrow ~2h30", "Quote|Karoo Linen|2026-11-19||Thandi|2.5"),
    ("Quote for @karoo tomorrow +Ana", "Quote|Karoo Linen|2026-11-19||Ana|"),
    ('Quote for @karoo tomorrow +"Ana Nel" ~1h', "Quote|Karoo Linen|2026-11-19||Ana|1"),
    ("Quote for @karoo tomorrow +sam", "Quote|Karoo Linen|2026-11-19||Sam|"),
    ('Quote for @"Acme Ltd" tomorrow', "Quote|Acme Ltd|2026-11-19||Thandi|"),
    ("Quote for @Acme Legal tomorrow", "Quote|Acme Legal|2026-11-19||Thandi|"),
    ("Quote for @acmelegal tomorrow", "Quote|Acme Legal|2026-11-19||Thandi|"),
    ("Quote for @perth tomorrow 9am", "Quote|Perth Dairy|2026-11-19|09:00|Thandi|"),
    ('Say "by Monday" on the sign for @karoo, Friday', 'Say "by Monday" on the sign|Karoo Linen|2026-11-20||Thandi|'),
    ("Send 3 samples to @karoo on Thursday", "Send 3 samples|Karoo Linen|2026-11-19||Thandi|"),
    ("Send <b>samples</b> to @karoo on Thursday", "Send <b>samples</b>|Karoo Linen|2026-11-19||Thandi|"),
]


@pytest.mark.parametrize(("line", "expected"), SAVED, ids=[line for line, _ in SAVED])
def test_a_clear_line_is_a_promise_at_once(office, line, expected):
    response = office.post(QUICK, {"line": line})

    assert response.status_code == 302
    made = Promise.objects.select_related("client", "owner").get()
    what, name, day, at, owner, hours = expected.split("|")
    assert (made.what, made.client.name, made.due_on.isoformat()) == (what, name, day)
    assert made.due_time == (time.fromisoformat(at) if at else None)
    assert made.owner.get_short_name() == owner
    assert made.estimate_hours == (Decimal(hours) if hours else None)
    assert response.headers["Location"] == f"/clients/{made.client_id}/?saved={made.pk}"


ASKED = [
    ("Quote for @karoo next Friday", ["Friday 20 November", "Friday 27 November"]),
    ("Quote for @karoo on 15 March", ["may be another day. Is this the one?", "Monday 15 March 2027"]),
    ("Quote for @karoo by 03/04", ["3 April 2027", "4 March 2027"]),
    ("Quote for @karoo", ["By when?", "Tomorrow, Thursday 19 November", "Friday 20 November", "Wednesday 25 November"]),
    ("Quote by Friday", ["For whom is it?", "Choose a client"]),
    ("Quote for @acme by Friday", ["may be one of several clients", "Acme Ltd", "Acme Legal"]),
    ("Quote for @acme ltd @perth by Friday", ["Two clients are named. Which one?", "Acme Ltd", "Perth Dairy"]),
    ("Quote for @Kafka by Friday", ["No client is called “Kafka”", "Add “Kafka” as a new client"]),
    ("Quote for Karoo Linen by Friday", ["For whom is it?", "Karoo Linen"]),
    ("Quote for @karoo by Friday +Kafka", ["“Kafka” is nobody", "Choose an owner"]),
    ("Quote for @karoo by Saturday", ["Saturday 21 November is no working day", "Move to Monday 23 November"]),
    (
        "Quote for @karoo by 12 Nov",
        ["Due date must be today or in the future. Or is this the day?", "Friday 12 November 2027"],
    ),
    ("Quote for @karoo by 16 December", ["Wednesday 16 December is no working day", "Move to Thursday 17 December"]),
    ("Quote", ["For whom is it?", "By when?"]),
]


@pytest.mark.parametrize(("line", "shown"), ASKED, ids=[line for line, _ in ASKED])
def test_what_is_not_clear_is_asked_and_nothing_typed_is_lost(office, line, shown):
    page = page_of(office.post(QUICK, {"line": line}))

    assert Promise.objects.count() == 0
    assert [words for words in shown if escape(words) not in page] == []
    assert 'value="Quote' in page
    assert "There is a problem" not in page


REFUSED = [
    ("Quote for @karoo by yesterday", "Due date must be today or in the future", "by yesterday"),
    ("Quote for @karoo by 1 November 2026", "Due date must be today or in the future", "by 1 November 2026"),
    (
        "Quote for @karoo by 31 November",
        "There is no such day as “by 31 November”: check the day and the month",
        "by 31 November",
    ),
    ("Quote for @karoo by 31 November", "check the day and the month", "Quote"),
    ("tomorrow @karoo", "Enter what you promised", "Thursday 19 November"),
    ("Quote for @karoo 4 dec 25:00", "There is no such time: enter one such as 5pm or 17:00", "25:00"),
    ("Quote for @karoo at 5:75pm tomorrow", "There is no such time: enter one such as 5pm or 17:00", "5:75pm"),
    (f"{'long ' * 70}@karoo tomorrow", "What we promised must be 300 characters or fewer", ("long " * 70).strip()),
]


@pytest.mark.parametrize(("line", "problem", "kept"), REFUSED, ids=[line[:40] for line, _, _ in REFUSED])
def test_what_cannot_be_is_said_with_what_was_typed(office, karoo, line, problem, kept):
    page = page_of(office.post(QUICK, {"line": line}))

    assert Promise.objects.count() == 0
    assert page.count(problem) == 2
    assert "<title>Error: New promise" in page
    assert f'value="{kept}"' in page
    assert f'<option value="{karoo.pk}" selected>' in page
    assert "choose_due" not in page


@pytest.mark.parametrize("line", ["Ratio 16:90 for @karoo tomorrow", 'Room "25:00" for @karoo tomorrow'])
def test_figures_that_stand_apart_from_the_date_are_no_time(office, line):
    office.post(QUICK, {"line": line})

    assert Promise.objects.get().due_on == date(2026, 11, 19)


def test_a_long_text_loses_neither_its_end_nor_its_client_and_date(office, karoo):
    words = ("A whole mail was pasted. " * 400).strip()

    page = page_of(office.post(QUICK, {"line": f"{words} @Karoo Linen by 3 Dec"}))

    assert "What we promised must be 300 characters or fewer" in page
    assert f'value="{words}"' in page
    assert f'<option value="{karoo.pk}" selected>' in page
    assert 'value="Thursday 3 December"' in page


def test_the_line_takes_a_text_of_any_length(office):
    page = page_of(office.get("/promises/"))

    (line,) = re.findall(r'<input[^>]*name="line"[^>]*>', page)
    assert "maxlength" not in line


def test_a_time_on_a_day_off_is_pointed_out_today_too(office, thandi):
    with time_machine.travel(datetime.fromisoformat("2026-11-22T09:00+02:00"), tick=False):
        office.force_login(thandi)
        page = page_of(office.post(QUICK, {"line": "Answer @karoo by 5pm"}))

    assert Promise.objects.count() == 0
    assert "Sunday 22 November is no working day" in page


def test_an_hour_that_has_passed_is_asked_for_again(office):
    page = page_of(office.post(QUICK, {"line": "Call @karoo today at 9am"}))

    assert Promise.objects.count() == 0
    assert "Due date must be today or in the future" in page


def test_today_without_a_time_is_refused_once_their_working_day_has_ended(office):
    with time_machine.travel(datetime.fromisoformat("2026-11-18T18:00+02:00"), tick=False):
        page = page_of(office.post(QUICK, {"line": "Answer @karoo today"}))

    assert Promise.objects.count() == 0
    assert "Their working day has ended (Johannesburg time): enter a time today, or a later day" in page


def test_tomorrow_is_the_clients_tomorrow(office):
    # Past midnight already in Perth, still Wednesday evening here.
    with time_machine.travel(datetime.fromisoformat("2026-11-18T19:00+02:00"), tick=False):
        office.post(QUICK, {"line": "Quote for @perth tomorrow"})

    assert Promise.objects.get().due_on == date(2026, 11, 20)


@pytest.mark.parametrize(("language", "line"), [("nl", "Bel @karoo morgen om 9 uur"), ("af", "Bel @karoo môre om 9")])
def test_a_line_is_read_in_the_language_of_the_person(office, thandi, language, line):
    thandi.language = language
    thandi.save()

    office.post(QUICK, {"line": line})

    made = Promise.objects.get()
    assert (made.what, made.due_on, made.due_time) == ("Bel", date(2026, 11, 19), time(9))


# Whose page it was typed on


def test_a_line_on_a_clients_page_is_for_that_client(office, karoo):
    office.post(QUICK, {"line": "Quote by Friday", "client": karoo.pk})

    assert Promise.objects.get().client == karoo


def test_a_line_that_names_another_client_is_for_the_other(office, karoo):
    office.post(QUICK, {"line": "Quote for @perth by Friday", "client": karoo.pk})

    assert Promise.objects.get().client.name == "Perth Dairy"


def test_a_line_that_only_mentions_another_client_asks_whom_it_is_for(office, karoo):
    page = page_of(office.post(QUICK, {"line": "Quote for Perth Dairy by Friday", "client": karoo.pk}))

    assert Promise.objects.count() == 0
    assert "For whom is it?" in page
    assert f'name="choose_client" value="{karoo.pk}"' in page


def test_the_client_last_promised_to_is_proposed_and_not_taken(office, make_promise, karoo):
    make_promise()

    page = page_of(office.post(QUICK, {"line": "Quote by Friday"}))

    assert Promise.objects.count() == 1
    assert f'name="choose_client" value="{karoo.pk}"' in page


def test_an_archived_client_is_not_found(office, karoo, thandi):
    archive(karoo, thandi, NOW)

    page = page_of(office.post(QUICK, {"line": "Quote for @karoo by Friday"}))

    assert "No client is called “karoo”" in page


def test_an_empty_line_opens_the_form(office):
    assert office.post(QUICK, {"line": "  "}).headers["Location"] == reverse("promises:new")


# Restricted clients


@pytest.mark.parametrize("line", ["Quote for @Quiet Matter by Friday", "Quote for Quiet Matter by Friday"])
def test_a_restricted_client_is_nobody_to_a_stranger(client, sam, secret, karoo, thandi, line):
    client.force_login(thandi)
    assert "Quiet Matter" in client.get("/promises/read-line/", {"line": line}).content.decode()
    client.force_login(sam)

    chips = client.get("/promises/read-line/", {"line": line}).content.decode()
    page = page_of(client.post(QUICK, {"line": line, "client": secret.pk}))

    assert "<b>Quiet" not in chips
    assert f'name="choose_client" value="{secret.pk}"' not in page
    assert ">Quiet Matter<" not in page
    assert Promise.objects.count() == 0


def test_a_stranger_reads_of_a_restricted_client_what_they_read_of_nobody(client, sam, secret, karoo):
    client.force_login(sam)

    chips = [
        client.get("/promises/read-line/", {"line": f"Quote for @{name} by Friday"}).content.decode().replace(name, "X")
        for name in ("Quiet", "Nobody")
    ]

    assert chips[0] == chips[1]


def test_the_last_client_of_a_person_who_may_not_see_it_any_more_is_not_proposed(client, sam, secret, make_promise):
    make_promise(client=secret, by=sam)
    client.force_login(sam)

    page = page_of(client.post(QUICK, {"line": "Quote by Friday"}))

    assert "Quiet Matter" not in page


# Going on from a question


def test_an_answer_saves_the_promise(office, karoo):
    sent = {"what": "Quote", "client": karoo.pk, "due_on": "next Friday", "owner": karoo.lead_id}

    response = office.post("/promises/new/", {**sent, "choose_due": "2026-11-27T16:00"})

    assert response.status_code == 302
    made = Promise.objects.get()
    assert (made.due_on, made.due_time) == (date(2026, 11, 27), time(16))


def test_one_question_comes_after_the_other(office, karoo):
    sent = {"what": "Quote", "client": "", "due_on": "next Friday", "owner": karoo.lead_id}

    page = page_of(office.post("/promises/new/", {**sent, "choose_client": karoo.pk}))

    assert "There is a problem" not in page
    assert "For whom is it?" not in page
    assert 'value="2026-11-27"' in page
    assert f'<option value="{karoo.pk}" selected>' in page


def test_an_unknown_client_can_be_added_on_the_way(office, thandi):
    sent = {"what": "Quote", "client": "", "due_on": "Friday", "owner": thandi.pk}

    response = office.post("/promises/new/", {**sent, "choose_client": "new:Kafka & Sons"})

    assert response.status_code == 302
    made = Promise.objects.get().client
    assert (made.name, made.zone, made.lead) == ("Kafka & Sons", ZONE, thandi)


@pytest.mark.parametrize("name", ["", "x" * 121, "a\x00b", "karoo linen"])
def test_a_client_who_cannot_be_called_so_is_not_added(office, thandi, name):
    sent = {"what": "Quote", "client": "", "due_on": "Friday", "owner": thandi.pk}
    before = Client.objects.count()

    page = page_of(office.post("/promises/new/", {**sent, "choose_client": f"new:{name}"}))

    assert Client.objects.count() == before
    assert "Choose a client, or add it under another name" in page
    assert 'value="Quote"' in page


# Saved is not told


def test_after_saving_somebody_is_back_where_they_were(office):
    came_from = "http://testserver/promises/?words=draft&saved=999"

    response = office.post(QUICK, {"line": "Quote for @karoo tomorrow"}, headers={"referer": came_from})

    assert response.headers["Location"] == f"/promises/?words=draft&saved={Promise.objects.get().pk}"


@pytest.mark.parametrize(
    "came_from",
    ["https://elsewhere.example/promises/", "http://testserver/promises/new/", "http://testserver/promises/quick/"],
)
def test_nobody_is_sent_to_a_page_that_is_no_place_to_be(office, karoo, came_from):
    response = office.post(QUICK, {"line": "Quote for @karoo tomorrow"}, headers={"referer": came_from})

    assert response.headers["Location"].startswith(f"/clients/{karoo.pk}/")


def test_the_page_after_says_that_the_client_has_not_been_told(office):
    office.post(QUICK, {"line": "Quote for @karoo tomorrow"})

    page = page_of(office.get("/promises/", {"saved": Promise.objects.get().pk, "words": "quote"}))

    assert "Karoo Linen has not been told." in page
    assert f'href="{reverse("promises:tell", args=[Promise.objects.get().pk])}"' in page
    assert 'href="/promises/?words=quote"' in page


def test_a_client_with_a_private_page_may_have_read_it_there(office, karoo, thandi):
    make_link(karoo, thandi, NOW)
    office.post(QUICK, {"line": "Quote for @karoo tomorrow"})

    page = page_of(office.get("/promises/", {"saved": Promise.objects.get().pk}))

    assert "It stands on the page of Karoo Linen; no message was sent." in page
    assert "has not been told" not in page


def test_a_private_page_of_something_else_shows_nothing_of_it(office, karoo, thandi):
    scope = Scope.objects.create(client=karoo, number="2026-014", title="Shop fittings", made_at=NOW)
    make_link(karoo, thandi, NOW, scope=scope)
    office.post(QUICK, {"line": "Quote for @karoo tomorrow"})

    page = page_of(office.get("/promises/", {"saved": Promise.objects.get().pk}))

    assert "Karoo Linen has not been told." in page


def test_it_says_so_no_longer_once_the_client_was_told(office, karoo, thandi):
    office.post(QUICK, {"line": "Quote for @karoo tomorrow"})
    made = Promise.objects.get()
    actions.record_conversation(
        [actions.Said(made, "made")],
        client=karoo,
        contact=None,
        channel="call",
        spoken_at=NOW,
        text="",
        by=thandi,
        now=NOW,
    )

    assert "has not been told" not in page_of(office.get("/promises/", {"saved": made.pk}))


@pytest.mark.parametrize("saved", ["", "x", "²", "9" * 30, "4711"])
def test_nonsense_in_the_address_says_nothing(office, saved):
    assert "has not been told" not in page_of(office.get("/promises/", {"saved": saved}))


def test_somebody_elses_promise_is_not_announced(office, client, sam):
    office.post(QUICK, {"line": "Quote for @karoo tomorrow"})
    client.force_login(sam)

    assert "has not been told" not in page_of(client.get("/promises/", {"saved": Promise.objects.get().pk}))


# Twice, and how much it costs


def test_a_second_press_of_enter_makes_no_second_promise(office):
    first, second = (office.post(QUICK, {"line": "Quote for @karoo tomorrow"}) for _ in range(2))

    assert Promise.objects.count() == 1
    assert first.headers["Location"] == second.headers["Location"]


def test_the_same_words_again_are_asked_about(office, make_promise):
    make_promise("Draft  brief", due_on=date(2026, 11, 24))

    page = page_of(office.post(QUICK, {"line": "draft brief for @karoo tomorrow"}))

    assert Promise.objects.count() == 1
    assert "Looks like “Draft  brief”, due Tuesday 24 November." in page


@pytest.mark.parametrize("how_many", [1, 3])
def test_a_line_costs_the_same_however_much_is_promised(office, make_promise, how_many):
    for number in range(how_many):
        make_promise(f"Earlier {number}")
    # Whatever is known of past jobs is remembered by then.
    office.post(QUICK, {"line": "Measure the shop for @karoo tomorrow"})
    before = Promise.objects.count()

    with CaptureQueriesContext(
        connection,
    ) as asked:
        office.post(QUICK, {"line": "Quote for @karoo tomorrow"})

    # Session and person; firm; client by name and in full; promised to them lately; diary and load. Then, between the
    # beginning of a transaction (here a savepoint) and its end, the promise; that the load changed, the entry in the
    # record and the head of it are one statement where the database can do that.
    assert Promise.objects.count() == before + 1
    assert len(asked) == (12 if connection.vendor == "postgresql" else 14)


# The chips


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Quote for @karoo by Fri 5pm ~3h", ["<b>Karoo Linen</b>", "Friday 20 November, by 5pm (Johannesburg time)"]),
        ("Quote for @karoo by Fri 5pm ~3h", ["Owner: <b>you</b>", "about 3 hours", "Fri 20 Nov, 08:30"]),
        ("Quote for @karoo next Friday +Ana", ["which one?", "Friday 20 November", "Friday 27 November", "Ana Nel"]),
        ("Quote for @karoo by Fri 5pm ~3h", ["What: <b>Quote</b>"]),
        ("Quote for @karoo 4 dec 25:00", ["What: <b>Quote</b>", "Due: there is no such time as 25:00"]),
        ("Quote for @karoo by 12 Nov", ["Due: that day has passed", "Friday 12 November 2027"]),
        ("Quote for @acme ltd @perth", ["Client: two are named", "Acme Ltd", "Perth Dairy"]),
        ("Quote for @acme yesterday", ["Client: which one?", "Acme Ltd", "Due: that day has passed"]),
        ("Quote for @Kafka on 31 November", ["nobody is called “Kafka”", "Due: there is no such day"]),
        ("Quote +Kafka", ["Client: write @ and the name", "Due: no date yet", "Owner: who is “Kafka”?"]),
        ("@karoo by Saturday", ["What: not said yet", "No working day; the next is Monday 23 November"]),
        ("<script>@<b>", ["Client: write @ and the name"]),
    ],
)
def test_the_chips_say_what_was_understood(office, line, shown):
    chips = page_of(office.get("/promises/read-line/", {"line": line}))

    assert [words for words in shown if words not in " ".join(chips.split())] == []
    assert "<html" not in chips
    assert "<script>" not in chips


def test_reading_a_line_makes_nothing(office):
    office.get("/promises/read-line/", {"line": "Quote for @karoo tomorrow"})

    assert Promise.objects.count() == 0
    assert office.post("/promises/read-line/", {"line": "x"}).status_code == 405
    assert office.get(QUICK).status_code == 405
