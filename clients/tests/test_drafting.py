"""Scopes and addenda before they are sent: written, copied, begun from a template, signed on paper."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest

from clients import actions, evidence, record
from clients.actions.drafting import said_of_scope
from clients.models import Addendum, Agreement, Client, Scope, ScopeFile, ScopeTemplate
from clients.tests.agreements import LINES, addendum_to, draft, send, signed
from clients.tests.test_signing_races import at_once, surprises
from conftest import DAY, NOW

PAPER = b"%PDF-1.7\nsigned by hand\n%%EOF"


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


def lines_of(scope):
    return [(line.number, line.kind, line.service, line.price) for line in scope.lines.order_by("number")]


# Begun


def test_a_draft_has_an_agreement_lines_and_an_entry_in_the_record(karoo, thandi):
    scope = draft(karoo, thandi)

    agreement = scope.agreement
    assert (agreement.state, agreement.kind, agreement.version, agreement.made_by) == ("draft", "scope", 1, thandi)
    assert lines_of(scope) == [
        (1, "service", "Drawings", Decimal("120.50")),
        (2, "service", "Fittings", Decimal(900)),
        (3, "tax", "VAT", Decimal(0)),
    ]
    entry = karoo.record.get(kind="scope_made")
    assert (entry.subject, entry.by, entry.at) == (f"scope {scope.pk}", thandi, NOW)
    assert entry.data == said_of_scope(Scope.objects.get(pk=scope.pk))
    assert entry.data["lines"][0]["price"] == "120.5000"


def test_it_is_in_the_firms_currency_unless_another_is_said(karoo, thandi, firm):
    type(firm).objects.update(currency="ZAR")

    assert draft(karoo, thandi).currency == "ZAR"
    assert draft(karoo, thandi, currency="KWD").currency == "KWD"


@pytest.mark.parametrize(
    ("there", "next_one"),
    [
        ([], "2026-001"),
        (["2026-001", "2026-014"], "2026-015"),
        (["2026-9", "2026-10"], "2026-011"),
        (["2026-999"], "2026-1000"),
        (["2025-200", "2027-3"], "2026-001"),
        (["2026-007b", "2026-", "offer 2026-050"], "2026-001"),
    ],
)
def test_numbers_go_on_after_the_highest_of_the_year(karoo, thandi, there, next_one):
    for number in there:
        draft(karoo, thandi, number=number)

    assert actions.next_number(date(2026, 11, 18)) == next_one
    assert draft(karoo, thandi).number == next_one


def test_the_year_is_the_clients(karoo, thandi):
    Client.objects.filter(pk=karoo.pk).update(zone="Pacific/Kiritimati")
    evening = NOW.replace(month=12, day=31, hour=12)

    assert draft(Client.objects.get(pk=karoo.pk), thandi, evening).number == "2027-001"


def test_a_number_that_is_taken_is_refused_and_nothing_is_kept(karoo, thandi):
    draft(karoo, thandi, number="2026-014")
    before = karoo.record.count()

    with pytest.raises(actions.Refused, match="Another scope has this number"):
        draft(karoo, thandi, number="2026-014")

    assert (Scope.objects.count(), Agreement.objects.count(), karoo.record.count()) == (1, 1, before)


class TestOnServers:
    pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

    def test_who_begin_at_once_each_get_a_number(self, karoo, thandi):
        answers = at_once(*[lambda: draft(karoo, thandi)] * 10)

        assert surprises(answers) == []
        assert sorted(scope.number for scope in answers) == [f"2026-{number:03}" for number in range(1, 11)]
        assert list(record.verify(Client.objects.get(pk=karoo.pk))) == []

    def test_addenda_that_are_begun_at_once_each_get_a_number(self, karoo, lena, thandi):
        scope = signed(karoo, lena, thandi)

        answers = at_once(*[lambda: addendum_to(Scope.objects.get(pk=scope.pk), thandi, [])] * 6)

        assert surprises(answers) == []
        assert sorted(addendum.seq for addendum in answers) == [1, 2, 3, 4, 5, 6]


# Changed


def test_a_draft_is_changed_whole(karoo, thandi, sam):
    scope = draft(karoo, thandi)

    actions.save_draft(scope, {"title": "Only drawings", "ends_on": date(2027, 1, 1)}, LINES[:1], by=sam, now=NOW + DAY)

    kept = Scope.objects.get(pk=scope.pk)
    assert (kept.title, kept.summary, kept.ends_on) == ("Only drawings", "The third shop.", date(2027, 1, 1))
    assert lines_of(kept) == [(1, "service", "Drawings", Decimal("120.50"))]
    entry = karoo.record.get(kind="scope_changed")
    assert (entry.by, entry.data) == (sam, said_of_scope(kept))


def test_what_was_read_before_is_read_anew_after_a_change(karoo, thandi):
    scope = Scope.objects.prefetch_related("lines").get(pk=draft(karoo, thandi).pk)

    actions.save_draft(scope, {}, LINES[1:2], by=thandi, now=NOW)

    assert [line.service for line in scope.lines.all()] == ["Fittings"]


def test_a_change_that_is_refused_changes_nothing(karoo, thandi):
    draft(karoo, thandi, number="2026-014")
    scope = draft(karoo, thandi)
    before = (said_of_scope(scope), karoo.record.count())

    with pytest.raises(actions.Refused):
        actions.save_draft(scope, {"number": "2026-014", "title": "Another"}, [], by=thandi, now=NOW)

    assert (said_of_scope(Scope.objects.get(pk=scope.pk)), karoo.record.count()) == before


def test_what_was_sent_is_not_changed_through_an_old_page(karoo, lena, thandi):
    scope = draft(karoo, thandi)
    old = Scope.objects.select_related("agreement").get(pk=scope.pk)
    send(scope.agreement, lena, thandi)

    with pytest.raises(actions.Refused, match="This is with the client now"):
        actions.save_draft(old, {"title": "Another"}, LINES, by=thandi, now=NOW)

    assert Scope.objects.get(pk=scope.pk).title == "Shop fittings"


# Copied, and from templates


def test_a_copy_says_the_same_and_is_another_one(karoo, secret, lena, thandi):
    scope = signed(karoo, lena, thandi, starts_on=date(2026, 12, 1), not_included="Paint")

    copy = actions.copy_scope(scope, secret, by=thandi, now=NOW)

    assert (copy.client, copy.number, copy.agreement.state) == (secret, "2026-002", "draft")
    assert (copy.title, copy.terms, copy.not_included) == (scope.title, scope.terms, "Paint")
    assert (copy.starts_on, copy.signed_on) == (None, None)
    assert lines_of(copy) == lines_of(scope)
    assert [line.rate for line in copy.lines.all()] == [None, None, Decimal(15)]


def test_a_template_is_kept_and_begun_from(karoo, secret, thandi):
    scope = draft(karoo, thandi, currency="KWD")

    template = actions.keep_template(scope, "  Shops ", by=thandi, now=NOW)
    begun = actions.draft_from_template(ScopeTemplate.objects.get(), secret, by=thandi, now=NOW)

    assert (template.name, begun.client, begun.number, begun.currency) == ("Shops", secret, "2026-002", "KWD")
    assert lines_of(begun) == lines_of(scope)
    assert [line.quantity for line in begun.lines.all()] == [Decimal(2), Decimal(1), Decimal(1)]
    assert [line.turnaround_days for line in begun.lines.all()] == [5, 10, None]


def test_a_template_of_the_same_name_is_replaced(karoo, thandi):
    actions.keep_template(draft(karoo, thandi), "Shops", by=thandi, now=NOW)
    actions.keep_template(draft(karoo, thandi, title="Better"), "Shops", by=thandi, now=NOW + DAY)

    assert ScopeTemplate.objects.get().content["texts"]["title"] == "Better"


# Addenda


def test_an_addendum_is_numbered_within_its_scope(karoo, lena, thandi):
    scope, other = signed(karoo, lena, thandi), signed(karoo, lena, thandi)

    numbers = [addendum_to(one, thandi, []).number for one in (scope, scope, other)]

    assert numbers == ["2026-001/1", "2026-001/2", "2026-002/1"]


def test_an_addendum_has_an_agreement_of_its_own(karoo, lena, thandi):
    addendum = addendum_to(signed(karoo, lena, thandi), thandi, [{"act": "add", "service": "Shelves"}])

    agreement = addendum.agreement
    assert (agreement.kind, agreement.state, agreement.contact, agreement.about) == (
        "addendum",
        "draft",
        lena,
        addendum,
    )
    made, changed = karoo.record.filter(subject=f"addendum {addendum.pk}").order_by("seq")
    assert (made.kind, changed.kind) == ("addendum_made", "addendum_changed")
    assert changed.data["changes"][0]["service"] == "Shelves"
    assert (changed.data["changes"][0]["act"], changed.data["changes"][0]["number"]) == ("add", 4)


def test_an_addendum_is_changed_whole(karoo, lena, thandi):
    addendum = addendum_to(signed(karoo, lena, thandi), thandi, [{"act": "remove", "number": 1}])

    actions.save_addendum(
        addendum, {"title": "Other", "terms": "So."}, [{"act": "remove", "number": 2}], by=thandi, now=NOW
    )

    kept = Addendum.objects.get(pk=addendum.pk)
    assert (kept.title, kept.terms, kept.reason) == ("Other", "So.", "They asked for it.")
    assert [(change.act, change.number) for change in kept.changes.all()] == [("remove", 2)]


# Signed on paper


def test_a_paper_is_kept_with_its_hash_and_who_vouches_for_it(karoo, thandi):
    scope = draft(karoo, thandi)

    kept = actions.record_paper(
        scope, signed_on=date(2026, 11, 2), name="signed.pdf", content=PAPER, by=thandi, now=NOW
    )

    found = Scope.objects.select_related("agreement").get(pk=scope.pk)
    assert (found.agreement.state, found.signed_on, found.vouched_by) == ("signed", date(2026, 11, 2), thandi)
    assert (kept.sha256, kept.size) == (hashlib.sha256(PAPER).hexdigest(), len(PAPER))
    entry = karoo.record.get(kind="scope_signed_on_paper")
    assert (entry.by, entry.data["sha256"], entry.data["signed_on"]) == (thandi, kept.sha256, "2026-11-02")
    # Nobody signed it here: there is nothing to seal, and the evidence says no more than that.
    assert found.agreement.document_due_at is None
    assert not found.agreement.signatures.exists()
    karoo.refresh_from_db()
    assert list(evidence.verify(karoo)) == []


def test_a_paper_is_recorded_by_who_decides(karoo, thandi, sam):
    scope = draft(karoo, thandi)

    with pytest.raises(actions.Refused, match="The client's lead or a manager does this"):
        actions.record_paper(scope, signed_on=date(2026, 11, 2), name="a.pdf", content=PAPER, by=sam, now=NOW)

    assert not ScopeFile.objects.exists()


def test_a_scope_on_paper_is_changed_by_addenda_alone(karoo, lena, thandi):
    scope = draft(karoo, thandi)
    actions.record_paper(scope, signed_on=date(2026, 11, 2), name="a.pdf", content=PAPER, by=thandi, now=NOW)

    with pytest.raises(actions.Refused, match="This is signed already"):
        actions.save_draft(scope, {"title": "Another"}, [], by=thandi, now=NOW)
    addendum = addendum_to(scope, thandi, [{"act": "add", "service": "Shelves"}])

    assert send(addendum.agreement, lena, thandi).content["to"]["signed_on"] == "Monday 2 November 2026"


# Two who write at once


def test_a_text_is_not_written_over_one_that_nobody_saw(karoo, thandi, mara):
    scope = draft(karoo, thandi)
    read = actions.last_saved(scope)
    actions.save_draft(scope, {"title": "Hers"}, LINES, by=mara, now=NOW, read=read)

    with pytest.raises(actions.Refused, match="Somebody saved this draft"):
        actions.save_draft(scope, {"title": "His"}, LINES, by=thandi, now=NOW, read=read)

    assert Scope.objects.get(pk=scope.pk).title == "Hers"
    actions.save_draft(scope, {"title": "His"}, LINES, by=thandi, now=NOW, read=actions.last_saved(scope))
    assert Scope.objects.get(pk=scope.pk).title == "His"


def test_an_addendum_is_not_written_over_one_that_nobody_saw(karoo, lena, thandi, mara):
    addendum = addendum_to(signed(karoo, lena, thandi), thandi, [{"act": "add", "service": "Shelf", "price": 80}])
    read = actions.last_saved(addendum)
    actions.save_addendum(addendum, {"title": "Hers"}, [], by=mara, now=NOW, read=read)

    with pytest.raises(actions.Refused, match="Somebody saved this draft"):
        actions.save_addendum(addendum, {"title": "His"}, [], by=thandi, now=NOW, read=read)

    assert Addendum.objects.get(pk=addendum.pk).title == "Hers"


def test_saving_what_is_there_already_adds_nothing_to_the_record(karoo, thandi):
    scope = draft(karoo, thandi)
    actions.save_draft(scope, {}, LINES, by=thandi, now=NOW)

    assert karoo.record.about(scope.record_subject).count() == 1
