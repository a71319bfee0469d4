"""How what is due leaves: claimed, read anew, handed to the mail server, and noted.

A client's message is claimed by itself, just before it leaves, and noted before the next one: a worker that dies leaves
one in doubt. What is for colleagues may be said twice: it is claimed and read many at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from engagement.outbox import hold
from engagement.outbox.failpoint import failpoint
from engagement.outbox.line import Line, NoLine, NotAccepted, one_line_about
from engagement.outbox.models import LEASE_LASTS, MOST_ATTEMPTS, Audience, Message, MessageQuerySet, State
from engagement.outbox.signals import message_leaving, message_settled

logger = logging.getLogger(__name__)

# A turn is over well before Celery's limit, which would strike in the middle of a message.
TURN_LASTS = timedelta(seconds=30)
# Pauses before the next attempt; the last one repeats.
PAUSES = [timedelta(seconds=s) for s in (10, 60, 300, 900, 1800, 3600)]
# A server that is away says nothing about the message: that costs no attempt, and waits no longer than this.
LONGEST_WITHOUT_LINE = timedelta(minutes=5)
# What cannot be made ready to leave is a fault of ours: it is shown sooner than what a server does not take.
MOST_WORDINGS = 5
# So many of a colleague's messages are claimed in one go, as far as they leave within a second: a worker that dies with
# them in hand keeps no more than those waiting for its lease to end.
MOST_CLAIMED, CLAIMED_FOR = 100, 1.0
# What was read of a colleague's message and of its reader holds so long.
READ_AT_ONCE, READ_LASTS = 50, 0.2
# What is not sent over a wire but laid down here, as in a folder, is noted so many at a time: to note it takes longer
# than to lay it down. What a mail server took is noted before the next one leaves.
NOTED_TOGETHER = 50

# `_may_leave` in so many words. Both are asked of each message for a colleague, and putting a statement together takes
# Django longer than the database takes to answer it.
STILL_MAY = """
WHERE id = %s AND state = 'sending' AND lease_until = %s
    AND NOT EXISTS (SELECT 1 FROM outbox_heartbeat WHERE hold_id IS NOT NULL)
"""
TAKE_UP = "UPDATE outbox_message SET attempts = attempts + 1" + STILL_MAY
MAY_LEAVE = "SELECT 1 FROM outbox_message" + STILL_MAY


def send_waiting(now: datetime) -> int:
    """Send what is due. One message that cannot be sent stops no other."""
    hold.notice_sleep(now)
    settle_abandoned(now)
    with Line() as line:
        return _Turn(now, line).run()


def deliver(pk: int, now: datetime) -> bool:
    """Send one message, unless it is settled already or in another worker's hands."""
    with Line() as line:
        return _deliver(pk, now, line)


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


def one_line(text: str) -> str:
    """A subject that adds no header and fits its column, whatever somebody typed or a lookup brought."""
    return " ".join(str(text).replace("\0", " ").split())[:300]


def tell_rooms(message: Message, now: datetime) -> None:
    """The rooms above learn what became of it, in the transaction that says so."""
    message.refresh_from_db()
    message_settled.send(sender=Message, message=message, now=now)


def _deliver(pk: int, now: datetime, line: Line) -> bool:
    # The claim asks only about the row's own columns: across a join, two workers would win on PostgreSQL.
    mine, lease_until = Message.objects.ready(now).filter(pk=pk), now + LEASE_LASTS
    if not mine.update(state=State.SENDING, lease_until=lease_until, attempts=F("attempts") + 1):
        return False
    failpoint("claim")
    message = Message.objects.select_related("person").get(pk=pk)
    message.lease_until = lease_until
    return _hand_over(message, now, line) and _settle_as_sent(message, now)


class _Turn:
    """What one worker does until nothing is due, or its time is up."""

    def __init__(self, now: datetime, line: Line) -> None:
        self.line = line
        self._began_at, self._began = now, monotonic()
        self._claims = 10
        self._tried: set[int] = set()
        self._accepted: list[Message] = []

    def run(self) -> int:
        done = 0
        while not self._is_over():
            clients, colleagues = self._clients(), self._claim()
            if not clients and not colleagues:
                break
            done += sum(self._deliver(pk) for pk in clients)
            done += self._deliver_all(colleagues)
        return done

    @property
    def now(self) -> datetime:
        return self._began_at + timedelta(seconds=monotonic() - self._began)

    def _is_over(self) -> bool:
        return self.line.is_dead or self.now - self._began_at > TURN_LASTS

    def _clients(self) -> list[int]:
        """A few at a time, so that colleagues wait no longer for clients than clients for them."""
        waiting = Message.objects.ready(self.now).exclude(audience=Audience.STAFF).exclude(pk__in=self._tried)
        found = list(waiting.order_by("not_before", "pk").values_list("pk", flat=True)[:READ_AT_ONCE])
        self._tried.update(found)
        return found

    def _deliver(self, pk: int) -> bool:
        if self._is_over():
            return False
        try:
            return _deliver(pk, self.now, self.line)
        except Exception:
            logger.exception("Message %s could not be settled; its lease runs out and it is looked at again.", pk)
            return False

    def _claim(self) -> list[int]:
        """What is due for colleagues and in nobody's hands. Who is at one of them keeps it, and is not waited for."""
        now = self.now
        waiting = Message.objects.ready(now).filter(audience=Audience.STAFF)
        if not waiting.exists():
            return []
        with transaction.atomic():
            first = waiting.order_by("not_before", "pk").select_for_update(skip_locked=True)
            found = list(first.values_list("pk", flat=True)[: self._claims])
            self._lease_until = now + LEASE_LASTS
            mine = waiting.filter(pk__in=found)
            mine.update(state=State.SENDING, lease_until=self._lease_until)
        if found:
            failpoint("claim")
        return found

    def _deliver_all(self, pks: Sequence[int]) -> int:
        began, done = monotonic(), 0
        for message in self._read(pks):
            if self._is_over():
                _give_back(message)
                continue
            done += self._deliver_one(message)
        done += self._note()
        if pks:
            each = (monotonic() - began) / len(pks)
            self._claims = max(1, min(MOST_CLAIMED, round(CLAIMED_FOR / max(each, 0.001))))
        return done

    def _read(self, pks: Sequence[int]) -> Iterator[Message]:
        for first in range(0, len(pks), READ_AT_ONCE):
            some = pks[first : first + READ_AT_ONCE]
            read_at, rows = monotonic(), self._rows(some)
            for pk in some:
                if monotonic() - read_at > READ_LASTS:
                    rows |= self._rows([pk])
                if pk in rows:
                    yield rows[pk]

    def _rows(self, pks: Sequence[int]) -> dict[int, Message]:
        """Those that are ours still: a worker that was stopped in the middle finds that they were given to another."""
        mine = Message.objects.filter(pk__in=pks, state=State.SENDING, lease_until=self._lease_until)
        return mine.select_related("person").in_bulk()

    def _deliver_one(self, message: Message) -> int:
        try:
            if not _take_up(message) or not _hand_over(message, self.now, self.line):
                return 0
            self._accepted.append(message)
            if self.line.is_a_wire or message.is_secret or len(self._accepted) >= NOTED_TOGETHER:
                return self._note()
        except Exception:
            logger.exception(
                "Message %s could not be settled; its lease runs out and it is looked at again.", message.pk
            )
        return 0

    def _note(self) -> int:
        """Note what the other end took. What could not be noted together is noted one by one."""
        accepted, self._accepted = self._accepted, []
        if len(accepted) > 1:
            try:
                return _settle_sent(accepted, self.now)
            except Exception:
                logger.exception("%s messages could not be noted together; they are noted one by one.", len(accepted))
        return sum(_settle_as_sent(message, self.now) for message in accepted)


def _take_up(message: Message) -> bool:
    """One of many that were claimed together: a worker that dies with it in hand has tried none of the others."""
    if _touched(TAKE_UP, message):
        message.attempts += 1
        return True
    _give_back(message)
    return False


def _hand_over(message: Message, now: datetime, line: Line) -> bool:
    """True when the other end took it: the caller notes that. Anything else is settled here."""
    kept = message.subject, message.body
    message.outgoing_body = message.body
    try:
        reason = _reason_to_stop(message, now)
    except Exception as error:
        logger.exception("Message %s could not be made ready.", message.pk)
        return _after_refusal(message, now, NotAccepted(one_line_about(error), for_good=False), MOST_WORDINGS)
    failpoint("render")
    if reason:
        # What a colleague no longer needs is dropped; a client's message that cannot go is somebody's to see to.
        state = State.DROPPED if message.audience == Audience.STAFF else State.FAILED
        _settle(message, now, state=state, error=reason[:300])
        return False
    if (message.subject, message.body) != kept:
        message.subject = one_line(message.subject)
        # Reminders are worded as they leave, from how things stand then.
        may_leave = bool(_may_leave(message).update(subject=message.subject, body=message.body))
    else:
        may_leave = _touched(MAY_LEAVE, message)
    if not may_leave:
        # It is held since. Or we slept through our lease: somebody else has it in hand, or a person decides about it.
        _give_back(message, tried=1)
        return False
    try:
        line.send(message)
    except NoLine as nobody:
        pause = min(PAUSES[min(message.attempts, len(PAUSES)) - 1], LONGEST_WITHOUT_LINE)
        _give_back(message, tried=1, not_before=now + pause, error=str(nobody)[:300])
        return False
    except NotAccepted as refusal:
        return _after_refusal(message, now, refusal, MOST_ATTEMPTS)
    except Exception as error:
        logger.exception("Message %s: no answer to the text.", message.pk)
        return _after_doubt(message, now, one_line_about(error))
    failpoint("after_accept")
    return True


def _reason_to_stop(message: Message, now: datetime) -> str:
    if message.person and not message.person.is_active:
        return _("This person no longer works here.")
    answers = message_leaving.send(sender=Message, message=message, now=now)
    return next((str(reason) for _receiver, reason in answers if reason), "")


def _after_refusal(message: Message, now: datetime, refusal: NotAccepted, most: int) -> bool:
    if refusal.for_good or message.attempts >= most:
        _settle(message, now, state=State.FAILED, error=str(refusal)[:300])
    else:
        _again(message, now + PAUSES[min(message.attempts, len(PAUSES)) - 1], str(refusal))
    return False


def _after_doubt(message: Message, now: datetime, why: str) -> bool:
    if message.audience == Audience.STAFF and message.attempts < MOST_ATTEMPTS:
        # What was claimed and never tried goes before whatever the worker died of.
        _again(message, now + PAUSES[0] if message.attempts else now, why)
    else:
        state = State.FAILED if message.audience == Audience.STAFF else State.IN_DOUBT
        _settle(message, now, state=state, error=why[:300])
    return False


def _again(message: Message, moment: datetime, why: str) -> None:
    failpoint("in_retry")
    _still_mine(message).update(state=State.WAITING, not_before=moment, error=why[:300])


def _give_back(message: Message, *, tried: int = 0, **changes: Any) -> None:
    _still_mine(message).update(state=State.WAITING, attempts=F("attempts") - tried, **changes)


def _may_leave(message: Message) -> MessageQuerySet:
    return _still_mine(message).not_held()


def _touched(statement: str, message: Message) -> bool:
    """Whether it reached the message: on SQLite a question has no number of rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [message.pk, connection.ops.adapt_datetimefield_value(message.lease_until)])
        return cursor.rowcount > 0 or bool(cursor.description and cursor.fetchone())


def _still_mine(message: Message) -> MessageQuerySet:
    # The lease is the claim: a worker that slept through its own must not settle its successor's.
    return MessageQuerySet(Message).filter(pk=message.pk, state=State.SENDING, lease_until=message.lease_until)


def _settle_as_sent(message: Message, now: datetime) -> bool:
    return _settle(message, now, state=State.SENT, sent_at=now, error="")


def _settle(message: Message, now: datetime, **changes: Any) -> bool:
    if message.is_secret:
        # It has left, or never will: nobody can send it again.
        changes["body"] = ""
    with transaction.atomic():
        if not _still_mine(message).update(**changes):
            return False
        _tell(message, changes, now)
        failpoint("before_commit")
    failpoint("after_commit")
    return True


def _settle_sent(messages: Sequence[Message], now: datetime) -> int:
    """Several of one claim that were taken together. Raises when one of them is not ours any more."""
    sent: dict[str, Any] = {"state": State.SENT, "sent_at": now, "error": ""}
    with transaction.atomic():
        mine = Message.objects.filter(
            pk__in=[message.pk for message in messages], state=State.SENDING, lease_until=messages[0].lease_until
        )
        if mine.update(**sent) != len(messages):
            raise _NotAllOurs
        for message in messages:
            _tell(message, sent, now)
        failpoint("before_commit")
    failpoint("after_commit")
    return len(messages)


def _tell(message: Message, changes: dict[str, Any], now: datetime) -> None:
    vars(message).update(changes)
    message_settled.send(sender=Message, message=message, now=now)


class _NotAllOurs(Exception):
    """One of several was given to another worker meanwhile: each is settled by itself."""
