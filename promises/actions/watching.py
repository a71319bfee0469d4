"""The watch. Promises are looked at when their hints say so: many together, in a few statements."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby
from operator import attrgetter
from time import monotonic
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from engagement.staff.models import Firm, User
from engagement.staff.statement import Part
from promises.actions.alarms import Alarms, Hearers, still_waiting
from promises.actions.reminding import Raised, Reminders, reminders, with_half_way
from promises.bulk import Besides, among, update_unchanged
from promises.kept_record import forget_what_grew
from promises.looking import Looking
from promises.models import Band, LoadChange, Promise, RiskReading
from promises.risk_words import sentence

logger = logging.getLogger(__name__)

# A row that cannot be looked at waits so long, and is shown, instead of stopping those behind it.
PUT_OFF = timedelta(hours=1)
# A row that the database could not hold just now is well again at once.
PUT_OFF_A_LITTLE = timedelta(minutes=1)
# A turn is over before Celery's limit, which would strike in the middle of a chunk, and before the next tick.
TURN_LASTS = timedelta(seconds=50)
# So many rows are read and weighed together, while nobody is kept from them.
CHUNK = 1200
# And so many are held at once while they are written: nobody who works on one of them has to wait longer.
WRITTEN_AT_ONCE = 150
# More than a turn gets through.
MOST_LISTED = 1_000_000
# Owners are dealt out to so many shelves, and shelves are taken together until so much is due on them: the diaries and
# loads of these owners alone are at hand meanwhile, and tables made for one serve all of theirs before others come.
SHELVES = 64
DUE_TOGETHER = 12_000
# On PostgreSQL, the one sweep that there is at a time holds this for as long as its turn lasts.
THE_SWEEP = 0x5EE9
TAKE_THE_WORD = """
SELECT pg_try_advisory_lock(%s), set_config('tcp_keepalives_idle', '60', false),
    set_config('tcp_keepalives_interval', '15', false), set_config('tcp_keepalives_count', '4', false),
    set_config('cursor_tuple_fraction', '1', false)
"""

# What a look reads of a promise, and what it writes.
READ = Part(
    Promise,
    "id",
    "client_id",
    "owner_id",
    "made_at",
    "zone",
    "due_at",
    "tell_by_at",
    "estimate_hours",
    "hours_left",
    "per_cent",
    "standing",
    "last_update_at",
    "waiting_for",
    "waiting_since",
    "told_at",
    "band",
    "chance",
    "alarm_at",
    "hours_before",
    "next_look_at",
    "slipped_at",
)
WRITTEN = ("band", "chance", "sentence", "alarm_at", "slipped_at", "hours_before", "next_look_at")
VALUES_WRITTEN = attrgetter(*WRITTEN)
# A reading says of a promise what the look wrote of it.
SAME_OF_A_READING = {name: name for name in ("band", "chance", "sentence", "due_at")}


class _TurnIsOver(Exception):
    """The time for this sweep is up: what is left is due still."""


def look_soon(promises: Iterable[int], now: datetime) -> int:
    """A diary or a promise changed: the hints of what it touches come due."""
    touched = Promise.objects.open().filter(pk__in=among([*promises]))
    with transaction.atomic():
        # Held in the order in which everybody holds several promises, so that nobody waits in a ring.
        list(touched.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
        return touched.update(next_look_at=now)


def look_at_due(now: datetime) -> int:
    """Look at every promise whose hint is due. One that cannot be looked at stops nobody.

    Of two sweeps at once the slower leaves: what it finds in hand, the other goes on with.
    """
    ends = monotonic() + TURN_LASTS.total_seconds()
    _spread_load_changes(now)
    looked = 0
    try:
        for some in _turn(now, ends):
            looked += some
    except _TurnIsOver:
        logger.info("A turn of the watch ended before all that was due was looked at.")
    return looked


def _turn(now: datetime, ends: float) -> Iterator[int]:
    """How many were looked at, chunk by chunk, until nothing is due: what changed meanwhile is read anew.

    To ask the last time finds nothing, and clears the index of what this turn has moved on, so that the next one need
    not walk over it.
    """
    while _is_any_due(now):
        looked = 0
        with _the_word() as is_mine:
            if is_mine:
                # A hint lasts longer than a record may be kept: what other processes put on it counts from here on.
                forget_what_grew()
                for together in _Due(now).by_owners():
                    sweep = _Sweep(now, ends)
                    for chunk in together.chunks():
                        some = sweep.look_at(chunk)
                        looked += some
                        yield some
                    sweep.looking.weighing.let_go()
        if not looked:
            # It is in somebody else's hands.
            return


def _is_any_due(now: datetime) -> bool:
    """By the earliest hint, which the index has first, however many were due when the database last counted them."""
    hints = Promise.objects.open().exclude(next_look_at=None).order_by("next_look_at")
    earliest = hints.values_list("next_look_at", flat=True).first()
    return earliest is not None and earliest <= now


def _spread_load_changes(now: datetime) -> None:
    """What somebody has promised changed: whatever they have promised for later is looked at anew.

    Also what is due already: another sweep may have it on its list, with the load as it was. It finds another hint, and
    leaves it. The row goes last. A sweep that dies before has only set hints that may be early.
    """
    changes = list(LoadChange.objects.order_by("owner_id", "since").values_list("pk", "owner_id", "since"))
    earliest: dict[int, datetime] = {}
    for _pk, owner, since in changes:
        earliest.setdefault(owner, since)
    reached = {owner for owner, since in earliest.items() if _look_soon_at_all(owner, since, now)}
    spread = [pk for pk, owner, _since in changes if owner in reached]
    if spread:
        LoadChange.objects.filter(pk__in=spread).delete()


def _look_soon_at_all(owner: int, since: datetime, now: datetime) -> bool:
    """False where somebody holds one of them: nobody waits for that, the next tick asks for all of them again."""
    touched = Promise.objects.open().filter(owner=owner, due_at__gte=since).order_by("pk")
    pks, set_anew = array("q", touched.values_list("pk", flat=True)), 0
    for first in range(0, len(pks), CHUNK):
        with transaction.atomic():
            free = Promise.objects.open().filter(pk__in=pks[first : first + CHUNK]).order_by("pk")
            held = list(free.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
            set_anew += Promise.objects.filter(pk__in=held).update(next_look_at=now, hours_before=None)
    return set_anew == len(pks)


def listed(now: datetime) -> QuerySet[Promise, tuple[int, int, datetime | None]]:
    """Owner, key and hint of what is due."""
    rows = Promise.objects.to_look_at(now).order_by("pk")
    return rows.values_list("owner_id", "pk", "next_look_at")[:MOST_LISTED]


class _Shelf:
    """Which promises of some owners are due, as they lie in the table: a chunk is then few pages."""

    def __init__(self) -> None:
        # A million of them in twenty-four megabytes.
        self._owners, self._pks, self._hints = array("q"), array("q"), array("d")

    def __len__(self) -> int:
        return len(self._pks)

    def put(self, owner: int, pk: int, hint: float) -> None:
        self._owners.append(owner)
        self._pks.append(pk)
        self._hints.append(hint)

    def chunks(self) -> Iterator[list[_Hint]]:
        for first in range(0, len(self), CHUNK):
            columns = (rows[first : first + CHUNK] for rows in (self._owners, self._pks, self._hints))
            yield [_Hint(*row) for row in zip(*columns, strict=True)]

    def __iter__(self) -> Iterator[tuple[int, int, float]]:
        return zip(self._pks, self._owners, self._hints, strict=True)


class _Due:
    """Which promises are due, listed before anything else is read.

    A hint that is set anew while the sweep goes on stands for something that the sweep may have read before it
    changed. It is no longer the hint that was listed, and is left to the next tick.
    """

    def __init__(self, now: datetime) -> None:
        self._shelves = [_Shelf() for _ in range(SHELVES)]
        for owner, pk, hint in listed(now).iterator(chunk_size=10_000):
            assert hint
            self._shelves[owner % SHELVES].put(owner, pk, hint.timestamp())

    def by_owners(self) -> Iterator[_Shelf]:
        """All that is due of some owners, and then of others."""
        together: list[_Shelf] = []
        for shelf in self._shelves:
            together.append(shelf)
            if sum(map(len, together)) >= DUE_TOGETHER:
                yield _merged(together)
                together = []
        if any(together):
            yield _merged(together)


def _merged(shelves: Sequence[_Shelf]) -> _Shelf:
    merged = _Shelf()
    for pk, owner, hint in merge(*shelves):
        merged.put(owner, pk, hint)
    return merged


class _Hint(NamedTuple):
    owner_id: int
    pk: int
    at: float


class _Seen(NamedTuple):
    """A promise as the look left it, not written yet. `is_new`: its band changed, or this was the first look.

    `is_raised`: from this look on its client has to hear.
    """

    promise: Promise
    restricted: bool
    # As it was read.
    hint: datetime | None
    days_left: int
    is_new: bool
    is_raised: bool


class _Sweep:
    """Looks at promises, chunk by chunk, with what it has read of people, diaries, records and loads."""

    def __init__(self, now: datetime, ends: float) -> None:
        self.now, self.ends = now, ends
        self.looking = Looking(Firm.get(), now)
        self.hearers = Hearers(now, self.looking.weighing.diaries)
        self.alarms = Alarms(now)
        self._people: dict[int, User] = {}

    def look_at(self, hints: Sequence[_Hint]) -> int:
        """How many were looked at. What cannot be looked at together is halved, down to the row that stands out."""
        if monotonic() > self.ends:
            raise _TurnIsOver
        try:
            return self._look_at(hints)
        except _TurnIsOver:
            raise
        except Exception as error:
            # What was asked for may have been taken back.
            self.alarms = Alarms(self.now)
            if len(hints) == 1:
                self._put_off_alone(hints[0].pk, error)
                return 1
            logger.warning("%s promises could not be looked at together; they are halved.", len(hints), exc_info=True)
        half = len(hints) // 2
        return self.look_at(hints[:half]) + self.look_at(hints[half:])

    def _look_at(self, hints: Sequence[_Hint]) -> int:
        self._meet({hint.owner_id for hint in hints})
        due = list(self._read(hints))
        # It is added up again only where it changed: a minute is much shorter than what everybody has promised.
        self.looking.weighing.read_loads({one.owner_id for one, _restricted in due if one.hours_before is None})
        seen: list[_Seen] = []
        broken: list[int] = []
        # To change the language for each sentence would take as long as the sentence.
        for language, theirs in groupby(due, key=lambda one: one[0].owner.language):
            with translation.override(language):
                self._look_at_each(theirs, seen, broken)
        if broken:
            self._put_off(broken)
        raised = [Raised(one.promise, one.restricted, one.is_raised) for one in seen if one.promise.alarm_at]
        wanted = reminders(raised, self.hearers)
        with transaction.atomic():
            self.alarms.of(wanted.hears)
        # On SQLite whoever writes is alone anyway.
        at_once = WRITTEN_AT_ONCE if connection.vendor == "postgresql" else CHUNK
        slices = (seen[first : first + at_once] for first in range(0, len(seen), at_once))
        kept = (self._keep(some, wanted.some(one.promise.pk for one in some)) for some in slices)
        return sum(kept) + len(broken)

    def _look_at_each(self, due: Iterable[tuple[Promise, bool]], seen: list[_Seen], broken: list[int]) -> None:
        for promise, restricted in due:
            try:
                seen.append(self._look(promise, restricted))
            except Exception as error:
                # One account of it is enough, should it be all of them.
                why = None if broken else error
                logger.error("Promise %s cannot be looked at; put off by %s.", promise.pk, PUT_OFF, exc_info=why)
                broken.append(promise.pk)

    def _meet(self, owners: set[int]) -> None:
        new = list(User.objects.filter(pk__in=owners - self._people.keys()).select_related("manager"))
        self.looking.weighing.read(new, self.now)
        self._people |= {person.pk: person for person in new}

    def _read(self, hints: Sequence[_Hint]) -> Iterator[tuple[Promise, bool]]:
        """The promises with those hints still, and whether their clients are restricted."""
        listed = {hint.pk: hint.at for hint in hints}
        due = Promise.objects.to_look_at(self.now).filter(pk__in=among([*listed]))
        for *values, restricted in due.order_by("owner_id", "pk").values_list(*READ.columns, "client__restricted"):
            promise = READ.made(values)
            assert promise
            assert promise.next_look_at
            promise.ended_at = None
            if promise.next_look_at.timestamp() == listed[promise.pk]:
                # Without it a look would ask for each one.
                promise._state.fields_cache["owner"] = self._people[promise.owner_id]
                yield promise, restricted

    def _look(self, promise: Promise, restricted: bool) -> _Seen:
        look = self.looking.look(promise)
        hint = promise.next_look_at
        is_new, was_raised = look.band != promise.band or promise.chance is None, bool(promise.alarm_at)
        promise.band, promise.chance = look.band.value, look.forecast.chance
        promise.sentence, promise.hours_before = sentence(promise, look.forecast, self.now), look.hours_before
        promise.alarm_at = (promise.alarm_at or self.now) if promise.is_not_told(self.now) else None
        promise.next_look_at = with_half_way(promise, look.next_look_at, self.now)
        _stamp_slip(promise, self.now)
        return _Seen(promise, restricted, hint, look.days_left, is_new, not was_raised)

    def _keep(self, seen: Sequence[_Seen], wanted: Reminders) -> int:
        """Write those that are as they were read: whoever changes anything about a promise sets its hint anew.

        Whoever works on one just now keeps it, and it is looked at when they have done. A second sweep finds the
        hint moved on.
        """
        written = self._write(seen, wanted)
        if not written and wanted.of:
            # Unless others were quicker with all of these, an alarm has left since it was asked for.
            self.alarms = Alarms(self.now)
            written = self._write(seen, wanted)
        return written

    def _write(self, seen: Sequence[_Seen], wanted: Reminders) -> int:
        new = [(one.promise.pk, one.days_left) for one in seen if one.is_new]
        readings = Besides(RiskReading, ("promise", "days_left"), new, SAME_OF_A_READING, {"at": self.now})
        rows = [(*VALUES_WRITTEN(one.promise), one.hint, one.promise.pk) for one in seen]
        with transaction.atomic():
            reminded = wanted.besides(self.alarms.of(wanted.hears), self.now)
            alarms = {alarm for *_occasion, alarm in reminded.rows}
            needed = still_waiting(alarms) if alarms else None
            return update_unchanged(Promise, WRITTEN, "next_look_at", rows, [readings, reminded], needed)

    def _put_off(self, pks: Sequence[int]) -> None:
        """They say so on every list."""
        said = _("This promise could not be looked at. Look at it yourself until the watch can again.")
        with transaction.atomic():
            held = _hold_due(pks, self.now)
            rows = Promise.objects.filter(pk__in=held)
            rows.update(next_look_at=self.now + PUT_OFF, sentence=said)
            # Lists keep quiet about what is on track, and nobody knows whether these are.
            rows.filter(band=Band.ON_TRACK).update(band=Band.WATCH)

    def _put_off_alone(self, pk: int, error: Exception) -> None:
        if isinstance(error, OperationalError):
            logger.warning("Promise %s was held by somebody else; it is looked at a little later.", pk, exc_info=error)
            with transaction.atomic():
                held = _hold_due([pk], self.now)
                Promise.objects.filter(pk__in=held).update(next_look_at=self.now + PUT_OFF_A_LITTLE)
        else:
            logger.error("Promise %s could not be written; it is put off by %s.", pk, PUT_OFF, exc_info=error)
            self._put_off([pk])


def _hold_due(pks: Sequence[int], now: datetime) -> list[int]:
    """Those that are due still and that nobody works on: what was changed meanwhile is due anew."""
    due = Promise.objects.to_look_at(now).filter(pk__in=pks).order_by("pk")
    return list(due.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))


@contextmanager
def _the_word() -> Iterator[bool]:
    """One sweep at a time: whether this one may begin. Who dies with the word in hand loses it with the connection.

    On SQLite whoever writes is alone anyway. Behind a pool that hands out connections by the transaction nobody has it:
    two sweeps at once then weigh some promises twice, and write them once.
    """
    if connection.vendor != "postgresql" or connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        yield True
        return
    with connection.cursor() as cursor:
        # And a machine that is gone without a word is noticed within two minutes, not within two hours.
        # Cursors are read to their end here: they would be planned for their first tenth.
        cursor.execute(TAKE_THE_WORD, [THE_SWEEP])
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine:
            # Without a connection there is no word any more.
            with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [THE_SWEEP])


def _stamp_slip(promise: Promise, now: datetime) -> None:
    """The moment it slipped, not the moment we noticed; a word after that moment came too late for it."""
    if promise.due_at > now:
        return
    if promise.told_at is None or promise.told_at >= promise.due_at:
        promise.slipped_at = promise.slipped_at or promise.due_at
    elif promise.slipped_at == promise.due_at:
        # A call before the date was written down after it.
        promise.slipped_at = None
