"""Every address × every role × every method: the world that is asked, how it is asked, and the table's own form.

`matrix.tsv` beside this file says what is right; docs/access.md says how it is read and how a page is added.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.test import Client as Browser
from django.test import RequestFactory, override_settings
from django.test.client import ClientHandler
from django.urls import URLResolver, get_resolver

from clients.actions import (
    draft_addendum,
    keep_template,
    log_request,
    make_client,
    make_link,
    revoke_link,
    save_contact,
    save_solution,
)
from clients.models import (
    Client,
    Contact,
    OutsideRequest,
    Scope,
    ScopeFile,
    SealedDocument,
    Solution,
)
from clients.tests.agreements import draft, send, signed
from clients.views.signed_document import new_pass
from conftest import DAY, NOW, PASSWORD, ZONE
from engagement.outbox.actions import write
from engagement.outbox.models import Audience, Message, State
from engagement.staff.models import Absence, Firm, FirmLogo, Role, User, WorkingWeek
from promises import actions
from promises.due import due_for
from promises.models import Step, Upload

TABLE = Path(__file__).with_name("matrix.tsv")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
LOOKING = METHODS[:3]
BROWSERS = ("GET", "POST")
AT_THE_DOOR = {("GET", "nobody"), ("GET", "manager"), ("GET", "admin"), ("POST", "admin")}

# Whoever is signed in, or nobody. Staff ask about a client that everybody sees, all others about a restricted one.
PEOPLE = ("nobody", "staff", "outsider", "member", "owner", "lead", "manager", "admin")
# Nobody signed in, and what stands in the address. Only addresses that hold a token are asked as these.
HOLDERS = ("link", "other's link", "expired", "revoked", "signing", "signed", "passed")
ROLES = (*PEOPLE, *HOLDERS)

# What stands in an address is told by the word it begins with.
THINGS = {
    "absences": "absence",
    "addenda": "addendum",
    "agreements": "draft agreement",
    "clients": "client",
    "contacts": "contact",
    "extensions": "extension",
    "import": "upload",
    "links": "link",
    "people": "person",
    "promises": "promise",
    "requests": "request",
    "scope-templates": "template",
    "scopes": "draft scope",
    "sent": "message",
    "solutions": "solution",
    "steps": "step",
    "weeks": "week",
}
# Where the thing has to have come further than that, for the page to have something to do.
STANDING = {
    "agreements/<int:pk>/countersign/": "sent agreement",
    "agreements/<int:pk>/document/": "signed agreement",
    "agreements/<int:pk>/end/": "signed agreement",
    "agreements/<int:pk>/proposal/": "sent agreement",
    "agreements/<int:pk>/revise/": "sent agreement",
    "agreements/<int:pk>/withdraw/": "sent agreement",
    "scopes/<int:pk>/addenda/new/": "signed scope",
    "scopes/<int:pk>/greeted/": "signed scope",
    "scopes/<int:pk>/promises/": "signed scope",
    "scopes/<int:pk>/renewal/": "signed scope",
    "scopes/<int:pk>/renewal/draft/": "signed scope",
}
NOBODYS_TOKEN = "x" * 43
HOLE = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|WITH\b.*\b(INSERT|UPDATE|DELETE))\b", re.IGNORECASE | re.DOTALL)
# Who is signed in where, and when they were last seen: the one thing that looking at a page may write.
SESSIONS = ("django_session", "staff_session")
OF_SESSIONS = re.compile('"(' + "|".join(SESSIONS) + ')"')
# Firm-wide things are the same on both sides.
Side = dict[str, Any]


def addresses() -> list[str]:
    """Every route of the resolver: what is here can be reached, whatever it is called and wherever it was put in."""
    return list(_routes(get_resolver().url_patterns))


def _routes(patterns: Any, before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


def holds_token(route: str) -> bool:
    """Private addresses: what opens them stands in them, not in a session."""
    return ("<str:token>" in route and "uidb64" not in route) or route.startswith("p/<")


class World:
    """A firm with two clients, one of whom only some may know of, and one of each thing for both."""

    def __init__(self) -> None:
        _count_from_afar()
        self.firm = Firm.objects.create(
            pk=1, name="Word & Co", email="office@word.example", phone="021 555 0100", zone=ZONE, holiday_region="ZA"
        )
        self.mara = _person("Mara Botha", Role.MANAGER)
        self.ada = _person("Ada Admin", Role.ADMINISTRATOR)
        self.thandi = _person("Thandi Mokoena", manager=self.mara)
        self.owen, self.nomsa, self.sam = _person("Owen Owner"), _person("Nomsa Member"), _person("Sam Outsider")
        self.people = {
            "staff": self.sam,
            "outsider": self.sam,
            "member": self.nomsa,
            "owner": self.owen,
            "lead": self.thandi,
            "manager": self.mara,
            "admin": self.ada,
        }
        self.both = self._of_the_firm()
        self.open = self._side("Karoo Linen", "lena@karoo.example", restricted=False)
        self.quiet = self._side("Quiet Matter", "quinn@quiet.example", restricted=True)
        kept_text = keep_template(self.open["draft scope"], "A usual scope", by=self.thandi, now=NOW)
        self.open["template"] = self.quiet["template"] = kept_text
        self.sessions = {role: _session(person) for role, person in self.people.items()}
        self.tokens = self._tokens()
        self.server = Server()

    def _of_the_firm(self) -> Side:
        solution = Solution(
            title="A second viewing",
            helps_when="They want to see it once more.",
            say="Offer the drawings first.",
            owner=self.owen,
            review_by=date(2027, 6, 1),
        )
        save_solution(solution, NOW - 10 * DAY)
        FirmLogo.objects.create(firm=self.firm, kind="png", content=b"logo", width=1, height=1, changed_at=NOW)
        return {
            "absence": Absence.objects.create(user=self.owen, first_day=date(2027, 1, 4), last_day=date(2027, 1, 8)),
            "person": self.owen,
            "solution": solution,
            "upload": Upload.objects.create(
                name="deliveries.csv", content=b"client,what,owner,due_on\nX,Y,Z,2026-12-01\n", by=self.mara, at=NOW
            ),
            "week": WorkingWeek.objects.create(user=self.owen, valid_from=date(2026, 1, 1)),
        }

    def _side(self, name: str, email: str, *, restricted: bool) -> Side:
        """One client with one of each thing, in each of the states that pages ask for."""
        by, before = self.thandi, NOW - 3 * DAY
        client = make_client(Client(name=name, zone=ZONE, lead=by, restricted=restricted), by, NOW - 30 * DAY)
        if restricted:
            client.members.add(self.owen, self.nomsa)
        contact = Contact(client=client, name=email.split("@")[0].title(), email=email)
        save_contact(contact, by, before)
        first = draft(client, by, before, title=f"Fittings for {name}")
        ScopeFile.objects.create(
            scope=first, name="signed.pdf", content=b"%PDF-1.7", size=8, sha256="0" * 64, added_at=NOW, added_by=by
        )
        second = draft(client, by, before, title=f"Lights for {name}")
        send(second.agreement, contact, by, before, name="")
        third = signed(client, contact, by, before, title=f"Doors for {name}")
        SealedDocument.objects.create(
            agreement=third.agreement,
            content=b"%PDF-1.7",
            size=8,
            sha256=f"{client.pk:064}",
            fingerprint="0" * 64,
            is_timestamped=False,
            head_seq=1,
            head_hash="0" * 64,
            made_at=NOW,
        )
        promise = actions.make(
            client=client,
            what=f"Drawings for {name}",
            due=due_for(client, self.firm, date(2026, 11, 27), None),
            owner=self.owen,
            by=self.owen,
            now=NOW - 2 * DAY,
            steps=["Measure", "Draw"],
        )
        extension = actions.extend(
            promise,
            due_for(client, self.firm, date(2026, 11, 30), None),
            reason="more_work",
            reason_text="More.",
            asked_by="us",
            by=self.owen,
            now=NOW - DAY,
        )
        message = write(
            occasion=f"one {client.pk}",
            now=NOW - DAY,
            audience=Audience.CLIENT,
            address=email,
            subject=f"News for {name}",
            body="Nobody else reads this.",
            kind=f"client {client.pk}",
            written_by=self.owen,
        )
        Message.objects.filter(pk=message.pk).update(state=State.SENT, sent_at=NOW - DAY)
        asked = OutsideRequest(client=client, what=f"A favour for {name}", asked_on=NOW.date())
        return {
            **self.both,
            "addendum": draft_addendum(third, title="A counter", reason="They asked.", by=by, now=NOW),
            "client": client,
            "contact": contact,
            "draft agreement": first.agreement,
            "draft scope": first,
            "extension": extension,
            "link": make_link(client, by, NOW - DAY, contact=contact),
            "message": message,
            "promise": promise,
            "request": log_request(asked, by, NOW),
            "sent agreement": second.agreement,
            "signed agreement": third.agreement,
            "signed scope": Scope.objects.get(pk=third.pk),
            "step": Step.objects.filter(promise=promise).first(),
        }

    def _tokens(self) -> dict[str, str]:
        quiet = self.quiet["client"]
        expired = make_link(quiet, self.thandi, NOW - 31 * DAY, days=30)
        revoked = make_link(quiet, self.thandi, NOW - DAY)
        revoke_link(revoked, self.thandi, NOW)
        return {
            "link": self.quiet["link"].token(),
            "other's link": self.open["link"].token(),
            "expired": expired.token(),
            "revoked": revoked.token(),
            "signing": self.quiet["sent agreement"].token(),
            "signed": self.quiet["signed agreement"].token(),
        }

    # Addresses

    def side(self, role: str) -> Side:
        return self.open if role == "staff" else self.quiet

    def path(self, route: str, role: str, **instead: Any) -> str:
        """The address that this role asks for; `instead` puts other values into its holes."""
        pattern = route.replace("^", "").replace("$", "")
        path = HOLE.sub(lambda hole: str(self._value(route, hole[1] or hole[2], role, instead)), pattern)
        query = f"?{urlencode({'pass': new_pass(self.quiet['signed agreement'])})}" if role == "passed" else ""
        return f"/{path}{query}"

    def _value(self, route: str, hole: str, role: str, instead: dict[str, Any]) -> Any:
        if hole in instead:
            return instead[hole]
        if hole == "token":
            return self._token(route, role)
        if route.startswith("admin/"):
            return _in_admin(route, hole)
        given = {
            "number": lambda: self.quiet["signed scope"].number,
            "person_pk": lambda: self.both["person"].pk,
            "pk": lambda: self.side(role)[STANDING.get(route) or THINGS[route.partition("/")[0]]].pk,
            "rest": lambda: "x",
            "uidb64": lambda: "MQ",
        }
        return given[hole]()

    def _token(self, route: str, role: str) -> str:
        if role == "passed":
            role = "signed" if route.startswith("s/") else "link"
        return self.tokens.get(role, NOBODYS_TOKEN)

    # Answers

    def ask(self, method: str, path: str, role: str, data: Any = None, **more: Any) -> HttpResponseBase:
        return self.server.ask(method, path, self.sessions.get(role, ""), data, **more)

    def answer(self, route: str, method: str, role: str, **more: Any) -> tuple[str, list[str]]:
        """In a word, and what was written by it, which is taken back."""
        path = self.path(route, role)
        with undone(), written() as writes:
            word = in_a_word(self.ask(method, path, role, **more))
        return word, writes


class Server:
    """Answers as the product does, without what Django's test client adds for looking into templates."""

    def __init__(self) -> None:
        self.handlers = {strict: ClientHandler(enforce_csrf_checks=strict) for strict in (False, True)}
        self.requests = RequestFactory()

    def ask(self, method: str, path: str, session: str, data: Any, *, strict: bool = False) -> HttpResponseBase:
        cache.clear()
        self.requests.cookies.clear()
        if session:
            self.requests.cookies[settings.SESSION_COOKIE_NAME] = session
        if method in ("GET", "HEAD", "POST"):
            request = getattr(self.requests, method.lower())(path, data)
        else:
            request = self.requests.generic(method, path)
        response = self.handlers[strict](request.environ)
        if response.streaming:
            list(response.streaming_content)  # what is never read is never asked of the database
        return response


def in_a_word(response: HttpResponseBase) -> str:
    to = response.headers.get("Location", "")
    return "sign in" if to.startswith("/sign-in/") else str(response.status_code)


def _count_from_afar() -> None:
    """No two tables give the same numbers, and none gives one that means something else on a page."""
    tables = sorted(
        model._meta.db_table for model in apps.get_models() if model._meta.pk.get_internal_type() == "BigAutoField"
    )
    with connection.cursor() as cursor:
        for place, table in enumerate(tables, 1):
            first = 7_000_000 + place * 10_000
            if connection.vendor == "postgresql":
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, first])
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first])


def _person(name: str, role: str = Role.STAFF, **fields: Any) -> User:
    email = f"{name.split()[0].lower()}@word.example"
    return User.objects.create_user(email, PASSWORD, name=name, role=role, zone=ZONE, **fields)


def _session(person: User) -> str:
    browser = Browser()
    browser.force_login(person)
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def _in_admin(route: str, hole: str) -> Any:
    match hole:
        case "app_label":
            return "clients"
        case "content_type_id":
            return ContentType.objects.get_for_model(Client).pk
        case "url":
            return "nothing/of/this/kind"
    _admin, app, model, *_rest = route.split("/")
    if app == "r":
        return Client.objects.values_list("pk", flat=True).get(name="Quiet Matter")
    return _first_of(app, model)


@functools.cache
def _first_of(app: str, model: str) -> Any:
    return apps.get_model(app, model)._default_manager.order_by("pk").values_list("pk", flat=True).first() or 1


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def written() -> Iterator[list[str]]:
    """The statements that change a row, but for those of sessions."""
    writes: list[str] = []

    def see(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if WRITES.match(sql) and not OF_SESSIONS.search(sql):
            writes.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(see):
        yield writes


@contextmanager
def a_world() -> Iterator[World]:
    """Built once for a module, and gone with it."""
    _first_of.cache_clear()
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    quick = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    # How a paper looks is asked elsewhere, and drawing them would take most of the time.
    paper = patch("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")
    try:
        with time_machine.travel(NOW, tick=False), quick, paper, undone():
            yield World()
    finally:
        logging.disable(before)


# What is kept


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def kept(*but: str) -> dict[str, list[Any]]:
    """Every row of every table, but for those named."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table not in but and not table.startswith(("sqlite_", "clients_solution_words_")):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                found[table] = sorted(repr(tuple(map(_plain, row))) for row in cursor.fetchall())
    return found


# Which cells are asked

Question = tuple[str, str, str]


def roles_of(route: str) -> tuple[str, ...]:
    return ROLES if holds_token(route) else PEOPLE


def questions(role: str, *, at: tuple[str, ...] = ("",), whole: bool) -> list[Question]:
    """What a role asks. Without `whole`, what differs least is left out: other methods than the two that browsers
    know are asked as nobody and as an administrator, and Django's admin is looked at only by those who differ there."""
    return [
        (route, method, role)
        for route in addresses()
        if route.startswith(at)
        for method in METHODS
        if role in roles_of(route) and (whole or _is_asked(route, method, role))
    ]


def _is_asked(route: str, method: str, role: str) -> bool:
    if route.startswith("admin/"):
        return (method, role) in AT_THE_DOOR
    return method in BROWSERS or role in ("nobody", "admin", *HOLDERS)


# The table

Cells = dict[str, str]
Table = dict[tuple[str, str], Cells]


def read_table(text: str) -> Table:
    head, *lines = (line.split("\t") for line in text.splitlines() if line)
    assert head == ["address", "methods", *ROLES]
    table: Table = {}
    for route, methods, *cells in lines:
        for method in methods.split(" "):
            assert (route, method) not in table, f"{method} {route} stands there twice"
            table[route, method] = {role: cell for role, cell in zip(ROLES, cells, strict=True) if cell}
    return table


def write_table(table: Table) -> str:
    """One row for all methods of an address that are answered alike."""
    lines = [["address", "methods", *ROLES]]
    for route in sorted({route for route, _method in table}):
        alike: dict[tuple[str, ...], list[str]] = {}
        for method in METHODS:
            cells = table.get((route, method), {})
            alike.setdefault(tuple(cells.get(role, "") for role in ROLES), []).append(method)
        lines += [[route, " ".join(methods), *cells] for cells, methods in alike.items()]
    return "".join("\t".join(line) + "\n" for line in lines)
