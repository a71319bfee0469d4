"""Private addresses: what each opens in which state, and nothing else; and that none says a number of ours."""

import os
import re
import secrets
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from clients import actions
from clients.actions import mark_left, renew_link, revoke_link, unarchive
from clients.actions.codes import Purpose
from clients.models import Agreement, Client, PrivateLink
from clients.tests.agreements import code_for, put, send
from clients.tokens import hashed
from clients.views.signed_document import new_pass
from conftest import DAY, NOW, ZONE
from engagement.staff import actions as staff_actions
from engagement.staff import invitations
from engagement.staff.models import User
from engagement.tests.matrix import a_world, in_a_word, undone, written
from promises import actions as promise_actions

# Every number in the world: seven figures, beginning with a seven.
OURS = re.compile(r"(?<![\d.])7\d{6}(?!\d)")
OF_SIGNING = ("check", "accept", "code", "ask", "decline", "pdf", "document")
# What stands in a page only because it was asked for there.
PATHS = re.compile(r'(action|href|value)="[^"]*"')

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), a_world() as built:
        yield built


def asked(world, method, path, data=None):
    """The answer in a word, with a star where something was written by it; and the answer itself."""
    with written() as writes:
        response = world.ask(method, path, "nobody", data)
    return in_a_word(response) + ("*" if writes else ""), response


def table(text):
    """Rows of states by columns of acts."""
    head, *lines = (re.split(r"\s*\|\s*", line.strip()) for line in text.strip().splitlines())
    return {(line[0], act): cell for line in lines for act, cell in zip(head[1:], line[1:], strict=True)}


# The progress page. A star: something is written. A link always ends, so there is none whose end was taken away.

OF_A_LINK = table("""
state            | page | head | document | file | code | try
valid            | 200  | 200  | 200      | 200  | 200* | 200*
ends this second | 404  | 404  | 404      | 404  | 404  | 404
extended         | 200  | 200  | 200      | 200  | 200* | 200*
revoked          | 404  | 404  | 404      | 404  | 404  | 404
rotated          | 404  | 404  | 404      | 404  | 404  | 404
in its place     | 200  | 200  | 200      | 200  | 200* | 200*
deleted          | 404  | 404  | 404      | 404  | 404  | 404
they have left   | 404  | 404  | 404      | 404  | 404  | 404
archived         | 404  | 404  | 404      | 404  | 404  | 404
back again       | 200  | 200  | 200      | 200  | 200* | 200*
promise withdrawn| 200  | 200  | 200      | 200  | 200* | 200*
""")


def link_in(world, state):
    """The token as it was given out, once that has happened to its link."""
    link, by, client = world.quiet["link"], world.thandi, world.quiet["client"]
    code_for(world.quiet["signed agreement"], NOW, Purpose.DOCUMENT)
    token, row = link.token(), PrivateLink.objects.filter(pk=world.quiet["link"].pk)
    match state:
        case "ends this second":
            row.update(expires_at=NOW)
        case "extended":
            row.update(expires_at=NOW)
            row.update(expires_at=NOW + DAY)
        case "revoked":
            revoke_link(link, by, NOW)
        case "rotated":
            renew_link(link, by, NOW)
        case "in its place":
            return renew_link(link, by, NOW).token()
        case "deleted":
            row.delete()
        case "they have left":
            mark_left(world.quiet["contact"], by, NOW)
        case "archived" | "back again":
            Client.objects.filter(pk=client.pk).update(archived_at=NOW)
            if state == "back again":
                unarchive(Client.objects.get(pk=client.pk), by, NOW)
        case "promise withdrawn":
            promise_actions.withdraw(world.quiet["promise"], reason="No.", agreed_by="Quinn", by=by, now=NOW)
    return token


def ask_of_link(world, token, act):
    agreement = world.quiet["signed agreement"]
    document, opened = f"/document/{token}/{world.quiet['signed scope'].number}/", new_pass(agreement)
    match act:
        case "page":
            return asked(world, "GET", f"/p/{token}/")
        case "head":
            return asked(world, "HEAD", f"/p/{token}/")
        case "document":
            return asked(world, "GET", document)
        case "file":
            return asked(world, "GET", f"{document}?pass={opened}&file=yes")
        case "code":
            return asked(world, "POST", document, {"wanted": "on"})
        case "try":
            return asked(world, "POST", document, {"code": "000000"})
    raise AssertionError(act)


# The page on which an agreement is signed.

OF_A_SIGNING = table("""
state            | page | pdf | document | check | accept | ask  | decline
sent             | 200  | 200 | 302      | 200*  | 302*   | 302* | 302*
time is over     | 200  | 302 | 302      | 302   | 302    | 302  | 302
sent with more   | 200  | 200 | 302      | 200*  | 302*   | 302* | 302*
taken back       | 200  | 302 | 302      | 302   | 302    | 302  | 302
withdrawn        | 200  | 302 | 302      | 302   | 302    | 302  | 302
declined         | 200  | 302 | 302      | 302   | 302    | 302  | 302
they have left   | 404  | 404 | 404      | 404   | 404    | 404  | 404
archived         | 404  | 404 | 404      | 404   | 404    | 404  | 404
too long ago     | 404  | 404 | 404      | 404   | 404    | 404  | 404
never sent       | 404  | 404 | 404      | 404   | 404    | 404  | 404
""")


def signing_in(world, state):
    agreement, by = Agreement.objects.get(pk=world.quiet["sent agreement"].pk), world.thandi
    token, row = agreement.token(), Agreement.objects.filter(pk=agreement.pk)
    world.code = code_for(agreement)
    match state:
        case "time is over":
            row.update(valid_until_at=NOW)
        case "sent with more":
            actions.revise(agreement, by=by, now=NOW)
            again = Agreement.objects.get(pk=agreement.pk)
            send(again, world.quiet["contact"], by, NOW, name="")
            world.code = code_for(again)
        case "taken back":
            actions.revise(agreement, by=by, now=NOW)
        case "withdrawn":
            actions.withdraw(agreement, why="No.", by=by, now=NOW)
        case "declined":
            put(agreement, "declined", closed_at=NOW)
        case "they have left":
            mark_left(world.quiet["contact"], by, NOW)
        case "archived":
            Client.objects.filter(pk=agreement.client_id).update(archived_at=NOW)
        case "too long ago":
            put(agreement, "withdrawn", closed_at=NOW - timedelta(days=400))
            row.update(sent_at=NOW - timedelta(days=800), valid_until_at=NOW - timedelta(days=790))
        case "never sent":
            token = "x" * 43
    return token


def ask_of_signing(world, token, act):
    agreement = Agreement.objects.get(pk=world.quiet["sent agreement"].pk)
    last = agreement.versions.order_by("version").last()
    given = {"consent": "on", "name": "Quinn Quiet", "shown": last.sha256}
    match act:
        case "page":
            return asked(world, "GET", f"/s/{token}/")
        case "pdf" | "document":
            return asked(world, "GET", f"/s/{token}/{act}/")
        case "check":
            return asked(world, "POST", f"/s/{token}/check/", given)
        case "accept":
            return asked(world, "POST", f"/s/{token}/accept/", {**given, "code": world.code})
        case "ask":
            return asked(world, "POST", f"/s/{token}/ask/", {"text": "Why?"})
        case "decline":
            return asked(
                world, "POST", f"/s/{token}/decline/", {"why": "No.", "confirmed": "yes", "shown": last.sha256}
            )
    raise AssertionError(act)


@pytest.mark.parametrize(
    ("cells", "bring", "ask"), [(OF_A_LINK, link_in, ask_of_link), (OF_A_SIGNING, signing_in, ask_of_signing)]
)
def test_each_state_opens_what_the_table_says_from_the_next_request_on(world, cells, bring, ask):
    found, unlike = {}, []
    for state, act in cells:
        with undone():
            found[state, act], answer = ask(world, bring(world, state), act)
            if answer.status_code == 404 and act != "head":
                nothing = ask(world, "never-was", act)[1]
                unlike += [(state, act)] if answer.content != nothing.content else []

    assert found == cells
    assert unlike == []


# One address opens one thing


def test_a_token_opens_nothing_but_what_it_was_made_for(world):
    number = world.quiet["signed scope"].number
    nina = User(name="Nina New", email="nina@word.example", zone=ZONE)
    staff_actions.invite(nina, by=world.ada, now=NOW)
    owen, nina_ = (urlsafe_base64_encode(force_bytes(person.pk)) for person in (world.owen, nina))
    tokens = {
        "link": world.tokens["link"],
        "signing": world.tokens["signing"],
        "signed": world.tokens["signed"],
        "join": invitations.join_url(nina).rstrip("/").rpartition("/")[2],
        "password": default_token_generator.make_token(world.owen),
        "pass": new_pass(world.quiet["signed agreement"]),
    }
    doors = {
        "/p/{}/": {"link"},
        f"/document/{{}}/{number}/": {"link"},
        **{f"/s/{{}}/{rest}": {"signing", "signed"} for rest in ("", *(f"{act}/" for act in OF_SIGNING))},
        f"/join/{nina_}/{{}}/": {"join"},
        f"/join/{owen}/{{}}/": set(),
        f"/password/{owen}/{{}}/": {"password"},
        f"/password/{nina_}/{{}}/": set(),
    }
    tried, opened = 0, []

    for door, own in doors.items():
        nothing = world.ask("GET", door.format("x" * 43), "nobody")
        for purpose in tokens.keys() - own:
            answer = world.ask("GET", door.format(tokens[purpose]), "nobody")
            tried += 1
            if (answer.status_code, PATHS.sub("", answer.content.decode())) != (
                nothing.status_code,
                PATHS.sub("", nothing.content.decode()),
            ):
                opened.append((purpose, door, answer.status_code))

    assert tried > 40
    assert opened == []


@pytest.mark.parametrize("door", ["/s/{}/document/", "/document/{}/{}/"])
def test_a_pass_opens_the_document_that_it_was_given_for(world, door):
    """Together with the address: with that of another it is worth nothing, nor for longer than it lasts."""
    token, number = world.tokens["signed" if door.startswith("/s/") else "link"], world.quiet["signed scope"].number
    own, others = new_pass(world.quiet["signed agreement"]), new_pass(world.open["signed agreement"])

    def reads(given):
        answer = world.ask("GET", f"{door.format(token, number)}?pass={given}&file=yes", "nobody")
        return answer.headers["Content-Type"] == "application/pdf"

    assert (reads(own), reads(others), reads(""), reads(own[:-1])) == (True, False, False, False)
    with time_machine.travel(NOW + timedelta(minutes=31), tick=False):
        assert not reads(own)


# What it says


def test_no_page_of_a_client_says_a_number_of_ours(world):
    """Every number of the world has seven figures: nothing on such a page has as many."""
    number, opened = world.quiet["signed scope"].number, new_pass(world.quiet["signed agreement"])
    link, signing, signed = (world.tokens[name] for name in ("link", "signing", "signed"))
    pages = [f"/p/{link}/", f"/document/{link}/{number}/", f"/document/{link}/{number}/?pass={opened}"]
    pages += [
        f"/s/{token}/{rest}" for token in (signing, signed) for rest in ("", "code/", "ask/", "decline/", "document/")
    ]
    pages += [
        f"/s/{signed}/?pass={opened}",
        f"/s/{signed}/document/?pass={opened}",
        "/p/new-link/",
        "/p/never-was/",
        "/verify/",
    ]

    said = {path: OURS.findall(all_that_is_read(world.ask("GET", path, "nobody").content.decode())) for path in pages}

    assert {path: numbers for path, numbers in said.items() if numbers} == {}
    assert OURS.findall(all_that_is_read(f'<a href="?pass={signing_dumps(world)}">')) != []


def all_that_is_read(page):
    """With what can be read in everything that is only written another way. A fingerprint is of what they read."""
    page = re.sub(r"\b[0-9a-f]{64}\b", "", page)
    parts = re.findall(r"[\w-]{2,}", page)
    return page + " ".join(
        urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("latin-1") for part in parts if len(part) % 4 != 1
    )


def signing_dumps(world):
    """As the pass was once made: the number of the agreement could be read in it."""
    return signing.dumps(world.quiet["signed agreement"].pk, salt="signed document")


@pytest.mark.parametrize("kind", [PrivateLink, Agreement])
def test_no_guess_opens_anything(world, kind):
    """A thousand at a time. `make soak` guesses a million."""
    for _round in range(int(os.environ.get("GUESSES", "10000")) // 1000):
        guesses = [hashed(secrets.token_urlsafe(32)) for _number in range(1000)]
        assert not kind.objects.filter(token_hash__in=guesses).exists()
    assert kind.objects.filter(token_hash=hashed(world.tokens["link" if kind is PrivateLink else "signing"])).exists()
