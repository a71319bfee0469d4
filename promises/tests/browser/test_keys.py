"""The hand that stays on the keyboard: what the single letters do on a row."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def first_row(office, visit):
    """My day, with the first row in hand; and the address of its promise."""
    page = visit("/my-day/", as_=office["thandi"])
    page.keyboard.press("j")
    row = page.locator("tr[data-row]").first
    expect(row).to_be_focused()
    return page, row.locator("[data-open]").get_attribute("href")


def test_enter_on_a_row_opens_its_promise(first_row):
    page, promise = first_row

    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(re.escape(promise) + "$"))


@pytest.mark.parametrize(("key", "leads_to"), [("e", "extend/"), ("d", "done/"), ("c", "tell/")])
def test_a_letter_on_a_row_acts_on_its_promise(first_row, key, leads_to):
    page, promise = first_row

    page.keyboard.press(key)

    expect(page).to_have_url(re.compile(re.escape(promise + leads_to)))


def test_u_on_a_row_leads_into_the_update_of_its_promise(first_row):
    page, promise = first_row

    page.keyboard.press("u")

    expect(page).to_have_url(re.compile(re.escape(promise) + "#update-text$"))
    expect(page.locator("#update-text")).to_be_focused()


def test_the_plus_of_a_phone_leads_into_the_line(office, visit):
    page = visit("/my-day/", as_=office["thandi"], width=360)

    page.locator(".add-promise").click()

    expect(page.get_by_label("In one line")).to_be_focused()
