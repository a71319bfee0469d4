"""The track record as this process read it last, with the tables made of it.

One job more among hundreds changes no chance, so for some minutes nobody reads them again. What this process writes on
the record it forgets at once; what another one writes is read within those minutes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from promises.models import Begun
from promises.track_record import TrackRecord

LASTS = timedelta(minutes=5)


class Kept(NamedTuple):
    read_at: datetime
    record: TrackRecord
    # The firm's finished jobs that it was made of, where these are all that there are: an owner's are among them.
    all_finished: list[Begun] | None


_kept: dict[str, Kept] = {}


def kept_record(now: datetime) -> Kept | None:
    """What is known of this database and not too old, by a clock that may go back."""
    kept = _kept.get(_database())
    return kept if kept and abs(now - kept.read_at) < LASTS else None


def keep_record(kept: Kept) -> None:
    _kept[_database()] = kept


def forget_record() -> None:
    """Jobs were put on record here, or taken off it."""
    _kept.pop(_database(), None)


def _database() -> str:
    return str(connection.settings_dict["NAME"])
