"""Taking a back-up: everything out of one snapshot, into one file, read back before it is called done."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.utils.translation import gettext as _
from tqdm import tqdm

from engagement.backup import archive
from engagement.backup.archive import Writer
from engagement.backup.errors import NotDone, in_words
from engagement.backup.installation import Installation
from engagement.backup.manifest import Manifest, describe
from engagement.backup.postgresql import PostgreSQL
from engagement.backup.sqlite import Sqlite

Tell = Callable[[int], object]


def file_for(place: Path, now: datetime) -> Path:
    """A folder gets a file named after the moment. So does a name without an ending: it is a folder that is missing."""
    is_folder = place.is_dir() or not place.suffix
    return place / f"engagement-{now.astimezone(UTC):%Y%m%d-%H%M%S}.zip" if is_folder else place


def take(installation: Installation, path: Path, now: datetime, *, quiet: bool | None = None) -> Manifest:
    if not path.parent.is_dir():
        raise NotDone(_("There is no folder %(folder)s. Make it, or name another place.") % {"folder": path.parent})
    with (
        archive.written_once(path) as file,
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".engagement-") as room,
        Writer(file) as writer,
    ):
        with tqdm(unit="B", unit_scale=True, disable=quiet, desc=path.name) as bar:
            manifest = _database(installation, writer, Path(room), now, bar)
            for name, source in installation.files():
                with in_words(source):
                    writer.add(name, source, bar.update)
        whole = writer.close(manifest, "" if installation.secret_key_travels else installation.secret_key)
    try:
        _prove(path, quiet)
    except NotDone:
        path.unlink()
        raise
    return whole


def _database(installation: Installation, writer: Writer, room: Path, now: datetime, bar: tqdm[None]) -> Manifest:
    engine = installation.engine
    if isinstance(engine, PostgreSQL):
        with engine.snapshot() as snapshot:
            manifest = describe(
                snapshot.ask, snapshot.tables(), engine.name, snapshot.server, installation.secret_key, now
            )
            with writer.member(engine.member) as target:
                snapshot.dump(target, bar.update)
        return manifest
    return _copied(engine, installation, writer, room, now, bar)


def _copied(
    engine: Sqlite, installation: Installation, writer: Writer, room: Path, now: datetime, bar: tqdm[None]
) -> Manifest:
    copy = room / engine.member
    with engine.snapshot() as found:
        # The copy lies beside the archive until it is in it.
        archive.room_for(room, found.size)
        bar.reset(total=2 * found.size)
        manifest = describe(found.ask, found.tables(), engine.name, found.server, installation.secret_key, now)
        copy.touch(mode=0o600)
        size = found.size
        found.copy(copy, lambda done, whole: bar.update(int(size * done / whole) - bar.n))
    writer.add(engine.member, copy, bar.update)
    return manifest


def _prove(path: Path, quiet: bool | None) -> None:
    with tqdm(unit="B", unit_scale=True, disable=quiet, desc=_("Reading it back"), leave=False) as bar:
        archive.proven(path, bar.update)
