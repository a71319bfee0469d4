from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from clients.models import Addendum
from engagement.staff.models import Firm, User
from promises.actions.base import Refused, holding, keep_note, load_changed, write
from promises.actions.overriding import Override, keep_override
from promises.due import Due, tell_by_for
from promises.models import Band, DateMove, Extension, ExtensionAnswer, Promise, Telling


def extend(
    promise: Promise,
    due: Due,
    *,
    reason: str,
    reason_text: str,
    asked_by: str,
    by: User,
    now: datetime,
    telling: Telling | None = None,
    note: str = "",
    override: Override | None = None,
) -> Extension:
    """Ask for a later date. The date in force stays until the client has agreed: see `answer`."""
    with holding(promise) as held:
        if due.at == held.due_at:
            raise Refused(_("Choose another date: this is the date in force."))
        if due.at <= now:
            raise Refused(_("New date must be today or in the future"))
        if telling and telling.promise_id != held.pk:
            raise Refused(_("Choose a message or conversation about this promise."))
        extension = Extension.objects.create(
            promise=held,
            old_due_on=held.due_on,
            old_due_time=held.due_time,
            old_due_at=held.due_at,
            new_due_on=due.on,
            new_due_time=due.time,
            new_due_at=due.at,
            reason=reason,
            reason_text=reason_text.strip(),
            asked_by=asked_by,
            telling=telling,
            by=by,
            at=now,
        )
        keep_note(held, note, by, now)
        write(
            held,
            "extension_asked",
            now,
            by,
            extension=extension.pk,
            old=held.due_on.isoformat(),
            new=due.on.isoformat(),
            new_at=due.at.isoformat(),
            reason=reason,
            reason_text=extension.reason_text,
            asked_by=asked_by,
            told=telling.pk if telling else None,
        )
        keep_override(held, override, due, by, now)
    return extension


def answer(
    extension: Extension, *, agreed: bool, answered_at: datetime, by: User, now: datetime, words: str = ""
) -> ExtensionAnswer:
    """What the client said. Agreed moves the date, in one step with the record of why; refused leaves it."""
    if answered_at > now:
        raise Refused(_("An answer is recorded after it was given. Choose a time that has passed."))
    with holding(extension.promise) as held:
        if ExtensionAnswer.objects.filter(extension=extension).exists():
            raise Refused(_("The client's answer to this extension is recorded already."))
        if held.due_at != extension.old_due_at:
            raise Refused(_("The date has moved since this extension was asked for. Ask for a new one."))
        reply = ExtensionAnswer.objects.create(
            extension=extension, agreed=agreed, words=words.strip(), answered_at=answered_at, by=by, at=now
        )
        kind = "extension_agreed" if agreed else "extension_refused"
        write(held, kind, now, by, extension=extension.pk, words=reply.words, answered_at=answered_at.isoformat())
        if agreed:
            new = Due(extension.new_due_on, extension.new_due_time, extension.new_due_at)
            move(held, new, told_at=_told_of(extension, answered_at), by=by, now=now, extension=extension)
    return reply


def told_of_move(move: DateMove) -> datetime | None:
    """As it stands now: a letter that told of it may have come back since."""
    if move.extension is None:
        return move.told_at
    return _told_of(move.extension, move.extension.answer.answered_at)


def _told_of(extension: Extension, answered_at: datetime) -> datetime:
    """When the client heard of this new date: with the extension, or when it was said again later.

    Who agreed to a date has heard of it, at the latest by then.
    """
    of_it = Q(pk=extension.telling_id) | Q(kind=Telling.Kind.MOVED, at__gte=extension.at)
    tellings = Telling.objects.filter(of_it, promise=extension.promise_id, about_due_at=extension.old_due_at)
    heard = [telling.heard_at for telling in tellings.select_related("message") if telling.heard_at]
    return min([*heard, answered_at])


def move(
    held: Promise,
    new: Due,
    *,
    told_at: datetime,
    by: User | None,
    now: datetime,
    extension: Extension | None = None,
    addendum: Addendum | None = None,
) -> None:
    """The date in force changes, by the one paper or the other. The caller holds the promise and writes its record."""
    # Written first: the database refuses a moved date without it.
    DateMove.objects.create(
        promise=held,
        old_due_on=held.due_on,
        old_due_at=held.due_at,
        new_due_on=new.on,
        new_due_time=new.time,
        new_due_at=new.at,
        extension=extension,
        addendum=addendum,
        told_at=told_at,
        moved_at=now,
        by=by,
    )
    if told_at < held.due_at == held.slipped_at:
        # Told in time, and written down after the date.
        held.slipped_at = None
    load_changed(held, now, since=min(held.due_at, new.at))
    held.due_on, held.due_time, held.due_at = new.on, new.time, new.at
    held.moves += 1
    held.tell_by_at = tell_by_for(Firm.get(), now, held.due_at)
    # The client knows of the old date; of the new one there is nothing to tell yet.
    held.told_at, held.told_how, held.alarm_at, held.standing = None, "", None, ""
    held.announced_for, held.announced_ready = None, None
    # What the watch last said was about the old date; it looks at the new one with its next tick.
    held.band, held.chance, held.sentence = Band.ON_TRACK, None, ""
    held.last_update_at = held.next_look_at = now
    held.hours_before = None
    held.save(
        update_fields=[
            "due_on",
            "due_time",
            "due_at",
            "moves",
            "tell_by_at",
            "told_at",
            "told_how",
            "alarm_at",
            "slipped_at",
            "standing",
            "announced_for",
            "announced_ready",
            "band",
            "chance",
            "sentence",
            "last_update_at",
            "next_look_at",
            "hours_before",
        ]
    )
