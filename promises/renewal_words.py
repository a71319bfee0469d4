"""What we write to a client whose scope nears its end: what was done first, then what we propose. No excuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.models import Contact, Renewal, Scope
from engagement.staff.models import Firm, User
from engagement.staff.when import speak_date, speak_due
from promises.drafts import Draft, signature
from promises.models import Promise
from promises.renewals import Figures

# More than these are not counted out in a letter; the progress page has them all.
MOST_OWED = 10


@dataclass(frozen=True, slots=True)
class Facts:
    """What the letter may speak of. Nothing internal is in it."""

    scope: Scope
    figures: Figures
    owed: list[Promise]


def facts(scope: Scope, figures: Figures) -> Facts:
    owed = Promise.objects.open().filter(scope=scope).order_by("due_at", "pk")
    return Facts(scope, figures, list(owed[:MOST_OWED]))


def draft(about: Facts, decision: str, *, contact: Contact | None, by: User, firm: Firm, now: datetime) -> Draft:
    """In the language of the contact."""
    scope, client = about.scope, about.scope.client
    today = now.astimezone(client.zoneinfo).date()
    with translation.override(contact.speaks if contact else client.language):
        parts = [
            _("Dear %(name)s,") % {"name": contact.name if contact else client.name},
            " ".join(part for part in (_until(scope, today), _done(about.figures, today)) if part),
            *_proposed(about, decision, now),
            signature(by, firm),
        ]
        return Draft(_subject(scope, decision), "\n\n".join(part for part in parts if part))


def _until(scope: Scope, today: date) -> str:
    words = {"title": scope.title, "number": scope.number}
    if scope.ends_on is None:
        return _("This is about %(title)s (%(number)s), which we agreed.") % words
    words["day"] = speak_date(scope.ends_on, today=today)
    if scope.ends_on < today:
        return _("%(title)s (%(number)s), as we agreed it, ran until %(day)s.") % words
    return _("%(title)s (%(number)s), as we agreed it, runs until %(day)s.") % words


def _done(figures: Figures, today: date) -> str:
    of = figures.of_scope
    if not of.ended:
        return ""
    words = {"day": speak_date(figures.since, today=today), "count": of.ended, "kept": of.on_time}
    return (
        ngettext(
            "Since %(day)s we have kept %(kept)s of %(count)s promise on time.",
            "Since %(day)s we have kept %(kept)s of %(count)s promises on time.",
            of.ended,
        )
        % words
    )


def _proposed(about: Facts, decision: str, now: datetime) -> list[str]:
    match decision:
        case Renewal.Decision.RENEW:
            return [
                _("We would like to go on with you on the same terms."),
                _("What happens next: we send you the new scope to read and to sign. Tell us what you want changed."),
            ]
        case Renewal.Decision.RENEGOTIATE:
            return [
                _("We would like to go on with you, and to agree the terms anew."),
                _("What happens next: we talk about what you need, then we send you a new scope to read and to sign."),
            ]
        case _:
            return _parting(about, now)


def _parting(about: Facts, now: datetime) -> list[str]:
    owed = [
        f"- {promise.what}: {speak_due(promise.due_on, promise.due_time, promise.zone, now=now, with_zone=False)}"
        for promise in about.owed
    ]
    still = "\n".join([_("What we have promised you stays promised:"), *owed]) if owed else ""
    return [
        _("Thank you for working with us. We will not propose a new scope after this one."),
        still,
        _("What happens next: we hand over to you what is yours, and answer your questions until then and after."),
    ]


def _subject(scope: Scope, decision: str) -> str:
    words = {"title": scope.title, "number": scope.number}
    if decision == Renewal.Decision.PART:
        return _("%(title)s (%(number)s): how it ends") % words
    return _("%(title)s (%(number)s): how we go on") % words
