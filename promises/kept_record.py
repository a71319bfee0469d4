"""The track record as this process read it last, with the tables made of it.

One job more among hundreds changes no chance, so for some minutes nobody reads them again. What this process writes on
the record it forgets at once; what another one writes is read within those minutes, and by the watch at its next turn
where it is more than a few jobs among hundreds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from django.db import connection, transaction

from promises.models import Begun, PastJob
from promises.track_record import TrackRecord

LASTS = timedelta(minutes=5)
# So many more among hundreds may wait until then.
FEW = 6


class Kept(NamedTuple):
    read_at: datetime
    record: TrackRecord
    # The firm's finished jobs that it was made of, where these are all that there are: an owner's are among them.
    all_finished: list[Begun] | None


_kept: dict[str, Kept] = {}
# How often the record of a database was forgotten: what was read before that may be older.
_forgotten: Counter[str] = Counter()
# The job that had been put on record last when the watch last forgot it.
_newest: dict[str, int] = {}
_lock = Lock()


def kept_record(now: datetime, read: Callable[[], Kept]) -> Kept:
    """What is known of this database and not too old, by a clock that may go back; else what `read` says."""
    if _is_changed_here():
        # Nobody else knows of it before it is committed, and nobody ever will if it is not.
        return read()
    database = _database()
    kept = _kept.get(database)
    if kept and abs(now - kept.read_at) < LASTS:
        return kept
    forgotten = _forgotten[database]
    kept = read()
    with _lock:
        if _forgotten[database] == forgotten:
            _kept[database] = kept
    return kept


def record_changed() -> None:
    """Jobs were put on record here, or taken off it: what others read until that is committed is as it was before."""
    forget_record()
    if connection.in_atomic_block and not _is_changed_here():
        transaction.on_commit(forget_record)


def forget_record() -> None:
    """Whoever asks next reads it."""
    with _lock:
        _forgotten[_database()] += 1
        _kept.pop(_database(), None)
        _newest.pop(_database(), None)


def forget_what_grew() -> None:
    """For whoever acts on it for longer than it is kept: one that is not read whole may be behind by a few jobs."""
    database = _database()
    kept = _kept.get(database)
    later = PastJob.objects.filter(pk__gt=_newest.get(database, 0)).order_by("-pk").values_list("pk", flat=True)
    found = list(later[: FEW + 1])
    if kept is None or kept.all_finished is not None or len(found) > FEW:
        forget_record()
        if found:
            _newest[database] = found[0]


def _is_changed_here() -> bool:
    """In this transaction: the hook goes with what is rolled back, and with the commit."""
    return any(hook[1] is forget_record for hook in connection.run_on_commit)


def _database() -> str:
    return str(connection.settings_dict["NAME"])
