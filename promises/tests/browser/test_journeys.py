"""The three people, with their own hands."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from conftest import PASSWORD
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State
from promises.models import Promise, Telling

pytestmark = pytest.mark.browser


def test_staff_log_a_promise_in_one_line_and_tell_the_client(office, visit):
    page = visit("/sign-in/")
    page.get_by_label("E-mail").fill("THANDI@word.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/my-day/"))
    # A key is heard once the page's scripts are there.
    page.wait_for_load_state()

    page.keyboard.press("n")
    page.keyboard.type("Send draft brief to @Karoo in 9 days")
    expect(page.locator("[data-preview]")).to_contain_text("Karoo Linen")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It stands on the page of Karoo Linen; no message was sent.")).to_be_visible()

    promise = Promise.objects.get(what="Send draft brief")
    page.get_by_role("link", name=re.compile("Tell Karoo")).first.click()
    expect(page).to_have_url(re.compile(r"/tell/"))
    page.get_by_role("button", name=re.compile("Send")).first.click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()

    message = Message.objects.get(tellings__promise=promise)
    assert message.state == State.WAITING
    page.get_by_role("button", name="Undo").click()
    page.wait_for_load_state()
    message.refresh_from_db()
    assert message.state == State.UNDONE


def test_staff_record_a_call_and_the_alarm_ends(office, visit):
    late = office["late"]
    page = visit(f"/promises/{late.pk}/", as_=office["thandi"])
    page.get_by_role("link", name=re.compile("Tell Karoo")).first.click()
    page.get_by_role("link", name="I called, met or wrote").click()
    page.get_by_label(re.compile("What was said", re.I)).first.fill("We need until Friday. They know.")
    page.get_by_role("button", name=re.compile("Record", re.I)).first.click()
    page.wait_for_load_state()

    late.refresh_from_db()
    assert Telling.objects.filter(promise=late, message=None).exists()
    assert late.told_at is not None
    page.goto("/my-day/")
    expect(page.locator("#to_tell")).not_to_contain_text("Lease review")


def test_a_manager_sees_who_was_not_told_and_asks(office, visit):
    page = visit("/", as_=office["mara"])
    expect(page).to_have_url(re.compile("/board/"))
    figure = page.locator(".figures .loud strong")
    expect(figure).to_have_text("2")
    figure.click()
    expect(page.locator("tr[data-row]")).to_have_count(2)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Ask for an update on the ticked ones").click()
    page.get_by_role("button", name="Ask 1 person").click()
    expect(page.get_by_text("1 person was asked.")).to_be_visible()
    assert Message.objects.filter(kind="ask").count() == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_a_client_reads_the_page_and_can_change_nothing(office, visit, scripts):
    requests = []
    page = visit("/healthz", width=360, java_script_enabled=scripts)
    page.on("request", lambda request: requests.append(request.url))
    before = (Promise.objects.count(), Message.objects.count(), Telling.objects.count())
    page.goto(office["progress"])

    expect(page.locator("h1")).to_contain_text("late")
    assert "Never shown" not in page.content()
    assert page.locator("form, button").count() == 0
    assert all(url.startswith(page.url.split("/p/")[0]) for url in requests)
    assert before == (Promise.objects.count(), Message.objects.count(), Telling.objects.count())


def test_a_message_to_the_client_makes_the_promise_told_once_it_is_accepted(office, visit, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    late = office["late"]
    page = visit(f"/promises/{late.pk}/tell/", as_=office["thandi"])
    page.get_by_role("button", name=re.compile("Send")).first.click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    late.refresh_from_db()
    assert late.told_at is None

    outbox.send_waiting(timezone.now() + outbox.HOLD)

    page.goto(f"/promises/{late.pk}/")
    expect(page.get_by_text(re.compile("Yes, ")).first).to_be_visible()


def test_who_asks_for_a_new_link_hears_first_what_is_wrong(office, visit):
    page = visit("/p/new-link/", width=360)

    page.get_by_role("button", name="Send me a new link").click()

    expect(page.locator("[data-error-summary]")).to_be_focused()
