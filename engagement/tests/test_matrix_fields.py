"""What forms take: the fields that they show and no others, and no number of what is somebody else's.

Every page that is sent is sent as it was shown, with what is still to be typed. Then with every name that any table
has, and with the numbers of another client's things: what is written stays as it was, or nothing is.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from html.parser import HTMLParser
from pathlib import Path
from unittest.mock import patch

import pytest
from django import forms
from django.apps import apps
from django.db import models

from clients.models import Client
from engagement.staff.models import User
from engagement.tests.matrix import TABLE, a_world, kept, read_table, undone

pytestmark = pytest.mark.django_db

# One line an address: who sends it, and the fields that are read from what they send.
FIELDS = Path(__file__).with_name("fields.tsv")
TO = os.environ.get("FIELDS_TO", "")
HOW_TO = "FIELDS_TO=/tmp/fields.tsv with this test writes down what is read; docs/access.md"
NOBODY_HAS = 9_999_999
CONFIRMED = {"confirmed": "yes"}
# What has to be typed into a page as it is shown, before it does something. The first who may is asked to do it.
TYPED = {
    "absences/<int:pk>/": {"note": "Away"},
    "absences/<int:pk>/remove/": {},
    "addenda/<int:pk>/dates/": {"promise-{promise.pk}-new_date": "9 December"},
    "addenda/<int:pk>/edit/": {"title": "Another counter"},
    "agreements/<int:pk>/countersign/": {"name": "Thandi Mokoena"},
    "agreements/<int:pk>/end/": {"why": "It is over."},
    "agreements/<int:pk>/revise/": CONFIRMED,
    "agreements/<int:pk>/send/": {},
    "agreements/<int:pk>/withdraw/": {"why": "They changed their minds."},
    "board/ask/": {"send": "yes", "promise": "{promise.pk}"},
    "clients/<int:pk>/archive/": {},
    "clients/<int:pk>/contacts/new/": {"name": "Piet", "email": "piet@karoo.example"},
    "clients/<int:pk>/edit/": {"about": "They like drawings."},
    "clients/<int:pk>/links/": {},
    "clients/<int:pk>/requests/new/": {"what": "A shelf more"},
    "clients/<int:pk>/scopes/begin/": {"template": "{template.pk}"},
    "clients/<int:pk>/scopes/new/": {"title": "A fourth shop"},
    "clients/<int:pk>/scopes/paper/": {},
    "clients/<int:pk>/tell/": {
        "about_{promise.pk}": "on",
        "kind_{promise.pk}": "moved",
        "drafted_for": "{contact.pk},{promise.pk}:moved",
        "subject": "The drawings",
        "body": "A day later.",
    },
    "clients/<int:pk>/unarchive/": {},
    "clients/new/": {"name": "A new client"},
    "contacts/<int:pk>/": {"role": "Director"},
    "contacts/<int:pk>/back/": {},
    "contacts/<int:pk>/left/": CONFIRMED,
    "extensions/<int:pk>/answer/": {"agreed": "agreed", "words": "Yes."},
    "firm/": {"renewal_days": "40"},
    "foresight/": {"watch_from": "0.2"},
    "links/<int:pk>/renew/": CONFIRMED,
    "links/<int:pk>/revoke/": CONFIRMED,
    "me/": {"title": "Architect"},
    "me/absences/new/": {"first_day": "4 January 2027", "last_day": "8 January 2027"},
    "me/weeks/new/": {},
    "people/<int:person_pk>/absences/new/": {"first_day": "4 May 2027", "last_day": "8 May 2027"},
    "people/<int:person_pk>/weeks/new/": {},
    "people/<int:pk>/": {"title": "Architect"},
    "people/<int:pk>/back/": {},
    "people/<int:pk>/invite/": {},
    "people/<int:pk>/left/": {},
    "people/new/": {"name": "Nina New", "email": "nina@word.example"},
    "promises/<int:pk>/done/": {},
    "promises/<int:pk>/edit/": {"client_words": "On paper, please."},
    "promises/<int:pk>/extend/": {
        "new_date": "7 December",
        "reason": "more_work",
        "reason_text": "More to draw.",
        "told": "not_yet",
        "answer": "none",
        "confirmed": "over",
        "over_reason": "It has to be.",
    },
    "promises/<int:pk>/note/": {"note": "For us."},
    "promises/<int:pk>/reassign/": {"owner": "{member.pk}"},
    "promises/<int:pk>/reopen/": {},
    "promises/<int:pk>/steps/": {"steps": "Measure\nDraw\nBuild"},
    "promises/<int:pk>/tell/": {},
    "promises/<int:pk>/update/": {"standing": "on_track", "text": "Half of it is drawn."},
    "promises/<int:pk>/void/": {"reason": "Twice."},
    "promises/<int:pk>/waiting-over/": {},
    "promises/<int:pk>/waiting/": {"what": "The keys"},
    "promises/<int:pk>/withdraw/": {"reason": "Not needed.", "agreed_by": "Lena"},
    "promises/new/": {
        "what": "A list of lamps",
        "client": "{client.pk}",
        "due_on": "9 December",
        "confirmed": "over",
        "over_reason": "It has to be.",
    },
    "promises/quick/": {"line": "Send the list of lamps to @Karoo by 9 December", "client": "{client.pk}"},
    "requests/<int:pk>/addendum/": {"scope": "{signed_scope.pk}"},
    "requests/<int:pk>/answer/": {"answer": "Gladly."},
    "scope-templates/<int:pk>/": {"name": "An unusual scope"},
    "scope-templates/<int:pk>/delete/": CONFIRMED,
    "scopes/<int:pk>/addenda/new/": {"title": "A shelf", "reason": "They asked."},
    "scopes/<int:pk>/copy/": {},
    "scopes/<int:pk>/edit/": {"title": "Another title"},
    "scopes/<int:pk>/greeted/": {},
    "scopes/<int:pk>/promises/": {"line": "1", "act": "not_needed"},
    "scopes/<int:pk>/renewal/": {
        "decision": "renew",
        "how": "spoken",
        "contact": "{contact.pk}",
        "channel": "call",
        "text": "We go on.",
    },
    "scopes/<int:pk>/renewal/draft/": {},
    "scopes/<int:pk>/paper/": {},
    "scopes/<int:pk>/template/": {"name": "A kept scope"},
    "sending/": {},
    "sent/<int:pk>/bounced/": {"why": "No such address."},
    "sent/<int:pk>/mark-sent/": {},
    "sent/<int:pk>/resend/": {},
    "sent/<int:pk>/see-to/": {},
    "sent/<int:pk>/undo/": {},
    "solutions/<int:pk>/archive/": {},
    "solutions/<int:pk>/edit/": {"title": "A third viewing"},
    "solutions/<int:pk>/reviewed/": {"review_by": "1 August 2027"},
    "solutions/<int:pk>/unarchive/": {},
    "solutions/new/": {"title": "A lamp", "helps_when": "It is dark.", "say": "Light it."},
    "steps/<int:pk>/": {"done": "yes"},
    "weeks/<int:pk>/": {},
    "weeks/<int:pk>/remove/": {},
}
# About who somebody is, and files: their own tests ask what they take.
ELSEWHERE = (
    "admin/",
    "document/",
    "firm/logo/",
    "import/",
    "join/",
    "me/devices/",
    "me/password/",
    "me/second-step/",
    "p/",
    "password/",
    "people/<int:pk>/second-step/",
    "people/<int:pk>/sign-out/",
    "s/",
    "sign-in/",
    "sign-out/",
    "start/",
    "verify/",
)
# Nothing is there to be done in the world as it is built, or it takes a page more: sent all the same.
IDLE = {
    "agreements/<int:pk>/send/",
    "clients/<int:pk>/archive/",
    "clients/<int:pk>/scopes/paper/",
    "clients/<int:pk>/unarchive/",
    "contacts/<int:pk>/back/",
    "people/<int:pk>/invite/",
    "promises/<int:pk>/reopen/",
    "promises/<int:pk>/waiting-over/",
    "scopes/<int:pk>/paper/",
    "scopes/<int:pk>/renewal/draft/",
    "sending/",
    "sent/<int:pk>/mark-sent/",
    "sent/<int:pk>/resend/",
    "sent/<int:pk>/see-to/",
    "sent/<int:pk>/undo/",
    "solutions/<int:pk>/unarchive/",
}


# Names that a view reads beside its form.
READ = {"board/ask/": {"occasion"}}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), a_world() as built:
        yield built


@pytest.fixture(scope="module")
def table():
    return read_table(TABLE.read_text())


@pytest.fixture(scope="module")
def before(world):
    return rows()


def who(table, route):
    cells = table[route, "POST"]
    return next(role for role in ("staff", "owner", "lead", "manager", "admin") if cells[role] in ("200", "302"))


class Controls(HTMLParser):
    """What a browser would send of each form of a page that is sent by POST."""

    def __init__(self, page):
        super().__init__()
        self.forms, self.form, self.area, self.select = [], None, None, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        name = said.get("name")
        if tag == "form":
            self.form = {} if said.get("method", "").lower() == "post" else None
            if self.form is not None:
                self.forms.append((said.get("action", ""), self.form))
        elif self.form is None or (not name and tag != "option"):
            return
        elif tag == "textarea":
            self.area, self.form[name] = name, [""]
        elif tag == "select":
            self.select = name
            self.form.setdefault(name, [])
        elif tag == "option" and self.select:
            if "selected" in said:
                self.form[self.select] = [*self.form[self.select], said.get("value", "")]
        elif tag == "input" and said.get("type") not in ("submit", "button", "file"):
            is_box = said.get("type") in ("checkbox", "radio")
            if not is_box or "checked" in said:
                self.form.setdefault(name, []).append(said.get("value", "on" if is_box else ""))

    def handle_data(self, data):
        if self.area:
            self.form[self.area][0] += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            if self.area:
                self.form[self.area][0] = self.form[self.area][0].removeprefix("\n")
            self.area = None
        elif tag == "select":
            self.select = None
        elif tag == "form":
            self.form = None


def body(world, table, route, role):
    """As it is shown, and typed."""
    path = world.path(route, role)
    shown = {}
    if table[route, "GET"][role] == "200":
        forms_of_page = Controls(world.ask("GET", path, role).content.decode()).forms
        own = [form for action, form in forms_of_page if action in ("", path) or action.startswith("?")]
        shown = max(own, key=len, default={})
    shown.pop("csrfmiddlewaretoken", None)
    things = {name.replace(" ", "_"): thing for name, thing in world.side(role).items()} | {"member": world.nomsa}
    typed = {name.format_map(things): value.format_map(things) for name, value in TYPED[route].items()}
    return {**shown, **typed}


def rows():
    return kept("django_session", "staff_session")


DRAWN = re.compile(r'value="[\w-]{20,}"')
LONG = re.compile(r"[\w-]{22,}|\d{7}")


def written(world, before, role, path, data):
    """The rows that were written or changed by it, and the answer."""
    with undone():
        response = world.ask("POST", path, role, data)
        after = rows()
    changed = {name: sorted(set(after[name]) - set(before[name])) for name in after if after[name] != before[name]}
    return changed, response


def scrubbed(found):
    """Without what is drawn or counted anew each time."""
    return {name: [LONG.sub("~", row) for row in rows_] for name, rows_ in found.items()}


@contextmanager
def forms_seen():
    """Every form that reads what was sent."""
    seen, begin = [], forms.BaseForm.__init__

    def note(form, *args, **kwargs):
        begin(form, *args, **kwargs)
        seen.append(form)

    with patch.object(forms.BaseForm, "__init__", note):
        yield seen


def of_tables(world):
    """Every name that a column has, with what it would be good for to whoever could write it."""
    named = {}
    for model in apps.get_models():
        for field in model._meta.fields:
            named.setdefault(field.name, value_for(world, field))
            named.setdefault(field.attname, named[field.name])
    return {**named, "role": "administrator", "pk": "1", "is_staff": "on", "is_superuser": "on"}


def value_for(world, field):
    match field:
        case models.ForeignKey() | models.OneToOneField():
            chosen = {Client: world.quiet["client"].pk, type(world.ada): world.ada.pk}
            return str(chosen.get(field.related_model) or _any_of(field.related_model))
        case models.Field(choices=[*_rest, (value, _label)]):
            return str(value)
        case models.BooleanField():
            return "on"
        case models.DateTimeField():
            return datetime(2031, 3, 3, 10, tzinfo=UTC).isoformat()
        case models.DateField():
            return date(2031, 3, 3).isoformat()
        case models.TimeField():
            return time(3, 33).isoformat()
        case models.JSONField():
            return '{"smuggled": 1}'
        case models.CharField() | models.TextField():
            return "smuggled"
    return "7"


def _any_of(model):
    return model._default_manager.values_list("pk", flat=True).first() or 1


def sent(world, table, before, route):
    """How it goes as it is meant: who, where, what is sent, what is written, and the forms that read it."""
    role = who(table, route)
    path, data = world.path(route, role), body(world, table, route, role)
    with forms_seen() as seen:
        found, response = written(world, before, role, path, data)
    return role, path, data, found, response, [form for form in seen if form.is_bound]


ROUTES = sorted(TYPED)


@pytest.fixture(scope="module")
def meant(world, table, before):
    """Every page sent as it is meant to be."""
    return {route: sent(world, table, before, route) for route in ROUTES}


@pytest.fixture(scope="module")
def fields(meant):
    """What each page reads, without the numbers and places that stand in names."""
    found = {}
    for route, (role, _path, _data, _found, _response, bound) in meant.items():
        names = {re.sub(r"\d+", "N", form.add_prefix(name)) for form in bound for name in form.fields}
        found[route] = (role, " ".join(sorted(names)))
    if TO:
        Path(TO).write_text("".join(f"{route}\t{role}\t{names}\n" for route, (role, names) in found.items()))
    return found


def test_every_page_that_is_sent_is_known(table):
    sent_to = {route for (route, method), cells in table.items() if method == "POST" and cells["admin"] != "405"}

    assert {route for route in sent_to if not route.startswith(ELSEWHERE)} == set(TYPED)


def test_every_field_that_a_page_reads_stands_in_the_list(fields):
    lines = [line.split("\t") for line in FIELDS.read_text().splitlines()]

    assert {route: (role, names) for route, role, names in lines} == fields, HOW_TO


def test_what_is_typed_is_written(meant):
    """Or the tests below would hold for no reason."""
    idle = {route for route in ROUTES if not meant[route][3]}

    assert idle == IDLE


def test_no_name_that_a_form_does_not_have_is_written(world, before, meant):
    names, taken = of_tables(world), {}

    for route in ROUTES:
        role, path, data, as_meant, _response, bound = meant[route]
        asked = {form.add_prefix(name) for form in bound for name in form.fields} | set(data) | READ.get(route, set())
        more = {name: value for name, value in names.items() if name not in asked}
        found, _answer = written(world, before, role, path, {**more, **data})
        if scrubbed(found) != scrubbed(as_meant):
            taken[route] = {
                name: rows_ for name, rows_ in scrubbed(found).items() if rows_ != scrubbed(as_meant).get(name)
            }

    assert len(names) > 200
    assert taken == {}


def test_no_number_of_somebody_elses_is_taken(world, before, meant):
    tried, taken = set(), []

    for route in ROUTES:
        role, path, data, as_meant, _response, bound = meant[route]
        for form, name in ((one, name) for one in bound for name in one.fields):
            field = form.fields[name]
            if not isinstance(field, forms.ModelChoiceField):
                continue
            offered = field.queryset.model._default_manager.exclude(pk__in=field.queryset.order_by().values("pk"))
            for foreign in offered.values_list("pk", flat=True)[:2]:
                tried.add((route, form.add_prefix(name)))
                refused, said = [], []
                for number in (foreign, NOBODY_HAS):
                    found, answer = written(world, before, role, path, {**data, form.add_prefix(name): number})
                    said.append((answer.status_code, DRAWN.sub("", answer.content.decode()).replace(str(number), "")))
                    # Left aside is as good: a field that is not theirs to fill in counts as little as nothing.
                    left_aside = scrubbed(found) == scrubbed(as_meant) and str(number) not in str(found)
                    refused.append(found == {} or left_aside)
                # Who works here is no secret.
                alike = said[0] == said[1] or field.queryset.model is User
                if not (alike and all(refused)):
                    taken.append((route, form.add_prefix(name), foreign, refused, [status for status, _page in said]))

    assert taken == []
    assert len(tried) > 20


def test_every_form_of_a_table_names_its_fields():
    made = set()
    for form in every(forms.ModelForm):
        if form.__module__.startswith(("clients.", "promises.", "engagement.")):
            made.add(form.__name__)
            assert isinstance(form._meta.fields, list | tuple), form
            assert form._meta.exclude is None

    assert {"ClientForm", "ContactForm", "PersonForm", "ScopeForm", "SolutionForm"} <= made


def every(cls):
    return {below for sub in cls.__subclasses__() for below in (sub, *every(sub))}
