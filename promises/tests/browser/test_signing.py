"""A client signs on a phone; a machine that follows and presses everything signs nothing."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from clients import actions
from clients.models import Agreement, Entry, OneTimeCode, Signature
from clients.tests.agreements import addendum_to, countersign, draft, figures, send, signed

pytestmark = pytest.mark.browser


@pytest.fixture
def sent(office, firm):
    """Sent this minute, and not signed by the firm yet."""
    now = timezone.now()
    agreement = draft(office["karoo"], office["thandi"], now, not_included="Permits\nMoving the stock").agreement
    send(agreement, office["lena"], office["thandi"], now, name="")
    return agreement


def address(agreement, rest=""):
    return f"/s/{agreement.token()}/{rest}"


def the_code():
    return figures(OneTimeCode.objects.latest("pk").message)


def give(page, name="Lena Karoo"):
    page.get_by_role("checkbox").check()
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Send me the code").click()
    expect(page.get_by_role("heading", name="Check, then sign")).to_be_visible()


def made(agreement):
    """The sealed document, as a worker makes it: in a thread where no event loop of the browser's is running."""

    def work():
        try:
            return actions.make_document(Agreement.objects.get(pk=agreement.pk), timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as worker:
        return worker.submit(work).result()


def draw(page):
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    for across, down in ((80, 90), (140, 20), (200, 80), (250, 40)):
        page.mouse.move(box["x"] + across, box["y"] + down, steps=6)
    page.mouse.up()


def test_a_client_reads_draws_and_signs_on_a_phone(office, sent, visit):
    asked = []
    page = visit("/healthz", width=360, timezone_id="Africa/Johannesburg", has_touch=True, is_mobile=True)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address(sent))
    page.get_by_role("link", name="Go to sign").click()
    draw(page)
    give(page)
    expect(page.get_by_role("img", name="Your drawn signature")).to_be_visible()
    page.get_by_label("The code from the mail").fill("1")
    page.get_by_role("button", name="Accept and sign").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the six figures of the code from the mail")
    page.get_by_label("The code from the mail").fill(the_code())
    page.get_by_role("button", name="Accept and sign").click()

    expect(page.get_by_role("heading", name="You have signed.")).to_be_visible()
    signature = Signature.objects.get()
    assert (signature.name, signature.zone) == ("Lena Karoo", "Africa/Johannesburg")
    [stroke] = signature.drawn
    assert len(stroke) > 5
    assert all(0 <= across <= 1 and 0 <= down <= 0.4 for across, down in stroke)
    assert all(url.startswith((page.url.split("/s/")[0], "blob:", "data:")) for url in asked)

    now = timezone.now()
    countersign(sent, office["thandi"], now)
    page.reload()
    expect(page.get_by_text("The signed document is being made.")).to_be_visible()
    assert made(sent)
    button = page.get_by_role("link", name="Download the signed document")
    expect(button).to_be_visible(timeout=15_000)
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == f"{sent.about.number}.pdf"


def test_a_client_signs_without_scripts_and_without_cookies(sent, visit):
    page = visit(address(sent), width=360, java_script_enabled=False)
    expect(page.locator("canvas")).to_be_hidden()
    give(page)
    page.get_by_role("button", name="Change something").click()
    expect(page.get_by_label("Your name")).to_have_value("Lena Karoo")
    page.get_by_label("Your name").fill("Lena A. Karoo")
    page.get_by_role("button", name="I have a code already").click()
    page.get_by_label("The code from the mail").fill(the_code())
    page.get_by_role("button", name="Accept and sign").click()

    expect(page.get_by_role("heading", name="You have signed.")).to_be_visible()
    assert Signature.objects.get().name == "Lena A. Karoo"
    assert page.context.cookies() == []


def test_what_was_drawn_comes_back_and_can_be_cleared(sent, visit):
    page = visit(address(sent))
    draw(page)
    give(page)
    page.get_by_role("button", name="Change something").click()
    field = page.locator('input[name="drawn"]')
    expect(field).to_have_value(re.compile(r"^\[\[\[0\.\d"))
    page.get_by_role("button", name="Clear the drawing").click()
    expect(field).to_have_value("")


def test_the_page_says_when_the_mail_cannot_be_delivered(sent, visit):
    page = visit(address(sent))
    give(page)
    page.get_by_label("The code from the mail").fill("12")
    message = OneTimeCode.objects.get().message
    message.state = "failed"
    message.save()

    expect(page.get_by_text("could not be delivered")).to_be_visible(timeout=10_000)
    expect(page.get_by_label("The code from the mail")).to_have_value("12")


def test_a_client_asks_and_declines(sent, visit):
    page = visit(address(sent), width=360)
    page.get_by_role("link", name="Ask a question").first.click()
    page.get_by_label("Your question").fill("Is paint included?")
    page.get_by_role("button", name="Send my question").click()
    expect(page.get_by_role("heading", name="We have your question.")).to_be_visible()
    page.get_by_role("link", name="Back to the text").click()
    page.get_by_role("link", name="Decline").first.click()
    page.get_by_label("Why").fill("Too dear")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Decline").click()

    expect(page.get_by_role("heading", name="You declined this.")).to_be_visible()
    sent.refresh_from_db()
    assert (sent.state, sent.closed_why) == ("declined", "Too dear")


def test_a_machine_that_follows_and_presses_everything_signs_nothing(sent, visit):
    kinds = ["agreement_opened", "code_sent", "agreement_signed", "agreement_declined", "agreement_question"]
    page = visit(address(sent), accept_downloads=True)
    ways = {link.get_attribute("href") for link in page.get_by_role("link").all()}
    for way in [address(sent), *sorted(way for way in ways if way.startswith("/s/") and not way.endswith("/pdf/"))]:
        page.goto(way)
        for number in range(page.locator("form").count()):
            page.goto(way)
            with page.expect_navigation():
                page.evaluate("number => document.forms[number].submit()", number)
            page.goto(way)
            for button in range(page.locator("form").nth(number).get_by_role("button").count()):
                page.goto(way)
                page.locator("form").nth(number).get_by_role("button").nth(button).click()
                # Whatever the press set going is over before the next page is opened; some buttons stay where they are.
                page.wait_for_load_state("networkidle")

    assert not Entry.objects.filter(kind__in=kinds).exists()
    assert not Signature.objects.exists()
    assert not OneTimeCode.objects.exists()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_that_axe_can_find_and_nothing_that_spills(office, sent, visit, axe, theme):
    now = timezone.now()
    thandi, lena = office["thandi"], office["lena"]
    scope = signed(office["karoo"], lena, thandi, now)
    addendum = addendum_to(scope, thandi, [{"act": "remove", "number": 1}, {"act": "add", "service": "Shelf"}], now)
    send(addendum.agreement, lena, thandi, now)
    accepted = Agreement.objects.get(pk=scope.agreement_id)
    page = visit("/healthz", color_scheme=theme, bypass_csp=True)
    found = []

    def look(name):
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            found.extend(f"{name} {width}: {fault}" for fault in axe(page))
            spills = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            found.extend([f"{name} {width}: spills by {spills} px"] if spills > 0 else [])

    for name, path in {
        "sign": address(sent),
        "addendum": address(Agreement.objects.get(pk=addendum.agreement_id)),
        "ask": address(sent, "ask/"),
        "decline": address(sent, "decline/"),
        "signed": address(accepted),
    }.items():
        page.goto(path)
        look(name)
    page.goto(address(sent))
    page.get_by_role("button", name="Send me the code").click()
    look("errors")
    give(page)
    look("check")

    assert found == []
