"""Proof that the dates which an addendum moved are those that were signed."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from django.dispatch import receiver

from clients.models import Addendum, Agreement, Entry, Kind
from clients.signals import evidence_asked
from promises.models import AddendumMove, DateMove, Promise


@receiver(evidence_asked)
def prove_its_dates(sender: type[Agreement], agreement: Agreement, entries: list[Entry], **kwargs: Any) -> list[str]:
    if agreement.kind != Kind.ADDENDUM:
        return []
    addendum = agreement.addendum
    chosen = {move.promise_id: move for move in AddendumMove.objects.filter(addendum=addendum)}
    moved = {move.promise_id: move for move in DateMove.objects.filter(addendum=addendum)}
    said = _said_last(entries)
    kept = _kept(addendum, agreement, {*chosen, *moved, *said})
    faults = []
    for pk in sorted({*chosen, *said}):
        if _choice(chosen.get(pk)) != said.get(pk):
            faults.append(f"the date that it moves of promise {pk} is not the one that the record says was chosen")
    for pk in sorted({*moved, *kept}):
        if _move(moved.get(pk)) != kept.get(pk):
            faults.append(f"the date of promise {pk} did not move as the record says")
        elif pk not in chosen or moved[pk].new_due_at != chosen[pk].new_due_at:
            faults.append(f"the date of promise {pk} moved to another day than was signed")
    promises = Promise.objects.filter(pk__in=moved).order_by("pk").prefetch_related("date_moves")
    faults += [f"the dates of promise {one.pk} do not follow from one another" for one in promises if _is_broken(one)]
    return faults


def _said_last(entries: list[Entry]) -> dict[int, tuple[Any, ...]]:
    chosen = [entry for entry in entries if entry.kind == "addendum_dates_chosen"]
    dates = chosen[-1].data.get("dates", []) if chosen else []
    return {one.get("promise"): (one.get("old"), one.get("new"), one.get("new_at")) for one in dates}


def _choice(move: AddendumMove | None) -> tuple[Any, ...] | None:
    if move is None:
        return None
    return (move.old_due_on.isoformat(), move.new_due_on.isoformat(), move.new_due_at.isoformat())


def _kept(addendum: Addendum, agreement: Agreement, promises: set[int]) -> dict[int, tuple[Any, ...]]:
    subjects = {f"promise {pk}": pk for pk in promises}
    entries = Entry.objects.filter(
        client=agreement.client_id, subject__in=subjects, kind="date_moved_by_addendum"
    ).order_by("seq")
    return {
        subjects[entry.subject]: (
            *(entry.data.get(name) for name in ("old", "new")),
            *(_moment(entry.data.get(name)) for name in ("new_at", "signed_at")),
            entry.at,
        )
        for entry in entries
        if entry.data.get("addendum") == addendum.number
    }


def _move(move: DateMove | None) -> tuple[Any, ...] | None:
    if move is None:
        return None
    return (move.old_due_on.isoformat(), move.new_due_on.isoformat(), move.new_due_at, move.told_at, move.moved_at)


def _moment(said: Any) -> datetime | None:
    """None for what is no moment: it was put there by whoever changed the record."""
    try:
        return datetime.fromisoformat(said)
    except (TypeError, ValueError):
        return None


def _is_broken(promise: Promise) -> bool:
    """From the first date to the one in force, each move begins where the one before it ended."""
    moves = sorted(promise.date_moves.all(), key=lambda move: move.pk)
    days = [promise.first_due_at, *(at for move in moves for at in (move.old_due_at, move.new_due_at)), promise.due_at]
    return len(moves) != promise.moves or any(before != after for before, after in list(pairwise(days))[::2])
