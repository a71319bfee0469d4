"""A later date, asked for, told and answered in one step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from clients.models import Contact
from engagement.staff.models import User
from promises.actions.base import Refused, holding
from promises.actions.moving import answer, extend
from promises.actions.overriding import Override
from promises.actions.telling import Said, record_conversation, write_to_client
from promises.due import Due
from promises.models import Extension, Promise, Telling


@dataclass(frozen=True, slots=True)
class Asked:
    """The new date, and why. The client reads `reason_text`; nobody outside reads `note` or `override`."""

    due: Due
    reason: str
    reason_text: str
    asked_by: str
    note: str = ""
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """They heard of it in a conversation."""

    contact: Contact | None
    channel: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """They are to read of it in an e-mail that is written now."""

    contact: Contact
    subject: str
    body: str
    occasion: str


@dataclass(frozen=True, slots=True)
class Reply:
    agreed: bool
    at: datetime
    words: str = ""


def extend_and_tell(
    promise: Promise,
    asked: Asked,
    *,
    told: Spoken | Written | None,
    reply: Reply | None,
    by: User,
    now: datetime,
) -> Extension:
    """Everything or nothing: the word to the client, the extension, and their answer."""
    with holding(promise) as held:
        _not_asked_already(held, asked.due)
        _not_answered_already(told, reply)
        telling = _tell(held, told, by, now) if told else None
        extension = extend(
            held,
            asked.due,
            reason=asked.reason,
            reason_text=asked.reason_text,
            asked_by=asked.asked_by,
            by=by,
            now=now,
            telling=telling,
            note=asked.note,
            override=asked.override,
        )
        if reply:
            answer(extension, agreed=reply.agreed, answered_at=reply.at, by=by, now=now, words=reply.words)
    return extension


def _not_asked_already(promise: Promise, due: Due) -> None:
    """A second press of the button is no second extension."""
    same = promise.extensions.filter(old_due_at=promise.due_at, new_due_at=due.at, answer=None)
    if same.exists():
        raise Refused(_("This date has been asked for already. Record the client's answer to it."))


def answered_too_soon() -> str:
    return _("They cannot have answered before they were told")


def _not_answered_already(told: Spoken | Written | None, reply: Reply | None) -> None:
    """An answer to what nobody has said yet would make a silent move look agreed."""
    if reply and (not isinstance(told, Spoken) or reply.at < told.at):
        raise Refused(answered_too_soon())


def _tell(promise: Promise, told: Spoken | Written, by: User, now: datetime) -> Telling:
    said = [Said(promise, Telling.Kind.MOVED)]
    if isinstance(told, Spoken):
        return record_conversation(
            said,
            client=promise.client,
            contact=told.contact,
            channel=told.channel,
            spoken_at=told.at,
            text=told.text,
            by=by,
            now=now,
        )[0]
    message = write_to_client(
        said,
        client=promise.client,
        contact=told.contact,
        subject=told.subject,
        body=told.body,
        occasion=told.occasion,
        by=by,
        now=now,
    )
    if message is None:
        raise Refused(_("This message was written already. Nothing was sent twice."))
    return message.tellings.get(promise=promise)
