"""A scope near its end: somebody decides, the client hears it, and the words are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from clients import record
from clients.actions.drafting import copy_scope
from clients.agreement_rules import State
from clients.models import Agreement, Client, Contact, Renewal, Scope
from clients.rights import may_decide
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Channel, Message
from engagement.staff.models import User
from promises.actions.agreeing import Spoken, Written
from promises.actions.base import Refused
from promises.models import NextScope
from promises.renewals import figures

DECIDED, SAID = "renewal_decided", "renewal_words"


def decide(scope: Scope, decision: str, *, why: str, words: Spoken | Written, by: User, now: datetime) -> Renewal:
    """Decision, figures and words to the client, all of it or nothing. Once for each scope."""
    with _holding(scope) as held:
        if not may_decide(by, held.client):
            raise PermissionDenied
        if held.agreement.state != State.SIGNED:
            raise Refused(_("This scope is not in force, so there is nothing to renew."))
        if Renewal.objects.filter(scope=held).exists():
            raise Refused(_("It has been decided meanwhile. Nothing was changed; open the page again to see how."))
        said, message = _say(held, words, by, now)
        renewal = Renewal.objects.create(
            scope=held,
            decision=decision,
            why=why,
            words=said["text"],
            figures=figures(held).as_json(),
            by=by,
            at=now,
            message=message,
        )
        _write(held, DECIDED, by, now, decision=str(decision), why=why, figures=renewal.figures, **said)
    return renewal


def say_again(renewal: Renewal, *, words: Spoken | Written, by: User, now: datetime) -> None:
    """The decision stands, and the first words did not reach them: others do."""
    with _holding(renewal.scope) as held:
        if not may_decide(by, held.client):
            raise PermissionDenied
        said, _message = _say(held, words, by, now)
        _write(held, SAID, by, now, **said)


def draft_next(renewal: Renewal, *, by: User, now: datetime) -> tuple[Scope, bool]:
    """The scope that follows, and whether it is new: asked for again, it is the one that was drafted before."""
    with _holding(renewal.scope) as held:
        kept = NextScope.objects.filter(scope=held).select_related("made__agreement").first()
        if kept and kept.made.agreement.state != State.WITHDRAWN:
            return kept.made, False
        made = copy_scope(held, held.client, by=by, now=now)
        NextScope.objects.update_or_create(scope=held, defaults={"made": made})
    return made, True


@contextmanager
def _holding(scope: Scope) -> Iterator[Scope]:
    """The scope, its agreement's row locked: two people who decide take turns."""
    with transaction.atomic():
        Agreement.objects.select_for_update(no_key=True).get(pk=scope.agreement_id)
        yield Scope.objects.select_related("client__lead", "agreement").get(pk=scope.pk)


def _say(scope: Scope, words: Spoken | Written, by: User, now: datetime) -> tuple[dict[str, Any], Message | None]:
    """What the record keeps of it, and the message where it is one."""
    _must_belong(scope.client, words.contact)
    to = words.contact.name if words.contact else ""
    if isinstance(words, Spoken):
        if words.at > now:
            raise Refused(_("A conversation is recorded after it took place. Choose a time that has passed."))
        spoken = {"to": to, "channel": words.channel, "spoken_at": words.at.isoformat(), "text": words.text}
        return {**spoken, "message": None}, None
    if not words.contact.email:
        raise Refused(_("%(name)s has no e-mail address. Add one, or call and record the call.") % {"name": to})
    message = outbox.write(
        occasion=words.occasion,
        now=now,
        not_before=now + outbox.HOLD,
        audience=Audience.CLIENT,
        address=words.contact.email,
        reply_to=by.email,
        language=words.contact.speaks,
        subject=words.subject,
        body=words.body,
        kind=f"client {scope.client_id}",
        written_by=by,
    )
    if message is None:
        raise Refused(_("This message was written already. Nothing was sent twice."))
    written = {"to": to, "channel": str(Channel.EMAIL), "subject": words.subject, "text": words.body}
    return {**written, "message": message.pk}, message


def _must_belong(client: Client, contact: Contact | None) -> None:
    if contact and contact.client_id != client.pk:
        raise Refused(_("Choose a contact of this client."))


def _write(scope: Scope, kind: str, by: User, now: datetime, **data: Any) -> None:
    record.write(scope.client_id, record.Event(scope.record_subject, kind, now, by, data))
