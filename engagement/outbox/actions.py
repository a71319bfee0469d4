"""Write down first, send after. One conditional UPDATE claims a row; a second worker changes nothing and leaves."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from engagement.outbox.models import LEASE_LASTS, MOST_ATTEMPTS, Audience, Message, State
from engagement.outbox.signals import message_leaving, message_settled

logger = logging.getLogger(__name__)

# A message to a client can be taken back for so long.
HOLD = timedelta(seconds=20)
# A turn is over well before Celery's limit, which would strike in the middle of a message.
TURN_LASTS = timedelta(seconds=45)
# Pauses before the next attempt; the last one repeats.
PAUSES = [timedelta(seconds=s) for s in (10, 60, 300, 900, 1800, 3600)]


class NotAccepted(Exception):
    """The server said no, or was never reached: the message has certainly not left."""

    def __init__(self, why: str, *, for_good: bool) -> None:
        super().__init__(why)
        self.for_good = for_good


def one_line(text: str) -> str:
    """A subject that adds no header and fits its column, whatever somebody typed or a lookup brought."""
    return " ".join(str(text).replace("\0", " ").split())[:300]


def write(*, occasion: str, now: datetime, **fields: Any) -> Message | None:
    """Write a message down in the caller's transaction. None when this occasion has its message already."""
    fields.setdefault("not_before", now)
    fields["subject"] = one_line(fields["subject"])
    message, created = Message.objects.get_or_create(occasion=occasion, defaults={"written_at": now, **fields})
    return message if created else None


def write_all(rows: Iterable[dict[str, Any]], now: datetime) -> list[Message]:
    """Several at once, in the caller's transaction; none is written where one of their occasions has its message."""
    messages = [Message(**{"written_at": now, "not_before": now, **row}) for row in rows]
    for message in messages:
        message.subject = one_line(message.subject)
    return Message.objects.bulk_create(messages)


def undo(message: Message, now: datetime) -> bool:
    """Take a message back while it is still held. False when it is too late."""
    held = Message.objects.filter(pk=message.pk, state=State.WAITING, attempts=0, not_before__gt=now)
    with transaction.atomic():
        if not held.update(state=State.UNDONE):
            return False
        _tell(message, now)
    return True


def drop(waiting: QuerySet[Message], now: datetime) -> int:
    """What these speak of is over before they left. What a worker has in hand already is not touched."""
    dropped = 0
    for message in waiting.filter(state=State.WAITING):
        with transaction.atomic():
            if Message.objects.filter(pk=message.pk, state=State.WAITING).update(state=State.DROPPED):
                _tell(message, now)
                dropped += 1
    return dropped


def send_waiting(now: datetime, limit: int = 200) -> int:
    """Send what is due. One message that cannot be sent stops no other."""
    settle_abandoned(now)
    done, began = 0, monotonic()
    for pk in list(Message.objects.ready(now).order_by("not_before").values_list("pk", flat=True)[:limit]):
        passed = timedelta(seconds=monotonic() - began)
        if passed > TURN_LASTS:
            break
        try:
            done += deliver(pk, now + passed)
        except Exception:
            logger.exception("Message %s could not be settled; its lease runs out and it is looked at again.", pk)
    return done


def deliver(pk: int, now: datetime) -> bool:
    """Send one message, unless it is settled already or in another worker's hands."""
    # The claim asks only about the row's own columns: across a join, two workers would win on PostgreSQL.
    mine, lease_until = Message.objects.ready(now).filter(pk=pk), now + LEASE_LASTS
    if not mine.update(state=State.SENDING, lease_until=lease_until, attempts=F("attempts") + 1):
        return False

    message = Message.objects.get(pk=pk)
    message.lease_until = lease_until
    kept = message.subject, message.body
    message.outgoing_body = message.body
    try:
        reason = _reason_to_stop(message, now)
    except Exception as error:
        logger.exception("Message %s could not be made ready.", pk)
        return _after_refusal(message, now, NotAccepted(_line(error), for_good=False))
    if reason:
        # What a colleague no longer needs is dropped; a client's message that cannot go is somebody's to see to.
        state = State.DROPPED if message.audience == Audience.STAFF else State.FAILED
        return _settle(message, now, state=state, error=reason[:300])
    if (message.subject, message.body) != kept:
        message.subject = one_line(message.subject)
        # Reminders are worded as they leave, from how things stand then.
        _still_mine(message).update(subject=message.subject, body=message.body)
    try:
        _hand_over(message)
    except NotAccepted as refusal:
        return _after_refusal(message, now, refusal)
    except Exception as error:
        logger.exception("Message %s: no answer to the text.", pk)
        return _after_doubt(message, now, _line(error))
    return _settle(message, now, state=State.SENT, sent_at=now, error="")


def settle_abandoned(now: datetime) -> None:
    """A worker died with these in hand. A colleague may hear twice; a client never does by our doing."""
    for message in Message.objects.abandoned(now):
        try:
            _after_doubt(message, now, _("The sender stopped in the middle."))
        except Exception:
            logger.exception(
                "Message %s could not be settled; it is looked at again when a new lease ends.", message.pk
            )
            _still_mine(message).update(lease_until=now + LEASE_LASTS)


def bounced(message: Message, now: datetime, why: str) -> bool:
    """The server accepted it and could not deliver it after all. False when that is known already."""
    came_back = Message.objects.filter(pk=message.pk, bounced_at=None, state__in=[State.SENT, State.IN_DOUBT])
    with transaction.atomic():
        if not came_back.update(bounced_at=now, state=State.FAILED, error=why[:300]):
            return False
        _tell(message, now)
    return True


def resend(message: Message, now: datetime) -> bool:
    """A person has decided that a message in doubt, or a failed one, goes again, with the same Message-ID."""
    again = Message.objects.filter(pk=message.pk, state__in=[State.IN_DOUBT, State.FAILED], is_secret=False)
    fresh: dict[str, Any] = {"attempts": 0, "bounced_at": None, "seen_to_at": None, "error": ""}
    return bool(again.update(state=State.WAITING, not_before=now, **fresh))


def mark_sent(message: Message, now: datetime) -> bool:
    """A person has found that a message in doubt did arrive."""
    with transaction.atomic():
        message.refresh_from_db()
        doubtful = Message.objects.filter(pk=message.pk, state=State.IN_DOUBT)
        # Not when it was to leave, which may be hours earlier, but when a worker took it up.
        left_at = message.lease_until - LEASE_LASTS if message.lease_until else now
        if not doubtful.update(state=State.SENT, sent_at=left_at, error=""):
            return False
        _tell(message, now)
    return True


def see_to(message: Message, now: datetime) -> bool:
    """A person has dealt with a failed message in another way."""
    return bool(Message.objects.filter(pk=message.pk, state=State.FAILED, seen_to_at=None).update(seen_to_at=now))


def _hand_over(message: Message) -> None:
    mail = EmailMessage(
        subject=message.subject,
        body=message.outgoing_body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.address],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers={"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"},
    )
    connection = get_connection(settings.DELIVERY_BACKEND)
    try:
        # Django takes a mail to nobody for sent.
        validate_email(message.address)
        mail.message()
        connection.open()
    except ValidationError as error:
        raise NotAccepted(
            _("%(address)s is not an e-mail address.") % {"address": message.address}, for_good=True
        ) from error
    except (OSError, ValueError) as error:
        raise NotAccepted(_line(error), for_good=isinstance(error, ValueError)) from error
    try:
        connection.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        raise NotAccepted(f"{code} {answer!r}", for_good=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        if not 400 <= error.smtp_code < 600:
            # Neither yes nor no: what became of the text is in doubt.
            raise
        raise NotAccepted(_line(error), for_good=error.smtp_code >= 500) from error
    finally:
        _close(connection)


def _close(connection: Any) -> None:
    # The message has been accepted or not by now; a goodbye that fails changes nothing.
    try:
        connection.close()
    except OSError:
        logger.info("The mail server hung up first.")


def _reason_to_stop(message: Message, now: datetime) -> str:
    if message.person and not message.person.is_active:
        return _("This person no longer works here.")
    answers = message_leaving.send(sender=Message, message=message, now=now)
    return next((str(reason) for _receiver, reason in answers if reason), "")


def _after_refusal(message: Message, now: datetime, refusal: NotAccepted) -> bool:
    if refusal.for_good or message.attempts >= MOST_ATTEMPTS:
        return _settle(message, now, state=State.FAILED, error=str(refusal)[:300])
    pause = PAUSES[min(message.attempts, len(PAUSES)) - 1]
    return _still_mine(message).update(state=State.WAITING, not_before=now + pause, error=str(refusal)[:300]) == 1


def _after_doubt(message: Message, now: datetime, why: str) -> bool:
    if message.audience == Audience.STAFF and message.attempts < MOST_ATTEMPTS:
        return _still_mine(message).update(state=State.WAITING, not_before=now + PAUSES[0], error=why[:300]) == 1
    state = State.FAILED if message.audience == Audience.STAFF else State.IN_DOUBT
    return _settle(message, now, state=state, error=why[:300])


def _still_mine(message: Message) -> QuerySet[Message]:
    # The lease is the claim: a worker that slept through its own must not settle its successor's.
    return Message.objects.filter(pk=message.pk, state=State.SENDING, lease_until=message.lease_until)


def _settle(message: Message, now: datetime, **changes: Any) -> bool:
    if message.is_secret:
        # It has left, or never will: nobody can send it again.
        changes["body"] = ""
    with transaction.atomic():
        if not _still_mine(message).update(**changes):
            return False
        _tell(message, now)
    return True


def _tell(message: Message, now: datetime) -> None:
    message.refresh_from_db()
    message_settled.send(sender=Message, message=message, now=now)


def _line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
