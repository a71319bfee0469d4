"""Setting up the second step and signing in with it, by keyboard, on a phone, under the strict policy for scripts."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from conftest import PASSWORD
from engagement.staff import second_step
from engagement.staff.models import Firm
from engagement.staff.tests.conftest import App

pytestmark = pytest.mark.browser


def test_it_is_set_up_and_signed_in_with_by_keyboard_alone(visit, transactional_db, thandi):
    page = visit("/me/second-step/", as_=thandi, width=360)
    page.get_by_role("link", name="Set it up").press("Enter")
    page.get_by_role("img", name="QR code").wait_for()
    page.get_by_text("I cannot scan it").press("Enter")
    app = App(page.locator("#key").inner_text().replace(" ", ""))
    page.get_by_label("Code that the app shows now").fill(app.code(timezone.now()))
    page.get_by_label("Your password").fill(PASSWORD)
    page.keyboard.press("Enter")
    codes = page.locator("#recovery-codes")
    codes.wait_for()
    assert len(codes.inner_text().split("\n")) == 10
    recovery = codes.inner_text().split("\n")[0]
    assert page.get_by_role("button", name="Copy").is_visible()
    assert page.get_by_role("button", name="Print").is_visible()

    new = visit("/sign-in/", width=360, color_scheme="dark")
    new.get_by_label("E-mail").fill(thandi.email)
    new.get_by_label("Password").fill(PASSWORD)
    new.keyboard.press("Enter")
    new.wait_for_url("**/sign-in/code/")
    # The cursor stands in the field, and a wrong code is refused in words beside it.
    expect(new.get_by_label("Code from your app")).to_be_focused()
    new.keyboard.type("000000")
    new.keyboard.press("Enter")
    new.locator("[data-error-summary]").wait_for()
    assert new.evaluate("document.activeElement.hasAttribute('data-error-summary')")
    new.get_by_role("link", name="I cannot use my app").press("Enter")
    new.wait_for_url("**/sign-in/recovery/")
    expect(new.get_by_label("Recovery code")).to_be_focused()
    new.keyboard.type(recovery)
    new.keyboard.press("Enter")
    new.wait_for_url(lambda url: "/sign-in/" not in url)
    assert new.get_by_text("Thandi Mokoena").first.is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_who_is_asked_for_it_is_led_through_it(visit, axe, transactional_db, mara, theme):
    Firm.objects.update(second_step_for="managers")
    page = visit("/sign-in/?next=/me/devices/", width=320, color_scheme=theme, bypass_csp=True)
    page.get_by_label("E-mail").fill(mara.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/set-up/")
    assert axe(page) == []
    page.get_by_text("I cannot scan it").click()
    app = App(page.locator("#key").inner_text().replace(" ", ""))
    page.get_by_label("Code that the app shows now").fill(app.code(timezone.now()))
    page.keyboard.press("Enter")
    page.get_by_role("link", name="I have kept them").wait_for()
    assert axe(page) == []
    page.get_by_role("link", name="I have kept them").click()

    page.wait_for_url("**/me/devices/")
    assert page.get_by_label("This device").is_checked()
    assert second_step.codes_left(mara) == 10

    again = visit("/sign-in/", width=320, color_scheme=theme, bypass_csp=True)
    again.get_by_label("E-mail").fill(mara.email)
    again.get_by_label("Password").fill(PASSWORD)
    again.keyboard.press("Enter")
    again.wait_for_url("**/sign-in/code/")
    assert axe(again) == []
    again.goto("/sign-in/recovery/")
    assert axe(again) == []
