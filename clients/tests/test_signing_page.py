"""What the private address of an agreement opens, in every state, and what nobody without one can find out."""

import re
import secrets

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients import actions
from clients.actions import archive, make_link, mark_left
from clients.models import Agreement, Contact, SentVersion
from clients.tests.agreements import LINES, SEEN, addendum_to, countersign, draft, send, sign, signed
from clients.views.private import WRONG_LINKS
from conftest import DAY, HOUR, NOW

SAME = ("Cache-Control", "X-Robots-Tag", "Referrer-Policy", "Content-Type", "Content-Length", "Content-Security-Policy")
LOOKED_AT = ["", "check/", "accept/", "code/", "ask/", "decline/", "pdf/", "document/"]
HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "{{ firm }} {% now 'Y' %} %(name)s {0.__class__}",
    '#let x = read("/etc/passwd")',
    "שלום عربي",
    "a" * 200,
    "🙂 O'Brien & Søn",
]


@pytest.fixture(autouse=True)
def _at_now(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7 as sent")
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


@pytest.fixture
def sent(karoo, lena, thandi, firm):
    agreement = draft(karoo, thandi, NOW - DAY, not_included="Permits\nMoving\nLight\nPaint\nGlass").agreement
    send(agreement, lena, thandi, NOW - DAY, name="")
    return agreement


def address(agreement, rest=""):
    return f"/s/{agreement.token()}/{rest}"


def read(client, path):
    return client.get(path).content.decode()


# In


def test_the_address_opens_without_signing_in(client, sent):
    page = read(client, address(sent))

    assert "Shop fittings" in page
    assert "You sign as" in page


def test_the_short_form_stands_first(client, sent):
    page = read(client, address(sent))

    places = [
        page.index(words) for words in ("The third shop.", "€1,312.15", "You can sign until", "Permits", "Go to sign")
    ]
    assert places == sorted(places)
    assert places[-1] < page.index("The whole text") < page.index("Drawings") < page.index("Send me the code")


def test_a_long_list_of_what_is_not_included_is_cut_above_and_whole_below(client, sent):
    page = read(client, address(sent))

    above, below = page.split("The whole text")
    assert "Glass" not in above
    assert "2 more" in above
    assert "Glass" in below


def test_the_whole_text_is_on_the_page(client, sent):
    page = read(client, address(sent))

    for words in ("Two rounds of changes", "2 <bdi>sheet</bdi> × €120.50", "done within 5 working days", "VAT"):
        assert words in page
    assert "Paid within <em>14 days</em>." in page
    assert "€1,141.00" in page  # the services together


def test_an_addendum_says_what_changes_and_what_it_comes_to(client, karoo, lena, thandi, firm):
    scope = signed(karoo, lena, thandi, NOW - 3 * DAY)
    changes = [
        {"act": "change", "number": 1, **LINES[0], "quantity": 3},
        {"act": "remove", "number": 2},
        {"act": "add", "service": "Lighting plan", "quantity": 1, "price": 400},
    ]
    addendum = addendum_to(scope, thandi, changes, NOW - DAY)
    send(addendum.agreement, lena, thandi, NOW - DAY)

    page = read(client, address(Agreement.objects.get(pk=addendum.agreement_id)))

    assert f"Addendum {addendum.number}" in page
    for words in ("It changes scope", "They asked for it.", "Line 1 changes", "Line 2 is removed", "Line 4 is added"):
        assert words in page
    content = SentVersion.objects.get(agreement=addendum.agreement_id).content
    for figure in (content["total_before"], content["total_after"], content["effect"]):
        assert figure in page


def test_everything_shown_is_of_the_frozen_text(client, sent):
    version = SentVersion.objects.get(agreement=sent)
    type(sent.client).objects.filter(pk=sent.client_id).update(name="Renamed Linen")
    Contact.objects.filter(pk=sent.contact_id).update(name="Renamed Karoo")

    page = read(client, address(sent))

    assert f'name="shown" value="{version.sha256}"' in page
    assert "Lena Karoo" in page
    assert "From <bdi>Word &amp; Co</bdi> to <bdi>Karoo Linen</bdi>" in page


def test_it_speaks_the_contacts_language(client, sent):
    Contact.objects.filter(pk=sent.contact_id).update(language="nl")

    assert '<html lang="nl">' in read(client, address(sent))


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_in_the_text_is_printed_as_text(client, karoo, lena, thandi, firm, text):
    lines = [{"service": text, "description": text, "unit": text[:40], "quantity": 1, "price": 1}]
    agreement = draft(
        karoo, thandi, lines=lines, title=text, summary=text, terms=text, timeline=text, not_included=text
    ).agreement
    send(agreement, lena, thandi, name="")

    page = read(client, address(agreement))

    tags = set(re.findall(r"<([a-z0-9]+)", page))
    assert not tags & {"img", "iframe", "style", "object", "embed", "base"}
    assert page.count("<script") == page.count("<script src=") + page.count('<script type="module" src=')
    assert not re.search(r"<[^>]* on\w+=", page)


def test_the_pdf_is_given_to_be_kept_and_never_run(client, sent):
    answer = client.get(address(sent, "pdf/"))

    assert answer.content == b"%PDF-1.7 as sent"
    assert answer["Content-Disposition"] == f'attachment; filename="{sent.about.number}.pdf"'
    assert (answer["X-Content-Type-Options"], answer["Content-Security-Policy"]) == ("nosniff", "sandbox")
    assert answer["Cache-Control"] == "no-store"


# Every state is a page with a next step


def in_state(state, agreement, thandi):
    version = agreement.versions.get()
    match state:
        case "draft":
            actions.revise(agreement, by=thandi, now=NOW)
        case "declined":
            actions.decline(agreement, why="Too dear", shown=version.sha256, seen=SEEN, now=NOW)
        case "withdrawn":
            actions.withdraw(agreement, why="Ours alone", by=thandi, now=NOW)
        case "accepted":
            sign(agreement, version)
        case "signed":
            sign(agreement, version)
            countersign(agreement, thandi)
        case "ended":
            in_state("signed", agreement, thandi)
            actions.end(agreement, why="Ours alone", by=thandi, now=NOW)
        case "withdrawn after":
            sign(agreement, version)
            actions.withdraw(agreement, why="Ours alone", by=thandi, now=NOW)
        case "lapsed":
            Agreement.objects.filter(pk=agreement.pk).update(valid_until_at=NOW)
            actions.lapse_due(NOW)
        case "about to lapse":
            Agreement.objects.filter(pk=agreement.pk).update(valid_until_at=NOW)


STATES = {
    "draft": "A new version will be sent to you.",
    "declined": "You declined this.",
    "withdrawn": "Word &amp; Co has withdrawn this.",
    "withdrawn after": "Word &amp; Co has withdrawn this.",
    "accepted": "You have signed.",
    "signed": "Signed by you and by Word &amp; Co.",
    "ended": "This agreement has ended.",
    "lapsed": "The time to sign this has ended.",
    "about to lapse": "The time to sign this has ended.",
}


@pytest.mark.parametrize(("state", "words"), STATES.items())
def test_each_state_is_a_page_that_says_how_to_reach_us(client, sent, thandi, state, words):
    in_state(state, sent, thandi)

    answer = client.get(address(sent))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert words in page
    assert "thandi@word.example" in page
    assert "Ours alone" not in page
    assert "Send me the code" not in page


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("rest", ["check/", "accept/", "ask/", "decline/", "document/"])
def test_in_each_state_every_way_leads_to_that_page(client, sent, thandi, state, rest):
    in_state(state, sent, thandi)

    for answer in (client.get(address(sent, rest)), client.post(address(sent, rest), {"name": "Lena Karoo"})):
        assert (answer.status_code, answer["Location"]) == (302, address(sent))


@pytest.mark.parametrize(
    ("state", "has_pdf"), [("draft", False), ("withdrawn", False), ("accepted", True), ("signed", False)]
)
def test_the_text_as_sent_is_there_until_the_sealed_document_is(client, sent, thandi, state, has_pdf):
    in_state(state, sent, thandi)

    assert client.get(address(sent, "pdf/")).status_code == (200 if has_pdf else 302)


def test_the_page_of_a_declined_one_holds_the_reason(client, sent, thandi):
    in_state("declined", sent, thandi)

    assert "Too dear" in read(client, address(sent))


def test_the_confirmation_says_when_in_which_zone_and_what_is_next(client, sent, thandi):
    in_state("accepted", sent, thandi)

    page = read(client, address(sent))

    for words in (sent.about.number, "Wednesday 18 November 2026, 11:00 (Johannesburg time)", "What happens next"):
        assert words in page
    assert "Word &amp; Co signs" in page


def test_while_the_document_is_made_the_page_asks_again_and_can_be_reloaded(client, sent, thandi):
    in_state("signed", sent, thandi)

    page = read(client, address(sent))

    assert f'data-refresh-url="{address(sent)}"' in page
    assert f'href="{address(sent)}">Reload' in page


def test_a_document_that_cannot_be_made_keeps_nobody_waiting(client, sent, thandi):
    in_state("signed", sent, thandi)
    Agreement.objects.update(document_tries=3)

    page = read(client, address(sent))

    assert "data-refresh-url" not in page
    assert "Your signature stands." in page


def test_the_signed_page_lasts_as_long_as_links_do(client, sent, thandi, firm):
    in_state("signed", sent, thandi)

    statuses = []
    for seconds in (-1, 0):
        with time_machine.travel(NOW + firm.link_days * DAY + seconds * (HOUR / 3600), tick=False):
            statuses.append(client.get(address(sent)).status_code)

    assert statuses == [200, 404]


# Out, always in the same way


def wrong_token(agreement, thandi):
    return secrets.token_urlsafe(32)


def progress_token(agreement, thandi):
    return make_link(agreement.client, thandi, NOW).token()


def token_of_before(agreement, thandi):
    """Sent anew to somebody else, the first one's address opens nothing."""
    token = agreement.token()
    other = Contact(client=agreement.client, name="Piet", email="piet@karoo.example")
    actions.save_contact(other, thandi, NOW)
    actions.revise(agreement, by=thandi, now=NOW)
    send(agreement, other, thandi)
    return token


def archived_token(agreement, thandi):
    token = agreement.token()
    archive(agreement.client, thandi, NOW)
    return token


def leavers_token(agreement, thandi):
    mark_left(agreement.contact, thandi, NOW)
    return agreement.token()


def lasted_token(agreement, thandi):
    Agreement.objects.filter(pk=agreement.pk).update(state="declined", closed_at=NOW - 400 * DAY)
    return agreement.token()


def never_sent_token(agreement, thandi):
    """A draft has no address, whatever its row holds."""
    fresh = draft(agreement.client, thandi).agreement
    return fresh.nonce


CLOSED = [wrong_token, progress_token, token_of_before, archived_token, leavers_token, lasted_token, never_sent_token]


@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize("rest", LOOKED_AT)
def test_every_address_that_does_not_open_gives_the_page_of_wrong_links(client, sent, thandi, closed, rest):
    usual = client.get("/p/never-was/")
    token = closed(sent, thandi)

    for answer in (client.get(f"/s/{token}/{rest}"), client.post(f"/s/{token}/{rest}", {"name": "Lena"})):
        assert (answer.status_code, answer.content) == (404, usual.content)
        assert {name: answer.get(name) for name in SAME} == {name: usual.get(name) for name in SAME}


@pytest.mark.parametrize(
    "token", ["x", "a/b/c", "..%2f..%2fetc", "%00", "%ff%fe", "é" * 40, "a" * 4000, "0", "x/check/y"]
)
@pytest.mark.parametrize("root", ["/s/", "/document/"])
def test_whatever_is_typed_gives_the_same_page(client, firm, root, token):
    usual = client.get("/p/never-was/")

    answer = client.get(f"{root}{token}/")

    assert (answer.status_code, answer.content) == (404, usual.content)


@pytest.mark.parametrize("closed", CLOSED)
def test_every_address_that_does_not_open_costs_the_same(client, sent, thandi, closed, verbs_heard):
    token = closed(sent, thandi)

    with verbs_heard() as verbs:
        client.get(f"/s/{token}/")

    assert verbs == ["SELECT", "SELECT"]  # the firm, the agreement


def test_a_signing_address_opens_no_progress_page(client, sent):
    assert client.get(f"/p/{sent.token()}/").status_code == 404
    assert client.get(f"/document/{sent.token()}/{sent.about.number}/").status_code == 404


def test_no_column_of_the_database_opens_the_page(client, sent):
    values = Agreement.objects.values().get(pk=sent.pk).values()

    assert {client.get(f"/s/{value}/").status_code for value in values} == {404}


def test_wrong_addresses_of_all_kinds_are_counted_together(client, sent):
    for number in range(WRONG_LINKS.most):
        client.get(f"/s/guess-{number}/")

    assert client.get("/p/one-more/").status_code == 429
    assert client.get("/document/one/more/").status_code == 429
    assert client.get(address(sent)).status_code == 200


# Looking changes nothing, and leaves nothing behind


@pytest.mark.parametrize("rest", LOOKED_AT)
def test_looking_writes_nothing(client, sent, rest, verbs_heard):
    with verbs_heard() as verbs:
        for look in (client.get, client.head, client.options):
            look(address(sent, rest))

    assert {*verbs} <= {"SELECT"}


@pytest.mark.parametrize("rest", LOOKED_AT)
@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "delete"])
def test_nothing_is_kept_found_or_passed_on(client, sent, rest, method):
    answer = getattr(client, method)(address(sent, rest))

    assert answer["Cache-Control"] == "no-store"
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert dict(answer.cookies) == {}
    assert answer.status_code == (405 if method in ("put", "delete") else answer.status_code)


def test_a_preview_of_the_link_names_only_the_firm(client, sent):
    head = read(client, address(sent)).split("</head>")[0]

    assert "<title>To read and sign · Word &amp; Co</title>" in head
    assert "Karoo" not in head
    assert "Shop" not in head


@pytest.mark.parametrize("rest", ["", "ask/", "decline/"])
def test_the_page_asks_nobody_else(client, sent, rest):
    page = read(client, address(sent, rest))

    loaded = re.findall(r'(?:src|href|action)="([^"]+)"', page)
    assert [path for path in loaded if not path.startswith(("/", "#", "mailto:", "tel:", "data:"))] == []
    assert " style=" not in page
    assert not re.search(r"<script(?![^>]* src=)", page)


@pytest.mark.parametrize("rest", ["", "ask/", "decline/"])
def test_no_number_of_ours_stands_on_the_page(client, sent, rest):
    page = read(client, address(sent, rest))

    assert sent.token_hash not in page
    assert sent.nonce not in page
    assert f"/{sent.client_id}/" not in page


def test_its_cost_does_not_grow_with_what_was_sent_before(client, sent, lena, thandi):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(sent)).status_code == 200
        return len(captured)

    before = cost()
    for _time in range(3):
        actions.revise(sent, by=thandi, now=NOW)
        send(sent, lena, thandi, name="")

    assert cost() == before == 4  # the firm, the agreement, its text, the latest code


# From elsewhere


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "null"}, 200),
        ({}, 200),
    ],
)
def test_a_page_of_others_can_send_nothing(sent, headers, status):
    strict = Browser(enforce_csrf_checks=True)
    given = {"text": "?", "name": "", "why": ""}

    answers = {strict.post(address(sent, rest), given, headers=headers).status_code for rest in ("check/", "decline/")}

    assert answers == {status}
