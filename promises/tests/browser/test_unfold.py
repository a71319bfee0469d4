"""What is folded away is fetched when somebody opens it, and can be reached where no script runs."""

import pytest
from playwright.sync_api import expect

from promises.models import Promise

pytestmark = pytest.mark.browser


@pytest.fixture
def looked_at(office):
    """A promise that the watch has looked at: there is a chance to ask about."""
    promise = office["risky"]
    assert Promise.objects.get(pk=promise.pk).chance is not None
    return promise.get_absolute_url()


def test_how_a_chance_was_worked_out_unfolds_on_the_page(office, visit, looked_at):
    page = visit(looked_at, as_=office["thandi"])

    page.get_by_text("How this was worked out").click()

    expect(page.locator(".why")).to_contain_text("Work left")
    expect(page.locator(".why [data-unfold-link]")).to_have_count(0)


def test_without_scripts_it_stands_on_a_page_of_its_own(office, visit, looked_at):
    page = visit(looked_at, as_=office["thandi"], java_script_enabled=False)

    page.get_by_text("How this was worked out").click()
    page.get_by_role("link", name="The figures behind it").click()

    expect(page.get_by_role("heading", name="How this was worked out")).to_be_visible()
    expect(page.locator(".worked-out")).to_contain_text("Work left")


def test_where_the_figures_cannot_be_fetched_the_way_to_them_stays(office, visit, looked_at):
    page = visit(looked_at, as_=office["thandi"])
    page.route("**/chance/", lambda route: route.fulfill(status=200, body="<p>Something else</p>"))

    page.get_by_text("How this was worked out").click()

    expect(page.get_by_role("link", name="The figures behind it")).to_be_visible()


@pytest.mark.parametrize("width", [360, 768, 1024, 1280, 1440])
def test_a_table_that_unfolds_under_a_chart_spills_nowhere(office, visit, width):
    page = visit("/board/", as_=office["mara"], width=width)

    for summary in page.locator(".chart summary").all():
        summary.click()

    expect(page.locator(".coming details table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
