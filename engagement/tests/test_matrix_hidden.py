"""What a stranger can find out about a restricted client from pages that they may open: nothing."""

import csv
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client as Browser
from django.utils.module_loading import import_string

from clients.actions import log_request, make_link, save_contact
from clients.models import Contact, OutsideRequest
from clients.tests.agreements import draft, put, send
from conftest import DAY, NOW
from engagement.outbox.actions import write
from engagement.outbox.models import Audience, Message, State
from engagement.staff.models import Absence, Firm
from engagement.tests.matrix import TABLE, a_world, read_table
from promises import actions
from promises.due import due_for

pytestmark = pytest.mark.django_db

NOBODY_HAS = 9_999_999
# Drawn anew for every page: the token of its form, and what tells one press of a button from the next.
DRAWN = re.compile(r'value="[\w-]{20,}"')
# Scopes of all clients are numbered in one row, so the next number says how many were begun this year, and for nobody.
NUMBERED = "clients/<int:pk>/scopes/new/"
# A secret of one's own, another one each time.
SECRET = "me/second-step/set-up/"


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), a_world() as built:
        yield built


@pytest.fixture(scope="module")
def pages():
    """What staff may look at."""
    table = read_table(TABLE.read_text())
    seen = [route for (route, method), cells in table.items() if method == "GET" and cells["staff"] == "200"]
    return [route for route in seen if route != SECRET]


def read(world, path):
    response = world.ask("GET", path, "staff")
    assert response.status_code in (200, 302, 404)
    return response.content.decode(errors="replace")


def more_of_the_restricted_client(world):
    """One more of everything that somewhere is listed, counted or suggested."""
    client, by = world.quiet["client"], world.thandi
    contact = Contact(client=client, name="Quentin", email="quentin@quiet.example")
    save_contact(contact, by, NOW)
    actions.make(
        client=client,
        what="Drawings of the quiet kind",
        due=due_for(client, world.firm, date(2026, 11, 19), None),
        owner=world.nomsa,
        by=by,
        now=NOW - DAY,
    )
    draft(client, by, NOW, title="Quiet draft")
    waiting = draft(client, by, NOW, title="Quiet and waiting")
    send(waiting.agreement, contact, by, NOW, name="")
    put(
        draft(client, by, NOW, title="Quiet and nearly over", ends_on=date(2026, 11, 25)).agreement,
        "signed",
        signed_at=NOW,
    )
    solution = world.both["solution"]
    log_request(OutsideRequest(client=client, what="Quiet", asked_on=NOW.date(), solution=solution), by, NOW)
    make_link(client, by, NOW, contact=contact)
    for number, state in enumerate([State.SENT, State.IN_DOUBT, State.FAILED]):
        message = write(
            occasion=f"quiet {number}",
            now=NOW,
            audience=Audience.CLIENT,
            address=contact.email,
            subject="Quiet news",
            body="Quiet.",
            kind=f"client {client.pk}",
            # Written before they were shut out.
            written_by=world.sam,
        )
        Message.objects.filter(pk=message.pk).update(state=state)


def test_no_page_of_theirs_changes_when_more_is_there(world, pages):
    addresses = {route: world.path(route, "staff") for route in pages if route != NUMBERED}
    before = {route: DRAWN.sub("", read(world, path)) for route, path in addresses.items()}

    more_of_the_restricted_client(world)

    after = {route: DRAWN.sub("", read(world, path)) for route, path in addresses.items()}
    assert len(before) > 60
    assert [route for route in before if before[route] != after[route]] == []


def test_no_page_of_theirs_names_it(world, pages):
    more_of_the_restricted_client(world)

    shown = {route: read(world, world.path(route, "staff")) for route in pages}
    assert [route for route, page in shown.items() if "Quiet" in page or "@quiet" in page] == []


@pytest.mark.parametrize(
    "where", ["clients/", "promises/", "solutions/", "sent/", "agreements/", "renewals/", "my-day/"]
)
def test_searching_finds_nothing_of_it(world, where):
    for word in ("qui", "matt", "quinn", "drawings for q", "quinn@quiet"):
        page = read(world, f"/{where}?words={word}&q={word}&what={word}")

        assert "Quiet" not in page
        assert "Matter" not in page


@pytest.mark.parametrize(
    "line", ["Send it to @Quiet by Friday", "Quiet Matter: send it on Friday", "@qui send it Friday"]
)
def test_a_line_that_names_it_is_answered_as_one_that_names_nobody(world, line):
    named = read(world, f"/promises/read-line/?line={line}")
    nobody = read(
        world,
        "/promises/read-line/?line="
        + line.replace("Quiet Matter", "Nobody Such").replace("Qui", "Zyx").replace("qui", "zyx"),
    )

    assert re.sub("(?i)quiet matter|qui", "", named) == re.sub("(?i)nobody such|zyx", "", nobody)


# What addresses say, by the thing whose number it is.
ASKED = {
    "client": "client",
    "scope": "signed scope",
    "contact": "contact",
    "owner": "promise",
    "before": "message",
    "after": "client",
    "saved": "promise",
    "again": "message",
    "link": "link",
    "was": "promise",
}
LISTS = ["clients/", "promises/", "promises/new/", "sent/", "agreements/", "my-day/"]


def alike(world, path, names):
    """Whether a number of the restricted client says as much as a number that nobody has."""
    said = []
    for number in (lambda name: world.quiet[ASKED[name]].pk, lambda name: NOBODY_HAS):
        query = urlencode({name: number(name) for name in names})
        page = DRAWN.sub("", read(world, f"{path}?{query}"))
        for name in names:
            page = page.replace(str(number(name)), "")
        said.append(page)
    return said[0] == said[1]


def test_a_number_of_it_in_an_address_says_as_much_as_one_that_nobody_has(world, pages):
    assert [route for route in pages if not alike(world, world.path(route, "staff"), ASKED)] == []


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize(
    "where", [*LISTS, "clients/<int:pk>/tell/", "promises/<int:pk>/", "clients/<int:pk>/progress/"]
)
def test_each_of_them_alone_says_nothing_either(world, where, name):
    assert alike(world, world.path(where, "staff"), [name])


# Money


def test_what_our_work_costs_is_for_managers(world, pages):
    scope = world.open["signed scope"]
    Firm.objects.update(hour_cost=Decimal("4321.09"), currency=scope.currency)
    actions.make(
        client=world.open["client"],
        scope=scope,
        what="An hour of work",
        due=due_for(world.open["client"], world.firm, date(2026, 12, 9), None),
        owner=world.thandi,
        by=world.thandi,
        estimate_hours=Decimal(1),
        now=NOW - DAY,
    )
    told = re.compile(r"4[,.\s]?321")

    assert [route for route in pages if told.search(read(world, world.path(route, "staff")))] == []
    assert not told.search(world.ask("GET", f"/scopes/{scope.pk}/", "lead").content.decode())
    assert told.search(world.ask("GET", f"/scopes/{scope.pk}/", "manager").content.decode())


def test_what_is_given_to_programs_has_these_columns_and_no_others(world):
    browser = Browser()
    browser.force_login(world.mara)
    board = b"".join(browser.get("/board.csv").streaming_content).decode("utf-8-sig")
    health = json.loads(world.ask("GET", "/healthz/deep", "nobody").content)

    columns = next(csv.reader(board.splitlines()))
    assert columns[:6] == ["Client", "Slips in 90 days", "What we promised", "Why", "Due", "Late"]
    assert columns[6:] == ["First date and chance", "Owner", "Last update", "Client told?", "Next step"]
    assert set(health) == {"running", "held", "database", "beat_age_seconds", "oldest_waiting_seconds", "mail"}


# Work that nobody asks for


def test_no_task_tells_a_stranger_of_it(world, settings, mailoutbox):
    """Sam stands in for everybody who serves the restricted client, and may not see it all the same."""
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    for person in (world.thandi, world.owen, world.nomsa):
        Absence.objects.create(user=person, first_day=NOW.date(), last_day=date(2026, 12, 31), cover=world.sam)
    actions.make(
        client=world.open["client"],
        what="Something to stand in for",
        due=due_for(world.open["client"], world.firm, date(2026, 11, 20), None),
        owner=world.thandi,
        by=world.thandi,
        now=NOW - DAY,
    )
    tasks = [import_string(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()]

    for hours in range(0, 12 * 24, 17):
        with time_machine.travel(NOW + timedelta(hours=hours), tick=False):
            for task in tasks:
                task()

    to_sam = [mail.subject + mail.body for mail in mailoutbox if mail.to == [world.sam.email]]
    to_others = [mail.subject + mail.body for mail in mailoutbox if mail.to != [world.sam.email]]
    assert any("Something to stand in for" in text for text in to_sam)
    assert any("Quiet" in text for text in to_others)
    assert [text for text in to_sam if "Quiet" in text] == []
