"""Scopes and addenda before they are sent: written, copied, begun from a template, changed at will."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clients import record
from clients.actions.base import Refused, holding_agreement, must_be_allowed, write
from clients.agreement_rules import State, Step
from clients.holding import LineGone, after, next_line
from clients.models import (
    Addendum,
    AddendumLine,
    Agreement,
    Client,
    Entry,
    Kind,
    Scope,
    ScopeFile,
    ScopeLine,
    ScopeTemplate,
)
from clients.rights import actor
from clients.signals import scope_signed
from engagement.staff.models import Firm, User

TEXTS = ("title", "summary", "not_included", "timeline", "terms", "currency")
LINE = ("kind", "service", "description", "quantity", "unit", "price", "rate", "turnaround_days")
# Entries that hold the whole text of a draft.
TEXT_KEPT = ("scope_made", "scope_changed", "addendum_made", "addendum_changed")
NUMBER = re.compile(r"^(\d{4})-(\d+)$")
# Who begin a scope in the same instant, and each get a number of their own.
MOST_AT_ONCE = 20

Values = Mapping[str, Any]


def next_number(today: date) -> str:
    """One after the highest of this year: 2026-014."""
    numbers = Scope.objects.filter(number__startswith=f"{today.year}-").values_list("number", flat=True)
    taken = [int(match[2]) for number in numbers if (match := NUMBER.match(number))]
    return f"{today.year}-{max(taken, default=0) + 1:03}"


def draft_scope(client: Client, values: Values, lines: Iterable[Values], *, by: User, now: datetime) -> Scope:
    """Begin a scope. `values` are its fields, `lines` those of each line; without a number it gets the next one."""
    with transaction.atomic():
        agreement = Agreement.objects.create(client=client, kind=Kind.SCOPE, made_at=now, made_by=by)
        fields = {"currency": Firm.get().currency, **values}
        scope = Scope(agreement=agreement, client=client, made_at=now, **fields)
        if scope.number:
            _save(scope)
        else:
            _save_with_next_number(scope, now.astimezone(client.zoneinfo).date())
        _set_lines(scope, lines)
        record.write(client.pk, record.Event(scope.record_subject, "scope_made", now, by, said_of_scope(scope)))
    return scope


def last_saved(about: Scope | Addendum) -> int:
    """Which text of a draft this is: the place in the client's record of the entry that holds it."""
    entry = _last_text(about)
    return entry.seq if entry else 0


def save_draft(
    scope: Scope, values: Values, lines: Iterable[Values], *, by: User, now: datetime, read: int | None = None
) -> None:
    """Change a draft, whole: the lines given are the lines it has then. `read`: which text it was written over."""
    with holding_agreement(scope.agreement) as agreement:
        must_be_allowed(agreement, Step.EDIT, actor(by, agreement.client))
        _must_be_last(scope, read)
        for name, value in values.items():
            setattr(scope, name, value)
        _save(scope)
        _set_lines(scope, lines)
        if _is_new(scope, said := said_of_scope(scope)):
            write(agreement, "scope_changed", now, by, **said)


def copy_scope(scope: Scope, client: Client, *, by: User, now: datetime) -> Scope:
    """A new draft that says what the old one said; the period is for somebody to fill in."""
    return draft_scope(client, _texts(scope), _line_values(scope), by=by, now=now)


def keep_template(scope: Scope, name: str, *, by: User, now: datetime) -> ScopeTemplate:
    """Keep its text for new scopes, in place of a template of the same name."""
    content = {"texts": _texts(scope), "lines": [_as_json(line) for line in _line_values(scope)]}
    template, _made = ScopeTemplate.objects.update_or_create(
        name=name.strip(), defaults={"content": content, "changed_at": now, "changed_by": by}
    )
    return template


def draft_from_template(template: ScopeTemplate, client: Client, *, by: User, now: datetime) -> Scope:
    lines = [_from_json(line) for line in template.content["lines"]]
    return draft_scope(client, template.content["texts"], lines, by=by, now=now)


def record_paper(scope: Scope, *, signed_on: date, name: str, content: bytes, by: User, now: datetime) -> ScopeFile:
    """Both sides signed on paper: keep the file, its hash, and who vouches that this is it."""
    sha256 = hashlib.sha256(content).hexdigest()
    with holding_agreement(scope.agreement) as agreement:
        to = must_be_allowed(agreement, Step.RECORD_PAPER, actor(by, agreement.client)).to
        kept = ScopeFile.objects.create(
            scope=scope, name=name, content=content, size=len(content), sha256=sha256, added_at=now, added_by=by
        )
        scope.signed_on, scope.vouched_by = signed_on, by
        scope.save(update_fields=["signed_on", "vouched_by"])
        agreement.state = to
        agreement.save(update_fields=["state"])
        scope.agreement = agreement
        scope_signed.send(sender=Scope, scope=scope, now=now)
        data = {"name": name, "size": len(content), "sha256": sha256, "signed_on": signed_on.isoformat()}
        write(agreement, "scope_signed_on_paper", now, by, **data)
    return kept


def draft_addendum(scope: Scope, *, title: str, reason: str, by: User, now: datetime) -> Addendum:
    """Begin an addendum to a signed scope."""
    with holding_agreement(scope.agreement) as held:
        if held.state != State.SIGNED:
            raise Refused(_("An addendum changes a signed scope. This one is not signed: change the scope itself."))
        seq = (scope.addenda.order_by("-seq").values_list("seq", flat=True).first() or 0) + 1
        agreement = Agreement.objects.create(
            client=held.client, kind=Kind.ADDENDUM, contact=held.contact, made_at=now, made_by=by
        )
        addendum = Addendum.objects.create(
            agreement=agreement, scope=scope, seq=seq, title=title.strip(), reason=reason.strip(), made_at=now
        )
        write(agreement, "addendum_made", now, by, **said_of_addendum(addendum))
    return addendum


def save_addendum(
    addendum: Addendum,
    values: Values,
    changes: Iterable[Values],
    *,
    by: User,
    now: datetime,
    read: int | None = None,
) -> None:
    """Change a draft, whole. Each change has an `act` and, unless it adds a line, the `number` of the line."""
    with holding_agreement(addendum.agreement) as agreement:
        must_be_allowed(agreement, Step.EDIT, actor(by, agreement.client))
        _must_be_last(addendum, read)
        for name, value in values.items():
            setattr(addendum, name, value)
        addendum.save()
        addendum.changes.all().delete()
        free = next_line(addendum.scope)
        for change in changes:
            fields = {name: change[name] for name in LINE if name in change}
            adds = change["act"] == AddendumLine.Act.ADD
            number = free if adds else change["number"]
            free += adds
            AddendumLine.objects.create(addendum=addendum, act=change["act"], number=number, **fields)
        try:
            after(addendum)
        except LineGone as gone:
            raise Refused(line_is_gone(gone)) from gone
        if _is_new(addendum, said := said_of_addendum(addendum)):
            write(agreement, "addendum_changed", now, by, **said)


def _last_text(about: Scope | Addendum) -> Entry | None:
    texts = Entry.objects.filter(client=about.client, subject=about.record_subject, kind__in=TEXT_KEPT)
    return texts.order_by("-seq").first()


def _is_new(about: Scope | Addendum, said: Values) -> bool:
    kept = _last_text(about)
    return kept is None or kept.data != said


def _must_be_last(about: Scope | Addendum, read: int | None) -> None:
    if read is not None and read != last_saved(about):
        raise Refused(
            _(
                "Somebody saved this draft while you had it open. Look at theirs in another window; "
                "saving again puts yours in its place."
            )
        )


def line_is_gone(gone: LineGone) -> str:
    return _("Line %(number)d is not in the scope as it holds now. Take that change out, or make it another one.") % {
        "number": gone.number
    }


def said_of_scope(scope: Scope) -> dict[str, Any]:
    """What the record keeps of a draft, as it lies in the database."""
    days = {name: getattr(scope, name) for name in ("starts_on", "ends_on", "signed_on")}
    return {
        "number": scope.number,
        **_texts(scope),
        **{name: day.isoformat() if day else None for name, day in days.items()},
        "lines": [{"number": line.number, **_as_json(_values(line))} for line in ScopeLine.objects.filter(scope=scope)],
    }


def said_of_addendum(addendum: Addendum) -> dict[str, Any]:
    changes = AddendumLine.objects.filter(addendum=addendum)
    return {
        "number": addendum.number,
        "title": addendum.title,
        "reason": addendum.reason,
        "terms": addendum.terms,
        "changes": [{"act": str(line.act), "number": line.number, **_as_json(_values(line))} for line in changes],
    }


def _save(scope: Scope) -> None:
    try:
        with transaction.atomic():
            scope.save()
    except IntegrityError as error:
        if Scope.objects.filter(number=scope.number).exclude(pk=scope.pk).exists():
            raise Refused(_("Another scope has this number: enter a different one")) from error
        raise


def _save_with_next_number(scope: Scope, today: date) -> None:
    """Somebody who drafts at the same moment takes the same number: then it is the one after."""
    for _attempt in range(MOST_AT_ONCE):
        scope.number = next_number(today)
        with suppress(Refused):
            return _save(scope)
    raise Refused(_("Many scopes were begun at this moment: try again"))


def _set_lines(scope: Scope, lines: Iterable[Values]) -> None:
    scope.lines.all().delete()
    ScopeLine.objects.bulk_create(
        ScopeLine(scope=scope, number=number, **{name: line[name] for name in LINE if name in line})
        for number, line in enumerate(lines, 1)
    )
    getattr(scope, "_prefetched_objects_cache", {}).pop("lines", None)


def _texts(scope: Scope) -> dict[str, Any]:
    return {name: getattr(scope, name) for name in TEXTS}


def _line_values(scope: Scope) -> list[dict[str, Any]]:
    return [_values(line) for line in scope.lines.all()]


def _values(line: ScopeLine | AddendumLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in LINE}


def _as_json(line: Values) -> dict[str, Any]:
    # As the column holds it: what was typed as 2 is read back as 2.00.
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in line.items()}


def _from_json(line: Values) -> dict[str, Any]:
    numbers = {name: Decimal(line[name]) for name in ("quantity", "price", "rate") if line.get(name) is not None}
    return {**line, **numbers}
