"""Word to the people here about what a signer did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import translation

from clients.models import Agreement
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Message
from engagement.staff.models import User


def tell_staff(held: Agreement, occasion: str, subject: str, body: str, now: datetime, *, words: str = "") -> None:
    """Write to whoever sent it and to the client's lead, or else to the managers: somebody hears.

    Subject and body are translated here, for each of them.
    """
    about = held.about
    for person in _concerned(held):
        with translation.override(person.language):
            values = {
                "who": held.contact.name if held.contact else held.client.name,
                "number": about.number,
                "title": about.title,
                "words": words,
            }
            _write(
                person,
                occasion,
                now,
                reply_to=held.contact.email if held.contact else "",
                language=person.language,
                subject=translation.gettext(subject) % values,
                body=translation.gettext(body) % values + "\n",
                kind=f"client {held.client_id}",
            )


def pass_on(notice: Message, now: datetime) -> None:
    """Its reader may not hear it any more: the managers do, unless they have, in the words it was written in."""
    occasion = notice.occasion.rpartition(":")[0]
    same = {name: getattr(notice, name) for name in ("reply_to", "language", "subject", "body", "kind")}
    for manager in User.objects.managers().reachable().order_by("pk"):
        _write(manager, occasion, now, **same)


def _write(person: User, occasion: str, now: datetime, **fields: Any) -> None:
    fields |= {"audience": Audience.STAFF, "address": person.email, "person": person}
    outbox.write(occasion=f"{occasion}:{person.pk}", now=now, **fields)


def _concerned(held: Agreement) -> list[User]:
    # Whoever sent it may have been shut out since.
    theirs = [person for person in (held.sent_by, held.client.lead) if person and person.is_reachable]
    people = {person.pk: person for person in theirs if held.client.may_be_seen_by(person)}
    return [people[pk] for pk in sorted(people)] or list(User.objects.managers().reachable().order_by("pk"))
