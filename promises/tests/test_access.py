"""Who may open what. The table is the URLconf: a new address fails here until somebody says who may open it."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clients import actions as client_actions
from clients.models import Contact, Scope
from conftest import DAY, NOW
from promises import actions
from promises.due import due_for
from promises.models import Step, Upload
from promises.urls import urlpatterns

GET, POST = "get", "post"
WRITES = re.compile(r'^\s*(INSERT|UPDATE|DELETE|REPLACE)\b(?!.*"staff_session")', re.IGNORECASE)
FILE = b"client,what,owner,due_on\nKaroo Linen,Chairs,Thandi Mokoena,2026-12-01\n"
NOBODY_IS_THIS = 10**9

# About one client: whoever sees the client, and to everybody else it does not exist.
ABOUT_A_CLIENT = {
    "addendum_dates": GET,
    "answer": GET,
    "chance": GET,
    "client": GET,
    "detail": GET,
    "done": GET,
    "edit": GET,
    "extend": GET,
    "extend_fit": GET,
    "from_scope": GET,
    "greeted": POST,
    "note": POST,
    "preview_page": GET,
    "renewal": GET,
    "renewal_draft": POST,
    "reopen": GET,
    "step": POST,
    "steps": GET,
    "tell": GET,
    "tell_client": GET,
    "update": GET,
    "waiting": GET,
    "waiting_over": POST,
}
# The same, but only the owner, the lead and managers may.
DECIDED_BY_FEW = {"reassign": GET, "void": GET, "withdraw": GET}
FOR_EVERYBODY_HERE = {
    "fit": GET,
    "list": GET,
    "my_day": GET,
    "new": GET,
    "quick_add": POST,
    "read_line": GET,
    "renewals": GET,
}
FOR_MANAGERS = {
    "ask": POST,
    "board": GET,
    "board_csv": GET,
    "foresight": GET,
    "record": GET,
    "team": GET,
    "upload": GET,
    "upload_faults": GET,
    "upload_run": POST,
    "uploads": GET,
}
OPEN = {"new_link": GET, "progress": GET}
EVERY = ABOUT_A_CLIENT | DECIDED_BY_FEW | FOR_EVERYBODY_HERE | FOR_MANAGERS | OPEN
ON_A_CLIENT = ("client", "preview_page", "tell_client")
ON_A_SCOPE = ("from_scope", "greeted", "renewal", "renewal_draft")
ROLES = ("sam", "thandi", "mara", "ada")


@pytest.fixture
def world(make_promise, secret, thandi, mara, firm):
    """A promise to a restricted client that Thandi leads, and one of each thing that has an address."""
    promise = make_promise(client=secret, steps=["Measure", "Draw"])
    contact = Contact(client=secret, name="Sol Quiet", email="sol@quiet.example")
    client_actions.save_contact(contact, thandi, NOW)
    extension = actions.extend(
        promise,
        due_for(secret, firm, promise.due_on + DAY, None),
        reason="more_work",
        reason_text="More.",
        asked_by="us",
        by=thandi,
        now=NOW,
    )
    scope = Scope.objects.create(client=secret, number="2026-014", title="Shop fittings", signed_on=NOW.date())
    addendum = client_actions.draft_addendum(scope, title="A counter", reason="They asked.", by=thandi, now=NOW)
    return {
        "promise": promise,
        "client": secret,
        "scope": scope,
        "addendum": addendum,
        "extension": extension,
        "step": Step.objects.first(),
        "upload": Upload.objects.create(name="deliveries.csv", content=FILE, by=mara, at=NOW),
        "link": client_actions.make_link(secret, thandi, timezone.now(), contact=contact),
    }


def address(name, world):
    kind = {"addendum_dates": "addendum", "answer": "extension", "step": "step"}.get(name)
    if name in ON_A_CLIENT:
        kind = "client"
    elif name in ON_A_SCOPE:
        kind = "scope"
    elif name in ("upload", "upload_faults", "upload_run"):
        kind = "upload"
    elif name in ABOUT_A_CLIENT | DECIDED_BY_FEW:
        kind = kind or "promise"
    elif name == "progress":
        return reverse("promises:progress", args=[world["link"].token()])
    return reverse(f"promises:{name}", args=[world[kind].pk] if kind else [])


def status(client, name, world, method=None):
    return getattr(client, method or EVERY[name])(address(name, world)).status_code


def test_every_address_is_listed_here():
    assert {url.name for url in urlpatterns} == set(EVERY)


@pytest.mark.parametrize("name", sorted(set(EVERY) - set(OPEN)))
@pytest.mark.parametrize("method", [GET, POST])
def test_a_visitor_is_sent_to_sign_in(client, world, name, method):
    response = getattr(client, method)(address(name, world))

    assert (response.status_code, response.url.startswith(reverse("staff:sign_in"))) == (302, True)


@pytest.mark.parametrize("name", sorted(ABOUT_A_CLIENT | DECIDED_BY_FEW))
@pytest.mark.parametrize("method", [GET, POST])
def test_a_stranger_cannot_tell_that_it_exists(client, sam, world, name, method):
    client.force_login(sam)
    nowhere = re.sub(r"/\d+/", f"/{NOBODY_IS_THIS}/", address(name, world))

    answer, answer_to_nonsense = getattr(client, method)(address(name, world)), getattr(client, method)(nowhere)

    assert answer.status_code == answer_to_nonsense.status_code
    assert answer.status_code == 404 or (answer.status_code == 405 and EVERY[name] != method)
    assert "Shop fittings" not in answer.content.decode()


@pytest.mark.parametrize("name", sorted(ABOUT_A_CLIENT | DECIDED_BY_FEW))
@pytest.mark.parametrize("role", ["thandi", "mara", "ada"])
def test_whoever_sees_the_client_may(request, client, world, name, role):
    client.force_login(request.getfixturevalue(role))

    assert status(client, name, world) not in (401, 403, 404, 405, 500)


@pytest.mark.parametrize("name", sorted(DECIDED_BY_FEW))
@pytest.mark.parametrize("method", [GET, POST])
def test_a_member_who_is_neither_owner_nor_lead_does_not_decide(client, sam, world, name, method):
    world["client"].members.add(sam)
    client.force_login(sam)

    assert status(client, "detail", world) == 200
    assert status(client, name, world, method) == 403


@pytest.mark.parametrize("name", sorted(ABOUT_A_CLIENT))
def test_a_member_may_do_the_work(client, sam, world, name):
    world["client"].members.add(sam)
    client.force_login(sam)

    assert status(client, name, world) not in (403, 404, 405, 500)


@pytest.mark.parametrize("name", sorted(FOR_EVERYBODY_HERE))
@pytest.mark.parametrize("role", ROLES)
def test_everybody_here_may(request, client, world, name, role):
    client.force_login(request.getfixturevalue(role))

    # An empty line typed at the top is led to the form.
    assert status(client, name, world) == (302 if name == "quick_add" else 200)


@pytest.mark.parametrize("name", sorted(FOR_MANAGERS))
@pytest.mark.parametrize("role", ROLES)
def test_what_is_for_managers_is_for_managers(request, client, world, name, role):
    client.force_login(request.getfixturevalue(role))

    answer = status(client, name, world)

    assert (answer == 403) == (role in ("sam", "thandi"))
    # A file without faults has no list of them.
    assert answer in (200, 302, 403) or (name, answer) == ("upload_faults", 404)


@pytest.mark.parametrize("role", ["nobody", *ROLES])
def test_the_clients_page_opens_to_whoever_holds_its_address(request, client, world, role):
    if role != "nobody":
        client.force_login(request.getfixturevalue(role))

    assert status(client, "progress", world) == 200
    assert status(client, "new_link", world) == 200


@pytest.mark.parametrize("end", ["revoked", "expired", "archived", "wrong"])
def test_an_address_that_opens_nothing_looks_like_every_other(client, world, thandi, end):
    link, wrong = world["link"], reverse("promises:progress", args=["x" * 43])
    match end:
        case "revoked":
            client_actions.revoke_link(link, thandi, timezone.now())
        case "expired":
            type(link).objects.filter(pk=link.pk).update(expires_at=timezone.now())
        case "archived":
            type(world["client"]).objects.update(archived_at=timezone.now())

    at = wrong if end == "wrong" else address("progress", world)
    answer, answer_to_nonsense = client.get(at), client.get(reverse("promises:progress", args=["nonsense"]))

    assert (answer.status_code, answer_to_nonsense.status_code) == (404, 404)
    assert answer.content == answer_to_nonsense.content


def test_one_clients_page_shows_nothing_of_another(client, world, make_promise, thandi, karoo):
    make_promise("Only for Karoo", client=karoo)

    page = client.get(address("progress", world)).content.decode()

    assert "Shop fittings drawings" in page
    assert "Only for Karoo" not in page


@pytest.mark.parametrize("name", sorted(EVERY))
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_writes_nothing(client, mara, world, name, method):
    client.force_login(mara)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        getattr(client, method)(address(name, world))

    assert [query["sql"] for query in asked if WRITES.search(query["sql"])] == []
