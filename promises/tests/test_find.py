"""Finding promises by words, client, owner and state; fifty a page, by keys and not by counting rows off."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.actions import make_client
from clients.models import Client
from clients.tests.agreements import draft
from conftest import DAY, NOW, ZONE
from promises import actions
from promises.find import ENDED_STATES, OPEN_STATES, PAGE, Search
from promises.forms.find import ENDED, OPEN
from promises.models import Band, Outcome, Promise

LIST = "/promises/"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(client, thandi):
    client.force_login(thandi)
    return client


@pytest.fixture
def acme(thandi):
    return make_client(Client(name="Acme Ltd", zone=ZONE), thandi, NOW - 20 * DAY)


def page_of(response):
    assert response.status_code == 200
    return response.content.decode()


def found(user, **asked):
    page, _next = Search(user, NOW, **asked).page()
    return [promise.what for promise in page]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("drawings", ["Shop drawings"]),
        ("DRAW", ["Shop drawings"]),
        ("drawings shop", ["Shop drawings"]),
        ("drawings acme", []),
        ("acme", ["Lease"]),
        ("before opening", ["Shop drawings"]),
        ("J-17", ["Lease"]),
        ("100%", ["Pay 100%"]),
        ("_", []),
        ("Café", ["Menu for café"]),
        ("café", ["Menu for café"]),
        ("  ", ["Shop drawings", "Lease", "Pay 100%", "Menu for café"]),
    ],
)
def test_every_word_has_to_occur_somewhere(thandi, make_promise, acme, words, expected):
    make_promise("Shop drawings", client_words="Before the opening")
    lease = make_promise("Lease", client=acme, due_on=date(2026, 11, 23))
    Promise.objects.filter(pk=lease.pk).update(reference="J-17")
    make_promise("Pay 100%", due_on=date(2026, 11, 24))
    make_promise("Menu for café", due_on=date(2026, 11, 25))

    assert found(thandi, words=words) == expected


def test_a_scope_shows_the_promises_under_it(office, karoo, thandi, make_promise):
    scope = draft(karoo, thandi, number="2026-014")
    make_promise("Under it", scope=scope)
    make_promise("Beside it")

    page = page_of(office.get(f"{LIST}?scope={scope.pk}"))

    assert "Under it" in page
    assert "Beside it" not in page
    assert f'name="scope" value="{scope.pk}"' in page


def test_a_scope_that_one_may_not_see_is_none(client, sam, secret, thandi):
    scope = draft(secret, thandi, number="2026-014")
    client.force_login(sam)

    assert "There is no such scope" in page_of(client.get(f"{LIST}?scope={scope.pk}"))


def test_client_and_owner_narrow_it_together(thandi, sam, make_promise, acme):
    make_promise("Mine")
    make_promise("Sam's", owner=sam)
    make_promise("Sam's for Acme", owner=sam, client=acme)

    assert found(thandi, owner=sam, client=acme) == ["Sam's for Acme"]


@pytest.fixture
def in_every_state(make_promise, thandi):
    """One promise for each state, called after it."""

    def changed(state, **fields):
        promise = make_promise(state, due_on=date(2026, 12, 10))
        Promise.objects.filter(pk=promise.pk).update(**fields)

    changed("at_risk", band=Band.AT_RISK, told_at=NOW)
    changed("not_told", band=Band.AT_RISK)
    changed("waiting", waiting_for="Their logo", waiting_since=NOW)
    make_promise("due_7_days", due_on=date(2026, 11, 24))
    late = make_promise("overdue", due_on=date(2026, 11, 17))
    Promise.objects.filter(pk=late.pk).update(told_at=NOW - 2 * DAY)
    for days, outcome in enumerate(Outcome.values):
        ended = NOW - days * DAY
        changed(outcome, delivered_at=ended, ended_at=ended, outcome=outcome)
    actions.withdraw(make_promise("withdrawn"), reason="Not wanted", agreed_by="Lena", by=thandi, now=NOW - 8 * DAY)
    actions.void(make_promise("voided"), reason="Twice", by=thandi, now=NOW - 9 * DAY)


@pytest.mark.parametrize("state", [state for state in [*OPEN_STATES, *ENDED_STATES] if state != "open"])
def test_a_state_shows_what_is_in_it(thandi, in_every_state, state):
    also = {"at_risk": ["at_risk", "not_told"]}

    assert found(thandi, state=state) == also.get(state, [state])


def test_without_a_state_what_is_open_stands_before_what_has_ended(thandi, in_every_state):
    open_ = ["overdue", "due_7_days", "at_risk", "not_told", "waiting"]

    assert found(thandi, state="open") == open_
    assert found(thandi) == [*open_, *Outcome.values, "withdrawn", "voided"]


def test_every_state_that_is_asked_for_has_an_answer():
    assert [key for key, _words in OPEN] == list(OPEN_STATES)
    assert [key for key, _words in ENDED] == list(ENDED_STATES)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_promise_is_overdue_from_its_instant_on(thandi, make_promise, seconds):
    promise = make_promise()
    now = promise.due_at + timedelta(seconds=seconds)

    page, _next = Search(thandi, now, state="overdue").page()

    assert bool(page) is promise.is_overdue(now)


# Pages


@pytest.fixture
def many(make_promise, karoo):
    """More than two pages of open and ended ones, several at the same instant."""
    first = make_promise("0")
    rows = []
    for number in range(1, 2 * PAGE + 20):
        ended = NOW - (number // 3) * DAY if number > PAGE + 10 else None
        due = datetime(2026, 11, 23, 15, tzinfo=UTC) + (number // 4) * DAY
        same = {"first_due_on": due.date(), "due_on": due.date(), "first_due_at": due, "due_at": due}
        fields = {f.attname: getattr(first, f.attname) for f in Promise._meta.concrete_fields if not f.primary_key}
        end = {"ended_at": ended, "withdrawn_at": ended}
        rows.append(Promise(**{**fields, **same, **end, "what": str(number)}))
    Promise.objects.bulk_create(rows)


def test_pages_follow_each_other_without_a_gap_or_a_double(thandi, many):
    seen, cursor, pages = [], "", 0
    while pages < 9:
        page, cursor = Search(thandi, NOW).page(cursor)
        seen += [promise.pk for promise in page]
        pages += 1
        if not cursor:
            break

    open_ = Promise.objects.open().order_by("due_at", "pk").values_list("pk", flat=True)
    ended = Promise.objects.ended().order_by("-ended_at", "-pk").values_list("pk", flat=True)
    assert pages == 3
    assert seen == [*open_, *ended]


def test_a_page_links_to_the_next_and_keeps_the_filters(office, many, karoo):
    page = page_of(office.get(LIST, {"client": karoo.pk}))

    following = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert f"client={karoo.pk}" in following
    assert page_of(office.get(following)).count("data-row") == PAGE


@pytest.mark.parametrize("cursor", ["x", "1~x~2", "0~2026-11-18T09:00:00Z~x", "9~2026-11-18T09:00:00Z~1", "~~", "²~~"])
def test_nonsense_for_a_page_breaks_nothing(office, make_promise, cursor):
    make_promise()

    assert office.get(LIST, {"after": cursor}).status_code == 200


def test_the_list_costs_the_same_however_many_rows_it_has(office, make_promise, thandi, sam, acme):
    def cost(numbers):
        for number in numbers:
            make_promise(f"Open {number}", owner=sam)
            ended = make_promise(f"Ended {number}", client=acme)
            actions.deliver(ended, delivered_at=NOW - DAY, by=thandi, now=NOW - DAY)
        with CaptureQueriesContext(connection) as asked:
            page = page_of(office.get(LIST))
        return page.count("data-row"), len(asked)

    rows, one = cost([1])

    # session and person; what every page says of the firm; open, ended, slips; clients and owners to choose from
    assert rows == 2
    assert cost([2, 3]) == (6, one)
    assert one <= 11


# What there is to see


def test_a_row_says_when_and_whether_the_client_knows(client, thandi, make_promise):
    promise = make_promise("Shop drawings")

    with time_machine.travel(NOW + 3 * DAY, tick=False):
        client.force_login(thandi)
        page = page_of(client.get(LIST))

    assert "Karoo Linen" in page
    assert f'href="{promise.get_absolute_url()}"' in page
    assert "1 day late" in page
    assert "No. Silent slip" in page


def test_a_first_use_says_what_to_do(office, karoo):
    page = page_of(office.get(LIST))

    assert "No promises yet." in page
    assert 'href="/promises/new/"' in page


def test_the_filter_that_leaves_nothing_is_named_and_can_be_cleared(office, make_promise, sam, karoo):
    make_promise("Shop drawings")

    page = page_of(office.get(LIST, {"owner": sam.pk, "words": "drawings"}))

    assert "“Owner: Sam Outsider” leaves nothing." in page
    assert "Clear Owner: Sam Outsider" in page
    assert 'href="/promises/?words=drawings"' in page
    assert "“Words" not in page


def test_two_filters_that_both_leave_nothing_are_cleared_together(office, make_promise, sam):
    make_promise("Shop drawings")

    page = page_of(office.get(LIST, {"owner": sam.pk, "words": "zebra"}))

    assert "No promise has all of this." in page
    assert "leaves nothing" not in page
    assert "Show all promises" in page


def test_a_state_is_named_in_words(office, make_promise):
    make_promise("Shop drawings")

    assert "Clear State: Late, silent" in page_of(office.get(LIST, {"state": "late_silent"}))


# Who may see what


def test_a_week_shows_what_is_due_in_it(thandi, make_promise):
    for day in (22, 23, 29, 30):
        make_promise(f"Due on {day} November", due_on=date(2026, 11, day))

    week = {"due_from": date(2026, 11, 23), "due_to": date(2026, 11, 29)}

    assert found(thandi, **week) == ["Due on 23 November", "Due on 29 November"]
    assert found(thandi, due_to=week["due_to"]) == ["Due on 22 November", "Due on 23 November", "Due on 29 November"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Apia", "America/Adak", "Etc/GMT+12"])
@pytest.mark.parametrize("at", [time(0), time(23, 59), None])
def test_a_day_is_the_day_of_the_promises_own_zone(thandi, make_promise, zone, at):
    far = make_client(Client(name="Far away", zone=zone, hours=[[["00:00", "24:00"]]] * 7), thandi, NOW - DAY)
    for day in (24, 25, 26):
        make_promise(f"{day} November", client=far, due_on=date(2026, 11, day), due_time=at)

    the_day = date(2026, 11, 25)

    assert found(thandi, due_from=the_day, due_to=the_day) == ["25 November"]


def test_the_days_of_a_list_are_said_and_can_be_let_go_of(office, make_promise):
    make_promise(due_on=date(2026, 11, 25))

    page = office.get(LIST, {"due_from": "2026-11-23", "due_to": "2026-11-29", "words": "drawings"})

    assert [(chosen.label, chosen.value) for chosen in page.context["filters"]][1:] == [
        ("Due from", "Mon 23 Nov"),
        ("Due until", "Sun 29 Nov"),
    ]
    assert 'href="/promises/?due_to=2026-11-29&amp;words=drawings"' in page_of(page)


def test_a_day_that_is_none_is_said(office):
    assert "The address must say the day like 2026-11-27" in page_of(office.get(LIST, {"due_to": "soon"}))


def test_a_restricted_clients_promises_are_not_found_by_a_stranger(client, sam, thandi, make_promise, secret):
    make_promise("Hush", client=secret)
    assert found(thandi, words="hush") == ["Hush"]
    client.force_login(sam)

    page = page_of(client.get(LIST, {"words": "hush"}))

    assert "Hush" not in page
    assert "Quiet" not in page


@pytest.mark.parametrize("field", ["client", "owner", "state"])
def test_what_is_not_in_the_list_of_choices_is_said(office, make_promise, field):
    make_promise("Shop drawings")

    page = page_of(office.get(LIST, {field: "999999"}))

    assert "from the list" in page
    assert "Shop drawings" not in page


def test_a_client_one_may_not_see_is_answered_like_one_that_is_not_there(client, sam, secret, make_promise):
    make_promise("Hush", client=secret)
    client.force_login(sam)

    pages = [page_of(client.get(LIST, {"client": number})) for number in (secret.pk, 999_999)]

    assert "Choose a client from the list" in pages[0]
    without = [[line for line in page.splitlines() if "csrfmiddlewaretoken" not in line] for page in pages]
    assert without[0] == without[1]


def test_the_first_use_of_a_stranger_does_not_speak_of_what_they_may_not_see(client, sam, secret, make_promise):
    make_promise("Hush", client=secret)
    client.force_login(sam)

    assert "No promises yet." in page_of(client.get(LIST))


def test_words_that_are_too_many_are_refused(office):
    assert "Words must be 200 characters or fewer" in page_of(office.get(LIST, {"words": "x" * 201}))
