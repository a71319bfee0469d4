"""The file: a ZIP whose manifest names every member with its SHA-256; it ends with the SHA-256 of all before."""

from __future__ import annotations

import errno
import hashlib
import hmac
import os
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from engagement.backup.errors import NotDone, in_words
from engagement.backup.manifest import Manifest, Member, proof_of

MANIFEST = "manifest.json"
PROOF = "manifest.hmac"
CHUNK = 1024 * 1024
# What is packed already is only laid in.
PACKED = (".dump", ".p12")
# Nobody takes so long a list of members for a bomb, and no bomb gets in.
MOST_MANIFEST_BYTES = 256 * 1024 * 1024

# The comment of the ZIP is the end of the file.
SEAL = 64
PROOF_BYTES = 64

Tell = Callable[[int], object]


class Writer:
    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._zip = file, zipfile.ZipFile(file, "w", allowZip64=True)
        self._members: dict[str, Member] = {}

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *error: object) -> None:
        # What went wrong is said already; an unfinished file is nobody's concern.
        with suppress(OSError, ValueError):
            self._zip.close()

    @contextmanager
    def member(self, name: str) -> Iterator[Hashing]:
        info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_STORED if name.endswith(PACKED) else zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as target:
            hashing = Hashing(target)
            yield hashing
        self._members[name] = Member(hashing.size, hashing.digest.hexdigest())

    def add(self, name: str, path: Path, tell: Tell = lambda size: None) -> None:
        with path.open("rb") as source, self.member(name) as target:
            while chunk := source.read(CHUNK):
                target.write(chunk)
                tell(len(chunk))

    def close(self, manifest: Manifest, secret_key: str = "") -> Manifest:
        """`secret_key`: proves who wrote it, to whoever knows the key. None where the key is in the archive itself."""
        whole = replace(manifest, members=self._members)
        text = whole.written()
        self._zip.writestr(zipfile.ZipInfo(MANIFEST, (1980, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
        if secret_key:
            self._zip.writestr(zipfile.ZipInfo(PROOF, (1980, 1, 1, 0, 0, 0)), proof_of(text, secret_key))
        self._zip.comment = b"0" * SEAL
        self._zip.close()
        digest = _digest_of(self._file)
        self._file.seek(-SEAL, os.SEEK_END)
        self._file.write(digest)
        return whole


class Hashing:
    def __init__(self, target: IO[bytes]) -> None:
        self._target, self.size, self.digest = target, 0, hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        self._target.write(chunk)
        self.digest.update(chunk)
        self.size += len(chunk)


@contextmanager
def written_once(path: Path) -> Iterator[IO[bytes]]:
    """The file appears whole or not at all, to its owner alone, and takes nobody's place."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with in_words(path):
        if path.exists():
            raise FileExistsError(errno.EEXIST, "", str(path))
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _named(draft, path)
        finally:
            draft.unlink(missing_ok=True)


def _named(draft: Path, path: Path) -> None:
    try:
        # A link takes no other file's place, even one that was put there meanwhile.
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:
        # Some disks know no links.
        if path.exists():
            raise FileExistsError(errno.EEXIST, "", str(path)) from None
        draft.rename(path)


@contextmanager
def _readable(path: Path) -> Iterator[zipfile.ZipFile]:
    with in_words(path):
        try:
            with zipfile.ZipFile(path) as archive:
                yield archive
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError, RuntimeError) as error:
            raise NotDone(_("%(file)s is damaged or not whole. Use another back-up.") % {"file": path.name}) from error


def read_manifest(path: Path) -> Manifest:
    with _readable(path) as archive:
        return _manifest(archive)


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    return Manifest.read(_text(archive))


def _text(archive: zipfile.ZipFile) -> bytes:
    with suppress(KeyError):
        if archive.getinfo(MANIFEST).file_size <= MOST_MANIFEST_BYTES:
            return archive.read(MANIFEST)
    raise NotDone(_("This file is not a back-up of this product, or a part of it is missing."))


def _prove_whose(archive: zipfile.ZipFile, secret_keys: Sequence[str], path: Path) -> None:
    text, given = _text(archive), b""
    with suppress(KeyError), archive.open(PROOF) as proof:
        given = proof.read(PROOF_BYTES + 1)
    if not any([hmac.compare_digest(proof_of(text, key), given) for key in secret_keys]):
        raise NotDone(
            _(
                "Nothing proves that %(file)s was made with the SECRET_KEY that is set here: it may have been changed,"
                " or made by somebody else. Set the key of that time, or add it to SECRET_KEY_FALLBACKS. If you took"
                " it yourself and kept it where nobody else writes, add --unproven."
            )
            % {"file": path.name}
        )


def _digest_of(file: IO[bytes]) -> bytes:
    left, digest = file.seek(0, os.SEEK_END) - SEAL, hashlib.sha256()
    file.seek(0)
    while chunk := file.read(min(CHUNK, left)):
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest().encode()


def _prove_whole(path: Path) -> None:
    with path.open("rb") as file:
        digest = _digest_of(file)
        if file.read() != digest:
            raise NotDone(_("%(file)s is damaged or not whole. Use another back-up.") % {"file": path.name})


def unpack(
    path: Path, folder: Path, tell: Tell = lambda size: None, secret_keys: Sequence[str] | None = None
) -> Manifest:
    """Lay every member into the folder, having compared each byte with the manifest. Nothing else is touched.

    `secret_keys`: with one of them it was made, or it is refused. None asks for no proof.
    """
    with _readable(path) as archive:
        _prove_whole(path)
        if secret_keys is not None:
            _prove_whose(archive, secret_keys, path)
        manifest, names = _manifest(archive), archive.namelist()
        if sorted(names) != sorted([*manifest.members, MANIFEST, *({PROOF} & set(names))]):
            raise NotDone(_damaged(path, MANIFEST))
        targets = {name: _inside(folder, name, path) for name in manifest.members}
        for name, member in manifest.members.items():
            target = targets[name]
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with archive.open(name) as source, target.open("xb") as file:
                os.fchmod(file.fileno(), 0o600)
                if _copied(source, file, member.size, tell) != member:
                    raise NotDone(_damaged(path, name))
    return manifest


def proven(path: Path, tell: Tell = lambda size: None) -> Manifest:
    """Read it all back."""
    with _readable(path) as archive, open(os.devnull, "wb") as nowhere:
        _prove_whole(path)
        manifest = _manifest(archive)
        for name, member in manifest.members.items():
            with archive.open(name) as source:
                if _copied(source, nowhere, member.size, tell) != member:
                    raise NotDone(_damaged(path, name))
    return manifest


def _copied(source: IO[bytes], target: IO[bytes], most: int, tell: Tell) -> Member:
    hashing = Hashing(target)
    # One byte more than there should be is enough to know.
    while hashing.size <= most and (chunk := source.read(min(CHUNK, most + 1 - hashing.size))):
        hashing.write(chunk)
        tell(len(chunk))
    return Member(hashing.size, hashing.digest.hexdigest())


def _inside(folder: Path, name: str, path: Path) -> Path:
    target = (folder / name).resolve()
    climbs = ".." in Path(name).parts
    if climbs or not target.is_relative_to(folder.resolve()) or target == folder.resolve():
        raise NotDone(_damaged(path, name))
    return target


def _damaged(path: Path, name: str) -> str:
    return _(
        "%(name)s in %(file)s is not what was put in: the file is damaged or was changed. Use another back-up."
    ) % {
        "name": name,
        "file": path.name,
    }


def room_for(folder: Path, size: int) -> None:
    """Say it before an hour is spent, where it can be known."""
    with in_words(folder):
        if shutil.disk_usage(folder).free < size:
            raise OSError(errno.ENOSPC, "", str(folder))
