"""A scope is written in the browser: lines come and go, and what they come to is said while they are typed."""

from decimal import Decimal

import pytest

from clients.models import Scope

pytestmark = pytest.mark.browser


@pytest.fixture
def new(visit, office):
    return visit(f"/clients/{office['karoo'].pk}/scopes/new/", as_=office["thandi"])


def fill(page, place, *, kind="line", **cells):
    for name, value in cells.items():
        page.fill(f"#id_{kind}-{place}-{name}", value)


def shown(page, what):
    return page.text_content(f"[data-{what}]")


def test_lines_are_added_removed_and_summed_as_the_server_sums_them(new):
    new.fill("#id_title", "Shop fittings")
    new.select_option("#id_currency", "EUR")
    fill(new, 0, service="Drawings", quantity="2,5", price="1 200,50")
    new.click("[data-add=line]")
    fill(new, 1, service="A mistake", price="999")
    new.click("[data-add=line]")
    fill(new, 2, service="Discount", price="-100.0050")
    new.click("[data-line]:nth-child(2) [data-remove]")
    fill(new, 0, kind="tax", service="VAT", rate="8.375")
    before = shown(new, "subtotal"), shown(new, "total")
    places = [place.text_content() for place in new.query_selector_all("[data-line]:not([hidden]) [data-place]")]
    new.click(".scope-form .actions .button")
    new.wait_for_selector(".standing")

    scope = Scope.objects.get()
    assert before == ("€2,901.24", "€3,144.22")
    assert places == ["1", "2"]
    assert [(line.service, line.price) for line in scope.lines.all()[:2]] == [
        ("Drawings", Decimal("1200.5")),
        ("Discount", Decimal("-100.005")),
    ]
    assert before[1] in new.text_content(".lines .total")


def test_what_can_be_read_in_two_ways_is_not_summed(new):
    fill(new, 0, service="Drawings", price="1,200")
    hidden = new.is_hidden("[data-sums]")
    fill(new, 0, price="1,200.00")

    assert hidden
    assert new.is_visible("[data-sums]")


def test_without_a_script_rows_come_by_saving(visit, office):
    page = visit(f"/clients/{office['karoo'].pk}/scopes/new/", as_=office["thandi"], java_script_enabled=False)
    page.fill("#id_title", "Shop fittings")
    for place in range(3):
        fill(page, place, service=f"Sheet {place}", price="10")
    page.click("[name=more]")
    fill(page, 3, service="Sheet 3", price="10")
    page.check("#id_line-0-DELETE")
    page.click(".scope-form .actions .button")

    assert [line.service for line in Scope.objects.get().lines.all()] == ["Sheet 1", "Sheet 2", "Sheet 3"]


def test_enter_saves_and_leaves(new):
    new.fill("#id_title", "Shop fittings")
    new.press("#id_title", "Enter")
    new.wait_for_selector(".standing")

    assert Scope.objects.get().title == "Shop fittings"
