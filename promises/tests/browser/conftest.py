"""Chromium against the running product. One browser for the session, a fresh context for each visitor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Session
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from clients.actions import link_address, log_request, make_client, make_link, save_contact, save_solution
from clients.models import Client, Contact, OutsideRequest, Solution
from engagement.staff.models import Firm, Role, User
from engagement.testservers import chromium
from promises import actions
from promises.due import due_for
from promises.models import Promise, Telling

AXE = Path(__file__).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
QUIET = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# Playwright keeps an event loop in this thread; Django would take its presence for an async view.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """A page of a fresh visitor; `as_` signs somebody in. Errors of the page's scripts and CSP fail the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(path: str = "/", *, as_: User | None = None, width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, base_url=live_server.url, reduced_motion="reduce", **options
        )
        contexts.append(context)
        if as_:
            session = Session()
            session.force_login(as_)
            (cookie,) = session.cookies.values()
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A page that is rightly refused is no fault of its scripts.
    assert [fault for fault in faults if "Failed to load resource" not in fault] == []


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    def faults_of(page: Page) -> list[str]:
        page.evaluate(AXE.read_text())
        found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        return [
            f"{fault['id']}: {node['html'][:160]} — {node['failureSummary'][:200]}"
            for fault in found["violations"]
            for node in fault["nodes"]
        ]

    return faults_of


@pytest.fixture
def office(
    transactional_db: None, firm: Firm, thandi: User, mara: User, karoo: Client, lena: Contact
) -> dict[str, Any]:
    """A firm in the middle of its week, by the real clock: something true on every page."""
    now = timezone.now()
    day, made = timedelta(days=1), now - timedelta(days=20)
    boland = make_client(Client(name="Boland Dairy", zone=karoo.zone, lead=thandi), thandi, made)
    save_contact(Contact(client=boland, name="Anna Boland", phone="022 555 0101", channel="call"), thandi, made)

    def make(what: str, days: int, client: Client = karoo, made_at: Any = made, **more: Any) -> Promise:
        due = due_for(client, firm, (now + days * day).date(), None)
        return actions.make(client=client, what=what, due=due, owner=thandi, by=thandi, now=made_at, **more)

    # Too much for two days on any weekday, and little enough to leave room for what is due in six.
    risky = make(
        "Shop fittings drawings, second round", 2, made_at=now - day, estimate_hours=18, steps=["Measure", "Draw"]
    )
    late = make("Lease review, clauses 4 to 9", -3, estimate_hours=1)
    kept = make("Annual accounts, first draft", 5, boland)
    make("Playground quotation", 6, boland, made_at=now - 2 * day, estimate_hours=1)
    told = make("Counter and window sheets", -1, estimate_hours=1)
    actions.update(
        risky,
        standing="on_track",
        text="The counter sheets are drawn.",
        note="Never shown",
        by=thandi,
        now=now - day / 2,
    )
    actions.deliver(kept, delivered_at=now - day, by=thandi, now=now - day)
    actions.record_conversation(
        [actions.Said(told, Telling.Kind.MAY_BE_LATE)],
        client=karoo,
        contact=lena,
        channel="call",
        spoken_at=now - 3 * day,
        text="Two days more.",
        by=thandi,
        now=now - 3 * day,
    )
    actions.look_at_due(now)
    solution = Solution(
        title="More rooms than agreed",
        helps_when="They ask for the same work in one more room.",
        say="We gladly price that room as an addendum.",
        owner=thandi,
        review_by=now.date(),
    )
    save_solution(solution, now)
    asked = OutsideRequest(client=karoo, contact=lena, what="One more room, behind the shop", asked_on=now.date())
    link = make_link(karoo, thandi, now, contact=lena)
    return {
        "risky": risky,
        "late": late,
        "karoo": karoo,
        "boland": boland,
        "thandi": thandi,
        "mara": mara,
        "lena": lena,
        "solution": solution,
        "request": log_request(asked, thandi, now),
        "progress": "/" + (link_address(link) or "").split("/", 3)[3],
        "role": Role,
    }
