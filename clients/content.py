"""What is sent to be signed: every value as it will be read, frozen, with the fingerprint of exactly that."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.document.values import Change, Content, MovedDate, Tax
from clients.document.values import Line as ShownLine
from clients.holding import Holding, Line, after, holding, original
from clients.models import Addendum, Agreement, LineValues, Scope
from clients.signals import agreement_sending
from clients.totals import amount, rounded
from engagement.staff.models import Firm
from engagement.staff.when import speak_date, speak_money, speak_number, speak_zone

LAYOUT = 1
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Values of the form and of the sending, which are no part of what is agreed.
NOT_COMPARED = ("layout", "version", "sent_on", "language")


def freeze(agreement: Agreement, now: datetime) -> Content:
    """Everything as it is shown, in the signer's language. Raises LineGone where an addendum speaks of a lost line."""
    with translation.override(language_of(agreement)):
        about = agreement.about
        content = _of_addendum(about, now) if isinstance(about, Addendum) else _of_scope(about, now)
    return cast(Content, _unturned(content))


def _unturned(value: Any) -> Any:
    """Page and paper show the same letters in the same order: signs that turn the text around them are written out."""
    match value:
        case str():
            return TURNING.sub(lambda sign: f"[U+{ord(sign[0]):04X}]", value)
        case dict():
            return {name: _unturned(each) for name, each in value.items()}
        case list():
            return [_unturned(each) for each in value]
    return value


def language_of(agreement: Agreement) -> str:
    return agreement.contact.speaks if agreement.contact else agreement.client.language


def canonical(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def fingerprint(content: Any) -> str:
    """SHA-256 of the canonical form: the hash of exactly what is shown."""
    return hashlib.sha256(canonical(content)).hexdigest()


def what_changed(before: Content, after: Content) -> list[str]:
    """The parts in which two versions differ, in words, in the order of the page."""
    names = {
        "title": _("The title"),
        "summary": _("The short summary"),
        "lines": _("The services or their prices"),
        "changes": _("What it changes"),
        "taxes": _("The taxes"),
        "total": _("The total"),
        "dates": _("The dates it moves"),
        "not_included": _("What is not included"),
        "timeline": _("The timeline"),
        "terms": _("The terms"),
        "reason": _("The reason"),
        "period": _("The period"),
        "valid_until": _("Until when it can be signed"),
        "contact": _("Who signs"),
    }
    differ = {key for key in {*before, *after} if key not in NOT_COMPARED and before.get(key) != after.get(key)}
    said = [words for key, words in names.items() if key in differ]
    return said or ([_("Its wording")] if differ else [])


def _of_scope(scope: Scope, now: datetime) -> Content:
    content = {
        **_shared(scope.agreement, now, scope.number, scope.title),
        **_sums(original(scope)),
        "kind": "scope",
        "period": _period(scope),
        "summary": scope.summary.strip(),
        "not_included": [line.strip() for line in scope.not_included.splitlines() if line.strip()],
        "timeline": scope.timeline.strip(),
        "terms": scope.terms.strip(),
    }
    return cast(Content, content)


def _of_addendum(addendum: Addendum, now: datetime) -> Content:
    scope = addendum.scope
    before, afterwards = holding(scope), after(addendum)
    total_before, total_after = before.totals.total, afterwards.totals.total
    content = {
        **_shared(addendum.agreement, now, addendum.number, addendum.title),
        **_sums(afterwards),
        "kind": "addendum",
        "period": "",
        "summary": "",
        "not_included": [],
        "timeline": "",
        "terms": addendum.terms.strip(),
        "to": {
            "number": scope.number,
            "title": scope.title,
            "signed_on": speak_date(scope.signed_on, today=None) if scope.signed_on else "",
        },
        "reason": addendum.reason.strip(),
        "changes": [_change(change, before, afterwards) for change in addendum.changes.all()],
        "total_before": speak_money(total_before, scope.currency),
        "total_after": speak_money(total_after, scope.currency),
        "effect": speak_effect(total_after - total_before, scope.currency),
        "dates": _dates(addendum.agreement, now),
    }
    return cast(Content, content)


def _shared(agreement: Agreement, now: datetime, number: str, title: str) -> dict[str, Any]:
    firm, contact, client = Firm.get(), agreement.contact, agreement.client
    until = ""
    if agreement.valid_until:
        until = _("the end of %(date)s (%(zone)s)") % {
            "date": speak_date(agreement.valid_until, today=None),
            "zone": speak_zone(client.zoneinfo),
        }
    return {
        "layout": LAYOUT,
        "language": language_of(agreement),
        "number": number,
        "version": agreement.version,
        "title": title,
        "firm": {"name": firm.name, "email": firm.email, "phone": firm.phone},
        "client": {"name": client.name},
        "contact": {
            "name": contact.name if contact else "",
            "role": contact.role if contact else "",
            "email": contact.email if contact else "",
        },
        "sent_on": speak_date(now.astimezone(client.zoneinfo).date(), today=None),
        "valid_until": until,
    }


def _sums(held: Holding) -> dict[str, Any]:
    sums = held.totals
    return {
        "currency": held.currency,
        "lines": [_shown(line, held.currency) for line in held.services],
        "taxes": [_shown_tax(line, sums.taxes[line.number], held.currency) for line in held.taxes],
        "subtotal": speak_money(sums.subtotal, held.currency),
        "total": speak_money(sums.total, held.currency),
    }


def _shown(line: Line, currency: str) -> ShownLine:
    return {
        "number": line.number,
        "service": line.service,
        "description": line.description.strip(),
        "quantity": speak_number(_plain(line.quantity)),
        "unit": line.unit,
        "price": speak_price(line.price, currency),
        "amount": speak_money(amount(line, currency), currency),
        "turnaround": speak_turnaround(line.turnaround_days),
    }


def _shown_tax(line: Line, tax: Decimal, currency: str) -> Tax:
    return {
        "number": line.number,
        "service": line.service,
        "rate": _("%(number)s %%") % {"number": speak_number(_plain(line.rate or Decimal(0)))},
        "amount": speak_money(tax, currency),
    }


def _change(change: LineValues, before: Holding, afterwards: Holding) -> Change:
    old, new = before.line(change.number), afterwards.line(change.number)
    effect = _alone(new, afterwards) - _alone(old, before)
    return {
        "number": change.number,
        "act": change.act,  # type: ignore[attr-defined]  # its choices are these three
        "before": _either(old, before) if old else None,
        "after": _either(new, afterwards) if new else None,
        "effect": speak_effect(effect, before.currency),
    }


def _alone(line: Line | None, held: Holding) -> Decimal:
    if line is None:
        return rounded(Decimal(0), held.currency)
    return held.totals.taxes[line.number] if line.kind == "tax" else amount(line, held.currency)


def _either(line: Line, held: Holding) -> ShownLine | Tax:
    if line.kind == "tax":
        return _shown_tax(line, held.totals.taxes[line.number], held.currency)
    return _shown(line, held.currency)


def _dates(agreement: Agreement, now: datetime) -> list[MovedDate]:
    answers: list[tuple[Any, Any]] = agreement_sending.send(sender=Agreement, agreement=agreement, now=now)
    return [moved for _receiver, dates in answers for moved in dates or []]


def _period(scope: Scope) -> str:
    begins = speak_date(scope.starts_on, today=None) if scope.starts_on else ""
    ends = speak_date(scope.ends_on, today=None) if scope.ends_on else ""
    if begins and ends:
        return _("From %(begins)s until %(ends)s") % {"begins": begins, "ends": ends}
    if begins:
        return _("From %(begins)s") % {"begins": begins}
    return _("Until %(ends)s") % {"ends": ends} if ends else ""


def speak_turnaround(days: int | None) -> str:
    if days is None:
        return ""
    return ngettext("%(days)d working day", "%(days)d working days", days) % {"days": days}


def speak_price(price: Decimal, currency: str) -> str:
    """A price of one, which may be finer than the smallest coin."""
    coin = rounded(price, currency)
    return speak_money(coin, currency) if coin == price else speak_money(_plain(price), currency, exact=True)


def speak_effect(change: Decimal, currency: str) -> str:
    """With its sign, so that nobody has to guess: + €240.00."""
    if not change:
        return speak_money(change, currency)
    sign = "+" if change > 0 else "\N{MINUS SIGN}"
    return f"{sign}\N{NO-BREAK SPACE}{speak_money(abs(change), currency)}"


def _plain(number: Decimal) -> Decimal:
    """Without zeros that say nothing, and never as 1E+2."""
    return number.quantize(Decimal(1)) if number == number.to_integral() else number.normalize()
