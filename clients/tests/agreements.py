"""Agreements taken through their steps by the front doors, for tests of what comes after."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from clients import actions
from clients.actions.codes import Purpose
from clients.models import Addendum, Agreement, Client, Contact, Scope, SentVersion, Signature
from conftest import DAY, NOW
from engagement.outbox.models import Message
from engagement.staff.models import User

LINES = [
    {
        "service": "Drawings",
        "description": "Two rounds of changes",
        "quantity": Decimal(2),
        "unit": "sheet",
        "price": Decimal("120.50"),
        "turnaround_days": 5,
    },
    {"service": "Fittings", "quantity": Decimal(1), "price": Decimal(900), "turnaround_days": 10},
    {"kind": "tax", "service": "VAT", "rate": Decimal(15)},
]
# Where no step leads from a draft, or from what was sent, at once.
BY_WAY_OF = {"accepted": "sent", "declined": "sent", "lapsed": "sent", "ended": "signed"}
SEEN = actions.Seen("203.0.113.9", "A browser", "Africa/Johannesburg")


def draft(client: Client, by: User, now: datetime = NOW, *, lines: Any = None, **values: Any) -> Scope:
    values = {"title": "Shop fittings", "summary": "The third shop.", "terms": "Paid within *14 days*.", **values}
    return actions.draft_scope(client, values, LINES if lines is None else lines, by=by, now=now)


def send(
    agreement: Agreement, contact: Contact, by: User, now: datetime = NOW, *, name: str = "Thandi Mokoena", **more: Any
) -> SentVersion:
    return actions.send(
        agreement, contact=contact, valid_until=(now + 14 * DAY).date(), by=by, now=now, name=name, **more
    )


def code_for(agreement: Agreement, now: datetime = NOW, purpose: Purpose = Purpose.SIGN) -> str:
    """The figures, as the mail to the contact says them."""
    code = actions.send_code(agreement, purpose, SEEN, now)
    return figures(code.message)


def figures(message: Message | None) -> str:
    assert message
    found = re.search(r"\b\d{6}\b", message.body)
    assert found
    return found[0]


def sign(agreement: Agreement, version: SentVersion, now: datetime = NOW, **given: Any) -> Signature:
    given = {"name": "Lena Karoo", "drawn": None, "shown": version.sha256, "seen": SEEN, **given}
    if "code" not in given:
        given["code"] = code_for(agreement, now)
    return actions.sign(agreement, consent=str(actions.CONSENT), now=now, **given)


def countersign(agreement: Agreement, by: User, now: datetime = NOW, **given: Any) -> Signature:
    """For the firm, under the text that was sent last."""
    last = agreement.versions.order_by("version").last()
    given = {"name": "Thandi Mokoena", "shown": last.sha256 if last else "", "seen": SEEN, **given}
    return actions.countersign(agreement, by=by, now=now, **given)


def signed(client: Client, contact: Contact, by: User, now: datetime = NOW, **values: Any) -> Scope:
    """A scope that both sides have signed. Its document is not made yet."""
    scope = draft(client, by, now, **values)
    sign(scope.agreement, send(scope.agreement, contact, by, now), now)
    return Scope.objects.select_related("agreement", "client").get(pk=scope.pk)


def addendum_to(scope: Scope, by: User, changes: Any, now: datetime = NOW, **values: Any) -> Addendum:
    addendum = actions.draft_addendum(scope, title="A shelf more", reason="They asked for it.", by=by, now=now)
    actions.save_addendum(addendum, values, changes, by=by, now=now)
    return addendum


def put(agreement: Agreement, state: str, **fields: Any) -> None:
    """Brought there behind the back of the front doors, by the steps that the database knows."""
    row = Agreement.objects.filter(pk=agreement.pk)
    before = row.values_list("state", flat=True).get()
    if state != before and BY_WAY_OF.get(state, before) != before:
        row.update(state=BY_WAY_OF[state])
    row.update(state=state, **fields)
