"""The cast. Mara manages the firm; Thandi owns promises to Karoo Linen; Sam works here and sees nothing restricted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management.commands import flush
from django.db import connection

from clients.actions import make_client, save_contact
from clients.models import Client, Contact
from engagement.staff.models import Firm, Role, User
from promises import actions
from promises.due import due_for
from promises.kept_record import forget_record
from promises.models import Promise

# A Wednesday, eleven o'clock in Johannesburg.
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PASSWORD = "a long enough password"

ZONE = "Africa/Johannesburg"

# A test says what is true, not how fast this machine is today.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Threads of the live server keep no connection, or the test database could not be dropped behind them."""
    for database in settings.DATABASES.values():
        database["CONN_MAX_AGE"] = 0


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A thread of the live server may still be answering a page that the browser has left: it is not waited for."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


@pytest.fixture
def firm(db: None) -> Firm:
    return Firm.objects.create(
        pk=1, name="Word & Co", email="office@word.example", phone="021 555 0100", zone=ZONE, holiday_region="ZA"
    )


@pytest.fixture
def make_person(firm: Firm) -> Callable[..., User]:
    def make(name: str, role: str = Role.STAFF, **fields: Any) -> User:
        fields.setdefault("email", f"{name.split()[0].lower()}@word.example")
        return User.objects.create_user(password=PASSWORD, name=name, role=role, zone=ZONE, **fields)

    return make


@pytest.fixture
def mara(make_person: Callable[..., User]) -> User:
    return make_person("Mara Botha", Role.MANAGER)


@pytest.fixture
def thandi(make_person: Callable[..., User], mara: User) -> User:
    return make_person("Thandi Mokoena", manager=mara)


@pytest.fixture
def sam(make_person: Callable[..., User]) -> User:
    return make_person("Sam Outsider")


@pytest.fixture
def ada(make_person: Callable[..., User]) -> User:
    return make_person("Ada Admin", Role.ADMINISTRATOR)


@pytest.fixture
def karoo(thandi: User) -> Client:
    return make_client(Client(name="Karoo Linen", zone=ZONE, lead=thandi), thandi, NOW - 30 * DAY)


@pytest.fixture
def secret(thandi: User) -> Client:
    """A restricted client: Thandi leads it, Sam may not know that it exists."""
    return make_client(Client(name="Quiet Matter", zone=ZONE, lead=thandi, restricted=True), thandi, NOW - 30 * DAY)


@pytest.fixture
def lena(karoo: Client, thandi: User) -> Contact:
    contact = Contact(client=karoo, name="Lena Karoo", email="lena@karoo.example", phone="021 555 0134")
    save_contact(contact, thandi, NOW - 30 * DAY)
    return contact


@pytest.fixture
def make_promise(karoo: Client, thandi: User, firm: Firm) -> Callable[..., Promise]:
    """A promise made through the front door, two days ago for this Friday unless told otherwise."""

    def make(
        what: str = "Shop fittings drawings",
        *,
        due_on: date = date(2026, 11, 20),
        due_time: time | None = None,
        made_at: datetime = NOW - 2 * DAY,
        client: Client | None = None,
        owner: User | None = None,
        **fields: Any,
    ) -> Promise:
        client, owner = client or karoo, owner or thandi
        due = due_for(client, firm, due_on, due_time)
        return actions.make(
            client=client, what=what, due=due, owner=owner, by=fields.pop("by", owner), now=made_at, **fields
        )

    return make


@pytest.fixture
def verbs_heard(db: None) -> Callable[[], AbstractContextManager[list[str]]]:
    """The first word of each text, as it is asked: a query log has EXECUTE for whatever PostgreSQL was told before."""

    @contextmanager
    def hearing() -> Iterator[list[str]]:
        verbs: list[str] = []

        def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            verbs.append(sql.lstrip("( \n").split()[0].upper())
            return execute(sql, params, many, context)

        with connection.execute_wrapper(listen):
            yield verbs

    return hearing


@pytest.fixture(autouse=True)
def _nobody_has_tried_yet() -> None:
    """Limits on tries are counted in the cache, which outlives a test."""
    cache.clear()


@pytest.fixture(autouse=True)
def _no_record_is_remembered() -> None:
    """What a process remembers of the track record outlives a test."""
    forget_record()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def seal_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seal")


@pytest.fixture(autouse=True)
def _a_seal_of_its_own(settings: Any, seal_folder: Path) -> None:
    """The first test that seals makes the key, for the rest of the run: never the one of this machine."""
    settings.EMBEDDED = True
    settings.SEAL_FILE = seal_folder / "seal.p12"
    settings.SEAL_PASSPHRASE = "a passphrase of the tests"
    settings.TIMESTAMP_URL = ""


@pytest.fixture(autouse=True, scope="session")
def _flush_append_only_tables() -> Iterator[None]:
    """Between tests that commit, SQLite is emptied by DELETE, which the append-only triggers rightly refuse.

    For the whole session: the database is emptied after a test's own fixtures are gone.
    """
    empty = flush.Command.handle

    def without_triggers(self: flush.Command, **options: Any) -> None:
        if connection.vendor != "sqlite":
            return empty(self, **options)
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _sql in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            empty(self, **options)
            for _name, sql in triggers:
                cursor.execute(sql)
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", without_triggers)
        yield
