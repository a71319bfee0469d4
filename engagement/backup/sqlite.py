"""SQLite: a copy by its online backup API, out of one snapshot while others go on writing, and back in one step."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from engagement.backup.errors import NotDone, Unreadable, in_words

MEMBER = "database.sqlite3"
PAGES = 1024
PATIENCE = 20.0
UNREADABLE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)

# Told how many pages are done, and of how many.
Tell = Callable[[int, int], object]


class Sqlite:
    name = "sqlite"
    spoken = "SQLite"
    schema = "main"
    member = MEMBER

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        if not self.path.exists():
            raise NotDone(_("There is no database at %(path)s yet: nothing to back up.") % {"path": self.path})
        with _speaking(self.path), closing(_opened(self.path)) as connection:
            # From its first question on, the whole transaction sees the database as it is now.
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            yield Snapshot(connection)

    def is_empty(self, tables: Sequence[str]) -> bool:
        if not self.path.exists():
            return True
        with _speaking(self.path), closing(_opened(self.path)) as connection:
            there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return not any(
                connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone() for table in tables if table in there
            )

    def moments(self, table: str, column: str) -> list[datetime]:
        """What stands there; nothing where there is no such table, or no database yet."""
        if not self.path.exists():
            return []
        with self.snapshot() as snapshot:
            found = snapshot.ask(f'SELECT "{column}" FROM "{table}"') if table in snapshot.tables() else []
        return [datetime.fromisoformat(text).replace(tzinfo=UTC) for (text,) in found if text]

    def moment(self, moment: datetime) -> str:
        return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"

    def put_back(self, copy: Path, counts: dict[str, int], also: Sequence[str], tell: Tell, aside: list[Path]) -> None:
        """The copy is proven and held first, then takes the database's place in one transaction: all or nothing.

        What has to be laid aside for it, as it is no database, is added to `aside` as soon as it lies there.
        """
        with _speaking(copy), closing(_opened(copy)) as source:
            if source.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise NotDone(_("The database in this back-up is damaged. Use another back-up."))
            if any(source.execute(f'SELECT count(*) FROM "{table}"').fetchone() != (n,) for table, n in counts.items()):
                raise NotDone(_("The database in this back-up is damaged. Use another back-up."))
            for statement in also:
                source.execute(statement)
        with in_words(self.path):
            self._lay_aside_what_is_no_database(aside)
            self.path.touch(mode=0o600, exist_ok=True)
        with _speaking(self.path), closing(_opened(copy)) as source, closing(_opened(self.path)) as target:
            source.backup(target, pages=PAGES, progress=_patient(tell, self.path))

    def _lay_aside_what_is_no_database(self, aside: list[Path]) -> None:
        """SQLite writes over damaged pages, but not over a file that it does not know for its own."""
        try:
            self.is_empty(())
        except Unreadable:
            mark = f"damaged-{time.time_ns()}"
            # What was still to be written into the old file would be written into the new one.
            for end in ("", "-wal", "-shm", "-journal"):
                part = self.path.with_name(self.path.name + end)
                if part.exists():
                    aside.append(part.rename(part.with_name(f"{self.path.name}.{mark}{end}")))


class Snapshot:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def server(self) -> str:
        return sqlite3.sqlite_version

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()

    def tables(self) -> list[str]:
        found = self.ask("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return [name for (name,) in found]

    @property
    def size(self) -> int:
        return int(self.ask("PRAGMA page_count")[0][0]) * int(self.ask("PRAGMA page_size")[0][0])

    def copy(self, path: Path, tell: Tell) -> None:
        with _speaking(path), closing(sqlite3.connect(path)) as target:
            self._connection.backup(target, pages=PAGES, progress=_patient(tell, path))


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)


def _patient(tell: Tell, path: Path) -> Callable[[int, int, int], None]:
    last = time.monotonic()

    def progress(status: int, left: int, whole: int) -> None:
        nonlocal last
        if status not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            last = time.monotonic()
            tell(whole - left, whole)
        elif time.monotonic() - last > PATIENCE:
            # Left alone, it would ask again for ever.
            raise sqlite3.OperationalError("database is locked")

    return progress


@contextmanager
def _speaking(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        known = {
            sqlite3.SQLITE_FULL: _("There is no room left where %(place)s lies. Make room, or choose another disk."),
            sqlite3.SQLITE_NOTADB: _("%(place)s is no SQLite database."),
            sqlite3.SQLITE_CORRUPT: _("The database at %(place)s is damaged. Restore an earlier back-up."),
            sqlite3.SQLITE_CANTOPEN: _(
                "%(place)s is not open to this account. Run the command as the account of the product."
            ),
            sqlite3.SQLITE_READONLY: _(
                "%(place)s is not open to this account. Run the command as the account of the product."
            ),
        }
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if "locked" in str(error):
            words = _("Somebody is writing to %(place)s all the time. Stop the product, then try again.")
        else:
            words = known.get(code, _("%(place)s: %(error)s"))
        kind = Unreadable if code in UNREADABLE else NotDone
        raise kind(words % {"place": path, "error": error}) from error
