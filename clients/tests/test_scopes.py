import hashlib
from datetime import date

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from clients.actions import keep_file, save_scope
from clients.forms import MOST_BYTES, file_name
from clients.models import Entry, Scope, ScopeFile
from conftest import NOW

PAPER = b"%PDF-1.7\nsigned\n%%EOF"
TYPED = {"number": "2026-014", "title": "Shop fittings", "signed_on": "3 November"}


@pytest.fixture
def as_thandi(client, thandi):
    client.force_login(thandi)
    with time_machine.travel(NOW, tick=False):
        yield client


@pytest.fixture
def scope(karoo, thandi):
    scope = Scope(client=karoo, number="2026-001", title="Curtains")
    save_scope(scope, thandi, NOW)
    return scope


def pdf(content=PAPER, name="signed.pdf", kind="application/pdf"):
    return SimpleUploadedFile(name, content, kind)


def test_a_scope_is_added_with_its_paper(as_thandi, karoo, thandi):
    response = as_thandi.post(f"/clients/{karoo.pk}/scopes/new/", TYPED | {"paper": pdf()})

    made = Scope.objects.get()
    assert response.url == f"/clients/{karoo.pk}/scopes/"
    assert (made.number, made.title, made.signed_on) == ("2026-014", "Shop fittings", date(2026, 11, 3))
    assert bytes(made.file.content) == PAPER
    assert (made.file.sha256, made.file.size) == (hashlib.sha256(PAPER).hexdigest(), len(PAPER))
    assert (made.file.added_by, made.file.added_at) == (thandi, NOW)
    kinds = Entry.objects.filter(subject=f"scope {made.pk}").values_list("kind", flat=True)
    assert list(kinds) == ["scope_made", "scope_file_kept"]


def test_a_scope_needs_no_paper_and_no_signature(as_thandi, karoo):
    as_thandi.post(f"/clients/{karoo.pk}/scopes/new/", TYPED | {"signed_on": ""})

    made = Scope.objects.get()
    assert made.signed_on is None
    assert not ScopeFile.objects.exists()


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({"number": ""}, "number", "Enter the number of the scope, for example 2026-014"),
        ({"number": "2026-001"}, "number", "Another scope has this number: enter a different one"),
        ({"number": "x" * 41}, "number", "Number must be 40 characters or fewer"),
        ({"title": ""}, "title", "Enter what the scope is called"),
        ({"title": "x" * 201}, "title", "Title must be 200 characters or fewer"),
        ({"signed_on": "some day"}, "signed_on", "Enter a date, for example 27 November or Friday"),
        ({"signed_on": "2026-11-19"}, "signed_on", "The day of signing must be today or in the past"),
        ({"paper": pdf(b"<script>alert(1)</script>")}, "paper", "Choose a PDF: this file is something else"),
        ({"paper": pdf(b"GIF89a %PDF-1.7")}, "paper", "Choose a PDF: this file is something else"),
        ({"paper": pdf(b"")}, "paper", "Choose another file: this one is empty"),
        ({"paper": pdf(b"%PDF-" + b" " * MOST_BYTES)}, "paper", "Choose a file of 10 MB or less"),
    ],
)
def test_an_error_says_what_to_do_and_keeps_what_was_typed(as_thandi, karoo, scope, typed, field, error):
    response = as_thandi.post(f"/clients/{karoo.pk}/scopes/new/", TYPED | typed)

    page = response.content.decode()
    assert response.status_code == 200
    assert response.context["form"].errors == {field: [error]}
    assert "There is a problem" in page
    assert "<title>Error: New scope" in page
    assert Scope.objects.count() == 1


def test_a_paper_of_exactly_the_limit_is_taken(as_thandi, karoo):
    as_thandi.post(f"/clients/{karoo.pk}/scopes/new/", TYPED | {"paper": pdf(b"%PDF-" + b" " * (MOST_BYTES - 5))})

    assert ScopeFile.objects.get().size == MOST_BYTES


def test_another_paper_takes_the_place_of_the_first_and_both_hashes_stay(as_thandi, scope, thandi):
    first = keep_file(scope, "first.pdf", PAPER, thandi, NOW).sha256

    as_thandi.post(f"/scopes/{scope.pk}/", TYPED | {"paper": pdf(b"%PDF-2.0 second")})

    assert ScopeFile.objects.get().name == "signed.pdf"
    kept = Entry.objects.filter(kind="scope_file_kept").order_by("seq")
    assert [entry.data["sha256"] for entry in kept] == [first, ScopeFile.objects.get().sha256]
    assert kept[1].data["instead_of"] == first


def test_an_edit_without_a_file_keeps_the_paper(as_thandi, scope, thandi):
    keep_file(scope, "first.pdf", PAPER, thandi, NOW)

    as_thandi.post(f"/scopes/{scope.pk}/", TYPED)

    scope.refresh_from_db()
    assert scope.title == "Shop fittings"
    assert scope.file.name == "first.pdf"


def test_a_failed_edit_still_calls_the_scope_by_its_name(as_thandi, scope):
    response = as_thandi.post(f"/scopes/{scope.pk}/", TYPED | {"title": ""})

    assert "2026-001, Curtains" in response.content.decode()


def test_a_paper_is_handed_out_so_that_no_browser_runs_it(as_thandi, scope, thandi):
    keep_file(scope, "Kontrak “oud”.pdf", PAPER, thandi, NOW)

    response = as_thandi.get(f"/scopes/{scope.pk}/file/")

    assert response.content == PAPER
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox"
    assert "no-store" in response["Cache-Control"]


def test_a_scope_without_a_paper_has_none_to_hand_out(as_thandi, scope):
    assert as_thandi.get(f"/scopes/{scope.pk}/file/").status_code == 404


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


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_the_same_with_more_scopes_and_reads_no_paper(
    as_thandi, karoo, thandi, how_many, django_assert_num_queries
):
    for number in range(how_many):
        scope = Scope(client=karoo, number=f"2026-00{number}", title="Curtains")
        save_scope(scope, thandi, NOW)
        keep_file(scope, "signed.pdf", PAPER, thandi, NOW)

    # session, user, client, scopes with the names of their papers, firm, heartbeat, oldest unsent
    with django_assert_num_queries(7) as asked:
        as_thandi.get(f"/clients/{karoo.pk}/scopes/")

    assert not any('"content"' in query["sql"] for query in asked.captured_queries)
