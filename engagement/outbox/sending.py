"""How what is due leaves: claimed, read anew, handed to the mail server, and noted.

A client's message is claimed by itself, just before it leaves, and noted before the next one: a worker that dies leaves
one in doubt. What is for colleagues may be said twice: it is claimed and read many at a time, as long as none of it was
ever tried. What was, goes by itself, too: a worker that it kills has nothing else in hand.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic, time
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from engagement.outbox import hold
from engagement.outbox.failpoint import failpoint
from engagement.outbox.line import Line, NoAnswer, NoLine, NotAccepted, one_line_about
from engagement.outbox.models import LEASE_LASTS, MOST_ATTEMPTS, Audience, Message, MessageQuerySet, State
from engagement.outbox.signals import message_leaving, message_settled

logger = logging.getLogger(__name__)

# A turn is over well before Celery's limit, which would strike in the middle of a message.
TURN_LASTS = timedelta(seconds=30)
# Pauses before the next attempt; the last one repeats.
PAUSES = [timedelta(seconds=s) for s in (10, 60, 300, 900, 1800, 3600)]
# A server that is away says nothing about the message: that costs no attempt, and waits no longer than this.
LONGEST_WITHOUT_LINE = timedelta(minutes=5)
# Where the server was silent over one, others at the same place are tried so much later: a turn has time for one such
# wait, and whoever has their mail elsewhere leaves meanwhile.
SILENCE_LASTS = timedelta(seconds=10)
# What cannot be made ready to leave is a fault of ours: it is shown sooner than what a server does not take.
MOST_WORDINGS = 5
# So many of a colleague's messages are claimed in one go, as far as they leave within a second: a worker that dies with
# them in hand keeps no more than those waiting for its lease to end, and costs each of them one attempt.
MOST_CLAIMED, CLAIMED_FOR = 500, 1.0
# What goes by itself: so many are looked for in one go, and others have their turn after about so many seconds.
FOUND_AT_ONCE, ALONE_FOR = 50, 1.0
# What was read of a colleague's message and of its reader holds so long; and, where it is laid down here, that it may
# leave.
READ_AT_ONCE, READ_LASTS = 100, 0.2
# What is not sent over a wire but laid down here, as in a folder, is noted so many at a time: to note it takes longer
# than to lay it down. What a mail server took is noted before the next one leaves.
NOTED_TOGETHER = 100

# `_may_leave` in so many words: it is asked of each message that goes over a wire, and putting a statement together
# takes Django longer than the database takes to answer it.
MAY_LEAVE = """
SELECT 1 FROM outbox_message WHERE id = %s AND state = 'sending' AND lease_until = %s
    AND NOT EXISTS (SELECT 1 FROM outbox_heartbeat WHERE hold_id IS NOT NULL)
"""
LOOKED_AT_AGAIN = "Message %s could not be settled; its lease runs out and it is looked at again."
# As the index of what goes by itself has them.
FOR_COLLEAGUES, TRIED = Q(audience=Audience.STAFF), Q(attempts__gt=0)


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
            # It has waited long enough, and most likely the worker died of another.
            _after_doubt(message, now, _("The sender stopped in the middle."), again_at=now)
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


class _Watch:
    """How long ago it was set. While a machine sleeps one clock stands still; the other may be put back."""

    def __init__(self) -> None:
        self._monotonic, self._wall = monotonic(), time()

    def seconds(self) -> float:
        return max(monotonic() - self._monotonic, time() - self._wall)


class _Turn:
    """What one worker does until nothing is due, or its time is up."""

    def __init__(self, now: datetime, line: Line) -> None:
        self.line = line
        self._began_at, self._watch = now, _Watch()
        self._claims = 10
        self._alone: set[int] = set()
        self._accepted: list[Message] = []
        self._done = 0

    def run(self) -> int:
        while not self._is_over():
            # Each for about a second, so that nobody waits long for others.
            found = self._send_alone(~FOR_COLLEAGUES)
            found += self._send_together(self._claim())
            found += self._send_alone(FOR_COLLEAGUES & TRIED)
            if not found:
                break
        return self._done

    @property
    def now(self) -> datetime:
        return self._began_at + timedelta(seconds=self._watch.seconds())

    def _is_over(self) -> bool:
        return self.line.is_dead or self._watch.seconds() > TURN_LASTS.total_seconds()

    def _send_alone(self, which: Q) -> int:
        waiting = Message.objects.ready(self.now).filter(which).exclude(pk__in=self._alone)
        watch, found = _Watch(), 0
        for pk in waiting.order_by("not_before", "pk").values_list("pk", flat=True)[:FOUND_AT_ONCE]:
            self._alone.add(pk)
            found += 1
            try:
                self._done += _deliver(pk, self.now, self.line)
            except Exception:
                logger.exception(LOOKED_AT_AGAIN, pk)
            if self._is_over() or watch.seconds() > ALONE_FOR:
                break
        return found

    def _claim(self) -> list[int]:
        """What is due for colleagues and in nobody's hands. Who is at one of them keeps it, and is not waited for."""
        now = self.now
        waiting = Message.objects.ready(now).filter(FOR_COLLEAGUES, attempts=0)
        if self._is_over() or not waiting.exists():
            return []
        with transaction.atomic():
            first = waiting.order_by("not_before").select_for_update(skip_locked=True)
            # Of those due at the same moment, the first that was written: the index does not tell them apart.
            found = [pk for _at, pk in sorted(first.values_list("not_before", "pk")[: self._claims])]
            self._lease_until = now + LEASE_LASTS
            mine = waiting.filter(pk__in=found)
            mine.update(state=State.SENDING, lease_until=self._lease_until, attempts=1)
        if found:
            failpoint("claim")
        return found

    def _send_together(self, pks: Sequence[int]) -> int:
        watch, left = _Watch(), deque(pks)
        while left and not self._is_over():
            self._send_first_of(left)
        self._note()
        self._give_back(left)
        if pks:
            each = watch.seconds() / len(pks)
            self._claims = max(1, min(MOST_CLAIMED, round(CLAIMED_FOR / max(each, 0.001))))
        return len(pks)

    def _send_first_of(self, left: deque[int]) -> None:
        """As many as are read at once, and for as long as what was read holds; one at the least."""
        some, gone, asked = list(islice(left, READ_AT_ONCE)), [], _Watch()
        rows = self._rows(some)
        for pk in some:
            left.popleft()
            if pk in rows:
                self._send_one(rows[pk], asked)
            else:
                gone.append(pk)
            if asked.seconds() > READ_LASTS or self._is_over():
                break
        self._give_back(gone)

    def _rows(self, pks: Collection[int]) -> dict[int, Message]:
        """Those that may leave. Who was stopped in the middle finds that they were given to another."""
        return self._mine(pks).not_held().select_related("person").in_bulk()

    def _mine(self, pks: Collection[int]) -> MessageQuerySet:
        mine = MessageQuerySet(Message).filter(state=State.SENDING, lease_until=self._lease_until)
        return mine.filter(pk__in=pks)

    def _give_back(self, pks: Collection[int]) -> None:
        """As if they had never been claimed: those that were not tried, and that nobody else has in hand."""
        if pks:
            self._mine(pks).update(state=State.WAITING, attempts=0)

    def _send_one(self, message: Message, asked: _Watch) -> None:
        try:
            if not _hand_over(message, self.now, self.line, asked):
                return
            if message.is_secret:
                # By itself: its text is wiped as it is noted.
                self._note()
            self._accepted.append(message)
            if self.line.is_a_wire or message.is_secret or len(self._accepted) >= NOTED_TOGETHER:
                self._note()
        except Exception:
            logger.exception(LOOKED_AT_AGAIN, message.pk)

    def _note(self) -> None:
        """Note what the other end took. What could not be noted together is noted one by one."""
        accepted, self._accepted = self._accepted, []
        if len(accepted) > 1:
            try:
                self._done += _settle_sent(accepted, self.now)
                return
            except Exception:
                logger.exception("%s messages could not be noted together; they are noted one by one.", len(accepted))
        for message in accepted:
            try:
                self._done += _settle_as_sent(message, self.now)
            except Exception:
                logger.exception(LOOKED_AT_AGAIN, message.pk)


def _hand_over(message: Message, now: datetime, line: Line, asked: _Watch | None = None) -> bool:
    """True when the other end took it: the caller notes that. Anything else is settled here.

    `asked`: since it was last asked whether it may leave, where that was asked for several at once.
    """
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
        # To ask takes longer than to lay it down, and hardly anything of what a wire takes.
        just_asked = asked is not None and line.lays_down and asked.seconds() <= READ_LASTS
        may_leave = just_asked or _may_leave_as_it_is(message)
    if not may_leave:
        # It is held since. Or we slept through our lease: somebody else has it in hand, or a person decides about it.
        _give_back(message)
        return False
    try:
        line.send(message)
    except NoAnswer as silence:
        _give_back(message, not_before=now + SILENCE_LASTS, error=str(silence)[:300])
        return False
    except NoLine as nobody:
        pause = min(PAUSES[min(message.attempts, len(PAUSES)) - 1], LONGEST_WITHOUT_LINE)
        _give_back(message, not_before=now + pause, error=str(nobody)[:300])
        return False
    except NotAccepted as refusal:
        return _after_refusal(message, now, refusal, MOST_ATTEMPTS)
    except Exception as error:
        logger.exception("Message %s: no answer to the text.", message.pk)
        return _after_doubt(message, now, one_line_about(error), again_at=now + PAUSES[0])
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


def _after_doubt(message: Message, now: datetime, why: str, *, again_at: datetime) -> bool:
    if message.audience == Audience.STAFF and message.attempts < MOST_ATTEMPTS:
        _again(message, again_at, why)
    else:
        state = State.FAILED if message.audience == Audience.STAFF else State.IN_DOUBT
        _settle(message, now, state=state, error=why[:300])
    return False


def _again(message: Message, moment: datetime, why: str) -> None:
    failpoint("in_retry")
    _still_mine(message).update(state=State.WAITING, not_before=moment, error=why[:300])


def _give_back(message: Message, **changes: Any) -> None:
    _still_mine(message).update(state=State.WAITING, attempts=F("attempts") - 1, **changes)


def _may_leave(message: Message) -> MessageQuerySet:
    return _still_mine(message).not_held()


def _may_leave_as_it_is(message: Message) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(MAY_LEAVE, [message.pk, connection.ops.adapt_datetimefield_value(message.lease_until)])
        return cursor.fetchone() is not None


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
