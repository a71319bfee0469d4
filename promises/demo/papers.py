"""What the demonstration firm and its clients have agreed: signed, changed by addenda, declined, waiting."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from clients import actions
from clients.actions.codes import Purpose
from clients.actions.requests import answer_request, log_request
from clients.actions.sending import signing_placeholder
from clients.actions.solutions import save_solution
from clients.actions.welcome import greet
from clients.agreement_rules import State
from clients.models import Addendum, Agreement, Client, Contact, OutsideRequest, Scope, Solution
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience
from engagement.staff.models import User
from promises.actions.addenda import choose_dates
from promises.demo import data, texts
from promises.demo.cast import OPENING, Cast
from promises.demo.stage import Stage, send_ready
from promises.due import due_for
from promises.models import Promise

SEEN = actions.Seen("203.0.113.24", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/605.1", "")
# A hand that signs on a phone.
STROKES = [
    [[0.12, 0.28], [0.14, 0.10], [0.17, 0.09], [0.18, 0.20], [0.20, 0.29], [0.27, 0.22], [0.30, 0.24], [0.33, 0.20]],
    [[0.33, 0.20], [0.38, 0.26], [0.42, 0.17], [0.46, 0.24], [0.55, 0.19], [0.66, 0.23], [0.81, 0.16]],
]
# They end at different times; the next one soon enough to be decided about.
TERMS_LAST = timedelta(days=540)
ENDS_SOON = "Baobab Books"


@dataclass(frozen=True)
class Paper:
    """A scope and what becomes of it."""

    client: Client
    title: str
    trade: str
    lead: User
    contact: Contact


def agree(cast: Cast) -> None:
    """The scopes that the half-year's promises hang on, signed one after another in its first days."""
    for place, paper in enumerate(_papers(cast)):
        drafted = _morning(cast, -OPENING + place)
        scope = _draft(cast, paper, drafted)
        _both_sign(scope.agreement, paper, drafted + timedelta(hours=2))
        greet(Agreement.objects.get(pk=scope.agreement_id), paper.lead, drafted + timedelta(days=2))
        send_ready(drafted + timedelta(days=3))
        cast.scopes.setdefault(paper.client.pk, []).append(Scope.objects.get(pk=scope.pk))


def lately(cast: Cast, stage: Stage) -> None:
    """What is on the table today."""
    solutions = _solutions(cast, stage)
    _ask_for_more(cast, stage, solutions)
    _move_a_date(cast, stage)
    _change_a_price(cast, stage)
    for name, title, act in (
        ("Kalk Bay Boatyard", "Mooring rules, rewritten", _wait_for_the_client),
        ("Hudson Tea Importers", "Iced tea range, packaging", _decline),
        ("Stellenberg Wynkelder", "Harvest payroll", _wait_for_us),
        ("Protea Dental", "Second practice, set-up", _sign_today),
    ):
        act(cast, stage, _paper(cast, name, title))
    _draft(cast, _paper(cast, "Ubuntu Youth Trust", "Donor newsletter"), stage.at(-2, "15:10"))


def _wait_for_the_client(cast: Cast, stage: Stage, paper: Paper) -> None:
    scope = _draft(cast, paper, stage.at(-5, "10:05"))
    _send(scope.agreement, paper, stage.at(-5, "10:30"))
    for day in (-4, -3, -2, -1):
        actions.nudge_due(stage.at(day, "09:10"))
        send_ready(stage.at(day, "09:20"))
    words = "Is the winter berth part of this, or apart?"
    actions.ask_question(scope.agreement, text=words, seen=SEEN, now=stage.at(-1, "14:12"))


def _decline(cast: Cast, stage: Stage, paper: Paper) -> None:
    scope = _draft(cast, paper, stage.at(-9, "11:00"))
    version = _send(scope.agreement, paper, stage.at(-9, "11:20"))
    why = "The launch moved to next year. Ask us again in spring."
    actions.decline(scope.agreement, why=why, shown=version.sha256, seen=SEEN, now=stage.at(-7, "16:40"))


def _wait_for_us(cast: Cast, stage: Stage, paper: Paper) -> None:
    scope = _draft(cast, paper, stage.at(-4, "09:40"))
    _send(scope.agreement, paper, stage.at(-4, "10:00"), signs=False)
    _client_signs(scope.agreement, paper, stage.at(-1, "11:25"))


def _sign_today(cast: Cast, stage: Stage, paper: Paper) -> None:
    """Signed yesterday: somebody is to be greeted, and promises are to be made from its lines."""
    scope = _draft(cast, paper, stage.at(-3, "09:40"), turnaround=True)
    _both_sign(scope.agreement, paper, stage.at(-1, "10:15"))


def _move_a_date(cast: Cast, stage: Stage) -> None:
    """More was asked for, and both sides signed for the later date."""
    scope = cast.scopes[_client(cast, "Karoo Linen").pk][0]
    promise = Promise.objects.open().get(client=scope.client, what="Third shop, window drawings")
    lead = cast.people["thandi"]
    addendum = _addendum(
        scope,
        "A second window for the third shop",
        "You asked for drawings of the window on the side street as well.",
        [{"act": "add", "service": "Drawings of a second window", "price": Decimal(6400), "unit": "set"}],
        lead,
        stage.at(-6, "09:30"),
    )
    due = due_for(scope.client, stage.firm, stage.working_days[43], None)
    choose_dates(addendum, {promise.pk: due}, by=lead, now=stage.at(-6, "09:40"))
    _both_sign(addendum.agreement, _paper(cast, "Karoo Linen", scope.title), stage.at(-4, "12:00"))


def _change_a_price(cast: Cast, stage: Stage) -> None:
    scope = cast.scopes[_client(cast, "Marula Foods").pk][0]
    line = scope.lines.get(number=1)
    change = {"act": "change", "number": 1, "service": line.service, "description": line.description}
    change |= {"quantity": line.quantity, "unit": line.unit, "price": line.price - Decimal(500)}
    lead = cast.people["pieter"]
    why = "Three deliveries were late this half-year. The monthly price goes down until the year's end."
    addendum = _addendum(scope, "Lower monthly price", why, [change], lead, stage.at(-11, "10:00"))
    _both_sign(addendum.agreement, _paper(cast, "Marula Foods", scope.title), stage.at(-8, "12:30"))
    shelf = [{"act": "add", "service": "Cash forecast, each quarter", "price": Decimal(4200), "unit": "quarter"}]
    waiting = _addendum(scope, "Cash forecast", "You asked for one in October.", shelf, lead, stage.at(-2, "10:00"))
    _send(waiting.agreement, _paper(cast, "Marula Foods", scope.title), stage.at(-2, "10:20"))


def _addendum(
    scope: Scope, title: str, reason: str, changes: Sequence[dict[str, Any]], by: User, now: datetime
) -> Addendum:
    addendum = actions.draft_addendum(scope, title=title, reason=reason, by=by, now=now)
    actions.save_addendum(addendum, {}, changes, by=by, now=now)
    return addendum


def _ask_for_more(cast: Cast, stage: Stage, solutions: list[Solution]) -> None:
    for name, what, minutes, answer, solution in texts.REQUESTS:
        client = _client(cast, name)
        lead = client.lead
        assert lead
        now = stage.at(-3, "11:05")
        request = OutsideRequest(
            client=client,
            scope=cast.scopes[client.pk][0],
            contact=cast.contacts[client.pk][0],
            asked_on=now.date(),
            what=what,
            minutes=minutes,
        )
        log_request(request, lead, now)
        if answer:
            used = solutions[solution] if solution is not None else None
            answer_request(request, answer=answer, minutes=minutes, solution=used, by=lead, now=stage.at(-2, "09:15"))


def _solutions(cast: Cast, stage: Stage) -> list[Solution]:
    kept = []
    for title, helps_when, say, owner, months in texts.SOLUTIONS:
        solution = Solution(
            title=title,
            helps_when=helps_when,
            say=say,
            owner=cast.people[owner],
            review_by=stage.working_days[0] + timedelta(days=30 * months),
        )
        save_solution(solution, stage.at(-60, "10:00"))
        kept.append(solution)
    return kept


def _draft(cast: Cast, paper: Paper, now: datetime, *, turnaround: bool = False) -> Scope:
    starts_on = now.astimezone(paper.client.zoneinfo).date()
    values = {
        "title": paper.title,
        "summary": texts.SUMMARIES[paper.trade],
        "not_included": texts.NOT_INCLUDED[paper.trade],
        "timeline": texts.TIMELINES[paper.trade],
        "terms": texts.TERMS,
        "starts_on": starts_on,
        "ends_on": _ends_on(cast, paper, starts_on),
    }
    lines = [
        {
            "service": service,
            "description": description,
            "quantity": Decimal(quantity),
            "unit": unit,
            "price": Decimal(price),
            "turnaround_days": days if turnaround else None,
        }
        for service, description, quantity, unit, price, days in texts.LINES[paper.trade]
    ]
    tax = {"kind": "tax", "service": "VAT", "rate": Decimal(15)}
    return actions.draft_scope(paper.client, values, [*lines, tax], by=paper.lead, now=now)


def _ends_on(cast: Cast, paper: Paper, starts_on: date) -> date:
    return cast.days[24] if paper.client.name == ENDS_SOON else starts_on + TERMS_LAST


def _send(agreement: Agreement, paper: Paper, now: datetime, *, signs: bool = True) -> Any:
    name = paper.lead.name if signs else ""
    until = (now + timedelta(days=30)).date()
    version = actions.send(agreement, contact=paper.contact, valid_until=until, by=paper.lead, now=now, name=name)
    send_ready(now + timedelta(minutes=1))
    return version


def _client_signs(agreement: Agreement, paper: Paper, now: datetime) -> None:
    agreement = Agreement.objects.get(pk=agreement.pk)
    code = actions.send_code(agreement, Purpose.SIGN, SEEN, now)
    found = re.search(r"\b\d{6}\b", code.message.body if code.message else "")
    assert found
    send_ready(now + timedelta(minutes=1))
    version = agreement.versions.get(version=agreement.version)
    actions.sign(
        agreement,
        name=paper.contact.name,
        drawn=STROKES,
        consent=str(actions.CONSENT),
        shown=version.sha256,
        code=found[0],
        seen=SEEN,
        now=now + timedelta(minutes=2),
    )


def _both_sign(agreement: Agreement, paper: Paper, now: datetime) -> None:
    _send(agreement, paper, now)
    _client_signs(agreement, paper, now + timedelta(hours=3))
    signed = Agreement.objects.select_related("scope", "addendum__scope").get(pk=agreement.pk)
    assert signed.state == State.SIGNED
    assert signed.signed_at
    _send_copy(signed, paper.contact, signed.signed_at)


def _send_copy(agreement: Agreement, contact: Contact, now: datetime) -> None:
    """It left as it was signed, so none leaves when a worker seals the document, with a key that is made today."""
    about = {"title": agreement.about.title, "number": agreement.about.number}
    words = about | {"name": contact.name, "link": signing_placeholder(agreement), "firm": data.FIRM}
    outbox.write(
        occasion=f"document:{agreement.pk}",
        now=now,
        audience=Audience.CLIENT,
        address=contact.email,
        language=contact.speaks,
        subject=texts.SIGNED_COPY.format(**about),
        body=texts.SIGNED_COPY_TEXT.format(**words),
        kind=f"client {agreement.client_id}",
    )
    send_ready(now)


def leave_to_be_sealed(now: datetime) -> None:
    """What was to be done months ago would say that reminders are late."""
    Agreement.objects.exclude(document_due_at=None).update(document_due_at=now)


def _papers(cast: Cast) -> list[Paper]:
    return [_paper(cast, customer.name, title) for customer in data.CUSTOMERS for title in customer.scopes]


def _paper(cast: Cast, name: str, title: str) -> Paper:
    client = _client(cast, name)
    customer = next(customer for customer in data.CUSTOMERS if customer.name == name)
    return Paper(client, title, customer.trades[0], cast.people[customer.lead], cast.contacts[client.pk][0])


def _client(cast: Cast, name: str) -> Client:
    return next(client for client in cast.clients if client.name == name)


def _morning(cast: Cast, day: int) -> datetime:
    return datetime.combine(cast.days[day], time(8, 30), tzinfo=cast.firm.zoneinfo)
