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
MAIL = "mail"


@dataclass(frozen=True)
class Installation:
    engine: Sqlite | PostgreSQL
    secret_key: str
    # Where each key lies that is kept in a file and in use.
    keys: dict[str, Path]
    # Where mails are laid when there is no server to send them.
    mail: Path | None

    def files(self) -> Iterator[tuple[str, Path]]:
        yield from ((f"{KEYS}/{name}", path) for name, path in self.keys.items() if path.exists())
        if self.mail and self.mail.is_dir():
            yield from ((f"{MAIL}/{path.name}", path) for path in sorted(self.mail.iterdir()) if path.is_file())

    def place_of(self, member: str) -> Path | None:
        """Where a file of an archive belongs here; None where this installation keeps none such."""
        kind, _slash, name = member.partition("/")
        # A name that is more than a name would lead out of the folder.
        if name in ("", ".", "..") or name != Path(name).name:
            return None
        if kind == KEYS:
            return self.keys.get(name)
        return self.mail / name if kind == MAIL and self.mail else None


def this_one() -> Installation:
    given: dict[str, Any] = dict(connection.settings_dict)
    if connection.vendor == "sqlite":
        engine: Sqlite | PostgreSQL = Sqlite(Path(given["NAME"]))
    elif connection.vendor == "postgresql":
        engine = PostgreSQL(given)
    else:
        raise NotDone(_("Only SQLite and PostgreSQL can be backed up here."))
    in_folder = settings.DELIVERY_BACKEND.endswith("filebased.EmailBackend")
    return Installation(engine, settings.SECRET_KEY, _keys(), Path(settings.EMAIL_FILE_PATH) if in_folder else None)


def _keys() -> dict[str, Path]:
    """What the environment gives lies with whoever set it up, and nowhere here."""
    keys = {"seal.p12": Path(settings.SEAL_FILE)}
    for name, value in (("secret_key", settings.SECRET_KEY), ("seal_passphrase", settings.SEAL_PASSPHRASE)):
        path = settings.VAR_DIR / name
        if (settings.EMBEDDED or settings.DEBUG) and path.exists() and path.read_text() == value:
            keys[name] = path
    return keys
