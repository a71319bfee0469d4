"""A back-up holds everything, a damaged one is known, and what was there stays until all of it can take its place.

On SQLite and, in the second pass of `make test`, on PostgreSQL.
"""

import io
import json
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import zipfile
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import psycopg2
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import override_settings

from clients import actions as clients
from clients.actions import documents
from clients.models import Client, Contact, SealedDocument
from clients.tests.agreements import code_for, draft, send, signed
from conftest import DAY, NOW, PASSWORD, ZONE
from engagement.backup import archive, postgresql, restoring, sqlite, taking
from engagement.backup.errors import NotDone, in_words
from engagement.backup.installation import Installation
from engagement.backup.manifest import Manifest, fingerprint_of
from engagement.management.commands.restore import closing_words
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Heartbeat, State
from engagement.outbox.tests.sink import Sink
from engagement.staff.models import Firm, Role, Session, User
from promises import actions as promises
from promises.actions.digest import write_digests
from promises.due import due_for

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
# FLIPS=1000 tries as many bytes; DAY_IN_MINUTES=1 ticks through the day as the beat does.
FLIPS = int(os.environ.get("FLIPS", "60"))
TICK_A_DAY = ["-m", "engagement.tests.tick_a_day"]
STEP = os.environ.get("DAY_IN_MINUTES", "20")
CHANGED_BY_RESTORING = {"outbox_hold", "outbox_heartbeat", "staff_session"}
BACK = NOW + 2 * DAY


@contextmanager
def a_database(folder, name):
    """An empty one of the kind that this pass is about: its engine and its address."""
    if connection.vendor == "sqlite":
        path = folder / f"{name}.sqlite3"
        yield SimpleNamespace(engine=sqlite.Sqlite(path), url=f"sqlite:///{path}", path=path)
        return
    given = {**connection.settings_dict, "NAME": f"backup_{os.getpid()}_{name}"}
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**given)
    with closing(psycopg2.connect(url.rsplit("/", 1)[0] + "/postgres")) as server, server.cursor() as cursor:
        server.autocommit = True
        cursor.execute(f"CREATE DATABASE {given['NAME']}")
        try:
            yield SimpleNamespace(engine=postgresql.PostgreSQL(given), url=url, path=None)
        finally:
            cursor.execute(f"DROP DATABASE {given['NAME']} WITH (FORCE)")


def installation(engine, folder, secret_key=settings.SECRET_KEY):
    """With the keys that a machine of its own makes for itself."""
    folder.mkdir(exist_ok=True)
    keys = {name: folder / name for name in ("secret_key", "seal.p12", "seal_passphrase")}
    return Installation(engine, secret_key, keys)


def rows(engine):
    """Every row of every table, in an order that does not depend on where it lies."""
    with engine.snapshot() as snapshot:
        return {table: sorted(map(plain, snapshot.ask(f'SELECT * FROM "{table}"'))) for table in snapshot.tables()}


def plain(row):
    return repr([bytes(value) if isinstance(value, memoryview) else value for value in row])


def a_firm_at_work():
    """Two days before the accident: a signed and sealed scope, promises, and messages of every kind that wait."""
    firm = Firm.objects.create(pk=1, name="Word & Co", email="office@word.example", zone=ZONE, holiday_region="ZA")
    ada = User.objects.create_user(
        email="ada@word.example", password=PASSWORD, name="Ada Admin", role=Role.ADMINISTRATOR, zone=ZONE
    )
    thandi = User.objects.create_user(
        email="thandi@word.example", password=PASSWORD, name="Thandi Mokoena", zone=ZONE, manager=ada
    )
    karoo = clients.make_client(Client(name="Karoo Linen", zone=ZONE, lead=thandi), thandi, NOW - 30 * DAY)
    lena = Contact(client=karoo, name="Lena Karoo", email="lena@karoo.example")
    clients.save_contact(lena, thandi, NOW - 30 * DAY)
    signed(karoo, lena, thandi)
    documents.make_documents(NOW)
    asked = draft(karoo, thandi, title="Another shop").agreement
    send(asked, lena, thandi, NOW)
    code_for(asked)
    for days in (1, 3, 9):
        due = due_for(karoo, firm, (NOW + days * DAY).date(), None)
        promises.make(client=karoo, what=f"Drawing {days}", due=due, owner=thandi, by=thandi, now=NOW - 2 * DAY)
    word = {"audience": Audience.CLIENT, "address": "lena@karoo.example", "body": "As agreed.\n"}
    outbox.write(occasion="due then", now=NOW, subject="Due then", **word)
    outbox.write(occasion="due next week", now=NOW - DAY, not_before=NOW + 4 * DAY, subject="Later", **word)
    write_digests(NOW)
    Session.objects.create(session_key="0" * 64, session_data="", expire_date=NOW + 14 * DAY, user=thandi, seen_at=NOW)
    Heartbeat.objects.create(pk=1, beat_at=NOW)
    assert SealedDocument.objects.exists()


@pytest.fixture(scope="module")
def original(django_db_setup, django_db_blocker, tmp_path_factory):
    """What was backed up: the file, and every row as it was."""
    folder = tmp_path_factory.mktemp("original")
    seal = {"SEAL_FILE": folder / "home" / "seal.p12", "SEAL_PASSPHRASE": "a passphrase", "EMBEDDED": True}
    (folder / "home").mkdir()
    with django_db_blocker.unblock(), override_settings(**seal, TIMESTAMP_URL=""):
        try:
            a_firm_at_work()
            if connection.vendor == "sqlite":
                path = folder / "original.sqlite3"
                with closing(sqlite3.connect(path)) as file:
                    connection.connection.backup(file)
                    # As the settings have it: whoever reads keeps nobody from writing.
                    file.execute("PRAGMA journal_mode=WAL")
                engine = sqlite.Sqlite(path)
            else:
                engine = postgresql.PostgreSQL(connection.settings_dict)
            home = installation(engine, folder / "home")
            home.keys["secret_key"].write_text(settings.SECRET_KEY)
            home.keys["seal_passphrase"].write_text("a passphrase")
            (folder / "home" / "mail").mkdir()
            (folder / "home" / "mail" / "one.log").write_text("Subject: As agreed\n")
            manifest = taking.take(home, folder / "original.zip", NOW, quiet=True)
            yield SimpleNamespace(
                file=folder / "original.zip", rows=rows(engine), manifest=manifest, home=home, folder=folder
            )
        finally:
            call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def empty(tmp_path):
    with a_database(tmp_path, "empty") as database:
        yield database


@contextmanager
def another_firm(folder, name, original):
    """Another installation, with data of its own and keys of its own."""
    with a_database(folder, name) as database:
        here = installation(database.engine, folder / "here")
        restoring.restore(original.file, here, NOW, replace=False, quiet=True)
        change(database, "UPDATE staff_firm SET name = 'Another firm'")
        here.keys["secret_key"].write_text("of its own")
        own = {"folder": folder / "here", "files": contents(folder / "here"), "rows": rows(database.engine)}
        yield SimpleNamespace(**vars(database), home=here, **own)


@pytest.fixture(scope="module")
def in_use(tmp_path_factory, original):
    """For what must leave it as it is: one for all, and each looks."""
    with another_firm(tmp_path_factory.mktemp("in_use"), "in_use", original) as there:
        yield there


@pytest.fixture
def overtaken(tmp_path, original):
    """For what changes it."""
    with another_firm(tmp_path, "overtaken", original) as there:
        yield there


def change(database, sql):
    if database.path:
        with closing(sqlite3.connect(database.path)) as direct:
            direct.execute(sql)
            direct.commit()
    else:
        with closing(psycopg2.connect(database.url)) as direct, direct.cursor() as cursor:
            cursor.execute(sql)
            direct.commit()


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def restore(file, here, **options):
    return restoring.restore(file, here, BACK, **({"replace": False, "quiet": True} | options))


def untouched(in_use):
    return rows(in_use.engine) == in_use.rows and contents(in_use.folder) == in_use.files


# What is in it


def test_a_back_up_says_what_it_holds(original):
    manifest = original.manifest

    assert manifest.engine == connection.vendor
    assert manifest.counts == {table: len(found) for table, found in original.rows.items()}
    assert [entries for entries, _head in manifest.heads.values()] == [manifest.counts["clients_entry"]]
    assert manifest.migrations["outbox"]
    assert all(len(heads) == 1 for heads in manifest.migrations.values())
    assert set(manifest.members) == {
        f"database.{'sqlite3' if connection.vendor == 'sqlite' else 'dump'}",
        "keys/secret_key",
        "keys/seal.p12",
        "keys/seal_passphrase",
    }
    assert settings.SECRET_KEY.encode() not in manifest.written()


def test_only_its_owner_may_read_it_and_nothing_is_left_beside_it(original):
    assert stat.S_IMODE(original.file.stat().st_mode) == 0o600
    assert {path.name for path in original.folder.iterdir()} <= {"home", "original.zip", "original.sqlite3"}


def test_a_folder_gets_a_file_named_after_the_moment(tmp_path):
    assert (
        taking.file_for(tmp_path, datetime(2026, 11, 18, 9, 5, 7, tzinfo=UTC)).name == "engagement-20261118-090507.zip"
    )
    assert taking.file_for(tmp_path / "mine.zip", NOW) == tmp_path / "mine.zip"


def test_a_folder_that_is_missing_becomes_no_file(original, tmp_path):
    with pytest.raises(NotDone, match=r"There is no folder .*backups\. Make it"):
        taking.take(original.home, taking.file_for(tmp_path / "backups", NOW), NOW, quiet=True)

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(original, tmp_path):
    taken = tmp_path / "taken.zip"
    taken.write_text("somebody's")

    with pytest.raises(NotDone, match="is there already, and nothing is overwritten"):
        taking.take(original.home, taken, NOW, quiet=True)

    assert (taken.read_text(), list(tmp_path.iterdir())) == ("somebody's", [taken])


def test_what_is_written_meanwhile_is_all_in_it_or_not_at_all(overtaken):
    renamed = "SELECT count(*) FROM outbox_message WHERE subject = 'Renamed meanwhile'"
    firm = "SELECT name FROM staff_firm"

    with overtaken.engine.snapshot() as snapshot:
        change(overtaken, "UPDATE staff_firm SET name = 'Renamed meanwhile'")
        change(overtaken, "UPDATE outbox_message SET subject = 'Renamed meanwhile'")
        copy = overtaken.folder / "copy"
        if overtaken.path:
            snapshot.copy(copy, lambda done, whole: None)
        else:
            with copy.open("wb") as file:
                snapshot.dump(file, lambda size: None)
        seen = snapshot.ask(firm), snapshot.ask(renamed)

    assert seen == ([("Another firm",)], [(0,)])
    if overtaken.path:
        with sqlite.Sqlite(copy).snapshot() as found:
            assert (found.ask(firm), found.ask(renamed)) == seen
    else:
        program = str(postgresql.programs(1)[-1] / "pg_restore")
        text = subprocess.run([program, "-f", "-", copy], capture_output=True, check=True).stdout
        assert b"Another firm" in text
        assert b"Renamed meanwhile" not in text


# Back again


def test_every_row_comes_back_and_every_key(original, empty, tmp_path):
    here = installation(empty.engine, tmp_path / "here")

    restored = restore(original.file, here)

    found = rows(empty.engine)
    assert {t: r for t, r in found.items() if t not in CHANGED_BY_RESTORING} == {
        t: r for t, r in original.rows.items() if t not in CHANGED_BY_RESTORING
    }
    assert contents(tmp_path / "here") == {name: path.read_bytes() for name, path in original.home.keys.items()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in here.keys.values()} == {0o600}
    assert restored.same_secret_key


def test_a_restored_copy_is_held_from_its_first_moment(original, empty, tmp_path):
    restore(original.file, installation(empty.engine, tmp_path / "here"))

    with empty.engine.snapshot() as snapshot:
        (hold,) = snapshot.ask("SELECT why, id FROM outbox_hold")
        assert hold[0] == "restored"
        assert snapshot.ask("SELECT hold_id FROM outbox_heartbeat") == [(hold[1],)]


def test_no_sign_in_of_the_copy_opens_anything_and_what_else_is_as_it_was_is_said(original, empty, tmp_path):
    restored = restore(original.file, installation(empty.engine, tmp_path / "here"))

    assert original.rows["staff_session"]
    assert rows(empty.engine)["staff_session"] == []
    words = " ".join(closing_words(restored))
    assert "Everybody signs in again" in words
    assert "as it was then: passwords, second steps, people who left" in words


def test_data_is_replaced_only_when_that_is_said(original, in_use):
    with pytest.raises(NotDone, match="add --replace"):
        restore(original.file, in_use.home)
    assert untouched(in_use)


# Of two machines one may be ahead.
@pytest.mark.parametrize("ago", [timedelta(seconds=40), timedelta(seconds=-40)])
def test_nothing_is_put_under_a_worker_that_still_beats(original, overtaken, ago):
    """It would write into what is replaced, and send meanwhile."""
    change(overtaken, f"UPDATE outbox_heartbeat SET beat_at = '{overtaken.engine.moment(BACK - ago)}'")
    before = rows(overtaken.engine)

    with pytest.raises(NotDone) as refused:
        restore(original.file, overtaken.home, replace=True)

    assert str(refused.value) == (
        "A worker was at work on this database 40 seconds ago."
        " Stop web, worker and beat, wait two minutes, then run this command again."
    )
    assert rows(overtaken.engine) == before


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a database that is one file")
@pytest.mark.parametrize(("begin", "end"), [(0, 100), (100, 8192), (0, None)])
def test_a_damaged_database_is_replaced_when_that_is_said(original, overtaken, begin, end):
    content = bytearray(overtaken.path.read_bytes())
    content[begin:end] = b"\xa5" * len(content[begin:end])
    overtaken.path.write_bytes(content)

    with pytest.raises(NotDone):
        restore(original.file, overtaken.home)
    restored = restore(original.file, overtaken.home, replace=True)

    assert rows(overtaken.engine)["staff_firm"] == original.rows["staff_firm"]
    aside = list(overtaken.path.parent.glob("*.damaged-*"))
    assert [path.read_bytes() for path in aside] in ([], [bytes(content)])
    # Whoever ran it is told where.
    assert {path for path in restored.aside if "damaged" in path.name} == set(aside)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a database that is one file")
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (sqlite3.OperationalError("disk is full"), "disk is full"),
        (SystemExit(128 + signal.SIGTERM), "It was stopped before it was done."),
        (KeyboardInterrupt(), "It was stopped before it was done."),
    ],
)
def test_whoever_replaces_a_damaged_database_and_does_not_succeed_is_told_where_it_lies(
    original, overtaken, monkeypatch, fault, words
):
    content = b"\xa5" * 8192
    overtaken.path.write_bytes(content)

    def break_off(*_progress):
        raise fault

    monkeypatch.setattr(sqlite, "_patient", lambda *_known: break_off)

    with pytest.raises(NotDone) as refused:
        restore(original.file, overtaken.home, replace=True)

    (aside,) = overtaken.path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == content
    assert words in str(refused.value)
    assert str(refused.value).endswith(f"What lay there before lies beside it: {aside}.")


def test_a_replaced_installation_keeps_its_own_key_aside(original, overtaken):
    restored = restore(original.file, overtaken.home, replace=True)

    assert rows(overtaken.engine)["staff_firm"] == original.rows["staff_firm"]
    # The key of those who were here is not lost, but laid aside.
    (aside,) = restored.aside
    assert aside.read_text() == "of its own"
    assert overtaken.home.keys["secret_key"].read_text() == settings.SECRET_KEY


def test_a_key_that_lies_there_is_kept_also_where_the_database_is_empty_and_each_time(original, empty, tmp_path):
    here = installation(empty.engine, tmp_path / "here")
    kept = []

    for own in ("the first", "the second"):
        here.keys["secret_key"].write_text(own)
        kept += restore(original.file, here, replace=bool(kept)).aside

    assert [path.read_text() for path in kept] == ["the first", "the second"]
    assert here.keys["secret_key"].read_text() == settings.SECRET_KEY


def test_mails_in_an_archive_of_before_are_left_in_it(original, empty, tmp_path):
    here, old = installation(empty.engine, tmp_path / "here"), tmp_path / "old.zip"
    with zipfile.ZipFile(original.file) as whole, old.open("w+b") as file, archive.Writer(file) as writer:
        for name in [*original.manifest.members, "mail/one.log"]:
            with writer.member(name) as target:
                target.write(whole.read(name) if name != "mail/one.log" else b"a live link")
        writer.close(original.manifest)

    restore(old, here)

    assert contents(tmp_path / "here").keys() == original.home.keys.keys()


def test_what_is_there_and_not_in_the_back_up_goes(original, overtaken):
    change(overtaken, "CREATE TABLE clients_of_later (id integer primary key)")

    restore(original.file, overtaken.home, replace=True)

    assert "clients_of_later" not in rows(overtaken.engine)


def test_another_secret_key_is_noticed(original, empty, tmp_path):
    here = replace(installation(empty.engine, tmp_path / "here", secret_key="another"), keys={})

    assert not restore(original.file, here, unproven=True).same_secret_key
    assert fingerprint_of("another") != original.manifest.secret_key


@pytest.fixture
def proven(original, tmp_path):
    """Of an installation whose SECRET_KEY comes from the environment, and lies in no archive."""
    return again(original, tmp_path / "proven.zip", settings.SECRET_KEY)


def again(original, path, secret_key="", also=lambda text: text):
    """Good checksums can be written by anybody; a proof by who knows the key."""
    with zipfile.ZipFile(original.file) as old, path.open("w+b") as file, archive.Writer(file) as writer:
        for name in original.manifest.members:
            if not name.endswith("secret_key"):
                with writer.member(name) as target:
                    target.write(also(old.read(name)))
        writer.close(original.manifest, secret_key)
    return path


def guarded(empty, tmp_path, **changes):
    return replace(installation(empty.engine, tmp_path / "here"), keys={}, **changes)


def test_an_archive_that_was_made_with_our_key_is_restored(original, proven, empty, tmp_path):
    assert restore(proven, guarded(empty, tmp_path)).manifest.counts == original.manifest.counts


def test_an_archive_that_was_made_with_an_earlier_key_of_ours_is_restored(proven, empty, tmp_path):
    here = guarded(empty, tmp_path, secret_key="new", earlier_secret_keys=("older", settings.SECRET_KEY))

    assert not restore(proven, here).same_secret_key


def test_an_archive_with_good_checksums_and_without_our_proof_is_refused(original, proven, empty, tmp_path):
    with zipfile.ZipFile(proven) as whole:
        theirs = whole.read(archive.PROOF)
    stolen = again(original, tmp_path / "stolen.zip", also=lambda content: content + b" ")
    with zipfile.ZipFile(stolen, "a") as changed:
        changed.writestr(archive.PROOF, theirs)
        changed.comment = b"0" * archive.SEAL
    with stolen.open("r+b") as file:
        digest = archive._digest_of(file)
        file.seek(-archive.SEAL, os.SEEK_END)
        file.write(digest)
    others = [stolen, original.file, again(original, tmp_path / "a.zip"), again(original, tmp_path / "b.zip", "guess")]

    for file in others:
        with pytest.raises(NotDone, match=f"Nothing proves that {file.name} was made with the SECRET_KEY"):
            restore(file, guarded(empty, tmp_path))
        assert empty.engine.is_empty(restoring.SIGNS_OF_LIFE)
    assert restore(original.file, guarded(empty, tmp_path), unproven=True)


def test_a_key_that_lies_in_the_archive_proves_nothing_and_is_not_asked_to(original):
    with zipfile.ZipFile(original.file) as whole:
        assert "keys/secret_key" in whole.namelist()
        assert archive.PROOF not in whole.namelist()


# What is refused


def remade(original, tmp_path, **changes):
    """The same archive, whole and with good checksums, that says something else of itself."""
    path = tmp_path / "remade.zip"
    with zipfile.ZipFile(original.file) as old, path.open("w+b") as file, archive.Writer(file) as writer:
        for name in original.manifest.members:
            with writer.member(name) as target:
                target.write(old.read(name))
        writer.close(replace(original.manifest, **changes))
    return path


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": "99.0"}, "was made by release 99.0"),
        ({"migrations": {"outbox": ["0999_of_later"]}}, "Install the newer release"),
        ({"format": 99}, "was made by a newer release"),
        ({"engine": "another"}, "This back-up is of another, and this installation runs on"),
    ],
)
def test_what_does_not_fit_here_is_refused_with_what_to_do(original, in_use, tmp_path, changes, words):
    file = remade(original, tmp_path, **changes)

    with pytest.raises(NotDone, match=words):
        restore(file, in_use.home, replace=True)

    assert untouched(in_use)


def test_rows_that_are_not_all_there_are_refused(original, in_use, tmp_path):
    counts = {**original.manifest.counts, "staff_user": 99}

    with pytest.raises(NotDone):
        restore(remade(original, tmp_path, counts=counts), in_use.home, replace=True)

    assert untouched(in_use)


def places_of(file):
    """Where the bytes of each member begin, and how many there are."""
    with zipfile.ZipFile(file) as whole, file.open("rb") as raw:
        for info in whole.infolist():
            raw.seek(info.header_offset + 26)
            name, extra = (int.from_bytes(raw.read(2), "little") for _length in range(2))
            yield info.filename, info.header_offset + 30 + name + extra, info.compress_size


def flipped(file, place, tmp_path):
    damaged = tmp_path / "damaged.zip"
    content = bytearray(file.read_bytes())
    content[place] ^= 1 << (place % 8)
    damaged.write_bytes(content)
    return damaged


def test_a_flipped_byte_in_any_member_is_found_before_anything_is_touched(original, in_use, tmp_path):
    members = list(places_of(original.file))
    assert {name for name, _begin, _size in members} == {*original.manifest.members, "manifest.json"}

    for _name, begin, size in members:
        for place in (begin, begin + size // 2, begin + size - 1):
            with pytest.raises(NotDone):
                restore(flipped(original.file, place, tmp_path), in_use.home, replace=True)

    assert untouched(in_use)


def test_a_flipped_bit_anywhere_is_found(original, tmp_path):
    seed = int.from_bytes(os.urandom(4))
    print("seed", seed)  # noqa: T201, pytest shows it when the test fails
    chance, size = random.Random(seed), original.file.stat().st_size

    for number in range(FLIPS):
        (tmp_path / str(number)).mkdir()
        with pytest.raises(NotDone):
            archive.unpack(flipped(original.file, chance.randrange(size), tmp_path), tmp_path / str(number))
        assert contents(tmp_path / str(number)) == {}


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_refused(original, in_use, tmp_path, share):
    part = tmp_path / "part.zip"
    part.write_bytes(original.file.read_bytes()[: int(original.file.stat().st_size * share)])

    with pytest.raises(NotDone, match=r"damaged or not whole|not a back-up"):
        restore(part, in_use.home, replace=True)

    assert untouched(in_use)


@pytest.mark.parametrize("name", ["../outside", "mail/../outside", "keys/../../outside", "/outside", "mail/.."])
def test_a_name_that_climbs_out_of_the_folder_is_refused(original, tmp_path, name):
    path, folder = tmp_path / "climbs.zip", tmp_path / "folder"
    folder.mkdir()
    with path.open("w+b") as file, archive.Writer(file) as writer:
        for member in ("keys/secret_key", name):
            with writer.member(member) as target:
                target.write(b"!")
        writer.close(original.manifest)

    with pytest.raises(NotDone):
        archive.unpack(path, folder)

    assert (contents(tmp_path).keys(), list(folder.iterdir())) == ({"climbs.zip"}, [])


@pytest.mark.parametrize(
    "member", ["mail/../x.js", "mail/a/b", "mail//etc/x", "mail/..", "mail/.", "mail/", "keys/../x"]
)
def test_a_name_that_is_more_than_a_name_has_no_place_here(original, member):
    assert original.home.place_of(member) is None


def test_any_other_zip_is_no_back_up(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("readme.txt", "Hello")

    with pytest.raises(NotDone, match="not a back-up of this product"):
        archive.read_manifest(tmp_path / "other.zip")


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(NotDone, match=r"is not there\. Check the name"):
        archive.read_manifest(tmp_path / "nowhere.zip")


# Killed


def in_a_process_that_dies(act):
    """Forked, so that it is our code that dies; killed as kill -9 does it."""
    child = os.fork()
    if not child:
        act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die(*progress):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_restore_that_is_killed_half_way_leaves_the_old_database_whole(original, in_use, tmp_path, monkeypatch):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    archive.unpack(original.file, folder)
    copy, counts = folder / in_use.engine.member, original.manifest.counts
    monkeypatch.setattr(sqlite, "PAGES", 16)

    # On PostgreSQL psql has all of the dump by then, and no word that it may stay.
    given = [copy, counts, [], die] if in_use.engine.name == "postgresql" else [copy, counts, [], die, []]
    status = in_a_process_that_dies(lambda: in_use.engine.put_back(*given))

    assert status == -signal.SIGKILL
    wait_until_alone(in_use)
    assert untouched(in_use)


def wait_until_alone(database):
    """The server notices in its own time that nobody is there any more."""
    if database.path:
        return
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + 20
    with closing(psycopg2.connect(database.url)) as direct, direct.cursor() as cursor:
        direct.autocommit = True
        while cursor.execute(others) or cursor.fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_back_up_that_fails_half_way_leaves_no_file(original, tmp_path, monkeypatch):
    def full(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive.Hashing, "write", full)

    with pytest.raises(NotDone, match="There is no room left"):
        taking.take(original.home, tmp_path / "mine.zip", NOW, quiet=True)

    assert list(tmp_path.iterdir()) == []


def test_what_the_file_system_says_is_said_in_words(tmp_path):
    with pytest.raises(NotDone, match="There is no room left where /dev/full lies"), in_words(Path("/dev/full")):
        Path("/dev/full").write_bytes(b"!")
    with pytest.raises(NotDone, match="There is no folder"):
        taking.take(None, tmp_path / "no" / "such.zip", NOW)


# Programs of PostgreSQL


def a_release(folder, release, programs=postgresql.PROGRAMS):
    place = folder / str(release) / "bin"
    place.mkdir(parents=True)
    for name in programs:
        (place / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {release}.3'\n")
        (place / name).chmod(0o755)
    return place


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """One on which only those programs lie that a test puts there."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(postgresql, "DEBIAN", [tmp_path])
    monkeypatch.setattr(postgresql, "WHEELS", [])
    return tmp_path


def test_programs_of_the_servers_own_release_come_first_then_the_lowest_higher_one(machine, monkeypatch):
    there = {release: a_release(machine, release) for release in (14, 15, 16, 18)}
    monkeypatch.setenv("PATH", str(there[18]))

    assert list(dict.fromkeys(postgresql.programs(15))) == [there[15], there[16], there[18]]
    assert postgresql.programs(17)[0] == there[18]


def test_programs_all_come_from_one_folder(machine):
    a_release(machine, 15, ["pg_dump", "psql"])
    whole = a_release(machine, 16)

    assert postgresql.programs(15) == [whole]


def test_a_program_that_is_too_old_is_said_with_what_to_install(machine):
    a_release(machine, 15)

    with pytest.raises(NotDone, match=r"15, too old for this server \(99\)\. Install postgresql-client-99 or newer"):
        postgresql.programs(99)


def test_a_program_that_is_missing_is_said_with_what_to_install(machine):
    with pytest.raises(NotDone, match="Install the client programs of PostgreSQL 15 or newer"):
        postgresql.programs(15)


DUMP = b"""--
-- PostgreSQL database dump
--

\\restrict abc

SET statement_timeout = 0;
SET transaction_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE TABLE public.note (text text);
COPY public.note (text) FROM stdin;
SET transaction_timeout = 0;
\\.
"""


def test_a_server_before_17_is_not_told_what_it_does_not_know_and_texts_stay():
    told = {release: b"".join(postgresql._said_to(release, io.BytesIO(DUMP))) for release in (15, 16, 17, 18)}

    assert told[17] == told[18] == DUMP
    assert told[15] == told[16] == DUMP.replace(b"SET transaction_timeout = 0;\n", b"", 1)


def test_programs_newer_than_the_server_bring_every_row_back_too(original, empty, tmp_path, monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite needs no programs")
    with empty.engine.snapshot() as snapshot:
        server = int(snapshot.server.split(".")[0])
    newer = [folder for folder in postgresql.programs(server) if postgresql._release_of(folder / "psql") > server]
    if not newer:
        pytest.skip("no newer programs are on this machine")
    with monkeypatch.context() as only:
        only.setattr(postgresql, "programs", lambda release: newer[-1:])
        taking.take(original.home, tmp_path / "newer.zip", NOW, quiet=True)
        restore(tmp_path / "newer.zip", installation(empty.engine, tmp_path / "here"))
        found = rows(empty.engine)["clients_entry"]

    # Nor is it lost to the server's own programs, which cannot read it: the newer ones are found.
    restore(tmp_path / "newer.zip", installation(empty.engine, tmp_path / "here"), replace=True)

    assert found == rows(empty.engine)["clients_entry"] == original.rows["clients_entry"]


# The commands, as they are run


@contextmanager
def run(arguments, database, folder, **more):
    environ = os.environ | {"DATABASE_URL": database.url, "VAR_DIR": str(folder), "DEBUG": "True", "REDIS_URL": ""}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    environ |= {"PYTHONWARNINGS": "ignore", **more}
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environ, text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_copy_of_two_days_ago_says_nothing_until_it_is_resumed_and_then_nothing_twice(original, empty, tmp_path):
    home = tmp_path / "home"

    with Sink(tmp_path) as sink:
        mail = {"EMAIL_URL": sink.url, "FROM_EMAIL": "office@word.example", "LOG_LEVEL": "CRITICAL"}
        with run([*TICK_A_DAY, original.file, BACK.isoformat(), STEP], empty, home, **mail) as days:
            said = list(iter(days.stdout.readline, "held\n"))
            held = json.loads(days.stdout.readline())
            said_meanwhile = sink.recipients()
            rest, trouble = days.communicate("\n", timeout=120)
        assert days.returncode == 0, trouble
        after, left = json.loads(rest.splitlines()[-1]), sink.accepted()
        times = sink.times()

    assert said[:3] == [
        "Restored: the copy of Wednesday 18 November 2026, 09:00 (UTC).\n",
        said[1],
        "The evidence of 1 clients holds.\n",
    ]
    assert "the record of 1 clients, 1 sealed documents." in said[1]
    assert "Nothing is sent until an administrator presses “Resume sending”" in said[3]
    assert said_meanwhile == []
    # It was not for want of something to say, and the clock went on.
    assert Counter(held.values())[State.WAITING] >= 4
    assert any(occasion.startswith("digest:") for occasion in held)
    assert set(times.values()) == {1}
    assert max(Counter((mail["To"], mail["Subject"]) for mail in left).values()) == 1
    assert "due then" in after["decided"]
    assert after["states"]["due then"] == State.SENT
    assert after["states"]["due next week"] == State.WAITING
    # What fell due after it was resumed leaves by itself.
    since = [occasion for occasion in after["states"].keys() - held.keys() if occasion.startswith("sign nudge:")]
    assert [mail["To"] for mail in left].count("lena@karoo.example") == len([*after["decided"], *since])


def test_the_commands_refuse_in_sentences(tmp_path):
    with pytest.raises(CommandError, match=r"is not there\. Check the name"):
        call_command("restore", tmp_path / "nowhere.zip")


@pytest.mark.django_db(transaction=True)
def test_the_back_up_command_says_what_it_holds_and_what_not(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("engagement.management.commands.backup.this_one", lambda: at_hand(tmp_path))

    call_command("backup", tmp_path, "--quiet")

    said = capsys.readouterr().out
    (file,) = tmp_path.glob("engagement-*.zip")
    assert f"Backed up to {file}, and read back." in said
    assert "It does not hold: SECRET_KEY, without which no link can be shown or mailed again" in said
    assert "Nor does it hold the settings" in said
    assert Manifest.read(zipfile.ZipFile(file).read("manifest.json")).counts["clients_client"] == Client.objects.count()
    assert archive.PROOF in zipfile.ZipFile(file).namelist()


def at_hand(tmp_path):
    if connection.vendor != "sqlite":
        return replace(installation(postgresql.PostgreSQL(connection.settings_dict), tmp_path), keys={})
    path = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(path)) as file:
        connection.connection.backup(file)
    return replace(installation(sqlite.Sqlite(path), tmp_path), keys={})
