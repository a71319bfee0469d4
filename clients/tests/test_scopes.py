"""Scopes as staff write them: lines as they are typed, begun anew or from an old one, or signed on paper."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from clients import actions
from clients.actions import drafting
from clients.agreement_rules import State
from clients.fields import LONG_TEXT, SHORT_TEXT, AmountField, written
from clients.forms import MOST_BYTES, file_name
from clients.line_forms import MOST_LINES
from clients.models import Entry, Scope, ScopeFile, ScopeTemplate
from clients.tests.agreements import draft, signed
from conftest import NOW

PAPER = b"%PDF-1.7\nsigned\n%%EOF"
WORDS = {"number": "2026-014", "title": "Shop fittings", "currency": "EUR"}


@pytest.fixture
def as_thandi(client, thandi):
    client.force_login(thandi)
    with time_machine.travel(NOW, tick=False):
        yield client


def pdf(content=PAPER, name="signed.pdf", kind="application/pdf"):
    return SimpleUploadedFile(name, content, kind)


def typed(*services, taxes=(), **words):
    """What the page sends: its words, and so many rows of lines."""
    sent = {**WORDS, **words}
    for prefix, rows in (("line", services), ("tax", taxes)):
        sent |= {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
        for place, row in enumerate(rows):
            sent |= {f"{prefix}-{place}-{name}": value for name, value in row.items()}
    return sent


DRAWINGS = {"service": "Drawings", "price": "1 200,50", "quantity": "2", "unit": "sheet", "turnaround_days": "10"}
VAT = {"service": "VAT", "rate": "15"}


def new(session, client, *services, **words):
    return session.post(f"/clients/{client.pk}/scopes/new/", typed(*services, **words))


# Written


def test_a_scope_is_written_with_its_lines(as_thandi, karoo, lena, thandi):
    words = {"summary": "Drawings.", "not_included": "Permits", "timeline": "In May", "terms": "## Pay"}
    days = {"starts_on": "1 December", "ends_on": "2027-03-31", "contact": lena.pk}
    response = new(as_thandi, karoo, DRAWINGS | {"description": "Two sheets"}, taxes=[VAT], **words, **days)

    made = Scope.objects.get()
    assert response.url == f"/scopes/{made.pk}/"
    assert (made.number, made.title, made.currency, made.terms) == ("2026-014", "Shop fittings", "EUR", "## Pay")
    assert (made.starts_on, made.ends_on) == (date(2026, 12, 1), date(2027, 3, 31))
    assert (made.agreement.state, made.agreement.contact) == (State.DRAFT, lena)
    service, tax = made.lines.all()
    assert (service.number, service.kind, service.quantity, service.price) == (1, "service", 2, Decimal("1200.50"))
    assert (service.description, service.unit, service.turnaround_days) == ("Two sheets", "sheet", 10)
    assert (tax.number, tax.kind, tax.service, tax.rate) == (2, "tax", "VAT", 15)
    assert [entry.kind for entry in Entry.objects.filter(subject=f"scope {made.pk}")] == ["scope_made"]


def test_a_number_is_suggested_and_the_firms_currency(as_thandi, karoo, thandi, firm):
    draft(karoo, thandi, number="2026-041")
    firm.currency = "ZAR"
    firm.save()

    form = as_thandi.get(f"/clients/{karoo.pk}/scopes/new/").context["form"]

    assert (form["number"].value(), form["currency"].value()) == ("2026-042", "ZAR")


def test_rows_left_empty_are_no_lines(as_thandi, karoo):
    new(as_thandi, karoo, {}, DRAWINGS, {"service": "", "price": ""}, taxes=[{}])

    assert [(line.number, line.service) for line in Scope.objects.get().lines.all()] == [(1, "Drawings")]


def test_an_empty_quantity_is_one(as_thandi, karoo):
    new(as_thandi, karoo, {"service": "Drawings", "price": "0"})

    assert Scope.objects.get().lines.get().quantity == 1


def test_a_ticked_line_is_taken_out_whatever_is_in_it(as_thandi, karoo, thandi):
    scope = draft(karoo, thandi)
    rows = [DRAWINGS | {"price": "nonsense", "DELETE": "on"}, DRAWINGS | {"service": "Visit"}]

    as_thandi.post(f"/scopes/{scope.pk}/edit/", typed(*rows, number=scope.number))

    assert [line.service for line in scope.lines.all()] == ["Visit"]


def test_without_a_script_more_rows_come_by_saving(as_thandi, karoo):
    response = new(as_thandi, karoo, DRAWINGS, more="yes")

    made = Scope.objects.get()
    assert response.url == f"/scopes/{made.pk}/edit/#lines"
    page = as_thandi.get(f"/scopes/{made.pk}/edit/")
    assert len(page.context["services"].forms) == 4


def test_what_was_saved_comes_back_so_that_it_can_be_saved_again(as_thandi, karoo):
    new(as_thandi, karoo, DRAWINGS | {"price": "1,2345", "quantity": "0.5"}, taxes=[VAT | {"rate": "8.375"}])
    made = Scope.objects.get()
    page = as_thandi.get(f"/scopes/{made.pk}/edit/").context
    rows = [{name: row[name].value() or "" for name in row.fields} for row in [page["services"][0], page["taxes"][0]]]

    as_thandi.post(f"/scopes/{made.pk}/edit/", typed(rows[0], taxes=[rows[1]]))

    service, tax = made.lines.all()
    assert (service.price, service.quantity, tax.rate) == (Decimal("1.2345"), Decimal("0.5"), Decimal("8.375"))


@pytest.mark.parametrize("price", ["0.5", "12.34", "1.234", "1200.5", "0.001", "100000", "-450.25", "1e3"])
def test_a_price_shown_is_read_as_the_same_price(price):
    field = AmountField(label="Price", places=4, whole=10)

    assert field.clean(written(Decimal(price))) == Decimal(price)


def test_the_page_says_what_it_comes_to(as_thandi, karoo):
    new(as_thandi, karoo, DRAWINGS, {"service": "Discount", "price": "-100"}, taxes=[VAT])

    page = as_thandi.get(f"/scopes/{Scope.objects.get().pk}/edit/").content.decode()

    assert "€2,301.00" in page
    assert "€2,646.15" in page


def test_the_terms_are_shown_as_they_will_be_read_and_run_nothing(as_thandi, karoo):
    new(as_thandi, karoo, terms="## Payment\n\n**Half** <script>alert(1)</script>")

    page = as_thandi.get(f"/scopes/{Scope.objects.get().pk}/edit/").content.decode()

    assert "<strong>Half</strong>" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("words", "field", "error"),
    [
        ({"number": ""}, "number", "Enter the number of the scope, for example 2026-014"),
        ({"number": "2026-001"}, "number", "Another scope has this number: enter a different one"),
        ({"number": "x" * 41}, "number", "Number must be 40 characters or fewer"),
        ({"title": ""}, "title", "Enter what the scope is called"),
        ({"title": "x" * 201}, "title", "Title must be 200 characters or fewer"),
        ({"summary": "x" * (SHORT_TEXT + 1)}, "summary", "In short must be 10000 characters or fewer"),
        ({"not_included": "x" * (SHORT_TEXT + 1)}, "not_included", "Not included must be 10000 characters or fewer"),
        ({"timeline": "x" * (SHORT_TEXT + 1)}, "timeline", "Timeline must be 10000 characters or fewer"),
        ({"terms": "x" * (LONG_TEXT + 1)}, "terms", "Terms must be 50000 characters or fewer"),
        ({"currency": ""}, "currency", "Choose a currency from the list"),
        ({"currency": "XYZ"}, "currency", "“XYZ” is not in the list: choose another one"),
        ({"starts_on": "some day"}, "starts_on", "Enter a date, for example 27 November or Friday"),
        (
            {"starts_on": "2026-12-01", "ends_on": "2026-11-30"},
            "ends_on",
            "The last day must not be before the first",
        ),
        ({"contact": "999"}, "contact", "Choose one from the list"),
    ],
)
def test_an_error_says_what_to_do_and_keeps_what_was_typed(as_thandi, karoo, thandi, words, field, error):
    draft(karoo, thandi, number="2026-001")

    response = new(as_thandi, karoo, DRAWINGS, **words)

    page = response.content.decode()
    assert response.status_code == 200
    assert response.context["form"].errors == {field: [error]}
    assert "There is a problem" in page
    assert "<title>Error: New scope" in page
    assert 'value="1 200,50"' in page
    assert Scope.objects.count() == 1


@pytest.mark.parametrize(
    ("row", "field", "error"),
    [
        ({"service": ""}, "service", "Enter the service"),
        ({"service": "x" * 201}, "service", "Service must be 200 characters or fewer"),
        ({"description": "x" * (SHORT_TEXT + 1)}, "description", "Description must be 10000 characters or fewer"),
        ({"unit": "x" * 41}, "unit", "Unit must be 40 characters or fewer"),
        ({"price": ""}, "price", "Enter the price, 0 if it costs nothing"),
        ({"price": "a lot"}, "price", "Price must be a number, for example 1200.50"),
        ({"price": "1.23456"}, "price", "Price must have 4 decimals or fewer"),
        ({"price": "10000000000"}, "price", "Price must be a smaller number"),
        ({"price": "1,200"}, "price", "“1,200” can be read in two ways: write 1200 or 1.20"),
        ({"quantity": "-1"}, "quantity", "Quantity must be at least 0"),
        ({"quantity": "2.555"}, "quantity", "Quantity must have 2 decimals or fewer"),
        ({"quantity": "100000000"}, "quantity", "Quantity must be a smaller number"),
        ({"turnaround_days": "0"}, "turnaround_days", "Working days must be at least 1"),
        ({"turnaround_days": "401"}, "turnaround_days", "Working days must be at most 400"),
        ({"turnaround_days": "soon"}, "turnaround_days", "Working days must be a whole number"),
    ],
)
def test_an_error_in_a_line_is_said_with_its_place(as_thandi, karoo, row, field, error):
    response = new(as_thandi, karoo, DRAWINGS, DRAWINGS | row)

    page = response.content.decode()
    assert response.context["services"].errors == [{}, {field: [error]}]
    assert f'<a href="#id_line-1-{field}">Line 2: {error}</a>' in page
    assert "<title>Error: New scope" in page
    assert not Scope.objects.exists()


@pytest.mark.parametrize(
    ("row", "field", "error"),
    [
        ({"service": ""}, "service", "Enter the name of the tax, for example VAT"),
        ({"rate": ""}, "rate", "Enter the per cent, for example 20"),
        ({"rate": "101"}, "rate", "Per cent must be at most 100"),
        ({"rate": "-1"}, "rate", "Per cent must be at least 0"),
        ({"rate": "1.2345"}, "rate", "Per cent must have 3 decimals or fewer"),
    ],
)
def test_an_error_in_a_tax_is_said_with_its_place(as_thandi, karoo, row, field, error):
    response = new(as_thandi, karoo, DRAWINGS, taxes=[VAT | row])

    assert response.context["taxes"].errors == [{field: [error]}]
    assert f'<a href="#id_tax-0-{field}">Tax 1: {error}</a>' in response.content.decode()


def test_two_hundred_lines_are_taken_and_one_more_is_refused(as_thandi, karoo):
    rows = [DRAWINGS | {"service": f"Sheet {number}"} for number in range(MOST_LINES)]

    refused = new(as_thandi, karoo, *rows, DRAWINGS)
    taken = new(as_thandi, karoo, *rows)

    assert refused.context["services"].non_form_errors() == ["A scope takes 200 lines at the most: remove some"]
    assert taken.status_code == 302
    assert Scope.objects.get().lines.count() == MOST_LINES


def test_lines_that_did_not_arrive_are_not_taken_for_none(as_thandi, karoo, thandi):
    scope = draft(karoo, thandi)

    response = as_thandi.post(f"/scopes/{scope.pk}/edit/", WORDS)

    assert "The lines did not arrive whole. Save again." in response.content.decode()
    assert scope.lines.exists()


def test_a_failed_edit_still_calls_the_scope_by_its_name(as_thandi, karoo, thandi):
    scope = draft(karoo, thandi, number="2026-001", title="Curtains")

    response = as_thandi.post(f"/scopes/{scope.pk}/edit/", typed(DRAWINGS, title=""))

    assert "<h1>2026-001, Curtains</h1>" in response.content.decode()


def test_a_text_of_any_kind_is_a_text(as_thandi, karoo):
    hostile = '<img src=x onerror=alert(1)> #panic("x") \u202egnp.exe 🎈'
    new(as_thandi, karoo, DRAWINGS | {"service": hostile, "description": hostile}, title=hostile, summary=hostile)

    page = as_thandi.get(f"/scopes/{Scope.objects.get().pk}/").content.decode()

    assert "&lt;img src=x" in page
    assert "<img src=x" not in page


@pytest.mark.parametrize("state", [State.SENT, State.SIGNED, State.WITHDRAWN])
def test_what_was_sent_is_not_edited(as_thandi, karoo, thandi, state):
    scope = draft(karoo, thandi)
    scope.agreement.state = state
    scope.agreement.save()

    response = as_thandi.post(f"/scopes/{scope.pk}/edit/", typed(DRAWINGS, title="Changed"))

    assert response.url == f"/scopes/{scope.pk}/"
    scope.refresh_from_db()
    assert scope.title != "Changed"


# Begun with an older text


def test_a_scope_begins_with_a_template(as_thandi, karoo, thandi):
    actions.keep_template(draft(karoo, thandi, title="A usual one"), "Usual", by=thandi, now=NOW)

    response = as_thandi.post(f"/clients/{karoo.pk}/scopes/begin/", {"template": ScopeTemplate.objects.get().pk})

    begun = Scope.objects.order_by("-pk")[0]
    assert response.url == f"/scopes/{begun.pk}/edit/"
    assert (begun.title, begun.lines.exists()) == ("A usual one", True)


def test_a_scope_begins_as_a_copy_of_one_of_another_client(as_thandi, karoo, secret, thandi):
    draft(secret, thandi, number="2026-001", title="Curtains")

    as_thandi.post(f"/clients/{karoo.pk}/scopes/begin/", {"copy_of": "2026-001"})

    begun = Scope.objects.get(client=karoo)
    assert (begun.number, begun.title) == ("2026-002", "Curtains")


def test_nobody_copies_what_they_may_not_see(client, sam, karoo, secret, thandi):
    draft(secret, thandi, number="2026-001", title="Quiet curtains")
    client.force_login(sam)

    response = client.post(f"/clients/{karoo.pk}/scopes/begin/", {"copy_of": "2026-001"})

    assert response.context["form"].errors == {"copy_of": ["No scope has this number: choose one from the list"]}
    assert b"Quiet curtains" not in client.get(f"/clients/{karoo.pk}/scopes/new/").content


@pytest.mark.parametrize(
    ("sent", "field", "error"),
    [
        ({}, "template", "Choose a template or enter the number of a scope, one of the two"),
        ({"template": "99"}, "template", "Choose one from the list"),
        ({"copy_of": "2026-999"}, "copy_of", "No scope has this number: choose one from the list"),
    ],
)
def test_what_to_begin_with_has_to_be_said(as_thandi, karoo, sent, field, error):
    response = as_thandi.post(f"/clients/{karoo.pk}/scopes/begin/", sent)

    assert response.context["form"].errors == {field: [error]}
    assert "<title>Error: Begin a scope" in response.content.decode()


def test_a_scope_is_copied_for_another_client(as_thandi, karoo, secret, thandi):
    scope = draft(karoo, thandi, title="Curtains")

    response = as_thandi.post(f"/scopes/{scope.pk}/copy/", {"client": secret.pk})

    copied = Scope.objects.get(client=secret)
    assert response.url == f"/scopes/{copied.pk}/edit/"
    assert copied.title == "Curtains"


def test_a_copy_is_for_a_client_that_one_sees(client, sam, karoo, secret, thandi):
    scope = draft(karoo, thandi)
    client.force_login(sam)

    response = client.post(f"/scopes/{scope.pk}/copy/", {"client": secret.pk})

    assert response.context["form"].errors == {"client": ["Choose the client it is for"]}


@pytest.mark.parametrize("path", ["/scopes/{scope}/copy/", "/clients/{client}/scopes/begin/"])
def test_two_who_begin_at_once_do_not_get_one_number(as_thandi, karoo, thandi, monkeypatch, path):
    scope = draft(karoo, thandi, number="2026-001")
    monkeypatch.setattr("clients.actions.drafting.next_number", lambda today: "2026-001")

    sent = {"client": karoo.pk, "copy_of": "2026-001"}
    response = as_thandi.post(path.format(scope=scope.pk, client=karoo.pk), sent)

    error = "Somebody began another scope at the same moment. Press the button again."
    assert response.context["form"].non_field_errors() == [error]
    assert Scope.objects.count() == 1


# Templates


def test_a_scope_is_kept_as_template(as_thandi, karoo, thandi):
    scope = draft(karoo, thandi)

    as_thandi.post(f"/scopes/{scope.pk}/template/", {"name": "Usual"})

    assert (ScopeTemplate.objects.get().name, ScopeTemplate.objects.get().changed_by) == ("Usual", thandi)


def test_a_template_takes_the_place_of_another_only_when_told(as_thandi, karoo, thandi):
    actions.keep_template(draft(karoo, thandi, title="First"), "Usual", by=thandi, now=NOW)
    scope = draft(karoo, thandi, title="Second")

    refused = as_thandi.post(f"/scopes/{scope.pk}/template/", {"name": "Usual"})
    before = ScopeTemplate.objects.get().content["texts"]["title"]
    as_thandi.post(f"/scopes/{scope.pk}/template/", {"name": "Usual", "instead": "on"})

    error = "There is a template of this name: enter another name, or tick that this takes its place"
    assert refused.context["form"].errors == {"name": [error]}
    assert (before, ScopeTemplate.objects.get().content["texts"]["title"]) == ("First", "Second")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "Enter a name for the template"),
        ("x" * 101, "Name of the template must be 100 characters or fewer"),
    ],
)
def test_a_template_needs_a_name(as_thandi, karoo, thandi, name, error):
    scope = draft(karoo, thandi)

    assert as_thandi.post(f"/scopes/{scope.pk}/template/", {"name": name}).context["form"].errors == {"name": [error]}


def test_a_template_is_renamed_and_deleted(as_thandi, karoo, thandi):
    template = actions.keep_template(draft(karoo, thandi), "Usual", by=thandi, now=NOW)
    actions.keep_template(draft(karoo, thandi), "Other", by=thandi, now=NOW)

    taken = as_thandi.post(f"/scope-templates/{template.pk}/", {"name": "Other"})
    as_thandi.post(f"/scope-templates/{template.pk}/", {"name": "Drawings"})
    asked = as_thandi.post(f"/scope-templates/{template.pk}/delete/")
    kept = set(ScopeTemplate.objects.values_list("name", flat=True))
    as_thandi.post(f"/scope-templates/{template.pk}/delete/", {"confirmed": "yes"})

    assert taken.context["form"].errors == {"name": ["Another template has this name: enter a different one"]}
    assert "Delete the template “Drawings”?" in asked.content.decode()
    assert kept == {"Drawings", "Other"}
    assert [template.name for template in ScopeTemplate.objects.all()] == ["Other"]


# Signed on paper


def paper(**changes):
    return {"signed_on": "3 November", "paper": pdf(), "vouched": "on", **changes}


def test_a_scope_signed_on_paper_is_kept_with_its_paper(as_thandi, karoo, thandi):
    response = as_thandi.post(f"/clients/{karoo.pk}/scopes/paper/", typed(DRAWINGS) | paper())

    made = Scope.objects.get()
    assert response.url == f"/scopes/{made.pk}/"
    assert (made.agreement.state, made.signed_on, made.vouched_by) == (State.SIGNED, date(2026, 11, 3), thandi)
    assert bytes(made.file.content) == PAPER
    assert (made.file.sha256, made.file.size) == (hashlib.sha256(PAPER).hexdigest(), len(PAPER))
    page = as_thandi.get(response.url).content.decode()
    assert "Signed on paper" in page
    assert made.file.sha256 in page
    assert "Who vouches" in page


def test_it_needs_no_lines(as_thandi, karoo):
    as_thandi.post(f"/clients/{karoo.pk}/scopes/paper/", typed() | paper())

    assert Scope.objects.get().agreement.state == State.SIGNED


def test_a_draft_turns_out_to_be_signed_on_paper(as_thandi, karoo, thandi):
    scope = draft(karoo, thandi)

    as_thandi.post(f"/scopes/{scope.pk}/paper/", paper())

    scope.agreement.refresh_from_db()
    assert scope.agreement.state == State.SIGNED
    assert scope.lines.exists()


def test_the_paper_is_never_replaced(as_thandi, karoo, thandi):
    scope = draft(karoo, thandi)
    as_thandi.post(f"/scopes/{scope.pk}/paper/", paper())

    again = as_thandi.post(f"/scopes/{scope.pk}/paper/", paper(paper=pdf(b"%PDF-2.0 second")))

    assert again.context["form"].non_field_errors() == ["This is signed already, and stays as it was signed."]
    assert bytes(ScopeFile.objects.get().content) == PAPER


@pytest.mark.parametrize(
    ("changes", "field", "error"),
    [
        ({"signed_on": ""}, "signed_on", "Enter the day of the last signature, for example 3 November"),
        ({"signed_on": "2026-11-19"}, "signed_on", "The day of signing must be today or in the past"),
        ({"paper": ""}, "paper", "Choose the PDF of the signed paper"),
        ({"paper": pdf(b"<script>alert(1)</script>")}, "paper", "Choose a PDF: this file is something else"),
        ({"paper": pdf(b"GIF89a %PDF-1.7")}, "paper", "Choose a PDF: this file is something else"),
        ({"paper": pdf(b"")}, "paper", "Choose another file: this one is empty"),
        ({"paper": pdf(b"%PDF-" + b" " * MOST_BYTES)}, "paper", "Choose a file of 10 MB or less"),
        ({"vouched": ""}, "vouched", "Tick that you vouch for it, once you have compared it with the paper"),
    ],
)
def test_a_paper_is_refused_in_words(as_thandi, karoo, thandi, changes, field, error):
    scope = draft(karoo, thandi)
    for part in changes.values():
        if hasattr(part, "seek"):
            part.seek(0)

    alone = as_thandi.post(f"/scopes/{scope.pk}/paper/", paper(**changes))
    for part in changes.values():
        if hasattr(part, "seek"):
            part.seek(0)
    together = as_thandi.post(f"/clients/{karoo.pk}/scopes/paper/", typed(DRAWINGS) | paper(**changes))

    assert alone.context["form"].errors == {field: [error]}
    assert together.context["paper"].errors == {field: [error]}
    assert "<title>Error: " in together.content.decode()
    assert Scope.objects.get().agreement.state == State.DRAFT


def test_a_paper_of_exactly_the_limit_is_taken(as_thandi, karoo, thandi):
    scope = draft(karoo, thandi)

    as_thandi.post(f"/scopes/{scope.pk}/paper/", paper(paper=pdf(b"%PDF-" + b" " * (MOST_BYTES - 5))))

    assert ScopeFile.objects.get().size == MOST_BYTES


def test_only_the_lead_and_managers_vouch(client, sam, karoo, thandi):
    scope = draft(karoo, thandi)
    client.force_login(sam)

    assert client.post(f"/scopes/{scope.pk}/paper/", paper()).status_code == 403
    assert client.post(f"/clients/{karoo.pk}/scopes/paper/", typed() | paper()).status_code == 403
    assert "It was signed on paper" not in client.get(f"/scopes/{scope.pk}/").content.decode()


def test_a_paper_is_handed_out_so_that_no_browser_runs_it(as_thandi, karoo, thandi):
    scope = draft(karoo, thandi)
    paper_of = {"signed_on": NOW.date(), "name": "Kontrak “oud”.pdf", "content": PAPER}
    actions.record_paper(scope, **paper_of, by=thandi, now=NOW)

    response = as_thandi.get(f"/scopes/{scope.pk}/file/")

    assert response.content == PAPER
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox"
    assert "no-store" in response["Cache-Control"]


def test_a_scope_without_a_paper_has_none_to_hand_out(as_thandi, karoo, thandi):
    assert as_thandi.get(f"/scopes/{draft(karoo, thandi).pk}/file/").status_code == 404


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("signed.pdf", "signed.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\papers\\signed.PDF", "signed.PDF"),
        ('a"b\r\nX: y.pdf', "a_b__X_ y.pdf"),
        ("Überseevertrag (2).pdf", "Überseevertrag (2).pdf"),
        ("", "scope.pdf"),
        ("...", "scope.pdf"),
        ("page.html", "page.html.pdf"),
    ],
)
def test_a_file_name_is_made_safe(given, kept):
    assert file_name(given) == kept


def test_a_long_file_name_fits_its_column():
    assert len(file_name("x" * 500)) <= 200


# Listed


def test_the_list_says_how_each_stands_and_what_it_comes_to(as_thandi, karoo, lena, thandi):
    draft(karoo, thandi, number="2026-002", title="A draft")
    signed(karoo, lena, thandi, number="2026-003", title="A signed one")

    page = as_thandi.get(f"/clients/{karoo.pk}/scopes/")

    shown = [(row.scope.number, row.scope.agreement.get_state_display()) for row in page.context["rows"]]
    assert shown == [("2026-003", "Signed"), ("2026-002", "Draft")]
    assert all(row.total for row in page.context["rows"])


def test_a_long_list_goes_on_page_by_page(as_thandi, karoo, thandi, monkeypatch):
    monkeypatch.setattr("clients.views.scopes.PAGE", 2)
    for number in range(3):
        draft(karoo, thandi, number=f"2026-00{number}")

    first = as_thandi.get(f"/clients/{karoo.pk}/scopes/")
    second = as_thandi.get(f"/clients/{karoo.pk}/scopes/{first.context['next']}")

    numbers = [[row.scope.number for row in page.context["rows"]] for page in (first, second)]
    assert numbers == [["2026-002", "2026-001"], ["2026-000"]]
    assert second.context["next"] == ""


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_the_same_with_more_scopes_and_reads_no_paper(
    as_thandi, karoo, thandi, how_many, django_assert_num_queries
):
    for number in range(how_many):
        scope = draft(karoo, thandi, number=f"2026-00{number}")
        actions.record_paper(scope, signed_on=NOW.date(), name="signed.pdf", content=PAPER, by=thandi, now=NOW)
        actions.draft_addendum(scope, title="More", reason="", by=thandi, now=NOW)

    # session, user, client, scopes with the names of their papers, lines, addenda, changes, firm, heartbeat, unsent
    with django_assert_num_queries(9) as asked:
        as_thandi.get(f"/clients/{karoo.pk}/scopes/")

    assert not any('"content"' in query["sql"] for query in asked.captured_queries)


def test_the_newest_scope_comes_first_whatever_its_number(as_thandi, karoo, thandi):
    for number in ("2026-999", "2026-1000"):
        drafting.draft_scope(karoo, {"number": number, "title": f"Scope {number}"}, [], by=thandi, now=NOW)

    page = as_thandi.get(f"/clients/{karoo.pk}/scopes/").content.decode()

    assert page.index("Scope 2026-1000") < page.index("Scope 2026-999")


def test_the_page_says_that_somebody_saved_meanwhile_and_keeps_what_was_typed(as_thandi, karoo, thandi, mara):
    scope = draft(karoo, thandi)
    page = f"/scopes/{scope.pk}/edit/"
    read = as_thandi.get(page).context["read"]
    drafting.save_draft(scope, {"title": "Hers"}, [], by=mara, now=NOW)
    mine = {**typed({"service": "Curtains", "price": "900"}, number=scope.number, title="Mine"), "read": read}

    refused = as_thandi.post(page, mine)

    assert "Somebody saved this draft while you had it open" in refused.content.decode()
    assert refused.context["form"]["title"].value() == "Mine"
    as_thandi.post(page, {**mine, "read": refused.context["read"]})
    assert Scope.objects.get(pk=scope.pk).title == "Mine"
