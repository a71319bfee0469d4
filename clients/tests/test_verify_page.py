"""Anybody can ask whether a PDF is ours and unchanged; the page keeps nothing, and nothing makes it stumble."""

import hashlib
import re
from datetime import date
from random import Random

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from clients import sealing
from clients.agreement_rules import State
from clients.models import Addendum, Agreement, Kind, Scope, SealedDocument
from clients.sealing import key
from clients.tests.seal_papers import WHY, paper, sealed_by
from clients.views.verify import CHECKS
from conftest import NOW

ADDRESS = "/verify/"


@pytest.fixture(autouse=True)
def _fresh_page():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def sealed(firm):
    return sealing.seal(paper(), NOW, reason=WHY).content


def check(browser, pdf, name="a.pdf"):
    return browser.post(ADDRESS, {"file": SimpleUploadedFile(name, pdf, "application/pdf")})


def title_and_heading(response):
    page = response.content.decode()
    return [re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)[1].strip() for tag in ("title", "h1")]


def test_it_has_an_address_to_print():
    assert reverse("clients:verify") == ADDRESS


def test_whoever_comes_is_asked_for_a_file(client, firm):
    response = client.get(ADDRESS)

    assert response.status_code == 200
    assert title_and_heading(response) == ["Check a document · Word &amp; Co", "Check a document"]
    assert "simple electronic signature" in response.content.decode()


def test_a_document_that_is_whole_is_said_to_be(client, sealed):
    response = check(client, sealed)

    said = "Sealed by Word &amp; Co, unchanged, on Wednesday 18 November, 11:00 (Johannesburg time)."
    assert title_and_heading(response) == [f"{said} · Word &amp; Co", said]
    assert hashlib.sha256(sealed).hexdigest() in response.content.decode()


WRONG = {
    "This file bears a seal of Word &amp; Co, but it was changed after it was sealed.": lambda pdf: pdf.replace(
        b"PDF-1.7", b"PDF-1.6"
    ),
    "Word &amp; Co sealed this document on Wednesday 18 November, 11:00 (Johannesburg time), "
    "but something was added to it afterwards.": lambda pdf: pdf + b"more",
    "This PDF bears no seal that can be read.": lambda pdf: pdf[:3000],
    "This file is not a PDF.": lambda pdf: b"Dear Sir",
    "This file is larger than 10 MB, and what we seal never is.": lambda pdf: pdf + bytes(10 * 1024 * 1024),
    "This file bears a seal, but it is not one of ours.": lambda pdf: sealed_by(key.make("Word & Co", NOW)),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_is_wrong_is_said(client, sealed, said):
    response = check(client, WRONG[said](sealed))

    assert response.status_code == 200
    assert title_and_heading(response)[1] == said
    assert "unchanged, on" not in response.content.decode()


def test_without_a_file_it_is_asked_for(client, firm):
    response = client.post(ADDRESS)

    assert title_and_heading(response)[0].startswith("Error: Check a document")
    assert response.content.decode().count("Choose the PDF to check") == 2


@pytest.mark.parametrize("name", ["a.pdf", "../../etc/passwd", "\0", "é" * 300, "<script>", "a\r\nb: c"])
def test_bytes_and_names_of_any_kind_get_an_answer(client, sealed, name):
    dice = Random(name)
    for _number in range(15):
        start = b"%PDF-" if dice.random() < 0.5 else b""
        response = check(client, start + dice.randbytes(dice.randrange(5000)), name)

        assert response.status_code == 200
        assert b"<script>" not in response.content


def test_an_empty_file_gets_an_answer(client, firm):
    assert title_and_heading(check(client, b""))[1] == "This file is not a PDF."


def test_a_form_without_its_token_is_refused(sealed):
    assert check(Browser(enforce_csrf_checks=True), sealed).status_code == 403


def test_nobody_need_sign_in_to_send_the_form(sealed):
    browser = Browser(enforce_csrf_checks=True)
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', browser.get(ADDRESS).content.decode())[1]

    response = browser.post(ADDRESS, {"csrfmiddlewaretoken": token, "file": SimpleUploadedFile("a.pdf", sealed)})

    assert "unchanged" in title_and_heading(response)[1]


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_answer_is_kept_anywhere(client, sealed, method):
    response = client.get(ADDRESS) if method == "get" else check(client, sealed)

    assert response["Cache-Control"] == "no-store"
    assert "noindex" in response["X-Robots-Tag"]


def test_checking_writes_nothing_down(client, sealed, verbs_heard):
    check(client, sealed)

    with verbs_heard() as verbs:
        check(client, sealed)

    assert 1 < len(verbs) < 8
    assert {*verbs} == {"SELECT"}


def test_who_checks_too_often_waits(client, firm):
    for _number in range(CHECKS.most):
        assert check(client, b"x").status_code == 200

    response = check(client, b"x")

    assert response.status_code == 429
    assert response["Retry-After"] == "600"
    assert title_and_heading(response)[1] == "Wait ten minutes, then try again."
    assert client.get(ADDRESS).status_code == 200


def test_others_do_not_wait_for_them(client, firm):
    for _number in range(CHECKS.most):
        check(client, b"x")

    elsewhere = Browser(REMOTE_ADDR="192.0.2.7")

    assert check(elsewhere, b"x").status_code == 200


# Which one it is


@pytest.fixture
def keep(sealed, karoo, thandi):
    """The document of a scope that was signed."""

    def keep_(**fields):
        scope = Scope(client=karoo, number="2026-014", title="Shop fittings", signed_on=date(2026, 11, 2), **fields)
        scope.save()
        SealedDocument.objects.create(
            agreement=scope.agreement,
            content=sealed,
            size=len(sealed),
            sha256=hashlib.sha256(sealed).hexdigest(),
            fingerprint="f" * 64,
            is_timestamped=False,
            head_seq=1,
            head_hash="0" * 64,
            made_at=NOW,
        )
        return scope.agreement

    return keep_


@pytest.mark.parametrize("ends_on", [None, date(2026, 11, 18)])
def test_a_document_on_file_is_named(client, sealed, keep, ends_on):
    keep(ends_on=ends_on)

    assert "It is agreement 2026-014, which is in force." in check(client, sealed).content.decode()


def test_one_that_was_ended_is_said_to_have(client, sealed, keep):
    Agreement.objects.filter(pk=keep().pk).update(state=State.ENDED)

    assert "It is agreement 2026-014, which has ended." in check(client, sealed).content.decode()


def test_one_whose_last_day_is_over_has_ended(client, sealed, keep):
    keep(ends_on=date(2026, 11, 17))

    assert "It is agreement 2026-014, which has ended." in check(client, sealed).content.decode()


def test_one_that_addenda_changed_is_said_to_have_them(client, sealed, keep):
    agreement = keep()
    signed = Agreement.objects.create(client=agreement.client, kind=Kind.ADDENDUM, state=State.SIGNED, made_at=NOW)
    Addendum.objects.create(agreement=signed, scope=agreement.scope, seq=1, title="More shelves", made_at=NOW)

    assert "which is in force, with addenda that were signed after it." in check(client, sealed).content.decode()


def test_one_that_is_sealed_but_not_on_file_is_said_to_be(client, sealed):
    assert "This very file is not among those on file here." in check(client, sealed).content.decode()


def test_a_changed_document_is_not_told_which_one_it_was(client, sealed, keep):
    keep()

    assert "2026-014" in check(client, sealed).content.decode()
    assert "2026-014" not in check(client, sealed + b"\n").content.decode()
