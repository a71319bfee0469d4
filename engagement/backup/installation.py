"""What an installation keeps: its database, and the files beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from engagement.backup.errors import NotDone
from engagement.backup.postgresql import PostgreSQL
from engagement.backup.sqlite import Sqlite

KEYS = "keys"


@dataclass(frozen=True)
class Installation:
    engine: Sqlite | PostgreSQL
    secret_key: str
    # Where each key lies that is kept in a file and in use. Mails laid in a folder are not kept: their links are live.
    keys: dict[str, Path]
    # What SECRET_KEY was before.
    earlier_secret_keys: tuple[str, ...] = ()

    @property
    def secret_key_travels(self) -> bool:
        """It lies in every archive: whoever can change one has what would prove it, so it proves nothing."""
        return "secret_key" in self.keys

    def files(self) -> Iterator[tuple[str, Path]]:
        yield from ((f"{KEYS}/{name}", path) for name, path in self.keys.items() if path.exists())

    def place_of(self, member: str) -> Path | None:
        """Where a file of an archive belongs here; None where this installation keeps none such."""
        kind, _slash, name = member.partition("/")
        return self.keys.get(name) if kind == KEYS else None


def this_one() -> Installation:
    given: dict[str, Any] = dict(connection.settings_dict)
    if connection.vendor == "sqlite":
        engine: Sqlite | PostgreSQL = Sqlite(Path(given["NAME"]))
    elif connection.vendor == "postgresql":
        engine = PostgreSQL(given)
    else:
        raise NotDone(_("Only SQLite and PostgreSQL can be backed up here."))
    return Installation(engine, settings.SECRET_KEY, _keys(), tuple(settings.SECRET_KEY_FALLBACKS))


def _keys() -> dict[str, Path]:
    """What the environment gives lies with whoever set it up, and nowhere here."""
    keys = {"seal.p12": Path(settings.SEAL_FILE)}
    for name, value in (("secret_key", settings.SECRET_KEY), ("seal_passphrase", settings.SEAL_PASSPHRASE)):
        path = settings.VAR_DIR / name
        if (settings.EMBEDDED or settings.DEBUG) and path.exists() and path.read_text() == value:
            keys[name] = path
    return keys
