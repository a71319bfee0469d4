from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from engagement.staff.models import User
from promises.actions.base import Refused, holding, keep_note, load_changed, write
from promises.models import NOTHING_ANNOUNCED, Announcement, ProgressUpdate, Promise, Standing, Step

# The same words again within so long are a second press of the button.
A_MOMENT = timedelta(minutes=1)


def update(
    promise: Promise,
    *,
    standing: str,
    by: User,
    now: datetime,
    per_cent: int | None = None,
    hours_left: Decimal | None = None,
    text: str = "",
    note: str = "",
    announced: Announcement | None = None,
) -> ProgressUpdate:
    """Say how it stands. The client may read `text`; `note` goes where no client-facing page can reach.

    `announced`: what `text` says that they are to expect, and by when. Its owner is held to it.
    """
    with holding(promise) as held:
        same = {"standing": standing, "per_cent": per_cent, "hours_left": hours_left, "text": text.strip()}
        lately = {"by": by, "at__gt": now - A_MOMENT}
        last = held.updates.order_by("-at", "-pk").values("pk")[:1]
        if held.updates.filter(pk__in=last, **same, **lately).exists() and _has_note(held, note, lately):
            raise Refused(_("You said this a moment ago. It is there already."))
        said: dict[str, Any] = {"per_cent": per_cent, "hours_left": hours_left, "text": text, "note": note}
        return put_update(held, standing, by, now, announced=announced, **said)


def _has_note(held: Promise, note: str, lately: dict[str, Any]) -> bool:
    return not note.strip() or held.notes.filter(text=note.strip(), **lately).exists()


def put_update(
    held: Promise,
    standing: str,
    by: User,
    now: datetime,
    *,
    per_cent: int | None = None,
    hours_left: Decimal | None = None,
    text: str = "",
    note: str = "",
    announced: Announcement | None = None,
) -> ProgressUpdate:
    if announced is None and standing != Standing.DONE:
        # They do not read our minds: what they were told to expect, they expect until they hear otherwise.
        announced = held.announcement
    day, is_ready = announced or NOTHING_ANNOUNCED
    said = ProgressUpdate.objects.create(
        promise=held,
        standing=standing,
        per_cent=per_cent,
        hours_left=hours_left,
        text=text.strip(),
        announced_for=day,
        announced_ready=is_ready,
        by=by,
        at=now,
    )
    keep_note(held, note, by, now)
    if per_cent is not None or hours_left is not None or Standing.DONE in (standing, held.standing):
        load_changed(held, now)
    held.standing, held.last_update_at, held.next_look_at = standing, now, now
    held.announced_for, held.announced_ready = day, is_ready
    if per_cent is not None:
        # A new per cent outdates the hours that were left by the old one.
        held.per_cent, held.hours_left = per_cent, None
    if hours_left is not None:
        held.hours_left = hours_left
    changed = ["standing", "announced_for", "announced_ready", "last_update_at", "next_look_at"]
    held.save(update_fields=[*changed, "per_cent", "hours_left"])
    write(
        held,
        "updated",
        now,
        by,
        standing=standing,
        per_cent=per_cent,
        hours_left=str(hours_left) if hours_left is not None else None,
        text=said.text,
        **({"announced_for": day.isoformat(), "announced_ready": is_ready} if day else {}),
    )
    return said


def wait_for_client(promise: Promise, what: str, by_day: date | None, by: User, now: datetime) -> None:
    """We need something from the client. Shown to them first; moves no date and no outcome."""
    with holding(promise) as held:
        held.waiting_for, held.waiting_since, held.waiting_by, held.next_look_at = what, now, by_day, now
        held.save(update_fields=["waiting_for", "waiting_since", "waiting_by", "next_look_at"])
        write(held, "waiting", now, by, what=what, by_day=by_day.isoformat() if by_day else None)


def stop_waiting(promise: Promise, by: User, now: datetime) -> bool:
    """The client has done it. False when we were not waiting."""
    with holding(promise) as held:
        if not held.waiting_for:
            return False
        what, held.waiting_for, held.waiting_since, held.waiting_by = held.waiting_for, "", None, None
        held.next_look_at = now
        held.save(update_fields=["waiting_for", "waiting_since", "waiting_by", "next_look_at"])
        write(held, "waiting_over", now, by, what=what)
    return True


def set_steps(promise: Promise, steps: Sequence[str], by: User, now: datetime) -> None:
    """Lay the steps anew; those that keep their words keep the moment they were done."""
    with holding(promise) as held:
        done = dict(held.steps.exclude(done_at=None).values_list("text", "done_at"))
        held.steps.all().delete()
        put_steps(held, steps, done)
        write(held, "steps_set", now, by, steps=[text for text in steps])


def put_steps(promise: Promise, steps: Sequence[str], done: dict[str, datetime | None] | None = None) -> None:
    rows = [Step(promise=promise, place=i, text=text, done_at=(done or {}).get(text)) for i, text in enumerate(steps)]
    Step.objects.bulk_create(rows)


def tick_step(step: Step, done: bool, by: User, now: datetime) -> bool:
    """Mark a step done, or not done after all. It counts as word on the promise. False when it was so already."""
    with holding(step.promise) as held:
        if not Step.objects.filter(pk=step.pk, done_at__isnull=done).update(done_at=now if done else None):
            return False
        held.last_update_at, held.next_look_at = now, now
        if not held.standing:
            held.standing = Standing.ON_TRACK
        held.save(update_fields=["last_update_at", "next_look_at", "standing"])
        write(held, "step_done" if done else "step_undone", now, by, step=step.text)
    return True
