"""The embedded run needs no setting up: what it lacks it makes once and keeps in its own folder."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def key_of_this_machine(folder: Path) -> str:
    """Return the secret key kept in the folder. Without it every start would sign everybody out."""
    return _kept(folder / "secret_key", get_random_secret_key)


def passphrase_of_this_machine(folder: Path) -> str:
    """Return what the key of the seal is locked with. Beside the key, it guards against nothing but a stray copy."""
    return _kept(folder / "seal_passphrase", lambda: secrets.token_urlsafe(32))


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        _write_once(path, make())
    return path.read_text()


def _write_once(path: Path, text: str) -> None:
    # A link appears whole or not at all, so two processes that start together agree on one key.
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    os.unlink(draft)
