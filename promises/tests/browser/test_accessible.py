"""Every page, in both themes, on a phone and on a desk: nothing that axe can find, and nothing that spills sideways."""

import pytest
from django.utils import timezone

from clients.models import Agreement, Scope, ScopeLine
from conftest import DAY
from promises.actions.agreeing import Spoken
from promises.actions.renewing import decide

pytestmark = pytest.mark.browser

SIZES = [320, 1280]
THEMES = ["light", "dark"]


def staff_pages(office):
    promise, client = office["risky"].pk, office["karoo"].pk
    return [
        "/my-day/",
        "/promises/",
        "/promises/new/",
        f"/promises/{promise}/",
        f"/promises/{promise}/update/",
        f"/promises/{promise}/done/",
        f"/promises/{promise}/extend/",
        f"/promises/{promise}/tell/",
        f"/promises/{promise}/edit/",
        "/clients/",
        "/clients/new/",
        f"/clients/{client}/",
        f"/clients/{client}/edit/",
        f"/clients/{client}/links/",
        f"/clients/{client}/scopes/",
        f"/clients/{client}/contacts/new/",
        f"/clients/{client}/progress/",
        f"/clients/{client}/requests/",
        f"/clients/{client}/requests/new/",
        f"/requests/{office['request'].pk}/",
        f"/requests/{office['request'].pk}/answer/",
        "/solutions/",
        "/solutions/new/",
        f"/solutions/{office['solution'].pk}/",
        f"/solutions/{office['solution'].pk}/edit/",
        "/sent/",
        "/me/",
    ]


@pytest.fixture
def inspect(visit, axe):
    def look(paths, who):
        found = []
        for theme in THEMES:
            page = visit("/healthz", as_=who, color_scheme=theme, bypass_csp=True)
            for path in paths:
                answer = page.goto(path)
                assert answer
                assert answer.status == 200, f"{path}: {answer.status}"
                for width in SIZES:
                    page.set_viewport_size({"width": width, "height": 800})
                    found += [f"{path} {theme} {width}: {fault}" for fault in axe(page)]
                    spills = page.evaluate(
                        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                    )
                    found += [f"{path} {theme} {width}: spills by {spills} px"] if spills > 0 else []
        return found

    return look


def test_pages_of_staff(office, inspect):
    assert inspect(staff_pages(office), office["thandi"]) == []


@pytest.fixture
def signed(office):
    """A scope that was signed yesterday and ends this month: to greet, to promise, and to decide about."""
    now = timezone.now()
    scope = Scope.objects.create(
        client=office["karoo"],
        number="2025-071",
        title="Care of the shop",
        made_at=now,
        ends_on=(now + 20 * DAY).date(),
    )
    ScopeLine.objects.create(scope=scope, number=1, service="Monthly visit", price=450, turnaround_days=5)
    ScopeLine.objects.create(scope=scope, number=2, service="Yearly report", price=900, turnaround_days=1)
    Agreement.objects.filter(pk=scope.agreement_id).update(
        state="signed", signed_at=now - DAY, contact=office["lena"], sent_by=office["thandi"]
    )
    return scope


def test_pages_after_a_signing_and_before_an_end(office, signed, inspect):
    decided = Scope.objects.create(
        client=office["karoo"], number="2025-070", title="Signs", signed_on=timezone.localdate()
    )
    words = Spoken(office["lena"], "call", timezone.now(), "We go on together.")
    decide(decided, "renew", why="They are good to us", words=words, by=office["thandi"], now=timezone.now())
    pages = [
        "/my-day/",
        f"/scopes/{signed.pk}/promises/",
        "/renewals/",
        f"/scopes/{signed.pk}/renewal/",
        f"/scopes/{signed.pk}/renewal/?decision=part&how=email",
        f"/scopes/{signed.pk}/renewal/?decision=renew&how=spoken",
        f"/scopes/{decided.pk}/renewal/",
    ]

    assert inspect(pages, office["thandi"]) == []


def test_pages_of_managers(office, inspect):
    pages = ["/board/", "/board/?card=not_told", "/board/record/", "/import/"]

    assert inspect(pages, office["mara"]) == []


def test_pages_of_administrators(office, inspect, ada):
    assert inspect(["/people/", "/people/new/", f"/people/{office['thandi'].pk}/", "/firm/"], ada) == []


def test_pages_of_clients_and_strangers(office, inspect):
    assert inspect([office["progress"], "/p/new-link/", "/sign-in/", "/password/"], None) == []
