"""What pages ask of the database: of three rows of everything as much as of sixty, for every address that there is."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.actions import draft_addendum, log_request, make_client, make_link, save_contact, save_solution
from clients.models import Client, Contact, OutsideRequest, ScopeTemplate, Solution
from clients.tests.agreements import draft, signed
from conftest import DAY, NOW, ZONE
from engagement.outbox.actions import write
from engagement.outbox.models import Audience
from engagement.staff.models import Absence, User, WorkingWeek
from engagement.tests.matrix import a_world, addresses, holds_token
from promises import actions
from promises.due import due_for
from promises.models import Telling, Upload

pytestmark = pytest.mark.django_db

FEW, MANY = 3, 60
# A promise that lies behind the fifty which can be told of together is read beside them, with its steps and moves.
MORE_BY = {"promises/<int:pk>/tell/": 3}
# With whatever every page asks: session, person, firm, whether reminders run.
AT_MOST = {
    "board/": 10,
    "my-day/": 22,
    "clients/<int:pk>/": 15,
    "p/<path:token>/": 5,
    "promises/": 9,
    "promises/new/": 7,
}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), a_world() as built:
        yield built


@pytest.fixture(scope="module")
def asked(world):
    """How many questions each address asks of a few rows and of many. None where it shows no page."""
    # Asked of SQLite once by every process.
    assert connection.features.supports_json_field
    for number in range(FEW):
        one_more(world, number)
    few = {route: questions(world, route) for route in addresses() if not route.startswith("admin/")}
    for number in range(FEW, MANY):
        one_more(world, number)
    return {route: (count, None if count is None else questions(world, route)) for route, count in few.items()}


def one_more(world, number):
    """Of everything that a page may list, beside the client whose pages are asked for and on them."""
    by, firm, before = world.thandi, world.firm, NOW - DAY
    person = User.objects.create_user(f"p{number}@word.example", None, name=f"P {number}", zone=ZONE)
    WorkingWeek.objects.create(user=person, valid_from=date(2026, 1, 1))
    Absence.objects.create(user=person, first_day=date(2026, 11, 19), last_day=date(2026, 11, 20))
    Absence.objects.create(user=by, first_day=date(2028, 1, 1 + number % 28), last_day=date(2028, 2, 1))
    other = make_client(Client(name=f"Client {number}", zone=ZONE, lead=by), by, before)
    here = Client.objects.get(pk=world.quiet["client"].pk)
    for client in (other, here) if number < FEW else (here,):
        contact = Contact(client=client, name=f"Contact {number}", email=f"c{number}@client{client.pk}.example")
        save_contact(contact, by, before)
        make_link(client, by, before, contact=contact)
        draft(client, by, before, title=f"Scope {number}")
        known = {"client": client, "owner": (by, world.owen, person)[number % 3], "by": by, "now": before}
        days = {"Due": date(2026, 11, 18 + number % 9), "Ended": date(2026, 11, 25)}
        known |= {"estimate_hours": number, "steps": ["One"]}
        made = [
            actions.make(what=f"{what} {number}", due=due_for(client, firm, day, None), **known)
            for what, day in days.items()
        ]
        actions.update(made[0], standing="on_track", text="Well under way.", by=by, now=NOW)
        actions.record_conversation(
            [actions.Said(made[0], Telling.Kind.MAY_BE_LATE)],
            client=client,
            contact=contact,
            channel="call",
            spoken_at=before,
            text="",
            by=by,
            now=before,
        )
        actions.deliver(made[1], delivered_at=NOW, by=by, now=NOW)
        log_request(OutsideRequest(client=client, what=f"Favour {number}", asked_on=NOW.date()), by, NOW)
        write(
            occasion=f"more {client.pk} {number}",
            now=before,
            audience=Audience.CLIENT,
            address=contact.email,
            subject="News",
            body="Nobody else reads this.",
            kind=f"client {client.pk}",
            written_by=by,
        )
    if number % 6 == 0:
        contact = Contact.objects.filter(client=here).first()
        paper = signed(here, contact, by, before, title=f"Signed {number}")
        draft_addendum(paper, title="A counter", reason="They asked.", by=by, now=NOW)
    save_solution(
        Solution(title=f"Way {number}", helps_when="Often.", say="This.", owner=by, review_by=date(2026, 11, 1)), before
    )
    ScopeTemplate.objects.create(name=f"Template {number}", content={}, changed_at=NOW)
    Upload.objects.create(name=f"{number}.csv", content=b"client,what,owner,due_on\n", by=world.mara, at=NOW)


def questions(world, route):
    role = "link" if holds_token(route) and route.startswith("p/") else "signing" if holds_token(route) else "admin"
    with CaptureQueriesContext(connection) as asked:
        response = world.ask("GET", world.path(route, role), role)
    own = [query for query in asked.captured_queries if "SAVEPOINT" not in query["sql"]]
    return len(own) if response.status_code == 200 else None


def test_every_page_asks_no_more_of_sixty_rows_than_of_three(asked):
    grown = {
        route: (few, many)
        for route, (few, many) in asked.items()
        if (few is None) != (many is None) or (many or 0) > (few or 0) + MORE_BY.get(route, 0)
    }

    assert grown == {}
    # Most addresses do show a page, or there would be nothing to compare.
    assert sum(few is not None for few, _many in asked.values()) > 60


@pytest.mark.parametrize(("route", "most"), AT_MOST.items())
def test_a_page_that_is_often_open_asks_little(asked, route, most):
    assert asked[route][1] is not None
    assert max(asked[route]) <= most
