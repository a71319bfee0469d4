"""A signed scope is changed by paper alone: written in the browser, signed by both; then price and dates follow."""

import pytest
from django.utils import timezone

from clients.models import Addendum
from clients.tests import agreements
from conftest import DAY
from promises import actions
from promises.due import due_for

pytestmark = pytest.mark.browser


@pytest.fixture
def scope(office):
    return agreements.signed(office["karoo"], office["lena"], office["thandi"], timezone.now(), currency="EUR")


def test_from_a_signed_scope_to_a_moved_date(visit, office, scope, firm):
    now, thandi = timezone.now(), office["thandi"]
    soon = due_for(office["karoo"], firm, day_after(now, 8), None)
    promise = actions.make(
        client=office["karoo"], what="The counter stands", due=soon, owner=thandi, by=thandi, now=now, scope=scope
    )

    page = visit(f"/scopes/{scope.pk}/", as_=thandi)
    page.click("text=New addendum")
    page.fill("#id_title", "A second counter")
    page.fill("#id_reason", "You asked for one by the window.")
    page.click("text=Begin the addendum")

    page.check("#id_held-1-act_1")
    page.fill("#id_held-1-price", "130,50")
    page.check("#id_held-2-act_2")
    page.fill("#id_line-0-service", "A second counter")
    page.fill("#id_line-0-price", "1250")
    page.click("text=Save and see what it comes to")
    assert "+\N{NO-BREAK SPACE}€425.50" in page.text_content("#effect tfoot")
    page.click("text=Save the addendum")

    page.click("text=Choose dates")
    page.fill(f"#id_promise-{promise.pk}-new_date", day_after(now, 15).isoformat())
    page.click("text=Save the dates")
    assert "The counter stands" in page.text_content("[aria-labelledby=dates]")

    addendum = Addendum.objects.get()
    agreements.sign(addendum.agreement, agreements.send(addendum.agreement, office["lena"], thandi, now), now)
    page.goto(f"/promises/{promise.pk}/")
    assert f"Addendum {addendum.number}, A second counter" in page.text_content("main")
    page.goto(f"/scopes/{scope.pk}/")
    assert "€1,737.65" in page.text_content(".lines .total")


def test_only_what_changes_asks_into_what(visit, office, scope):
    addendum = agreements.addendum_to(scope, office["thandi"], [], timezone.now())
    page = visit(f"/addenda/{addendum.pk}/edit/", as_=office["thandi"])
    hidden = page.is_hidden("#id_held-1-price")

    page.check("#id_held-1-act_1")

    assert hidden
    assert page.is_visible("#id_held-1-price")
    assert page.is_hidden("#id_held-2-price")


def test_it_is_written_without_a_script_too(visit, office, scope):
    addendum = agreements.addendum_to(scope, office["thandi"], [], timezone.now())
    page = visit(f"/addenda/{addendum.pk}/edit/", as_=office["thandi"], java_script_enabled=False)

    page.fill("#id_line-2-service", "A second counter")
    page.fill("#id_line-2-price", "1250")
    page.click("text=Save the addendum")

    assert [line.service for line in addendum.changes.all()] == ["A second counter"]


def day_after(now, days):
    return (now + days * DAY).date()
