"""The sealed document opens by a code to the address on file, and to nobody else."""

import re

import pytest
import time_machine
from django.core.cache import cache

from clients import actions
from clients.actions import make_document, make_link
from clients.models import Agreement, Contact, Entry, OneTimeCode, SealedDocument
from clients.tests.agreements import addendum_to, code_for, draft, figures, send, sign, signed
from clients.views.signed_document import new_pass
from conftest import DAY, NOW
from engagement.outbox.models import Message


@pytest.fixture(autouse=True)
def _at_now(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7 as sent")
    monkeypatch.setattr("clients.actions.documents.render", lambda *args, **kwargs: SMALL)
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


# The seal is made of any PDF; that ours is a good one is asked of `clients.document`.
SMALL = b"""%PDF-1.7
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj
xref
0 4
0000000000 65535 f 
0000000009 00000 n 
0000000052 00000 n 
0000000101 00000 n 
trailer<</Size 4/Root 1 0 R>>
startxref
162
%%EOF
"""


@pytest.fixture
def scope(karoo, lena, thandi, firm):
    scope = signed(karoo, lena, thandi, NOW - DAY)
    assert make_document(scope.agreement, NOW - DAY)
    return scope


@pytest.fixture
def link(karoo, thandi, lena):
    return make_link(karoo, thandi, NOW - DAY, contact=lena)


def signing_page(scope, link):
    return f"/s/{scope.agreement.token()}/document/"


def progress_page(scope, link):
    return f"/document/{link.token()}/{scope.number}/"


BOTH = pytest.mark.parametrize("way", [signing_page, progress_page])


def the_code():
    return figures(OneTimeCode.objects.latest("pk").message)


@BOTH
def test_a_code_opens_it(client, scope, link, way):
    here = way(scope, link)
    page = client.post(here, {"wanted": "on"}).content.decode()

    opened = client.post(here, {"code": the_code()}, follow=True)
    file = client.get(re.search(r'href="([^"]+file=yes)"', opened.content.decode())[1].replace("&amp;", "&"))

    assert "l•••@karoo.example" in page
    assert "The document is open to you." in opened.content.decode()
    assert file.content == bytes(SealedDocument.objects.get().content)
    assert file["Content-Type"] == "application/pdf"
    assert file["Content-Disposition"] == f'attachment; filename="{scope.number}.pdf"'
    assert (file["X-Content-Type-Options"], file["Content-Security-Policy"]) == ("nosniff", "sandbox")
    assert file["Cache-Control"] == "no-store"
    assert Entry.objects.filter(kind="code_passed", data__purpose="document").count() == 1


@BOTH
def test_nothing_of_it_is_given_without_one(client, scope, link, way):
    here = way(scope, link)

    answers = [
        client.get(here),
        client.get(f"{here}?file=yes"),
        client.get(f"{here}?pass=guess&file=yes"),
        client.post(here),
        client.post(f"{here}?file=yes", {"code": "123456"}),
    ]

    assert {answer["Content-Type"] for answer in answers} == {"text/html; charset=utf-8"}
    assert {answer.status_code for answer in answers} == {200}


@BOTH
def test_a_code_is_sent_only_to_whoever_ticks_that_they_want_it(client, scope, link, way):
    before = OneTimeCode.objects.count()

    page = client.post(way(scope, link), {"wanted": ""}).content.decode()

    assert "Tick that you want the code sent" in page
    assert OneTimeCode.objects.count() == before


def test_after_the_signer_left_the_main_contact_opens_it_from_the_progress_page(client, scope, karoo, lena, thandi):
    actions.save_contact(Contact(client=karoo, name="Ben Karoo", email="ben@karoo.example"), thandi, NOW)
    actions.mark_left(lena, thandi, NOW)
    here = progress_page(scope, make_link(karoo, thandi, NOW))

    offered = client.get(here).content.decode()
    sent = client.post(here, {"wanted": "on"}).content.decode()
    opened = client.post(here, {"code": the_code()}, follow=True).content.decode()

    assert "b•••@karoo.example" in offered
    assert "b•••@karoo.example" in sent
    assert "The document is open to you." in opened
    assert client.get(signing_page(scope, None)).status_code == 404


@BOTH
def test_a_wrong_code_is_told_and_opens_nothing(client, scope, link, way):
    here = way(scope, link)
    client.post(here, {"wanted": "on"})
    wrong = f"{(int(the_code()) + 1) % 10**6:06}"

    page = client.post(here, {"code": wrong}).content.decode()

    assert "That is not the code. You have 4 more tries." in page
    assert "<title>Error: " in page


@BOTH
def test_a_code_to_sign_with_opens_no_document(client, scope, link, way, karoo, lena, thandi):
    other = draft(karoo, thandi).agreement
    send(other, lena, thandi, name="")
    code = code_for(other)

    page = client.post(way(scope, link), {"code": code}).content.decode()

    assert "Ask for a code first." in page


@BOTH
def test_too_many_codes_are_refused_in_words(client, scope, link, way):
    pages = [client.post(way(scope, link), {"wanted": "on"}).content.decode() for _time in range(6)]

    assert "5 codes were sent within the hour." in pages[-1]


@BOTH
def test_who_has_a_code_already_types_it(client, scope, link, way):
    here = way(scope, link)
    none = client.get(here).content.decode() + client.get(f"{here}?have=yes").content.decode()
    client.post(here, {"wanted": "on"})

    offered, page = client.get(here).content.decode(), client.get(f"{here}?have=yes").content.decode()

    assert "I have a code already" not in none
    assert "The code from the mail" not in none
    assert "I have a code already" in offered
    assert "The code from the mail" in page


def test_who_has_just_signed_downloads_it_without_another_code(client, karoo, lena, thandi, firm):
    agreement = draft(karoo, thandi).agreement
    version = send(agreement, lena, thandi)
    page = {"shown": version.sha256, "consent": "on", "name": "Lena Karoo"}
    client.post(f"/s/{agreement.token()}/check/", page)
    answer = client.post(f"/s/{agreement.token()}/accept/", page | {"code": the_code()})
    waiting = client.get(answer["Location"]).content.decode()
    make_document(Agreement.objects.get(pk=agreement.pk), NOW)

    there = client.get(answer["Location"]).content.decode()
    way = re.search(r'href="([^"]+file=yes)"', there)[1].replace("&amp;", "&")

    assert "is being made" in waiting
    assert client.get(way)["Content-Type"] == "application/pdf"


@pytest.mark.parametrize("minutes", [0, 29, 31])
def test_total_and_drawing_are_shown_to_whoever_signed_for_half_an_hour(client, karoo, lena, thandi, firm, minutes):
    agreement = draft(karoo, thandi).agreement
    version = send(agreement, lena, thandi)
    sign(agreement, version, drawn=[[[0.5, 0.2], [0.7, 0.3]]])
    page, given = f"/s/{agreement.token()}/", f"?pass={new_pass(agreement)}"

    with time_machine.travel(NOW + minutes * DAY / 1440, tick=False):
        to_anybody, to_them = (client.get(page + more).content.decode() for more in ("", given))

    for words in ("Lena Karoo", "Wednesday 18 November 2026", version.sha256):
        assert words in to_anybody
        assert words in to_them
    for words in (version.content["total"], '<svg class="drawn"'):
        assert words not in to_anybody
        assert (words in to_them) == (minutes < 30)


@pytest.mark.parametrize(("minutes", "opens"), [(29, True), (31, False)])
def test_a_pass_lasts_half_an_hour(client, scope, link, minutes, opens):
    way = f"{signing_page(scope, link)}?pass={new_pass(scope.agreement)}&file=yes"

    with time_machine.travel(NOW + minutes * DAY / 1440, tick=False):
        is_file = client.get(way)["Content-Type"] == "application/pdf"

    assert is_file == opens


def test_a_pass_of_another_document_opens_nothing(client, scope, link, karoo, lena, thandi):
    other = signed(karoo, lena, thandi, NOW - DAY)

    answer = client.get(f"{signing_page(scope, link)}?pass={new_pass(other.agreement)}&file=yes")

    assert answer["Content-Type"] != "application/pdf"


# Behind the progress page: the same page for whatever does not open


def gone(client):
    return client.get("/p/never-was/").content


def test_other_numbers_and_tokens_give_the_page_of_wrong_links(client, scope, link, secret, karoo, lena, thandi):
    draft(karoo, thandi, number="2026-700")
    unmade = signed(karoo, lena, thandi, NOW - DAY, number="2026-701")
    elsewhere = make_link(secret, thandi, NOW)
    ways = [
        f"/document/{link.token()}/2026-700/",
        f"/document/{link.token()}/{unmade.number}/",
        f"/document/{link.token()}/{scope.number}/1/",
        f"/document/{link.token()}x/{scope.number}/",
        f"/document/{elsewhere.token()}/{scope.number}/",
        f"/document/{scope.agreement.token()}/{scope.number}/",
    ]

    for answer in [*map(client.get, ways), *map(client.post, ways)]:
        assert (answer.status_code, answer.content) == (404, gone(client))


def test_a_revoked_link_opens_no_document(client, scope, link, thandi):
    actions.revoke_link(link, thandi, NOW)

    assert client.get(progress_page(scope, link)).status_code == 404


def test_a_link_to_one_scope_opens_its_documents_alone(client, scope, karoo, lena, thandi):
    other = signed(karoo, lena, thandi, NOW - DAY)
    make_document(other.agreement, NOW - DAY)
    addendum = addendum_to(scope, thandi, [{"act": "add", "service": "Shelf", "price": 10}], NOW - DAY)
    sign(addendum.agreement, send(addendum.agreement, lena, thandi, NOW - DAY), NOW - DAY)
    make_document(Agreement.objects.get(pk=addendum.agreement_id), NOW - DAY)
    narrow = make_link(karoo, thandi, NOW, scope=scope)

    opened = {
        number: client.get(f"/document/{narrow.token()}/{number}/").status_code
        for number in (scope.number, addendum.number, other.number)
    }

    assert opened == {scope.number: 200, addendum.number: 200, other.number: 404}


def test_looking_writes_nothing(client, scope, link):
    before = (OneTimeCode.objects.count(), Entry.objects.count(), Message.objects.count())

    for way in (signing_page, progress_page):
        here = way(scope, link)
        for look in (client.get, client.head, client.options):
            assert look(here).status_code == 200
        client.post(here)

    assert (OneTimeCode.objects.count(), Entry.objects.count(), Message.objects.count()) == before
