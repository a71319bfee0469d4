"""Word to the people here about what a signer did."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation

from clients.models import Agreement, Client
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience
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
            outbox.write(
                occasion=f"{occasion}:{person.pk}",
                now=now,
                audience=Audience.STAFF,
                address=person.email,
                person=person,
                reply_to=held.contact.email if held.contact else "",
                language=person.language,
                subject=translation.gettext(subject) % values,
                body=translation.gettext(body) % values + "\n",
                kind=f"client {held.client_id}",
            )


def _concerned(held: Agreement) -> list[User]:
    theirs = (held.sent_by, held.client.lead)
    people = {person.pk: person for person in theirs if person and person.is_reachable and _may_see(person, held)}
    return [people[pk] for pk in sorted(people)] or list(User.objects.managers().reachable().order_by("pk"))


def _may_see(person: User, held: Agreement) -> bool:
    """Whoever sent it may have been shut out since."""
    return not held.client.restricted or Client.objects.visible_to(person).filter(pk=held.client_id).exists()
