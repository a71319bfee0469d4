"""Whether a date fits is shown while it is typed, and the one that would is one press away."""

from datetime import timedelta

import pytest
from django.utils import timezone

from engagement.staff.when import speak_date
from promises.models import CapacityOverride, Promise

pytestmark = pytest.mark.browser


def in_days(days):
    day = timezone.now().date() + timedelta(days=days)
    return speak_date(day, today=None)


@pytest.fixture
def new(visit, office):
    page = visit(f"/promises/new/?client={office['karoo'].pk}", as_=office["thandi"], bypass_csp=True)
    page.fill("#id_what", "Window sheets")
    return page


def verdict(page):
    page.wait_for_selector(".fit-verdict")
    return page.text_content(".fit-verdict")


def test_it_is_shown_while_the_date_is_typed_and_typing_goes_on(new):
    before = new.is_visible("[data-weigh]"), new.query_selector(".fit")
    new.fill("#id_due_on", in_days(60))
    first = verdict(new)
    new.fill("#id_estimate_hours", "400")
    new.wait_for_selector(".fit-risk")

    assert before == (False, None)
    assert first.endswith("would hold.")
    assert new.evaluate("document.activeElement.id") == "id_estimate_hours"
    new.fill("#id_due_on", "")
    new.wait_for_selector(".fit", state="detached")


def test_the_date_that_would_hold_is_put_in_with_one_press(new):
    new.fill("#id_due_on", in_days(20))
    new.fill("#id_estimate_hours", "200")
    new.wait_for_selector("[data-take]")
    offered = new.get_attribute("[data-take]", "data-take")
    new.click("[data-take]")
    new.wait_for_selector(".fit-good")

    assert new.input_value("#id_due_on") == offered
    assert verdict(new) == f"{offered} would hold."
    new.click("#promise > .actions .button")
    new.wait_for_url("**/clients/**")
    assert Promise.objects.filter(what="Window sheets").exists()
    assert not CapacityOverride.objects.exists()


def test_to_go_on_takes_a_reason(new, axe):
    new.fill("#id_due_on", in_days(20))
    new.fill("#id_estimate_hours", "200")
    new.click("#promise > .actions .button")
    new.wait_for_selector("#id_over_reason")
    faults = axe(new)
    new.fill("#id_over_reason", "They open on the first.")
    new.click(".ask button[name=confirmed]")
    new.wait_for_url("**/clients/**")

    assert faults == []
    assert CapacityOverride.objects.get().reason == "They open on the first."


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_moved_date_is_weighed_where_it_is_typed(visit, office, axe, width, scheme):
    page = visit(
        f"/promises/{office['risky'].pk}/extend/",
        as_=office["thandi"],
        width=width,
        color_scheme=scheme,
        bypass_csp=True,
    )
    page.fill("#id_new_date", in_days(5))

    assert "would" in verdict(page)
    assert axe(page) == []


def test_without_a_script_a_button_shows_it(visit, office):
    page = visit(f"/promises/new/?client={office['karoo'].pk}", as_=office["thandi"], java_script_enabled=False)
    page.fill("#id_due_on", in_days(60))
    page.click("[data-weigh]")

    assert verdict(page).endswith("would hold.")
