"""A canary sits in every text that is ours alone. Whatever a client can read is made, and none may be heard in it.

Three lists are compared with the code, and a line that is missing in one breaks the build: whose each column with text
is (`text_fields`), which pages open without signing in, and which places write to a client (`client_outputs`).
"""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail import EmailMessage
from django.db import connection, models
from django.template import Context, Template
from django.test import Client as Browser
from django.urls import resolve
from django.utils.translation import trans_real

from clients import actions as agreeing
from clients import document
from clients.actions import archive, make_client, make_link, save_contact
from clients.actions.documents import compose
from clients.content import freeze
from clients.models import (
    Agreement,
    Client,
    Contact,
    OutsideRequest,
    Renewal,
    Scope,
    ScopeFile,
    ScopeTemplate,
    SealedDocument,
    Solution,
)
from clients.tests import agreements
from clients.views.private import PRIVATE, WRONG_LINKS
from clients.views.signed_document import new_pass
from conftest import DAY, HOUR, NOW, ZONE
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Channel, Heartbeat, Message, State
from engagement.staff.models import Absence, RecoveryCode, Role, SecondStep, Session
from engagement.tests.outputs import count_back, count_from
from engagement.tests.text_fields import LOOKED_UP, MACHINE, OURS, THEIRS, named, no_triggers, text_fields
from promises import actions, drafts
from promises.actions.agreeing import Written
from promises.actions.renewing import decide
from promises.due import due_for
from promises.models import (
    Band,
    CapacityOverride,
    InternalNote,
    PastJob,
    Promise,
    Reminder,
    RiskReading,
    Standing,
    Telling,
    Upload,
)
from promises.progress_page import page_for
from promises.progress_rows import Reader
from promises.tests.client_outputs import (
    FOR_CLIENTS,
    WRITES_TO_CLIENTS,
    document_of,
    mail_of,
    open_routes,
    places_that_write,
    writers,
)

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
NAMES_OF_OURS = {
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


SONG = re.compile(r"canary[a-z0-9_]+?zqx")


def canary(name: str) -> str:
    return f"canary{name.lower()}zqx"


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


# Numbers of rows are drawn from here on, so that none is heard by chance.
FIRST_NUMBER = 7_340_001
# Nobody signs in there, and no client has a reason to come: asked all the same.
FOR_STAFF = {
    *(
        ".well-known/security.txt",
        "admin/login/",
        "admin/password_change/",
        "favicon.ico",
        "sign-in/code/",
        "sign-in/recovery/",
        "sign-in/set-up/",
        "healthz",
        "healthz/deep",
        "join/<uidb64>/<token>/",
        "password/",
        "password/<uidb64>/<token>/",
    ),
    *("password/done/", "password/sent/", "sign-in/", "start/"),
}


def heard_in(text: str, planted: frozenset[str] = frozenset()) -> list[str]:
    low = text.lower()
    singing = set(SONG.findall(low))
    return [
        one for one in {*CANARIES, *planted} if (one in singing if SONG.fullmatch(one) else is_said(one.lower(), low))
    ]


def is_said(one: str, low: str) -> bool:
    """A figure by itself: in a token or a hash it stands by chance."""
    if one not in low:
        return False
    return one.upper() not in NUMBERS or re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", low) is not None


@pytest.fixture(autouse=True)
def _at_now(settings, monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


@pytest.fixture(autouse=True)
def _far_numbers(db):
    before = count_from(FIRST_NUMBER, 1000)
    yield
    if connection.vendor == "postgresql":
        count_back(before)


@pytest.fixture
def lead(make_person, mara):
    """Named to the client: they are told who leads the work."""
    return make_person("Leonie Lead", manager=mara)


@pytest.fixture
def karoo(lead):
    fresh = Client(name="Karoo Linen", zone=ZONE, lead=lead, about=canary("about"), word_on=4)
    return make_client(fresh, lead, NOW - 30 * DAY)


@pytest.fixture
def language(request):
    """Of the client: English where a test names no other."""
    return getattr(request, "param", "en")


@pytest.fixture
def lena(karoo, thandi, language):
    contact = Contact(client=karoo, name="Lena Karoo", email="lena@karoo.example", manner=canary("manner"))
    contact.language = language
    save_contact(contact, thandi, NOW - 30 * DAY)
    return contact


@pytest.fixture
def papers(karoo, lena, make_person):
    """One agreement in each state in which its page says something. The name of who sent it is the client's to know."""
    sender = make_person("Ben Sender", Role.MANAGER)

    def paper(title, *, name=""):
        agreement = agreements.draft(karoo, sender, NOW - DAY, title=title).agreement
        return agreement, agreements.send(agreement, lena, sender, NOW - DAY, name=name)

    made = {
        title: paper(title) for title in ("to sign", "nudged", "changed", "declined", "withdrawn", "accepted", "late")
    }
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
    every_other_kind_of_row(karoo, thandi, mara, lena, full)
    return [Promise.objects.get(pk=promise.pk) for promise in (full, untold, refused, waiting, late, done)]


def every_other_kind_of_row(karoo, thandi, mara, lena, promise):
    """What nothing above has made: every table with a text of ours has a row for its canary."""
    Upload.objects.create(name="x.csv", content=b"x", by=mara, at=NOW)
    ScopeTemplate.objects.create(name="x", content={}, changed_at=NOW)
    Solution.objects.create(
        **{"title": "x", "helps_when": "x", "say": "x", "owner": mara, "review_by": NOW.date()},
        **{"made_at": NOW, "changed_at": NOW, "title_words": "x", "helps_when_words": "x", "words": "x"},
    )
    OutsideRequest.objects.create(client=karoo, contact=lena, asked_on=NOW.date(), what="x", made_at=NOW)
    Renewal.objects.create(scope=promise.scope, decision="renew", why="x", words="x", figures={}, by=mara, at=NOW)
    Heartbeat.objects.create(pk=1, beat_at=NOW)
    Session.objects.create(session_key="k" * 64, session_data="x" * 20, expire_date=NOW)
    SecondStep.objects.create(user=mara, secret="x" * 40, since=NOW)
    RecoveryCode.objects.create(user=mara, digest="d" * 64, made_at=NOW)
    if not PastJob.objects.exists():
        PastJob.objects.create(
            **{"owner": thandi, "owner_name": "x", "made_on": NOW.date(), "finished_on": NOW.date()},
            **{"working_days": 1, "hours_a_day": 8, "estimate_hours": 1, "actual_hours": 1},
        )


def plant() -> frozenset[str]:
    """A canary into every column of every row that is ours, behind the back of all doors; what opens something is one
    already. Answers with all of them."""
    planted = set()
    with no_triggers(), connection.cursor() as cursor:
        for name, field in text_fields():
            if name not in named(OURS):
                continue
            model = apps.get_model(name.rpartition(".")[0])
            rows = list(model._default_manager.order_by("pk").values_list("pk", field.name))
            assert rows, f"no row has a canary in {name}"
            for at, (pk, before) in enumerate(rows):
                put = canary(f"{name.replace('.', '')}{at}"[-(field.max_length or 200) + 9 :])
                if name in LOOKED_UP:
                    planted |= {str(before)} if len(str(before)) > 12 else set()
                    continue
                planted.add(put)
                value = {**before, put: put} if isinstance(field, models.JSONField) else put
                table, column, key = map(
                    connection.ops.quote_name, (model._meta.db_table, field.column, model._meta.pk.column)
                )
                is_json, is_bytes = isinstance(field, models.JSONField), isinstance(field, models.BinaryField)
                given = json.dumps(value) if is_json else value.encode() if is_bytes else value
                cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", [given, pk])
    return frozenset(planted)


def numbers_of_rows() -> set[str]:
    ours = [model for model in apps.get_models() if model._meta.app_label in ("clients", "promises", "staff", "outbox")]
    keys = {str(pk) for model in ours for pk in model._default_manager.values_list("pk", flat=True)}
    return {key for key in keys if key.isdecimal() and int(key) >= FIRST_NUMBER}


def numbers_in(text: str) -> set[str]:
    return numbers_of_rows() & set(re.findall(r"\d{7}", text))


@pytest.fixture
def planted(house):
    return plant()


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
    outputs["form without its cookie"] = whole(strict(client).post("/p/new-link/", {"email": "lena@karoo.example"}))
    archived = make_client(Client(name="Put away", zone=ZONE), thandi, NOW)
    away = make_link(archived, thandi, NOW)
    archive(archived, thandi, NOW)
    outputs["no page"] = whole(client.get(f"/p/{away.token()}/"))
    for number in range(WRONG_LINKS.most):
        client.get(f"/p/guess-{number}/")
    outputs["too often"] = whole(client.get("/p/guess/"))
    outputs |= every_signing_page(client, papers)
    outputs |= every_document(client, papers, links["whole"])
    outputs |= every_message(karoo, lena, thandi, firm, house)
    every_other_message(papers, lena, thandi)
    for hour in (1, 24, 50, 170):
        # A clock that stood still for days would be taken for a restored copy, which says nothing.
        Heartbeat.objects.update(beat_at=NOW + hour * HOUR)
        outbox.send_waiting(NOW + hour * HOUR)
    theirs = [mail for mail in mailoutbox if mail.to == ["lena@karoo.example"]]
    outputs |= {f"mail {number}": mail_of(mail) for number, mail in enumerate(theirs)}
    return outputs | every_other_open_page(client)


def strict(client) -> Browser:
    """One that asks in the same language, and keeps no cookies."""
    return Browser(enforce_csrf_checks=True, **client.defaults)


def every_document(client, papers, link) -> dict[str, str]:
    """The PDF to sign, and the sealed one by each of its two doors, as they are really drawn."""
    signed = papers["signed"]
    sealed = compose(signed, (1, "5" * 64), NOW)
    SealedDocument.objects.create(
        agreement=signed,
        content=sealed,
        **{"size": len(sealed), "sha256": "1" * 64, "fingerprint": "0" * 64, "is_timestamped": False},
        **{"head_seq": 1, "head_hash": "0" * 64, "made_at": NOW},
    )
    by = f"?pass={new_pass(signed)}"
    progress = f"/document/{link.token()}/{signed.about.number}/"
    outputs = {
        "PDF to sign": document_of(document.render(freeze(papers["to sign"], NOW), made_at=NOW)),
        "PDF to sign, by the door": whole(client.get(f"/s/{papers['to sign'].token()}/pdf/")),
        "document, asked for": whole(client.get(progress)),
        "document, code": whole(client.post(progress, {"wanted": "yes"})),
        "document, wrong code": whole(client.post(progress, {"code": "000000"})),
        "document, nothing": whole(client.get("/document/x/")),
        "document, elsewhere": whole(client.get(f"/document/{link.token()}/{papers['to sign'].about.number}/")),
        "signing, nothing": whole(client.get("/s/x/y/z/")),
    }
    for name, door in {"progress": progress, "signing": f"/s/{signed.token()}/document/"}.items():
        outputs[f"document behind {name}"] = whole(client.get(door + by))
        response = client.get(f"{door}{by}&file=yes")
        head = "\n".join(f"{header}: {value}" for header, value in response.headers.items())
        # Where they signed from is theirs to read, in what proves it.
        outputs[f"sealed PDF behind {name}"] = f"{head}\n{document_of(response.content)}".replace(
            agreements.SEEN.address, ""
        )
    file = SimpleUploadedFile("signed.pdf", sealed, "application/pdf")
    outputs["checked"] = whole(client.post("/verify/", {"file": file}))
    outputs["checked, another"] = whole(client.post("/verify/", {"file": SimpleUploadedFile("x.pdf", b"%PDF-1.7")}))
    outputs["to check"] = whole(client.get("/verify/"))
    return outputs


def every_other_message(papers, lena, thandi):
    """A nudge, the copy of what was signed, and words about what comes after."""
    assert agreeing.nudge_due(NOW + 2 * DAY + HOUR)
    agreeing.make_documents(NOW)
    words = Written(lena, "We go on", "We go on together.", "renewal of a test")
    decide(papers["signed"].scope, "renew", why=canary("why"), words=words, by=papers["signed"].sent_by, now=NOW)


def every_other_open_page(client) -> dict[str, str]:
    """Nobody signs in there: what it says to a stranger, and what it says to nonsense."""
    outputs = {}
    for route in sorted(FOR_STAFF):
        path = "/" + re.sub(r"<(\w+:)?\w+>", "x", route)
        for method in ("get", "post"):
            cache.clear()
            outputs[f"{method} {path}"] = whole(getattr(client, method)(path))
    return outputs


def every_signing_page(client, papers) -> dict[str, str]:
    outputs = {}
    for title, agreement in papers.items():
        if title == "nudged":
            # Left alone: whoever asks or declines is not reminded.
            continue
        for rest in ("", "check/", "code/", "ask/", "decline/", "pdf/", "document/"):
            here = f"/s/{agreement.token()}/{rest}"
            outputs[f"{title}, {rest}"] = whole(client.get(here))
            outputs[f"{title}, {rest} posted"] = whole(client.post(here, {"why": "No", "text": "Why?"}))
    given = {"shown": papers["to sign"].versions.get().sha256, "consent": "on", "name": "Lena Karoo", "code": "1"}
    for rest in ("check/", "accept/"):
        outputs[f"to sign, {rest} whole"] = whole(client.post(f"/s/{papers['to sign'].token()}/{rest}", given))
    return outputs


ASKED: set[str] = set()


def whole(response) -> str:
    """Head and body, as they go over the wire."""
    ASKED.add(resolve(response.wsgi_request.path_info).route)
    if response.headers.get("Content-Type") == "application/pdf":
        return "\n".join(f"{name}: {value}" for name, value in response.headers.items())
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


def test_every_column_with_text_is_ours_theirs_or_the_machines():
    lists = [named(OURS), named(THEIRS), named(MACHINE)]

    assert {name for name, _field in text_fields()} == set().union(*lists)
    assert sum(map(len, lists)) == len(set().union(*lists))


def test_every_page_that_opens_without_signing_in_is_collected():
    assert open_routes() == FOR_CLIENTS | FOR_STAFF
    assert not FOR_CLIENTS & FOR_STAFF


def test_every_place_that_writes_to_a_client_is_collected():
    assert places_that_write() == set(WRITES_TO_CLIENTS)


@pytest.mark.parametrize(
    "source",
    [
        "def f(): outbox.write(audience=Audience.CLIENT)",
        "def f(): Message(audience='client')",
        "def f(): Message.objects.create(audience=whoever)",
        "def f(): write(audience=models.Audience.CLIENT)",
    ],
)
def test_each_way_to_write_to_a_client_is_seen(source):
    assert writers(source) == {"f"}


def test_no_canary_is_heard_in_anything_a_client_reads(
    client, karoo, lena, thandi, firm, house, papers, planted, mailoutbox
):
    ASKED.clear()
    outputs = every_output(client, karoo, lena, thandi, firm, house, papers, mailoutbox)

    assert len(planted) > 80
    proof = what_the_proof_says(papers["signed"])
    heard = {
        name: heard_in(text, planted - proof if name.startswith("sealed PDF") else planted)
        for name, text in outputs.items()
    }
    assert {name: canaries for name, canaries in heard.items() if canaries} == {}
    # What staff see before it leaves names a link by its number, which is put in as it leaves.
    left = {name: text for name, text in outputs.items() if not name.startswith("draft")}
    assert {name: found for name, text in left.items() if (found := numbers_in(text))} == {}
    assert ASKED >= FOR_CLIENTS | FOR_STAFF
    subjects = [mail.subject for mail in mailoutbox]
    missing = {place: begins for place, begins in WRITES_TO_CLIENTS.items() if not heard_as(begins, subjects)}
    assert missing == {}
    # All of it is the real thing: pages with promises, and mails that left.
    assert "Two sheets are drawn." in outputs["page, whole, en"]
    assert "2 days late" in outputs["page, whole, en"]
    assert len([name for name in outputs if name.startswith("mail")]) > 1 + len(Telling.Kind.values)
    for subject in ("To read and sign", "Withdrawn", "Your code"):
        assert [mail for mail in mailoutbox if mail.subject.startswith(subject)]
    assert "Too dear" in outputs["declined, "]
    assert "Signed by you and by" in outputs["signed, "]
    assert "Accept and sign" in outputs["to sign, check/ whole"]


class Untranslated:
    """Stands where a catalogue looks for what it has not, and keeps what was asked for."""

    def __init__(self, behind):
        self.behind, self.asked = behind, set()

    def gettext(self, message):
        self.asked.add(message)
        return self.behind.gettext(message)

    def ngettext(self, one, many, count):
        self.asked.add(one)
        return self.behind.ngettext(one, many, count)


@pytest.fixture
def untranslated(language, monkeypatch):
    catalogue = trans_real.translation(language)
    listening = Untranslated(catalogue._fallback)
    monkeypatch.setattr(catalogue, "_fallback", listening)
    return listening.asked


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES if code != "en"], indirect=True)
def test_whatever_clients_read_is_in_their_language(
    untranslated, language, client, karoo, lena, thandi, firm, house, papers, mailoutbox
):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language

    outputs = every_output(client, karoo, lena, thandi, firm, house, papers, mailoutbox)

    assert sorted(untranslated) == [], "\n".join(sorted(untranslated))
    assert {"en": "On track", "af": "Op koers", "nl": "Op schema"}[language] in outputs[f"page, whole, {language}"]


def what_the_proof_says(agreement) -> frozenset[str]:
    """The sealed document says who did what to this agreement, and how it was signed: both sides keep that."""
    did = agreement.client.record.filter(subject=agreement.record_subject).values_list("by_name", flat=True)
    return frozenset([*did, *agreement.signatures.values_list("browser", flat=True)])


def heard_as(begins, subjects):
    return [subject for subject in subjects if subject.startswith(begins)]


def show_the_note(promise, by, monkeypatch):
    note = InternalNote.objects.first()
    actions.update(promise, standing=Standing.ON_TRACK, by=by, now=NOW, text=note.text)
    return note.text


def name_what_was_not_found(promise, by, monkeypatch):
    manner = Contact.objects.filter(client=promise.client).values_list("manner", flat=True)[0]
    monkeypatch.setattr("clients.views.private.render_to_string", lambda *args: f"Nothing here for {manner}")
    return manner


def put_a_header(promise, by, monkeypatch):
    about = Client.objects.get(pk=promise.client_id).about
    monkeypatch.setitem(PRIVATE, "X-About", about)
    return about


def put_a_header_into_mails(promise, by, monkeypatch):
    reason, made = CapacityOverride.objects.first().reason, EmailMessage.message

    def with_header(self, *args, **kwargs):
        mail = made(self, *args, **kwargs)
        mail["X-Reason"] = reason
        return mail

    monkeypatch.setattr(EmailMessage, "message", with_header)
    return reason


def write_it_into_the_document(promise, by, monkeypatch):
    ours, drawn = Promise.objects.get(pk=promise.pk).our_understanding, document.render
    monkeypatch.setattr(
        "clients.document.render", lambda content, **more: drawn(content | {"title": f"For {ours}"}, **more)
    )
    return ours


def write_the_number_of_a_row(promise, by, monkeypatch):
    Promise.objects.filter(pk=promise.pk).update(what=f"Drawings, number {promise.pk}")
    return str(promise.pk)


LEAKS = {
    show_the_note: "page, scope, nl",
    name_what_was_not_found: "no page",
    put_a_header: "to sign, ",
    put_a_header_into_mails: "mail 0",
    write_it_into_the_document: "PDF to sign",
    write_the_number_of_a_row: "page, whole, en",
}


def test_each_leak_turns_it_red(client, karoo, lena, thandi, firm, house, papers, planted, mailoutbox, monkeypatch):
    leaked = {leak: leak(house[0], thandi, monkeypatch) for leak in LEAKS}

    outputs = every_output(client, karoo, lena, thandi, firm, house, papers, mailoutbox)

    heard = {leak: {*heard_in(outputs[where], planted), *numbers_in(outputs[where])} for leak, where in LEAKS.items()}
    assert [leak.__name__ for leak in LEAKS if leaked[leak] not in heard[leak]] == []


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
                found += [alias.name for alias in names if alias.name in NAMES_OF_OURS or alias.name == "*"]
                found += [alias.name for alias in names if module == "promises" and alias.name == "models"]
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.keyword(arg=str(name)):
                found += [name] if NAMES_OF_OURS & {name, *name.split("__")} else []
    return found + [node.value for node in spelled if NAMES_OF_OURS & set(node.value.split("__"))]
