"""Every page, in both themes, on a phone and on a desk: nothing that axe can find, and nothing that spills sideways."""

import pytest
from django.utils import timezone

from clients import actions
from clients.models import Agreement, Scope, ScopeLine
from clients.tests import agreements
from conftest import DAY
from engagement.outbox.models import Heartbeat, Hold
from engagement.staff.models import Firm
from promises.actions.addenda import choose_dates
from promises.actions.agreeing import Spoken
from promises.actions.renewing import decide
from promises.due import due_for

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
        f"/promises/{promise}/chance/",
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
        "/me/devices/",
        "/me/password/",
        "/me/second-step/",
        "/me/second-step/set-up/",
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
    pages = ["/board/", "/board/?card=not_told", "/board/record/", "/team/", "/import/"]

    assert inspect(pages, office["mara"]) == []


def test_pages_of_administrators(office, inspect, ada):
    assert inspect(["/people/", "/people/new/", f"/people/{office['thandi'].pk}/", "/firm/"], ada) == []


def test_pages_of_a_restored_copy(office, inspect, ada):
    now = timezone.now()
    hold = Hold.objects.create(why=Hold.Why.RESTORED, held_at=now, as_of=now - 2 * DAY)
    Heartbeat.objects.update_or_create(pk=1, defaults={"beat_at": now - DAY, "hold": hold})

    assert inspect(["/sending/", "/sent/"], ada) == []


def test_pages_of_clients_and_strangers(office, inspect):
    assert inspect([office["progress"], "/p/new-link/", "/sign-in/", "/password/"], None) == []


def test_pages_of_scopes_and_what_is_done_with_them(office, inspect):
    karoo, lena, thandi = office["karoo"], office["lena"], office["thandi"]
    now = timezone.now()
    drafted, sent = (agreements.draft(karoo, thandi, now) for _each in range(2))
    agreements.send(sent.agreement, lena, thandi, now, name="")
    signed = agreements.signed(karoo, lena, thandi, now)
    template = actions.keep_template(drafted, "Usual", by=thandi, now=now)

    pages = [
        f"/clients/{karoo.pk}/scopes/",
        f"/clients/{karoo.pk}/scopes/new/",
        f"/clients/{karoo.pk}/scopes/begin/",
        f"/clients/{karoo.pk}/scopes/paper/",
        *(f"/scopes/{scope.pk}/" for scope in (drafted, sent, signed)),
        *(f"/scopes/{drafted.pk}/{page}/" for page in ("edit", "copy", "paper", "template")),
        *(f"/agreements/{drafted.agreement_id}/{page}/" for page in ("send", "preview", "withdraw")),
        *(f"/agreements/{sent.agreement_id}/{page}/" for page in ("countersign", "revise")),
        f"/agreements/{signed.agreement_id}/end/",
        "/agreements/",
        "/scope-templates/",
        f"/scope-templates/{template.pk}/",
    ]

    assert inspect(pages, thandi) == []


def test_pages_of_addenda(office, inspect):
    karoo, lena, thandi, now = office["karoo"], office["lena"], office["thandi"], timezone.now()
    signed = agreements.signed(karoo, lena, thandi, now)
    changes = [
        {"act": "change", "number": 1, "service": "Drawings, twice", "quantity": 2, "unit": "sheet", "price": 150},
        {"act": "remove", "number": 2},
        {"act": "add", "service": "A second counter", "quantity": 1, "price": 1250},
    ]
    drafted, sent = (agreements.addendum_to(signed, thandi, changes, now, terms="Paid *late*.") for _each in range(2))
    new = due_for(karoo, Firm.get(), (now + 40 * DAY).date(), None)
    choose_dates(drafted, {office["risky"].pk: new}, by=thandi, now=now)
    agreements.sign(sent.agreement, agreements.send(sent.agreement, lena, thandi, now), now)
    pages = [
        f"/scopes/{signed.pk}/addenda/new/",
        *(f"/addenda/{addendum.pk}/" for addendum in (drafted, sent)),
        f"/addenda/{drafted.pk}/edit/",
        f"/addenda/{drafted.pk}/dates/",
        f"/scopes/{signed.pk}/",
    ]

    assert inspect(pages, thandi) == []
