"""Django's admin: for administrators alone, tidy, and history stays as it was written."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clients.agreement_rules import State
from clients.models import (
    Addendum,
    AddendumLine,
    Agreement,
    Kind,
    OneTimeCode,
    OutsideRequest,
    PrivateLink,
    Renewal,
    Scope,
    ScopeFile,
    ScopeLine,
    ScopeTemplate,
    SealCertificate,
    SealedDocument,
    SentVersion,
    Signature,
    Solution,
)
from conftest import DAY, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Heartbeat, Hold, Message
from engagement.staff.models import (
    Absence,
    AccountEvent,
    FirmLogo,
    RecoveryCode,
    Role,
    SecondStep,
    Session,
    WorkingWeek,
)
from engagement.staff.signals import diary_changed
from promises.models import (
    AddendumMove,
    CapacityOverride,
    DateMove,
    Extension,
    ExtensionAnswer,
    InternalNote,
    LineNotNeeded,
    LoadChange,
    NextScope,
    OutcomeTally,
    PastJob,
    ProgressUpdate,
    Promise,
    Reminder,
    RiskReading,
    Step,
    Telling,
    Upload,
)

ROOMS = ("staff", "outbox", "clients", "promises")
OURS = [model for model in admin.site._registry if model._meta.app_label in ROOMS]
READ_ONLY = {
    "staff.Firm",
    "staff.FirmLogo",
    "staff.AccountEvent",
    "staff.RecoveryCode",
    "staff.SecondStep",
    "staff.Session",
    "outbox.Message",
    "outbox.Heartbeat",
    "outbox.Hold",
    "clients.Client",
    "clients.Contact",
    "clients.Scope",
    "clients.Entry",
    "clients.PrivateLink",
    "clients.ScopeFile",
    "clients.ScopeLine",
    "clients.ScopeTemplate",
    "clients.Addendum",
    "clients.AddendumLine",
    "clients.Agreement",
    "clients.OneTimeCode",
    "clients.OutsideRequest",
    "clients.Renewal",
    "clients.SealCertificate",
    "clients.SealedDocument",
    "clients.SentVersion",
    "clients.Signature",
    "clients.Solution",
    "promises.AddendumMove",
    "promises.CapacityOverride",
    "promises.LineNotNeeded",
    "promises.LoadChange",
    "promises.PastJob",
    "promises.NextScope",
    "promises.Promise",
    "promises.Step",
    "promises.Telling",
    "promises.Extension",
    "promises.ExtensionAnswer",
    "promises.ProgressUpdate",
    "promises.InternalNote",
    "promises.DateMove",
    "promises.RiskReading",
    "promises.Reminder",
    "promises.OutcomeTally",
    "promises.Upload",
}


def label(model):
    return model._meta.label


def list_of(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@pytest.fixture
def add_rows(karoo, lena, thandi, mara, make_promise):
    """One more row of everything."""
    scopes = iter(range(100))

    def add():
        number = next(scopes)
        promise = make_promise(f"Drawings {number}")
        message = outbox.write(
            occasion=f"test:{number}", now=NOW, audience="client", address=lena.email, subject="Word", body="Words"
        )
        by = {"by": thandi, "at": NOW}
        telling = Telling.objects.create(
            promise=promise,
            kind="moved",
            about_due_at=promise.due_at,
            contact=lena,
            channel="email",
            message=message,
            spoken_at=NOW,
            **by,
        )
        extension = Extension.objects.create(
            promise=promise,
            old_due_on=promise.due_on,
            old_due_at=promise.due_at,
            new_due_on=promise.due_on + DAY,
            new_due_at=promise.due_at + DAY,
            reason="more_work",
            reason_text="More to it",
            asked_by="us",
            telling=telling,
            **by,
        )
        scope = Scope.objects.create(client=karoo, number=f"2026-{number}", title="Fittings", made_at=NOW)
        follows = Scope.objects.create(client=karoo, number=f"2027-{number}", title="Fittings", made_at=NOW)
        PrivateLink.objects.create(
            client=karoo, contact=lena, scope=scope, made_by=thandi, made_at=NOW, expires_at=NOW + DAY
        )
        day = NOW.date() + timedelta(days=number)
        sent = Agreement.objects.create(client=karoo, kind=Kind.ADDENDUM, state=State.DRAFT, made_at=NOW, contact=lena)
        addendum = Addendum.objects.create(agreement=sent, scope=scope, seq=1, title="A shelf more", made_at=NOW)
        version = SentVersion.objects.create(
            agreement=sent,
            version=1,
            content={"number": "2026-014/1"},
            sha256="0" * 64,
            pdf=b"%PDF",
            pdf_sha256="0" * 64,
            contact=lena,
            sent_at=NOW,
            by=thandi,
        )
        fingerprint = f"{number:064}"
        solution = Solution.objects.create(
            title="One shelf more", owner=thandi, review_by=day, made_at=NOW, changed_at=NOW
        )
        return [
            sent,
            addendum,
            version,
            AddendumLine.objects.create(addendum=addendum, number=1, act="add", service="Shelf"),
            AddendumMove.objects.create(
                addendum=addendum,
                promise=promise,
                old_due_on=promise.due_on,
                old_due_at=promise.due_at,
                new_due_on=promise.due_on + DAY,
                new_due_at=promise.due_at + DAY,
            ),
            Signature.objects.create(
                agreement=sent,
                version=version,
                side="firm",
                user=thandi,
                name="Thandi Mokoena",
                consent="For Word & Co",
                signed_at=NOW,
                channel="staff",
                text_sha256="0" * 64,
                pdf_sha256="0" * 64,
            ),
            OneTimeCode.objects.create(
                agreement=sent,
                contact=lena,
                purpose="sign",
                salt="0" * 32,
                code_hash="0" * 64,
                made_at=NOW,
                expires_at=NOW + DAY,
            ),
            SealCertificate.objects.create(fingerprint=fingerprint, pem="-----BEGIN", made_at=NOW),
            SealedDocument.objects.create(
                agreement=sent,
                content=b"%PDF",
                size=4,
                sha256=fingerprint,
                fingerprint=fingerprint,
                is_timestamped=False,
                head_seq=1,
                head_hash="0" * 64,
                made_at=NOW,
            ),
            solution,
            OutsideRequest.objects.create(
                client=karoo,
                contact=lena,
                scope=scope,
                what="A shelf",
                asked_on=day,
                solution=solution,
                addendum=addendum,
                by=thandi,
                made_at=NOW,
            ),
            ScopeLine.objects.create(scope=scope, number=1, service="Fittings"),
            ScopeTemplate.objects.create(name=f"Fittings {number}", content={}, changed_at=NOW),
            FirmLogo.objects.get_or_create(firm_id=1, defaults={"width": 1, "height": 1, "changed_at": NOW})[0],
            Renewal.objects.create(scope=scope, decision="renew", words="Shall we go on?", by=thandi, at=NOW),
            NextScope.objects.create(scope=scope, made=follows),
            LineNotNeeded.objects.create(scope=scope, number=1),
            promise,
            message,
            telling,
            extension,
            scope,
            thandi,
            karoo,
            lena,
            PrivateLink.objects.latest("pk"),
            ScopeFile.objects.create(
                scope=scope, name="a.pdf", content=b"%PDF", size=4, sha256="0" * 64, added_at=NOW, added_by=thandi
            ),
            karoo.record.latest("pk"),
            ExtensionAnswer.objects.create(extension=extension, agreed=True, answered_at=NOW, **by),
            DateMove.objects.create(
                promise=promise,
                old_due_on=promise.due_on,
                old_due_at=promise.due_at,
                new_due_on=promise.due_on + DAY,
                new_due_at=promise.due_at + DAY,
                extension=extension,
                moved_at=NOW,
                by=thandi,
            ),
            ProgressUpdate.objects.create(promise=promise, standing="on_track", **by),
            InternalNote.objects.create(promise=promise, text="Between us", **by),
            Step.objects.create(promise=promise, place=1, text="Measure"),
            CapacityOverride.objects.create(
                promise=promise, due_at=promise.due_at, free_hours=5, hours=9, chance=0.7, reason="They asked.", **by
            ),
            LoadChange.objects.create(owner=thandi, since=promise.due_at, at=NOW),
            PastJob.objects.create(
                owner=thandi, owner_name="Thandi", made_on=day, finished_on=day, working_days=0, hours_a_day=5.25
            ),
            RiskReading.objects.create(promise=promise, at=NOW, band="watch", sentence="Three in ten"),
            Reminder.objects.create(
                promise=promise,
                kind="tell_by",
                about_due_at=promise.due_at,
                alarm_at=NOW,
                person=mara,
                message=message,
                at=NOW,
            ),
            OutcomeTally.objects.create(day=day, outcome="kept", count=1),
            Upload.objects.create(name="promises.csv", content=b"a,b", by=thandi, at=NOW),
            WorkingWeek.objects.create(user=thandi, valid_from=day),
            Absence.objects.create(user=thandi, first_day=day, last_day=day, cover=mara),
            hold := Hold.objects.create(why=Hold.Why.RESTORED, held_at=NOW, as_of=NOW - DAY),
            AccountEvent.objects.create(person=thandi, kind="step_on", by=thandi, at=NOW),
            RecoveryCode.objects.create(user=thandi, digest=f"digest {number}", made_at=NOW),
            SecondStep.objects.update_or_create(user=thandi, defaults={"secret": "locked", "since": NOW})[0],
            Session.objects.create(
                session_key=f"hash {number}", session_data="", expire_date=NOW + DAY, user=thandi, begun_at=NOW
            ),
            Heartbeat.objects.update_or_create(pk=1, defaults={"beat_at": NOW, "hold": hold})[0],
            type(thandi.manager).objects.get(pk=mara.pk),
        ]

    return add


@pytest.fixture
def rows(add_rows, firm):
    return [*add_rows(), firm]


def test_every_model_of_ours_is_there(rows):

    ours = {
        model for name in ("staff", "outbox", "clients", "promises") for model in apps.get_app_config(name).get_models()
    }

    assert set(OURS) == ours == {type(row) for row in rows}


def test_every_list_and_page_opens_for_an_administrator(client, ada, rows):
    client.force_login(ada)

    closed = [
        (address, status)
        for row in rows
        for address in (list_of(type(row)), page_of(row))
        if (status := client.get(address).status_code) != 200
    ]

    assert closed == []


def test_every_list_can_be_searched_where_there_is_a_field_for_it(client, ada, rows):
    client.force_login(ada)

    statuses = {client.get(list_of(model), {"q": "karoo"}).status_code for model in OURS}

    assert statuses == {200}


@pytest.mark.parametrize("model", OURS, ids=label)
def test_a_list_costs_the_same_for_one_and_for_three(client, ada, add_rows, firm, model):
    add_rows()
    client.force_login(ada)
    client.get(list_of(model))
    with CaptureQueriesContext(connection) as one:
        client.get(list_of(model))
    add_rows()
    add_rows()

    with CaptureQueriesContext(connection) as three:
        client.get(list_of(model))

    assert len(three) == len(one)


@pytest.mark.parametrize("who", ["anonymous", "thandi", "mara"])
def test_nobody_else_enters(client, who, request, rows):
    if who != "anonymous":
        client.force_login(request.getfixturevalue(who))

    answers = {
        (response.status_code, getattr(response, "url", "").partition("?")[0])
        for row in rows
        for address in (list_of(type(row)), page_of(row))
        for response in [client.get(address, follow=False)]
    }

    assert answers == {(302, "/sign-in/" if who == "anonymous" else "/admin/login/")}


@pytest.mark.parametrize("who", ["thandi", "mara"])
def test_the_door_says_no_to_whoever_is_signed_in_without_the_right(client, who, request):
    client.force_login(request.getfixturevalue(who))

    assert client.get("/admin/", follow=True).status_code == 403


def test_the_door_is_ours(client, firm):
    response = client.get("/admin/login/?next=/admin/staff/user/")

    assert response.url == "/sign-in/?next=/admin/staff/user/"


def test_a_password_guessed_at_the_admins_own_door_is_not_looked_at(client, ada):
    client.post("/admin/login/", {"username": ada.email, "password": "a long enough password"})

    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("model", OURS, ids=label)
def test_nothing_is_made_or_removed_there_and_history_not_changed(rf, ada, model):
    request = rf.get("/")
    request.user = ada
    page = admin.site._registry[model]

    assert not page.has_add_permission(request)
    assert page.has_delete_permission(request) is (label(model) in ("staff.WorkingWeek", "staff.Absence"))
    assert page.has_change_permission(request) is (label(model) not in READ_ONLY)


def test_a_posted_change_of_history_is_refused(client, ada, rows):
    client.force_login(ada)

    for row in rows:
        if label(type(row)) in READ_ONLY:
            assert client.post(page_of(row), {}).status_code == 403


def test_a_promise_and_its_words_cannot_be_changed(client, ada, make_promise):
    promise = make_promise(client_words="By Friday, please.")
    client.force_login(ada)

    client.post(page_of(promise), {"what": "Other words", "client_words": "Whenever", "due_on": "2030-01-01"})

    kept = Promise.objects.get()
    assert (kept.what, kept.client_words, kept.due_at) == (promise.what, promise.client_words, promise.due_at)


def test_a_role_cannot_be_changed_there(client, ada, thandi):
    client.force_login(ada)

    client.post(page_of(thandi), {"name": "Thandi M", "language": "en", "role": "administrator", "is_active": ""})

    thandi.refresh_from_db()
    assert thandi.name == "Thandi M"
    assert (thandi.role, thandi.is_active) == (Role.STAFF, True)


def test_what_opens_an_account_is_not_shown(client, ada, thandi):
    secret = outbox.write(
        occasion="x", now=NOW, audience="staff", address="a@b.example", subject="Hi", body="/join/abc/", is_secret=True
    )
    plain = outbox.write(occasion="y", now=NOW, audience="staff", address="a@b.example", subject="Hi", body="A digest")
    client.force_login(ada)

    assert "/join/abc/" not in client.get(page_of(secret)).content.decode()
    assert "Not shown: it opens an account." in client.get(page_of(secret)).content.decode()
    assert "A digest" in client.get(page_of(plain)).content.decode()
    assert Message.objects.count() == 2


def test_what_makes_a_private_link_is_not_shown(client, ada, karoo, thandi):
    link = PrivateLink.objects.create(client=karoo, made_by=thandi, made_at=NOW, expires_at=NOW + DAY)
    client.force_login(ada)

    page = client.get(page_of(link)).content.decode()

    assert "Karoo Linen" in page
    assert [secret for secret in (link.nonce, link.token_hash, link.token()) if secret in page] == []


def test_the_password_is_not_shown(client, ada, thandi):
    client.force_login(ada)

    assert thandi.password not in client.get(page_of(thandi)).content.decode()


def test_hours_changed_there_set_the_watch_going(client, ada, thandi, sam):
    heard = []

    def listen(sender, user, now, **kwargs):
        heard.append(user)

    diary_changed.connect(listen)
    away = Absence.objects.create(user=thandi, first_day="2026-12-01", last_day="2026-12-02")
    client.force_login(ada)
    client.post(page_of(away), {"first_day": "2026-12-01", "last_day": "2026-12-03", "cover": sam.pk, "note": ""})
    client.post(page_of(away).replace("/change/", "/delete/"), {"post": "yes"})
    diary_changed.disconnect(listen)

    assert heard == [thandi, thandi]
    assert not Absence.objects.exists()
