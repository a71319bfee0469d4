import csv
import io
import json
import re
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from clients.actions import make_client
from clients.models import Client, Scope
from conftest import DAY, NOW, ZONE
from engagement.outbox.models import Message
from engagement.staff.models import Firm
from promises import actions
from promises.board import CARDS, ENDED_CARDS, PAGE, Board
from promises.models import Promise, Telling
from promises.models.promise import MOST_SLIPS
from promises.paging import Cursor, due_between
from promises.views.board import rows_of, slips_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_noon(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def firm_at_work(make_promise, thandi, karoo, lena, mara):
    """One of everything that the board counts."""
    silent = make_promise("Silent slip", due_on=date(2026, 11, 13), made_at=NOW - 20 * DAY)
    told = make_promise("Late and told", due_on=date(2026, 11, 16), made_at=NOW - 20 * DAY)
    # Somebody else's: it would leave no hours for what is due after it.
    risky = make_promise("At risk", due_on=date(2026, 11, 19), estimate_hours=40, owner=mara)
    quiet = make_promise("Not moving", due_on=date(2026, 11, 30), made_at=NOW - 20 * DAY, estimate_hours=1)
    soon = make_promise("Due soon", due_on=date(2026, 11, 24), estimate_hours=1)
    kept = make_promise("Kept early", due_on=date(2026, 11, 25))
    missed = make_promise("Ended late", due_on=date(2026, 11, 10), made_at=NOW - 20 * DAY)
    actions.record_conversation(
        [actions.Said(told, Telling.Kind.MAY_BE_LATE)],
        client=karoo,
        contact=lena,
        channel="call",
        spoken_at=NOW - 4 * DAY,
        text="Two days more.",
        by=thandi,
        now=NOW - 4 * DAY,
    )
    actions.look_at_due(NOW)
    actions.deliver(kept, delivered_at=NOW - DAY, by=thandi, now=NOW)
    actions.deliver(missed, delivered_at=NOW - DAY, by=thandi, now=NOW)
    return {"silent": silent, "told": told, "risky": risky, "quiet": quiet, "soon": soon}


def board(user, **filters):
    return Board(user=user, zone=user.zoneinfo, now=NOW, **filters)


def unmoved(promise, fields):
    """Due at another moment from the first, which no action of the product does: for this, nothing guards the row."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            Promise.objects.filter(pk=promise.pk).update(**fields)
            cursor.execute("SET LOCAL session_replication_role = origin")
        else:
            guards = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'promises_promise'"
            triggers = cursor.execute(guards).fetchall()
            for name, _sql in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            Promise.objects.filter(pk=promise.pk).update(**fields)
            for _name, sql in triggers:
                cursor.execute(sql)


def names(rows):
    return [promise.what for promise in rows]


def test_those_who_have_not_been_told_come_first(firm_at_work, mara):
    page, following = board(mara).page()

    assert names(page) == ["Silent slip", "At risk", "Late and told", "Due soon", "Not moving"]
    assert following == ""


def test_the_figures_counted_at_once_are_those_of_the_rows(make_promise, make_person, mara):
    """At moments on the second of every boundary: a condition that is written down twice is held together here."""
    people = [mara, make_person("Bram Visser")]
    bands, told, said = ("on_track", "watch", "at_risk"), (None, NOW - DAY), (NOW - 7 * DAY, NOW - 6 * DAY)
    hours = (None, 4, 30)
    for number, (days, seconds) in enumerate(product((-31, -8, -7, -2, 0, 3, 7, 14, 20), (-1, 0, 1))):
        made = make_promise(f"Promise {number}", owner=people[number % 2], estimate_hours=hours[number % 3])
        due_at = NOW + days * DAY + timedelta(seconds=seconds)
        moved = {"due_at": due_at, "first_due_at": due_at, "due_on": due_at.date(), "first_due_on": due_at.date()}
        standing = {"band": bands[number % 3], "told_at": told[number % 4 == 0], "last_update_at": said[number % 2]}
        unmoved(made, moved | standing)

    for filters in ({}, {"owner": mara}, {"due_from": date(2026, 11, 17)}):
        shown = board(mara, **filters)
        found = {name: counted.count for name, counted in shown.counted().items()}

        cards = {card: shown.rows_of(card).count() for card in CARDS if card not in ENDED_CARDS}
        weeks = [
            due_between(shown.open, first if number else None, last)
            for number, (first, last) in enumerate(shown.coming_weeks())
        ]
        ages = {name: due_between(shown.rows_of("overdue"), *days) for name, days in shown.ages().items()}
        assert cards == {card: found[card] for card in cards}
        assert [rows.count() for rows in weeks] == [found[f"week_{number}"] for number in range(len(weeks))]
        assert {name: rows.count() for name, rows in ages.items()} == {name: found[f"age_{name}"] for name in ages}
        assert all(cards.values())


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_days_are_those_of_where_it_is_due_on_both_sides_of_each_midnight(make_promise, mara, zone):
    """The bars and weeks are counted in three walks each: none of them may miss a row, or count what another has."""
    midnight = datetime(2026, 11, 18, tzinfo=UTC)
    for days, hours, seconds in product((-30, -7, -2, -1, 1, 5, 12), (-14, -11, 0, 12), (-1, 0, 1)):
        due_at = midnight + timedelta(days=days, hours=hours, seconds=seconds)
        due_on = due_at.astimezone(ZoneInfo(zone)).date()
        moved = {"due_at": due_at, "first_due_at": due_at, "due_on": due_on, "first_due_on": due_on}
        unmoved(make_promise(f"{days} {hours} {seconds}"), moved)

    shown = board(mara)
    found = {name: counted.count for name, counted in shown.counted().items()}

    weeks = enumerate(shown.coming_weeks())
    by_hand = {
        f"week_{number}": due_between(shown.open, first if number else None, last).count()
        for number, (first, last) in weeks
    }
    by_hand |= {
        f"age_{name}": due_between(shown.rows_of("overdue"), *days).count() for name, days in shown.ages().items()
    }
    assert by_hand == {name: found[name] for name in by_hand}
    assert all(by_hand[name] for name in ("age_2", "age_7", "age_30", "age_more", "week_0", "week_1", "week_2"))


def test_what_is_late_for_more_than_a_week_is_what_the_bars_show(make_promise, mara, client, at_noon):
    for number, day in enumerate((10, 11, 12)):
        make_promise(f"Late {number}", due_on=date(2026, 11, day), made_at=NOW - 40 * DAY)
    client.force_login(mara)

    page = client.get(reverse("promises:board")).content.decode()

    assert "1 for more than 7 days" in page


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("size", [1, 2, 25])
def test_pages_put_together_are_the_rows_of_the_card(firm_at_work, mara, card, size):
    shown = board(mara, card=card)
    pages, cursor = [], ""
    while True:
        page, cursor = shown.page(cursor, size=size)
        pages += names(page)
        if not cursor:
            break

    assert sorted(pages) == sorted(names(shown.rows_of(card)))
    assert pages == names(shown.every_row())


def test_cards_rows_export_and_terminal_agree(firm_at_work, mara, client, at_noon, capsys):
    client.force_login(mara)
    call_command("board", "--json")
    figures = json.loads(capsys.readouterr().out)
    counts = board(mara).counts()

    for card in ("not_told", "overdue", "not_moving", "due_7_days"):
        page = client.get(reverse("promises:board"), {"card": card})
        lines = b"".join(client.get(reverse("promises:board_csv"), {"card": card})).decode("utf-8-sig")
        exported = list(csv.DictReader(io.StringIO(lines)))
        rows = [row.promise.what for row in page.context["rows"]]
        assert len(rows) == len(exported) == counts[card] == figures[card] > 0
        assert [line["What we promised"] for line in exported] == rows


def test_the_terminal_prints_what_ended(firm_at_work, capsys):
    call_command("board", "--json", "--client", "karoo linen", "--as-of", "2026-11-18T11:00")
    figures = json.loads(capsys.readouterr().out)

    assert figures == {
        "promises": 7,
        "open": 5,
        "not_told": 2,
        "overdue": 2,
        "at_risk": 1,
        "not_moving": 1,
        "due_7_days": 2,
        "kept": 1,
        "kept_on_agreed_later_date": 0,
        "late_told": 0,
        "late_silent": 1,
        "late_unknown": 0,
        "early": 1,
        "days_early": 8,
    }


def test_as_of_an_earlier_instant_what_ended_since_is_open(firm_at_work, capsys):
    call_command("board", "--json", "--as-of", (NOW - 2 * DAY).isoformat())
    figures = json.loads(capsys.readouterr().out)

    assert (figures["kept"], figures["late_silent"]) == (0, 0)
    assert figures["overdue"] == 2  # the silent one and the one that ended late since


def test_the_one_statement_refuses_an_earlier_instant(mara):
    with pytest.raises(ValueError, match="earlier moment"):
        board(mara, as_of_past=True).counted()


@pytest.mark.parametrize("filters", [{}, {"words": "e"}])
def test_tallies_and_rows_give_the_same_record(firm_at_work, mara, filters):
    counted = board(mara, words="e").record()  # every promise here has an e in it

    assert board(mara, **filters).record() == counted
    assert board(mara, **filters).kept_this_month() == (1, 2)
    assert sum(ended for _monday, _kept, ended, _silent in board(mara, **filters).by_week()) == 2


def test_the_board_is_for_managers(client, thandi, at_noon):
    client.force_login(thandi)

    assert client.get(reverse("promises:board")).status_code == 403
    assert client.get(reverse("promises:board_csv")).status_code == 403
    assert client.get(reverse("promises:record")).status_code == 403


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_board_costs_the_same_for_one_row_and_for_three(
    client, mara, make_promise, how_many, at_noon, django_assert_num_queries
):
    for number in range(how_many):
        make_promise(f"Promise {number}", due_on=date(2026, 11, 17), made_at=NOW - 9 * DAY)
    client.force_login(mara)

    # session, person, firm, clients and owners of the filter, their diaries, heartbeat, rows, figures
    with django_assert_num_queries(9):
        assert client.get(reverse("promises:board")).status_code == 200


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"client": "Karo Linnen"}, "No client is called “Karo Linnen”. Check the name, or type a part of it"),
        ({"owner": "99999"}, "Choose an owner from the list"),
        ({"scope": "99999"}, "There is no such scope"),
        ({"card": "no such"}, "The address names no card of the board: choose one of those shown"),
        ({"due_from": "tomorrow"}, "The address must say the day like 2026-11-27"),
        ({"due_to": "2026-13-01"}, "The address must say the day like 2026-11-27"),
        ({"words": "x" * 201}, "Words must be 200 characters or fewer"),
    ],
)
@pytest.mark.parametrize("shown", ["board", "record"])
def test_a_filter_that_nothing_answers_to_is_said_to_be_left_out(
    client, mara, firm_at_work, at_noon, query, said, shown
):
    client.force_login(mara)

    plain = client.get(reverse(f"promises:{shown}")).content.decode()
    page = client.get(reverse(f"promises:{shown}"), query).content.decode()

    assert "There is a problem" not in plain
    assert said in page
    assert "It is shown without that choice." in page


@pytest.mark.parametrize(
    "query",
    [
        {"owner": "x", "client": "99999", "scope": "-1", "card": "no such", "due_from": "tomorrow"},
        {"after": "7~nonsense~x"},
        {"after": "99~2026-11-18T09:00:00Z~1"},
        {"after": "\x00"},
    ],
)
def test_nonsense_in_the_address_is_as_if_it_were_not_there(client, mara, firm_at_work, at_noon, query):
    client.force_login(mara)

    assert client.get(reverse("promises:board"), query).status_code == 200


@pytest.mark.parametrize("of", [(), ("owner",), ("client",), ("scope",), ("owner", "client", "scope")])
def test_a_page_holds_the_rows_that_are_asked_for_wherever_it_begins(
    firm_at_work, mara, thandi, karoo, make_promise, of
):
    """What is put together once for all pages of a shape, and what is put together for this one."""
    scope = Scope.objects.create(client=karoo, number="2026-014", title="Shop fittings", signed_on=date(2026, 11, 2))
    for number in range(3):
        make_promise(f"Of the scope {number}", due_on=date(2026, 11, 24), scope=scope)
    whose = {"owner": thandi, "client": karoo, "scope": scope}
    seen = 0
    for card, begins in product(("", *CARDS), ("", "0~2026-11-14T00:00:00Z~0", "4~2026-11-25T00:00:00Z~0")):
        shown = board(mara, card=card, **{name: whose[name] for name in of})

        page, _following = shown.page(begins, size=3)

        start = Cursor.read(begins)
        start = start if start.segment < len(shown.segments()) else Cursor()
        asked = shown.rows_after(start, 3).values_list("pk", "place", "slips")
        assert [(row.pk, row.place, row.slips) for row in page] == list(asked), (card, begins)
        seen += len(page)
    assert seen


def test_a_row_asks_for_nothing_that_its_page_did_not_bring(firm_at_work, mara, django_assert_num_queries):
    pages = [board(mara, card=card).page()[0] for card in ("", *CARDS)]

    with django_assert_num_queries(0):
        rows = [row for page in pages for row in rows_of(page, NOW, slips_in(page))]

    assert len(rows) > len(CARDS)


def test_of_very_many_slips_to_a_client_a_row_says_that_there_are_more(firm_at_work, make_promise, thandi, mara):
    (row, *_others) = rows_of(*_page_and_slips(mara))
    assert row.slipped == "1 slip in 90 days"

    def slip(count):
        for number in range(count):
            late = make_promise(f"Late {number}", due_on=date(2026, 11, 10), made_at=NOW - 20 * DAY)
            actions.deliver(late, delivered_at=NOW - DAY, by=thandi, now=NOW)
        (row, *_others) = rows_of(*_page_and_slips(mara))
        return row.slips, row.slipped

    assert slip(MOST_SLIPS - 1) == (100, "100 slips in 90 days")
    assert slip(3) == (101, "100+ slips in 90 days")


def _page_and_slips(user):
    page, _following = board(user).page()
    return page, NOW, slips_in(page)


def test_a_cursor_survives_being_written_and_read():
    cursor = Cursor(2, NOW + timedelta(microseconds=7), 12)

    assert Cursor.read(cursor.written()) == cursor


def test_a_filter_of_a_client_shows_that_client_alone(client, mara, firm_at_work, secret, make_promise, at_noon):
    make_promise("Elsewhere", client=secret)
    client.force_login(mara)

    page = client.get(reverse("promises:board"), {"client": secret.pk})

    assert names(row.promise for row in page.context["rows"]) == ["Elsewhere"]
    assert "Quiet Matter" in page.content.decode()


def test_asking_shows_each_message_first_and_writes_one_a_person(client, mara, firm_at_work, at_noon):
    client.force_login(mara)
    ticked = [str(firm_at_work["silent"].pk), str(firm_at_work["told"].pk)]

    shown = client.post(reverse("promises:ask"), {"promise": ticked})
    again = {"promise": ticked, "send": "yes", "occasion": shown.context["occasion"]}
    client.post(reverse("promises:ask"), again)
    client.post(reverse("promises:ask"), again)

    (message,) = Message.objects.filter(kind="ask")
    assert "Silent slip" in message.body
    assert "Late and told" in message.body


def test_overdue_today_counts_to_the_first_bar(mara, make_promise):
    make_promise("Due this morning", due_on=date(2026, 11, 18), due_time=time(9))

    counts = board(mara).counts()

    assert counts["age_2"] == counts["overdue"] == 1


def test_a_later_page_leads_back_to_the_first(client, mara, make_promise, at_noon):
    for number in range(PAGE + 1):
        make_promise(f"Promise {number}")
    client.force_login(mara)

    first = client.get("/board/?card=due_7_days").content.decode()
    next_page = unescape(re.search('rel="next" href="([^"]*)"', first)[1])
    later = client.get(next_page).content.decode()

    assert 'rel="first"' not in first
    assert "Ticks are of this page alone." in first
    assert 'rel="first" href="/board/?card=due_7_days"' in later
    assert 'rel="next"' not in later


@pytest.mark.parametrize("address", ["/renewals/?after=2026-12-31~9", "/clients/?after=zzz", "/agreements/?before=1"])
def test_a_later_page_on_which_nothing_is_left_leads_back_too(client, mara, karoo, at_noon, address):
    client.force_login(mara)

    page = client.get(address).content.decode()

    assert "Nothing more here." in page
    assert f'href="{address.partition("?")[0]}" rel="first"' in page


@pytest.fixture
def ended_at_the_turn_of_the_month(make_promise, thandi):
    """1 November where the firm is, 31 October in London, to which the firm then moves."""
    promise = make_promise("Ended at midnight", due_on=date(2026, 11, 2), made_at=NOW - 40 * DAY)
    promise = actions.deliver(promise, delivered_at=datetime(2026, 10, 31, 22, 30, tzinfo=UTC), by=thandi, now=NOW)
    Firm.objects.update(zone="Europe/London")
    return promise


def test_what_was_counted_stays_counted_where_it_was_when_the_firm_moves(mara, ended_at_the_turn_of_the_month):
    moved = {"zone": ZoneInfo("Europe/London"), "user": mara, "now": NOW}

    assert Board(**moved).kept_this_month() == (1, 1)
    assert Board(**moved, words="midnight").kept_this_month() == (1, 1)
    assert names(Board(**moved).rows_of("kept")) == ["Ended at midnight"]


def test_what_is_opened_again_after_the_firm_moved_is_counted_no_more(mara, thandi, ended_at_the_turn_of_the_month):
    actions.reopen(ended_at_the_turn_of_the_month, reason="Pressed too early", by=thandi, now=NOW)

    assert board(mara).kept_this_month() == (0, 0)
    assert board(mara).record()["kept"] == 0


def test_the_record_by_client_comes_page_by_page(mara, thandi, make_promise):
    for name in ("acme", "Beta", "Čapek", "delta"):
        other = make_client(Client(name=name, zone=ZONE), thandi, NOW - 20 * DAY)
        actions.deliver(make_promise(client=other), delivered_at=NOW, by=thandi, now=NOW)
    shown = board(mara)

    first, after = shown.record_by_client(size=3)
    second, end = shown.record_by_client(after, size=3)

    assert end is None
    assert {row["client__name"] for row in (*first, *second)} == {"acme", "Beta", "Čapek", "delta"}
    assert [row["client__name"] for row in first][:2] == ["acme", "Beta"]
    assert (len(first), [row["ended"] for row in second]) == (3, [1])


@pytest.mark.parametrize("after", ["x", "9" * 40, "999999", "\0"])
def test_the_record_after_nobody_begins_at_the_beginning(client, mara, thandi, make_promise, after):
    actions.deliver(make_promise(), delivered_at=NOW, by=thandi, now=NOW)
    client.force_login(mara)

    page = client.get(reverse("promises:record"), {"after": after})

    assert [row["ended"] for row in page.context["clients"]] == [1]
