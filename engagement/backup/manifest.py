"""What an archive says of itself: from which release and engine, how many rows, where every chain of evidence ended."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from engagement.backup.errors import NotDone
from engagement.version import VERSION

FORMAT = 1
Ask = Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Member:
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    engine: str
    server: str
    taken_at: str
    # The latest migration of each app.
    migrations: dict[str, list[str]]
    counts: dict[str, int]
    # Of every client: number of entries, and the hash of the last one.
    heads: dict[str, list[Any]]
    # Tells a secret key from another one, and nothing else about it.
    secret_key: str
    members: dict[str, Member] = field(default_factory=dict)
    version: str = VERSION
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.taken_at)

    def written(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False).encode()

    @classmethod
    def read(cls, text: bytes) -> Manifest:
        try:
            values = json.loads(text)
            newer = values["format"] > FORMAT
            members = {name: Member(**member) for name, member in values.pop("members").items()}
            manifest = None if newer else cls(**values, members=members)
        except (ValueError, TypeError, KeyError) as error:
            raise NotDone(_("This file is not a back-up of this product, or a part of it is missing.")) from error
        if manifest is None:
            raise NotDone(_("This back-up was made by a newer release. Install that release, then restore it."))
        return manifest


def fingerprint_of(secret_key: str) -> str:
    return hmac.new(secret_key.encode(), b"engagement back-up", hashlib.sha256).hexdigest()[:16]


def proof_of(text: bytes, secret_key: str) -> bytes:
    """Of a manifest as it is written. Through the hashes in it, of every byte: nobody makes it without the key."""
    return hmac.new(secret_key.encode(), b"engagement manifest " + text, hashlib.sha256).hexdigest().encode()


def describe(ask: Ask, tables: Iterable[str], engine: str, server: str, secret_key: str, now: datetime) -> Manifest:
    """All of it from one and the same snapshot."""
    return Manifest(
        engine=engine,
        server=server,
        taken_at=now.isoformat(),
        migrations=heads_of(ask("SELECT app, name FROM django_migrations")),
        counts=counts(ask, tables),
        heads=chain_heads(ask),
        secret_key=fingerprint_of(secret_key),
    )


def counts(ask: Ask, tables: Iterable[str]) -> dict[str, int]:
    return {table: ask(f'SELECT count(*) FROM "{table}"')[0][0] for table in sorted(tables)}


def chain_heads(ask: Ask) -> dict[str, list[Any]]:
    return {str(pk): [entries, head] for pk, entries, head in ask("SELECT id, entries, head FROM clients_client")}


def heads_of(applied: Iterable[tuple[Any, ...]]) -> dict[str, list[str]]:
    """The migrations that no other applied one of their app follows."""
    nodes = MigrationLoader(None, ignore_no_migrations=True).graph.node_map
    done = {(str(app), str(name)) for app, name in applied}
    followed = {
        tuple(parent.key) for key in done if key in nodes for parent in nodes[key].parents if parent.key[0] == key[0]
    }
    heads: dict[str, list[str]] = {}
    for app, name in sorted(done - followed):
        heads.setdefault(app, []).append(name)
    return heads


def refuse_newer(manifest: Manifest) -> None:
    known = MigrationLoader(None, ignore_no_migrations=True).graph.nodes
    heads = [(app, name) for app, names in manifest.migrations.items() for name in names]
    if _numbers(manifest.version) > _numbers(VERSION) or not known.keys() >= set(heads):
        words = _(
            "This back-up was made by release %(theirs)s, and this is %(ours)s, which does not know all of it."
            " Install the newer release, then restore it."
        )
        raise NotDone(words % {"theirs": manifest.version, "ours": VERSION})


def _numbers(version: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in version.split(".")]
