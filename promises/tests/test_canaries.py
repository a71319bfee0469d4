"""A canary sits in every text that is ours alone. Whatever a client can read is made, and none may be heard in it."""

from __future__ import annotations

import ast
import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.apps import apps
from django.core.cache import cache
from django.template import Context, Template

from clients import actions as agreeing
from clients.actions import archive, make_client, make_link, save_contact
from clients.models import Agreement, Client, Contact, Scope, ScopeFile
from clients.tests import agreements
from clients.views.private import WRONG_LINKS
from conftest import DAY, HOUR, NOW, ZONE
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Channel, Message, State
from engagement.staff.models import Absence, Role
from promises import actions, drafts
from promises.due import due_for
from promises.models import Band, InternalNote, Promise, Reminder, RiskReading, Standing, Telling
from promises.progress_page import page_for
from promises.progress_rows import Reader

ROOT = Path(__file__).resolve().parents[2]
SPEAKS_TO_CLIENTS = [
    "promises/progress_page.py",
    "promises/progress_rows.py",
    "promises/progress_values.py",
    "promises/views/progress.py",
    "promises/forms/new_link.py",
    "promises/drafts.py",
    "clients/actions/links.py",
    "clients/signing_forms.py",
    "clients/signing_page.py",
    "clients/views/private.py",
    "clients/views/signed_document.py",
    "clients/views/signing.py",
    "clients/views/visit.py",
]
# Words that read what is ours alone, as attributes, names or columns.
OURS = {
    "CapacityOverride",
    "InternalNote",
    "chance",
    "manner",
    "notes",
    "our_understanding",
    "overrides",
    "readings",
    "reminders",
    "sentence",
}


def canary(name: str) -> str:
    return f"canary{name}zqx"


NOTES = [canary(f"note{when}") for when in ("made", "updated", "extended", "delivered")]
TEXTS = [
    canary(name)
    for name in (
        "about",
        "manner",
        "understanding",
        "sentence",
        "reading",
        "talk",
        "absence",
        "withdrawn",
        "agreedby",
        "voided",
        "voidedwhat",
        "refusedwords",
        "refusednote",
        "untoldreason",
        "error",
        "alarm",
        "alarmbody",
        "manager",
        "formerowner",
        "cover",
        "otherclient",
        "otherpromise",
        "othercontact",
        "otherscope",
        "elsewhere",
        "file",
        "reference",
        "takenback",
        "endedbecause",
        "papererror",
        "overmade",
        "overmoved",
    )
]
NUMBERS = ["83.71", "84%", "84 %", "4321", "3217", "987654", "987,654", "987.654", "XTS", "61%", "61 %"]
CANARIES = [*NOTES, *TEXTS, *NUMBERS, "mara@word.example", agreements.SEEN.address]


def heard_in(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary.lower() in text.lower()]


@pytest.fixture(autouse=True)
def _at_now(settings, monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


@pytest.fixture
def lead(make_person, mara):
    """Named to the client: they are told who leads the work."""
    return make_person("Leonie Lead", manager=mara)


@pytest.fixture
def karoo(lead):
    fresh = Client(name="Karoo Linen", zone=ZONE, lead=lead, about=canary("about"), word_on=4)
    return make_client(fresh, lead, NOW - 30 * DAY)


@pytest.fixture
def lena(karoo, thandi):
    contact = Contact(client=karoo, name="Lena Karoo", email="lena@karoo.example", manner=canary("manner"))
    save_contact(contact, thandi, NOW - 30 * DAY)
    return contact


@pytest.fixture
def papers(karoo, lena, make_person):
    """One agreement in each state in which its page says something. The name of who sent it is the client's to know."""
    sender = make_person("Ben Sender", Role.MANAGER)

    def paper(title, *, name=""):
        agreement = agreements.draft(karoo, sender, NOW - DAY, title=title).agreement
        return agreement, agreements.send(agreement, lena, sender, NOW - DAY, name=name)

    made = {title: paper(title) for title in ("to sign", "changed", "declined", "withdrawn", "accepted", "late")}
    made |= {title: paper(title, name="Ben Sender") for title in ("signed", "ended")}
    for title in ("accepted", "signed", "ended"):
        agreements.sign(*made[title])
    agreeing.revise(made["changed"][0], by=sender, now=NOW)
    agreeing.withdraw(made["withdrawn"][0], why=canary("takenback"), by=sender, now=NOW)
    agreeing.end(made["ended"][0], why=canary("endedbecause"), by=sender, now=NOW)
    shown = made["declined"][1].sha256
    agreeing.decline(made["declined"][0], why="Too dear", shown=shown, seen=agreements.SEEN, now=NOW)
    Agreement.objects.filter(pk=made["late"][0].pk).update(valid_until_at=NOW)
    Agreement.objects.filter(pk=made["signed"][0].pk).update(document_error=canary("papererror"))
    return {title: Agreement.objects.get(pk=agreement.pk) for title, (agreement, _version) in made.items()}


@pytest.fixture
def house(karoo, lena, thandi, mara, firm, make_person, make_promise, papers):
    """A client of whom everything is known that they must not read. Answers with the promises they may see."""
    mara.name = canary("manager")
    mara.save()
    former = make_person(canary("formerowner"))
    Absence.objects.create(
        user=thandi,
        first_day=date(2026, 11, 19),
        last_day=date(2026, 11, 19),
        cover=make_person(canary("cover")),
        note=canary("absence"),
    )
    scope = Scope.objects.create(client=karoo, number="2026-014", title="Shop fittings", made_at=NOW)
    ScopeFile.objects.create(scope=scope, name=canary("file"), content=b"", size=0, sha256="0" * 64, added_at=NOW)

    def talk(promise, kind, hours=1):
        return actions.record_conversation(
            [actions.Said(promise, kind)],
            client=karoo,
            contact=lena,
            channel=Channel.CALL,
            spoken_at=NOW - hours * HOUR,
            text=canary("talk"),
            by=mara,
            now=NOW,
        )[0]

    def ask(promise, reason, *, telling=None, note=""):
        promise.refresh_from_db()
        due = due_for(karoo, firm, date(2026, 11, 27), None)
        return actions.extend(
            promise,
            due,
            reason="our_planning",
            reason_text=reason,
            asked_by="us",
            by=mara,
            now=NOW,
            telling=telling,
            note=note,
            override=actions.Override(2.5, 3217.5, 0.8371, canary("overmoved")) if telling else None,
        )

    full = make_promise(
        "Shop fittings drawings",
        owner=former,
        scope=scope,
        contact=lena,
        estimate_hours=Decimal("4321.25"),
        override=actions.Override(2.5, 4321.25, 0.8371, canary("overmade")),
        note=canary("notemade"),
        steps=["Measured", "Drawn"],
        client_words="We open on the first.",
        our_understanding=canary("understanding"),
        may_stand_in_the_way="The landlord.",
        next_step="The wall is measured.",
    )
    actions.reassign(full, thandi, mara, NOW)
    actions.update(
        full,
        standing=Standing.ON_TRACK,
        by=mara,
        now=NOW - 3 * HOUR,
        per_cent=61,
        text="Two sheets are drawn.",
        note=canary("noteupdated"),
    )
    actions.update(full, standing=Standing.ON_TRACK, by=mara, now=NOW - 2 * HOUR, hours_left=Decimal("3217.5"))
    telling = talk(full, Telling.Kind.MOVED)
    moved = ask(full, "One wall was out.", telling=telling, note=canary("noteextended"))
    actions.answer(moved, agreed=True, answered_at=NOW, by=thandi, now=NOW)
    Promise.objects.filter(pk=full.pk).update(
        value=Decimal("987654.32"),
        currency="XTS",
        chance=0.8371,
        band=Band.AT_RISK,
        sentence=canary("sentence"),
        reference=canary("reference"),
    )
    RiskReading.objects.create(promise=full, at=NOW, band=Band.AT_RISK, chance=0.8371, sentence=canary("reading"))
    alarm = Message.objects.create(
        audience=Audience.STAFF,
        address=mara.email,
        subject=canary("alarm"),
        body=canary("alarmbody"),
        occasion="alarm",
        written_at=NOW,
        not_before=NOW,
        state=State.FAILED,
        error=canary("error"),
    )
    Reminder.objects.create(
        promise=full,
        kind="at_risk",
        about_due_at=full.due_at,
        alarm_at=NOW,
        person=mara,
        message=alarm,
        at=NOW,
    )

    untold = make_promise("Not told yet", scope=scope)
    ask(untold, canary("untoldreason"))
    actions.update(untold, standing=Standing.MAY_BE_LATE, by=mara, now=NOW, text="It may take longer.")

    refused = make_promise("Date refused")
    no = ask(refused, "We planned it wrongly.", telling=talk(refused, Telling.Kind.MOVED), note=canary("refusednote"))
    actions.answer(no, agreed=False, answered_at=NOW, by=thandi, now=NOW, words=canary("refusedwords"))

    waiting = make_promise("Waiting")
    actions.wait_for_client(waiting, "your passport copy", None, thandi, NOW)
    late = make_promise("Late", due_on=date(2026, 11, 16), made_at=NOW - 9 * DAY)

    done = make_promise("Done")
    actions.deliver(done, delivered_at=NOW, by=thandi, now=NOW, text="Here it is.", note=canary("notedelivered"))
    back = make_promise("Taken back")
    actions.withdraw(back, reason=canary("withdrawn"), agreed_by=canary("agreedby"), by=mara, now=NOW)
    actions.void(make_promise(canary("voidedwhat")), reason=canary("voided"), by=mara, now=NOW)

    other = make_client(Client(name=canary("otherclient"), zone=ZONE, lead=mara), mara, NOW - 9 * DAY)
    save_contact(Contact(client=other, name=canary("othercontact"), email="lena@karoo.example"), mara, NOW - 9 * DAY)
    Scope.objects.create(client=other, number="2026-099", title=canary("otherscope"), made_at=NOW)
    make_promise(canary("otherpromise"), client=other, owner=mara)
    elsewhere = make_person(canary("elsewhere"), email="elsewhere@word.example")
    make_promise("Theirs too", client=other, owner=elsewhere)
    return [Promise.objects.get(pk=promise.pk) for promise in (full, untold, refused, waiting, late, done)]


def every_output(client, karoo, lena, thandi, firm, house, papers, mailoutbox) -> dict[str, str]:
    """Whatever the product can put before a client, by name."""
    outputs = {}
    links = {
        "whole": make_link(karoo, thandi, NOW),
        "contact": make_link(karoo, thandi, NOW, contact=lena),
        "scope": make_link(karoo, thandi, NOW, scope=karoo.scopes.get(number="2026-014")),
    }
    for language in ("en", "af", "nl"):
        Client.objects.filter(pk=karoo.pk).update(language=language)
        for name, link in links.items():
            outputs[f"page, {name}, {language}"] = whole(client.get(f"/p/{link.token()}/"))
    with time_machine.travel(NOW + 12 * DAY, tick=False):
        outputs["page, all late"] = whole(client.get(f"/p/{links['whole'].token()}/"))
    outputs["not offered"] = whole(client.post(f"/p/{links['whole'].token()}/"))
    outputs["form"] = whole(client.get("/p/new-link/"))
    outputs["form, error"] = whole(client.post("/p/new-link/", {"email": "lena"}))
    outputs["form, sent"] = whole(client.post("/p/new-link/", {"email": "lena@karoo.example"}, follow=True))
    archived = make_client(Client(name="Put away", zone=ZONE), thandi, NOW)
    away = make_link(archived, thandi, NOW)
    archive(archived, thandi, NOW)
    outputs["no page"] = whole(client.get(f"/p/{away.token()}/"))
    for number in range(WRONG_LINKS.most):
        client.get(f"/p/guess-{number}/")
    outputs["too often"] = whole(client.get("/p/guess/"))
    outputs |= every_signing_page(client, papers)
    outputs |= every_message(karoo, lena, thandi, firm, house)
    outbox.send_waiting(NOW + HOUR)
    theirs = [mail for mail in mailoutbox if mail.to == ["lena@karoo.example"]]
    outputs |= {f"mail {number}": mail.message().as_string() for number, mail in enumerate(theirs)}
    return outputs


def every_signing_page(client, papers) -> dict[str, str]:
    outputs = {}
    for title, agreement in papers.items():
        for rest in ("", "check/", "code/", "ask/", "decline/", "pdf/", "document/"):
            here = f"/s/{agreement.token()}/{rest}"
            outputs[f"{title}, {rest}"] = whole(client.get(here))
            outputs[f"{title}, {rest} posted"] = whole(client.post(here, {"why": "No", "text": "Why?"}))
    given = {"shown": papers["to sign"].versions.get().sha256, "consent": "on", "name": "Lena Karoo", "code": "1"}
    for rest in ("check/", "accept/"):
        outputs[f"to sign, {rest} whole"] = whole(client.post(f"/s/{papers['to sign'].token()}/{rest}", given))
    return outputs


def whole(response) -> str:
    """Head and body, as they go over the wire."""
    head = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return f"{head}\n{response.content.decode()}"


def every_message(karoo, lena, thandi, firm, house) -> dict[str, str]:
    written = {}
    for kind in Telling.Kind.values:
        new = drafts.NewDate(date(2026, 12, 1), None, "One wall was out.")
        abouts = [
            drafts.About(promise, kind, new if kind == Telling.Kind.MOVED else None)
            for promise in house
            if promise.is_open
        ]
        draft = drafts.draft(abouts, client=karoo, contact=lena, by=thandi, firm=firm, now=NOW)
        written[f"draft, {kind}"] = f"{draft.subject}\n{draft.body}"
        actions.write_to_client(
            [actions.Said(about.promise, kind) for about in abouts],
            client=karoo,
            contact=lena,
            subject=draft.subject,
            body=draft.body,
            occasion=f"canaries {kind}",
            by=thandi,
            now=NOW,
        )
    return written


def everything_kept() -> str:
    """All rows of all tables, as text."""
    rows = [row for model in apps.get_models() for row in model._default_manager.values_list()]
    return str(rows)


def test_every_canary_lives_in_the_database(house):
    kept = everything_kept()

    percents = {number for number in NUMBERS if "%" in number}
    figures = {"83.71": "0.8371", "987,654": "987654", "987.654": "987654"}
    missing = [c for c in CANARIES if c not in percents and figures.get(c, c) not in kept]
    assert missing == []


def test_no_canary_is_heard_in_anything_a_client_reads(client, karoo, lena, thandi, firm, house, papers, mailoutbox):
    outputs = every_output(client, karoo, lena, thandi, firm, house, papers, mailoutbox)

    assert {name: heard for name, text in outputs.items() if (heard := heard_in(text))} == {}
    # All of it is the real thing: pages with promises, and mails that left.
    assert "Two sheets are drawn." in outputs["page, whole, en"]
    assert "2 days late" in outputs["page, whole, en"]
    assert len([name for name in outputs if name.startswith("mail")]) > 1 + len(Telling.Kind.values)
    for subject in ("To read and sign", "Withdrawn", "Your code"):
        assert [mail for mail in mailoutbox if mail.subject.startswith(subject)]
    assert "Too dear" in outputs["declined, "]
    assert "Signed by you and by" in outputs["signed, "]
    assert "Accept and sign" in outputs["to sign, check/ whole"]


def test_a_note_made_visible_turns_it_red(client, karoo, lena, thandi, firm, house, papers, mailoutbox):
    note = InternalNote.objects.get(text=canary("noteupdated"))
    actions.update(house[0], standing=Standing.ON_TRACK, by=thandi, now=NOW, text=note.text)

    outputs = every_output(client, karoo, lena, thandi, firm, house, papers, mailoutbox)

    assert heard_in(outputs["page, whole, en"]) == [note.text]
    assert heard_in(outputs["page, scope, nl"]) == [note.text]


@pytest.mark.parametrize("text", CANARIES)
def test_every_canary_can_be_heard_through_a_template(text):
    page = Template("<p>{{ text }}</p>").render(Context({"text": text}))

    assert text in heard_in(page)


def test_the_page_is_made_of_plain_values(karoo, lena, firm, house):
    page = page_for(Reader(karoo, None, lena, "call"), firm, NOW)

    assert odd_values(page) == []


def odd_values(value) -> list[object]:
    """Whatever a template could follow to somewhere else."""
    if dataclasses.is_dataclass(value):
        return [odd for field in dataclasses.fields(value) for odd in odd_values(getattr(value, field.name))]
    if type(value) is tuple:
        return [odd for item in value for odd in odd_values(item)]
    return [] if value is None or type(value) in (str, bool) else [value]


@pytest.mark.parametrize("path", SPEAKS_TO_CLIENTS)
def test_code_that_speaks_to_clients_cannot_name_what_is_ours(path):
    assert names_of_ours((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "from promises.models import InternalNote",
        "from promises.models import InternalNote as N",
        "from promises.models.update import *",
        "from promises import models",
        "import promises.models",
        "from promises import models as m",
        "x = promise.notes.all()",
        "x = getattr(promise, 'notes')",
        "Promise.objects.filter(notes__text='x')",
        "Promise.objects.values('our_understanding')",
        "x = promise.overrides.first().reason",
        "apps.get_model('promises', 'InternalNote')",
        "from promises.actions.base import keep_note, InternalNote",
    ],
)
def test_each_way_to_name_it_is_seen(source):
    assert names_of_ours(source) != []


def names_of_ours(source: str) -> list[str]:
    """Every place where this code imports, reads or spells what only we read."""
    tree = ast.parse(source)
    spelled = {node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found += [alias.name for alias in names if alias.name.startswith("promises")]
            case ast.ImportFrom(module=module, names=names):
                found += [alias.name for alias in names if alias.name in OURS or alias.name == "*"]
                found += [alias.name for alias in names if module == "promises" and alias.name == "models"]
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.keyword(arg=str(name)):
                found += [name] if OURS & {name, *name.split("__")} else []
    found += [node.value for node in spelled if OURS & set(node.value.split("__")) and node.value not in left_out(tree)]
    return found


def left_out(tree: ast.AST) -> set[str]:
    """The columns named only to be left out: the constant LEFT_OUT of progress_rows."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["LEFT_OUT"]:
            return set(ast.literal_eval(node.value))
    return set()
