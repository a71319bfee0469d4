from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _


class NotDone(Exception):
    """What happened and what to do, as whoever runs the command reads it."""


class Unreadable(NotDone):
    """What lies there is damaged, or is no database."""


@contextmanager
def in_words(place: Path) -> Iterator[None]:
    """What the file system answers, said so that somebody can act on it."""
    try:
        yield
    except OSError as error:
        raise NotDone(_spoken(error, Path(error.filename) if error.filename else place)) from error


def _spoken(error: OSError, place: Path) -> str:
    known = {
        errno.ENOSPC: _("There is no room left where %(place)s lies. Make room, or choose another disk."),
        errno.EDQUOT: _("There is no room left where %(place)s lies. Make room, or choose another disk."),
        errno.EACCES: _("%(place)s is not open to this account. Run the command as the account of the product."),
        errno.EPERM: _("%(place)s is not open to this account. Run the command as the account of the product."),
        errno.EROFS: _("%(place)s lies on a disk that cannot be written to. Choose another place."),
        errno.ENOENT: _("%(place)s is not there. Check the name."),
        errno.ENOTDIR: _("%(place)s is not there. Check the name."),
        errno.EEXIST: _("%(place)s is there already, and nothing is overwritten. Choose another name."),
    }
    words = known.get(error.errno or 0, _("%(place)s: %(error)s"))
    return words % {"place": place, "error": error.strerror or error}
