"""Whatever is done to documents, signatures and the record behind our back is found, and named."""

import io
import os
import random
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction

from clients import actions, evidence, record
from clients.agreement_rules import State
from clients.models import (
    Addendum,
    AddendumLine,
    Agreement,
    Client,
    Contact,
    Entry,
    Renewal,
    Scope,
    ScopeFile,
    ScopeLine,
    SealedDocument,
    SentVersion,
    Signature,
)
from clients.tests.agreements import addendum_to, draft, send, sign, signed
from conftest import DAY, HOUR, NOW

PAPER = b"%PDF-1.7\nsigned\n%%EOF"
# What the evidence rests upon: the columns of each table that say something to somebody.
SAYS = {
    Entry: ("subject", "kind", "at", "by_name", "data", "salt", "digest", "hash", "seq"),
    SentVersion: ("version", "content", "sha256", "pdf", "pdf_sha256"),
    Signature: (
        "name",
        "drawn",
        "consent",
        "signed_at",
        "address",
        "browser",
        "zone",
        "channel",
        "code_passed_at",
        "text_sha256",
        "pdf_sha256",
        "side",
    ),
    SealedDocument: ("content", "size", "sha256", "fingerprint", "is_timestamped", "head_seq", "head_hash", "made_at"),
    Scope: ("number", "title", "summary", "not_included", "timeline", "terms", "currency", "ends_on", "signed_on"),
    ScopeLine: ("number", "kind", "service", "description", "quantity", "unit", "price", "rate", "turnaround_days"),
    Addendum: ("title", "reason", "terms"),
    AddendumLine: ("act", "number", "service", "quantity", "price"),
    Agreement: (
        "state",
        "version",
        "sent_at",
        "valid_until",
        "signed_at",
        "closed_at",
        "closed_why",
    ),
    Renewal: ("decision", "why", "words", "figures", "at"),
    ScopeFile: ("name", "content", "size", "sha256"),
}
# MUTATIONS=1000 takes two minutes.
MUTATIONS = int(os.environ.get("MUTATIONS", "200"))


@contextmanager
def behind_our_back():
    """Somebody with the database in their hands switches every trigger off."""
    tables = sorted(model._meta.db_table for model in SAYS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            return
        cursor.execute("SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'trigger'")
        triggers = [(name, sql) for name, sql, table in cursor.fetchall() if table in tables]
        assert triggers
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _name, sql in triggers:
            cursor.execute(sql)


@pytest.fixture
def agreed(karoo, lena, thandi, firm):
    """A signed scope with its document, a signed addendum, one on paper, one declined and a draft."""
    scope = signed(karoo, lena, thandi)
    addendum = addendum_to(scope, thandi, [{"act": "add", "service": "Shelf", "price": Decimal(80)}])
    sign(addendum.agreement, send(addendum.agreement, lena, thandi, NOW + HOUR), NOW + HOUR)
    paper = draft(karoo, thandi, title="On paper")
    actions.record_paper(paper, signed_on=date(2026, 11, 3), name="paper.pdf", content=PAPER, by=thandi, now=NOW)
    declined = draft(karoo, thandi, title="Too dear")
    version = send(declined.agreement, lena, thandi)
    seen = actions.Seen("203.0.113.9", "A browser", "UTC")
    actions.decline(declined.agreement, why="Too dear.", shown=version.sha256, seen=seen, now=NOW)
    _decide(scope, lena, thandi)
    _close_the_others(karoo, lena, thandi)
    draft(karoo, thandi, title="Not sent yet")
    actions.make_documents(NOW + DAY)
    assert SealedDocument.objects.count() == 3
    return scope


def _decide(scope, lena, thandi):
    """As the room above does it, where a promise is made of it."""
    said = {"decision": "renew", "why": "Good people.", "figures": {"kept": 4}}
    Renewal.objects.create(scope=scope, words="Again next year?", by=thandi, at=NOW + HOUR, **said)
    said |= {"to": lena.name, "text": "Again next year?"}
    event = record.Event(scope.record_subject, "renewal_decided", NOW + HOUR, thandi, said)
    record.write(scope.client_id, event)


def _close_the_others(karoo, lena, thandi):
    """One for each way in which an agreement ends, or waits."""
    waits, taken_back, lapses, ends, ours = (
        draft(karoo, thandi, title=title).agreement for title in ("Waits", "Taken back", "Lapses", "Ends", "Ours")
    )
    send(waits, lena, thandi)
    send(taken_back, lena, thandi)
    actions.revise(taken_back, by=thandi, now=NOW + HOUR)
    send(taken_back, lena, thandi, NOW + 2 * HOUR)
    actions.withdraw(taken_back, why="Not now.", by=thandi, now=NOW + 3 * HOUR)
    sign(ends, send(ends, lena, thandi))
    actions.end(ends, why="All is done.", by=thandi, now=NOW + HOUR)
    sign(ours, send(ours, lena, thandi, name=""))
    actions.send(lapses, contact=lena, valid_until=NOW.date(), by=thandi, now=NOW)
    actions.lapse_due(NOW + 2 * DAY)


def faults(client):
    client.refresh_from_db()
    return list(evidence.verify(client))


def test_what_nobody_touched_holds(agreed, karoo):
    assert faults(karoo) == []


def test_it_does_not_matter_in_which_zone_the_moment_came(karoo, lena, thandi):
    signed(karoo, lena, thandi, NOW.astimezone(lena.zoneinfo))

    assert faults(karoo) == []


def test_a_contact_who_is_called_otherwise_since_is_who_signed(agreed, karoo, lena):
    type(lena).objects.filter(pk=lena.pk).update(name="Lena Karoo-Smit")

    assert faults(karoo) == []


def test_a_client_who_moved_since_signed_on_that_day(karoo, lena, thandi):
    # On the next day already in Auckland.
    signed(karoo, lena, thandi, NOW + 6 * HOUR)
    type(karoo).objects.filter(pk=karoo.pk).update(zone="Pacific/Auckland")

    assert faults(karoo) == []


def test_who_recorded_a_signed_scope_by_hand_is_believed(karoo, thandi):
    """As scopes were kept before they were signed here."""
    scope = Scope.objects.create(client=karoo, number="2025-001", title="An old one", signed_on=date(2025, 11, 3))
    said = {"number": "2025-001", "title": "An old one", "signed_on": "2025-11-03"}
    record.write(karoo.pk, record.Event(scope.record_subject, "scope_made", NOW, thandi, said))

    assert faults(karoo) == []


def test_proving_changes_nothing(agreed, karoo, django_assert_num_queries):
    with connection.execute_wrapper(_refuse_writes):
        assert faults(karoo) == []


def _refuse_writes(execute, sql, params, many, context):
    assert sql.lstrip().upper().startswith("SELECT"), sql
    return execute(sql, params, many, context)


def other(value, rng):
    """Something else of the same kind: of texts and bytes one letter or byte."""
    match value:
        case bool():
            return not value
        case int() | Decimal():
            return value + 1
        case str() if value:
            place = rng.randrange(len(value))
            return value[:place] + chr((ord(value[place]) - 31) % 94 + 32) + value[place + 1 :]
        case str():
            return "x"
        case bytes() | memoryview():
            content = bytearray(value)
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
            return bytes(content)
        case dict() if value:
            name = rng.choice(sorted(value))
            return {**value, name: other(value[name], rng)}
        case list() if value:
            return [*value[:-1], other(value[-1], rng)]
        case None:
            return None
        case _ if hasattr(value, "isoformat"):
            return value + timedelta(days=1)
    return [0]


def of_signed_ones(model):
    """Rows on which something signed or sent rests: a draft may be written anew by anybody here."""
    rows = model.objects.all()
    match model.__name__:
        case "Scope" | "Addendum" | "SealedDocument" | "Signature" | "SentVersion":
            return rows.exclude(agreement__state="draft")
        case "ScopeLine" | "ScopeFile":
            return rows.exclude(scope__agreement__state="draft")
        case "AddendumLine":
            return rows.exclude(addendum__agreement__state="draft")
        case "Agreement":
            return rows.exclude(state="draft")
    return rows


def mutate(rng):
    """One column of one row; what was done, or None where there was nothing to change."""
    model = rng.choice(list(SAYS))
    row = rng.choice(list(of_signed_ones(model)))
    column = rng.choice(SAYS[model])
    before = getattr(row, column)
    match column:
        case "state":
            after = rng.choice([state for state in State if state != before])
        case "kind" if model is ScopeLine:
            after = "tax" if before == "service" else "service"
        case "act":
            after = "change"
        case "side":
            after = before
        case "channel":
            after = "copied" if before != "copied" else "email"
        case "turnaround_days" | "rate" if before is None:
            after = 7
        case "decision":
            after = "part" if before == "renew" else "renew"
        case "signed_at" | "sent_at" | "closed_at" if before is None:
            after = NOW
        case "ends_on" | "signed_on" | "valid_until" if before is None:
            after = date(2026, 11, 19)
        case "drawn" if before is None:
            after = [[[0.1, 0.1]]]
        case "number" if isinstance(before, str):
            after = f"{before}-{rng.randrange(1000)}"
        case "seq" | "number" | "version" if isinstance(before, int):
            after = before + 1000
        case _:
            after = other(before, rng)
    if after == before:
        return None
    model.objects.filter(pk=row.pk).update(**{column: after})
    return f"{model.__name__}.{column} of {row.pk}"


def test_random_changes_are_all_found(agreed, karoo):
    rng, missed, done = random.Random(7), [], set()
    with behind_our_back():
        found = tried = 0
        while tried < MUTATIONS:
            with transaction.atomic():
                what = mutate(rng)
                if what:
                    tried += 1
                    done.add(what.partition(" ")[0])
                    is_found = bool(faults(karoo))
                    found += is_found
                    missed += [] if is_found else [what]
                transaction.set_rollback(True)

    assert missed == []
    assert (found, tried) == (MUTATIONS, MUTATIONS)
    assert len(done) > len(SAYS)
    assert faults(karoo) == []


def delete(model, **which):
    def act():
        rows = model.objects.filter(**which)
        rows._raw_delete(rows.db)

    return act


def copy(model, **changes):
    def act():
        row = model.objects.order_by("pk").first()
        row.pk = None
        for name, value in changes.items():
            setattr(row, name, value)
        models.Model.save_base(row, raw=True, force_insert=True)

    return act


def swap(model, *columns):
    def act():
        first, second = model.objects.order_by("pk")[:2]
        for column in columns:
            one, two = getattr(first, column), getattr(second, column)
            model.objects.filter(pk=first.pk).update(**{column: two})
            model.objects.filter(pk=second.pk).update(**{column: one})

    return act


def cut_the_tail():
    """The last entries go, and the head is set back: the document printed a later one."""
    sealed = SealedDocument.objects.order_by("-head_seq").first()
    client = sealed.agreement.client
    Entry.objects.filter(client=client, seq__gte=sealed.head_seq)._raw_delete("default")
    last = Entry.objects.filter(client=client).order_by("-seq").first()
    Client.objects.filter(pk=client.pk).update(entries=last.seq, head=last.hash)


def write_the_chain_anew():
    """Somebody who knows how it is hashed makes a whole chain that follows, with one word changed."""
    client = Client.objects.get(name="Karoo Linen")
    previous = ""
    for entry in Entry.objects.filter(client=client).order_by("seq"):
        if entry.kind == "agreement_sent":
            entry.data = {**entry.data, "address": "somebody@else.example"}
        entry.digest = record.digest_of(entry)
        entry.hash = previous = record.hash_of(entry, previous)
        Entry.objects.filter(pk=entry.pk).update(data=entry.data, digest=entry.digest, hash=entry.hash)
    Client.objects.filter(pk=client.pk).update(head=previous)


@pytest.mark.parametrize(
    ("act", "named"),
    [
        (
            delete(Signature, side="firm", agreement__kind="addendum"),
            "signature of Thandi Mokoena is not there any more",
        ),
        (delete(Signature, side="client", agreement__kind="scope"), "signature of Lena Karoo is not there any more"),
        (delete(SealedDocument, agreement__kind="scope"), "the sealed document is not there any more"),
        (delete(Renewal), "the decision how to go on is not there any more"),
        (delete(Entry, kind="renewal_decided"), "the decision how to go on is not in the record"),
        (delete(ScopeFile), "the signed paper is not there any more"),
        (delete(ScopeLine, number=1, scope__title="Shop fittings"), "its lines is not what the record says"),
        (delete(AddendumLine), "its changes is not what the record says"),
        (delete(Entry, kind="code_passed"), "is missing"),
        (copy(Entry, seq=900), "entry"),
        (copy(SentVersion, version=9), "version 9 was never sent by the record"),
        (copy(ScopeLine, number=9), "its lines is not what the record says"),
        (swap(SealedDocument, "content"), "the sealed document was changed"),
        (swap(SentVersion, "content"), "the text of version 1 was changed"),
        (swap(SentVersion, "pdf", "pdf_sha256"), "the PDF of version 1 was changed"),
        (cut_the_tail, "is not in the record"),
        (write_the_chain_anew, "whose head is printed in the sealed document"),
    ],
)
def test_rows_taken_out_put_in_or_exchanged_are_named(agreed, karoo, act, named):
    with behind_our_back():
        act()

    assert any(named in fault for fault in faults(karoo)), faults(karoo)


def test_a_scope_declared_signed_by_nobody_is_named(agreed, karoo, lena, thandi):
    agreement = draft(karoo, thandi, title="Never signed").agreement
    send(agreement, lena, thandi)
    Agreement.objects.filter(pk=agreement.pk).update(state="signed", signed_at=NOW)

    assert any("does not say that both sides signed" in fault for fault in faults(karoo))


@pytest.mark.parametrize("is_sent", [False, True])
def test_nothing_drafted_here_passes_for_recorded_by_hand(karoo, lena, thandi, is_sent):
    agreement = draft(karoo, thandi).agreement
    if is_sent:
        send(agreement, lena, thandi)
    Agreement.objects.filter(pk=agreement.pk).update(state="signed", made_by=None)

    assert any("does not say that both sides signed" in fault for fault in faults(karoo))


def test_a_row_that_came_in_signed_and_is_in_no_record_is_named(karoo):
    Scope.objects.create(client=karoo, number="2025-001", title="Never agreed", signed_on=date(2025, 11, 3))

    assert any("does not say that both sides signed" in fault for fault in faults(karoo))


def test_a_signature_of_another_contact_is_named(agreed, karoo, lena, thandi):
    other = Contact.objects.create(client=karoo, name=lena.name, email="lena@other.example")
    with behind_our_back():
        Signature.objects.filter(side="client").update(contact=other)

    assert any("the signature of Lena Karoo was changed: signer" in fault for fault in faults(karoo))


@pytest.mark.parametrize(
    ("before", "change", "named"),
    [
        ("draft", {"state": "withdrawn"}, "it is taken for withdrawn, and the record says draft"),
        ("sent", {"state": "lapsed"}, "it is taken for lapsed, and the record says sent"),
        ("declined", {"state": "draft"}, "it is taken for draft, and the record says declined"),
        ("declined", {"closed_why": "Too late."}, "the reason why it was closed was changed"),
        ("declined", {"closed_at": NOW}, "the moment at which it was closed was changed"),
        ("sent", {"sent_at": NOW}, "the moment of sending was changed"),
        ("sent", {"valid_until": date(2030, 1, 1)}, "the last day to sign was changed"),
        ("ended", {"closed_why": ""}, "the reason why it was closed was changed"),
        ("withdrawn", {"version": 1}, "the number of its version was changed"),
        ("signed", {"state": "ended"}, "it is taken for ended, and the record says signed"),
    ],
)
def test_a_state_that_nothing_led_to_is_named(agreed, karoo, before, change, named):
    """By steps that the database allows: the record says that nobody took them."""
    agreement = Agreement.objects.filter(state=before).first()
    moved = {name: value + DAY if value == NOW else value for name, value in change.items()}
    Agreement.objects.filter(pk=agreement.pk).update(**moved)

    assert any(named in fault for fault in faults(karoo)), faults(karoo)


def test_the_command_says_what_it_proved(agreed):
    said = io.StringIO()

    call_command("verify_evidence", stdout=said)

    assert said.getvalue().strip() == "The record of 1 clients and the evidence of 10 agreements hold."


def test_the_command_names_each_fault_and_fails(agreed):
    with behind_our_back():
        SealedDocument.objects.update(size=1)
    said = io.StringIO()

    with pytest.raises(CommandError, match="3 faults"):
        call_command("verify_evidence", stderr=said)

    assert "Karoo Linen: 2026-001: the row of the sealed document was changed: size" in said.getvalue()
