"""Logging a request in a browser: answers are offered while one types, and without script at the press of a button."""

import re

import pytest
from playwright.sync_api import expect

from clients.models import OutsideRequest

pytestmark = pytest.mark.browser

SAY = "We gladly price that room as an addendum."


@pytest.fixture
def typed(visit, office):
    def open_page(**options):
        page = visit(f"/clients/{office['karoo'].pk}/requests/new/", as_=office["thandi"], **options)
        page.get_by_label("What they asked for").fill("Could you also do the rooms upstairs?")
        return page

    return open_page


def logged():
    return OutsideRequest.objects.latest("pk")


def test_answers_are_offered_while_one_types_and_one_is_used(typed, office):
    page = typed()

    expect(page.get_by_role("button", name="Suggest answers")).to_be_hidden()
    page.get_by_label("Our answer").fill("Dear Lena,")
    page.get_by_role("button", name="Use this").click()
    expect(page.get_by_label("Our answer")).to_have_value(f"Dear Lena,\n\n{SAY}")
    expect(page.get_by_label("Our answer")).to_be_focused()
    page.get_by_label("Minutes it cost").fill("25")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/requests/\d+/$"))
    kept = logged()
    assert (kept.what, kept.answer.split(), kept.minutes) == (
        "Could you also do the rooms upstairs?",
        f"Dear Lena, {SAY}".split(),
        25,
    )
    assert kept.solution == office["solution"]


def test_a_solution_that_is_unticked_was_not_used(typed):
    page = typed()

    page.get_by_role("button", name="Use this").click()
    page.get_by_label("Answered with").uncheck()
    page.get_by_role("button", name="Log the request").click()

    expect(page).to_have_url(re.compile(r"/requests/\d+/$"))
    assert (logged().answer, logged().solution) == (SAY, None)


def test_without_script_a_button_brings_them(typed, office):
    page = typed(java_script_enabled=False)

    page.get_by_role("button", name="Suggest answers").click()
    page.get_by_role("button", name="Use this").click()
    expect(page.get_by_label("Our answer")).to_have_value(SAY)
    page.get_by_role("button", name="Log the request").click()

    expect(page).to_have_url(re.compile(r"/requests/\d+/$"))
    assert logged().solution == office["solution"]


def test_what_the_library_says_is_never_run(visit, office):
    solution = office["solution"]
    solution.title, solution.say = "<img src=x onerror=alert(1)>", "Rooms <script>alert(1)</script>"
    solution.save()
    page = visit(f"/clients/{office['karoo'].pk}/requests/new/", as_=office["thandi"])
    page.on("dialog", lambda dialog: pytest.fail("a script of the library was run"))

    page.get_by_label("What they asked for").fill("rooms")
    page.get_by_role("button", name="Use this").click()

    expect(page.get_by_label("Our answer")).to_have_value("Rooms <script>alert(1)</script>")
