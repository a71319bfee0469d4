"""What a password may not lean on, beside length and the list of common ones."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from engagement.staff.models import Firm, User

# Words that everybody tries first here; the firm's own name comes to them.
OURS = ("engagement", "password", "welcome", "promise", "client")
MUST_REMAIN = 6


class NotOurNames:
    """Without the name of the firm, and without our own words, enough must remain to be guessed."""

    def validate(self, password: str, user: User | None = None) -> None:
        rest = password.casefold()
        found = False
        for word in sorted({*OURS, *_words_of(Firm.get().name)}, key=len, reverse=True):
            found = found or word in rest
            rest = rest.replace(word, "")
        if found and len("".join(sign for sign in rest if sign.isalnum())) < MUST_REMAIN:
            raise ValidationError(_("The password leans on a name that everybody here knows. Add words of your own"))

    def get_help_text(self) -> str:
        return _("A password may not be little more than the name of the firm.")


def _words_of(name: str) -> list[str]:
    together = "".join(re.findall(r"\w+", name.casefold()))
    return [word for word in [*re.findall(r"\w+", name.casefold()), together] if len(word) >= 4]
