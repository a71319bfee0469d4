"""Whatever file somebody sends, by any door: none is shown as a page, none breaks a thing, none lies on a disk."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client as Browser
from django.urls import get_resolver

from clients.models import ScopeFile
from conftest import DAY, NOW
from engagement.staff.models import FirmLogo
from engagement.tests.corpora import FULL
from engagement.tests.corpora.files import CSV, files
from engagement.tests.matrix import a_world
from engagement.tests.outputs import inline_code
from promises.models import Upload

pytestmark = pytest.mark.django_db

FILES = files()
# Each is tried below.
DOORS = {"clients.verify_form.VerifyForm.file", "promises.forms.uploads.UploadForm.file"}
DOORS |= {"engagement.staff.forms.firm.LogoForm.logo", "clients.agreement_forms.PaperForm.paper"}
TAKEN_INLINE = {"image/png", "image/jpeg"}


def test_there_are_a_hundred_and_twenty():
    assert len(FILES) == 120
    assert len({(name, content[:400], len(content)) for name, content in FILES}) == 120


def test_every_door_that_takes_a_file_is_named_here():
    get_resolver().url_patterns  # noqa: B018  loads every view, and with it every form

    def below(kind):
        return {kind, *(each for one in kind.__subclasses__() for each in below(one))}

    ours = ("engagement.", "clients.", "promises.")
    found = {
        f"{form.__module__}.{form.__qualname__}.{name}"
        for form in below(forms.BaseForm)
        if form.__module__.startswith(ours)
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field, forms.FileField)
    }

    assert found == DOORS


def test_no_file_lies_on_a_disk_under_a_name_that_somebody_chose():
    """Kept in the database, beside their hashes: there is no folder to write to, and no name to guess."""
    fields = [field for model in apps.get_models() for field in model._meta.concrete_fields]

    assert [field for field in fields if isinstance(field, models.FileField | models.FilePathField)] == []
    assert settings.MEDIA_ROOT == ""


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), a_world() as built:
        yield built


@pytest.fixture
def browser(world, django_db_blocker):
    with django_db_blocker.unblock():
        browser = Browser(raise_request_exception=True)
        browser.force_login(world.ada)
        yield browser


def sent(browser, path, field, name, content, **more):
    # Nobody is refused here for trying too often.
    cache.clear()
    response = browser.post(path, {field: SimpleUploadedFile(name, content), **more}, follow=True)
    assert response.status_code in (200, 400), (name, response.status_code)
    page = response.content.decode()
    assert inline_code(page) == [], name
    return response


def is_given_out_as_a_file(response):
    policy = response["Content-Security-Policy"]
    return policy == "sandbox" and response["X-Content-Type-Options"] == "nosniff"


def every(step):
    return FILES if FULL else [*FILES[::step], FILES[-1]]


def test_none_is_shown_by_the_page_that_checks_a_seal(browser):
    for name, content in every(4):
        page = sent(browser, "/verify/", "file", name, content).content.decode()

        assert "zqx()" not in page, name
        assert "is unchanged" not in page, name


def test_none_is_taken_for_a_logo_but_a_picture_with_nothing_else_in_it(browser):
    taken = 0
    for name, content in every(8):
        sent(browser, "/firm/logo/", "logo", name, content)
        answer = browser.get("/firm/logo/")

        assert answer["Content-Type"] in TAKEN_INLINE or answer.status_code == 404
        if answer.status_code == 200 and bytes(FirmLogo.objects.get().content) != b"logo":
            taken += 1
            assert is_given_out_as_a_file(answer)
            assert re.search(rb"zqx|<script|<svg|PK\x03\x04", answer.content) is None, name
    assert taken > 1


def test_a_paper_is_given_out_to_be_kept_under_a_plain_name(browser, world):
    taken, path = 0, f"/clients/{world.open['client'].pk}/scopes/paper/"
    form = {
        **{
            "title": "Old",
            "currency": "EUR",
            "number": "",
            "signed_on": (NOW - DAY).date().isoformat(),
            "vouched": "on",
        },
        **{"line-TOTAL_FORMS": "1", "line-INITIAL_FORMS": "0", "line-0-service": "Work", "line-0-quantity": "1"},
        **{"line-0-price": "10", "tax-TOTAL_FORMS": "0", "tax-INITIAL_FORMS": "0"},
    }
    for at, (name, content) in enumerate(every(8)):
        before = ScopeFile.objects.count()
        sent(browser, path, "paper", name, content, **(form | {"number": f"P-{at}"}))
        if ScopeFile.objects.count() == before:
            assert not content.startswith(b"%PDF-") or len(content) > 10 * 2**20, name
            continue
        taken += 1
        kept = ScopeFile.objects.order_by("pk").last()
        answer = browser.get(f"/scopes/{kept.scope_id}/file/")
        assert content.startswith(b"%PDF-")
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"].startswith("attachment")
        assert is_given_out_as_a_file(answer)
        assert kept.name.lower().endswith(".pdf")
        assert kept.name.isprintable()
        assert not set('/\\\0\r\n"<>;\u202e') & set(kept.name)
    assert taken > 4


def test_a_list_is_read_as_text_or_not_at_all(browser):
    for name, content in every(5):
        # And a table under each of the names.
        for given in (content, CSV):
            page = sent(browser, "/import/", "file", name, given).content.decode()

            assert "<script>zqx" not in page, name
    kept = [bytes(content) for content in Upload.objects.values_list("content", flat=True)]
    assert [content for content in kept if content.lstrip().startswith((b"<", b"%PDF"))] == []
    assert len(kept) > 15
    for path in ("/import/", *(f"/import/{upload.pk}/" for upload in Upload.objects.defer("content"))):
        response = browser.get(path)
        assert response.status_code == 200
        assert inline_code(response.content.decode()) == []
