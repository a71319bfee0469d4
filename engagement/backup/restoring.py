"""Putting a back-up in place. Everything that can be found wrong is found before anything is touched."""

from __future__ import annotations

import os
import secrets
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, count
from pathlib import Path

from django.utils.translation import gettext as _
from tqdm import tqdm

from engagement.backup import archive
from engagement.backup.errors import NotDone, Unreadable, in_words
from engagement.backup.installation import Installation
from engagement.backup.manifest import Manifest, fingerprint_of, refuse_newer
from engagement.backup.postgresql import PostgreSQL
from engagement.backup.sqlite import Sqlite

# An installation in which nobody works and nobody is served is empty, whatever its migrations wrote down.
SIGNS_OF_LIFE = ("staff_user", "clients_client")
# A sign-in that was ended since the copy was made would open again.
SIGN_INS = ("staff_session", "django_session")
# Beats come every half minute.
STILL_AT_WORK = timedelta(seconds=90)
ENGINES = {engine.name: engine.spoken for engine in (Sqlite, PostgreSQL)}


@dataclass
class Restored:
    manifest: Manifest
    # Keys that were put in place, and what lay there before and lies beside it now.
    keys: list[Path] = field(default_factory=list)
    aside: list[Path] = field(default_factory=list)
    # Whether links and sign-ins of the back-up are good here.
    same_secret_key: bool = True


def restore(
    path: Path,
    installation: Installation,
    now: datetime,
    *,
    replace: bool,
    unproven: bool = False,
    quiet: bool | None = None,
) -> Restored:
    engine = installation.engine
    secret_keys = [installation.secret_key, *installation.earlier_secret_keys]
    asked = None if unproven or installation.secret_key_travels else secret_keys
    _refuse(archive.read_manifest(path), engine)
    _refuse_while_it_works(engine, now, replace=replace)
    if not replace and not engine.is_empty(SIGNS_OF_LIFE):
        raise NotDone(
            _("This installation holds data already. To put the back-up in its place and lose it, add --replace.")
        )
    with tempfile.TemporaryDirectory(prefix="engagement-restore-") as room:
        folder = Path(room)
        with tqdm(unit="B", unit_scale=True, disable=quiet, desc=path.name) as bar:
            manifest = archive.unpack(path, folder, bar.update, asked)
        restored = Restored(manifest)
        drafts = _laid_beside(manifest, folder, installation)
        try:
            _put_back(engine, folder, manifest, now, quiet, restored.aside)
            _take_their_places(drafts, restored)
        except (NotDone, KeyboardInterrupt, SystemExit) as reason:
            if not restored.aside:
                raise
            words = str(reason) if isinstance(reason, NotDone) else _("It was stopped before it was done.")
            raise NotDone(f"{words} {words_of_aside(restored)}") from reason
        finally:
            for draft in drafts:
                draft.unlink(missing_ok=True)
    restored.same_secret_key = manifest.secret_key == fingerprint_of(_secret_key(installation))
    return restored


def _refuse(manifest: Manifest, engine: Sqlite | PostgreSQL) -> None:
    refuse_newer(manifest)
    if manifest.engine != engine.name:
        words = _(
            "This back-up is of %(theirs)s, and this installation runs on %(ours)s."
            " Restore it where DATABASE_URL names a database of %(theirs)s."
        )
        raise NotDone(words % {"theirs": ENGINES.get(manifest.engine, manifest.engine), "ours": engine.spoken})


def _refuse_while_it_works(engine: Sqlite | PostgreSQL, now: datetime, *, replace: bool) -> None:
    """A worker would write into what is being replaced, and send meanwhile what the copy is to hold back."""
    # Clocks disagree: a beat of the near future was one of just now.
    try:
        ages = [abs(now - moment) for moment in engine.moments("outbox_heartbeat", "beat_at")]
    except Unreadable:
        if not replace:
            raise
        # Nobody works on what cannot be read, and it is what the copy is put in place of.
        return
    if any(age < STILL_AT_WORK for age in ages):
        raise NotDone(
            _(
                "A worker was at work on this database %(n)s seconds ago."
                " Stop web, worker and beat, wait two minutes, then run this command again."
            )
            % {"n": int(min(ages).total_seconds())}
        )


def words_of_aside(restored: Restored) -> str:
    names = ", ".join(str(path) for path in restored.aside)
    return _("What lay there before lies beside it: %(names)s.") % {"names": names}


def _put_back(
    engine: Sqlite | PostgreSQL,
    folder: Path,
    manifest: Manifest,
    now: datetime,
    quiet: bool | None,
    aside: list[Path],
) -> None:
    """It is held in the same transaction in which it is there: no worker finds it free to speak.

    What has to be laid aside for it is added to `aside`.
    """
    also = [*_hold(engine, manifest, now), *_no_sign_ins(engine, manifest)]
    with tqdm(unit="B", unit_scale=True, disable=quiet, desc=_("Putting it in place"), leave=False) as bar:
        if isinstance(engine, PostgreSQL):
            engine.put_back(folder / engine.member, manifest.counts, also, bar.update)
            return
        size = manifest.members[engine.member].size
        bar.reset(total=size)
        engine.put_back(
            folder / engine.member,
            manifest.counts,
            also,
            lambda done, whole: bar.update(int(size * done / whole) - bar.n),
            aside,
        )


def _hold(engine: Sqlite | PostgreSQL, manifest: Manifest, now: datetime) -> list[str]:
    hold, heart = f"{engine.schema}.outbox_hold", f"{engine.schema}.outbox_heartbeat"
    held_at, as_of = engine.moment(now), engine.moment(manifest.moment)
    return [
        f"INSERT INTO {hold} (why, held_at, as_of, to_decide, cancelled)"
        f" VALUES ('restored', '{held_at}', '{as_of}', 0, 0)",
        f"INSERT INTO {heart} (id, beat_at, mail_error) SELECT 1, '{as_of}', ''"
        f" WHERE NOT EXISTS (SELECT 1 FROM {heart})",
        f"UPDATE {heart} SET hold_id = (SELECT max(id) FROM {hold})",
    ]


def _no_sign_ins(engine: Sqlite | PostgreSQL, manifest: Manifest) -> list[str]:
    return [f"DELETE FROM {engine.schema}.{table}" for table in SIGN_INS if table in manifest.counts]


def _laid_beside(manifest: Manifest, folder: Path, installation: Installation) -> dict[Path, Path]:
    """Each file beside its place, so that what cannot be written there comes to light before the database changes."""
    drafts: dict[Path, Path] = {}
    for name in manifest.members:
        place = installation.place_of(name)
        if place is None or _is_the_same(folder / name, place):
            continue
        draft = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
        with in_words(place):
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write((folder / name).read_bytes())
        drafts[draft] = place
    return drafts


def _is_the_same(one: Path, place: Path) -> bool:
    with in_words(place):
        return place.exists() and place.read_bytes() == one.read_bytes()


def _take_their_places(drafts: dict[Path, Path], restored: Restored) -> None:
    """What lies there is laid aside, also where the database is empty: nobody can make a lost key again."""
    for draft, place in drafts.items():
        with in_words(place):
            if place.exists():
                aside = _free(place.with_name(f"{place.name}.before-{restored.manifest.moment:%Y%m%d-%H%M%S}"))
                os.replace(place, aside)
                restored.aside.append(aside)
            os.replace(draft, place)
        restored.keys.append(place)


def _free(path: Path) -> Path:
    """The same copy may be restored twice."""
    names = chain([path], (path.with_name(f"{path.name}-{number}") for number in count(2)))
    return next(name for name in names if not name.exists())


def _secret_key(installation: Installation) -> str:
    kept = installation.keys.get("secret_key")
    return kept.read_text() if kept else installation.secret_key
