"""What a password must be, and what it may not lean on. Each says what to do, and no two say it of one cause."""

from __future__ import annotations

import re

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.staff.models import Firm, User

# Words that everybody tries first here; the firm's own name comes to them.
OURS = ("engagement", "password", "welcome", "promise", "client")
MUST_REMAIN = 6
# The code of every rule about guessing: a password that breaks two of them is still mended in one go.
EASY = "easy_to_guess"


class LongEnough(password_validation.MinimumLengthValidator):
    def get_error_message(self) -> str:
        return (
            ngettext("Enter at least %d character", "Enter at least %d characters", self.min_length) % self.min_length
        )


class NotYourOwnName(password_validation.UserAttributeSimilarityValidator):
    def validate(self, password: str, user: User | None = None) -> None:
        try:
            super().validate(password, user)
        except ValidationError as error:
            raise ValidationError(error.message, code=EASY, params=error.params) from error

    def get_error_message(self) -> str:
        return _("Choose something less easy to guess: this is little more than your %(verbose_name)s")


class NotCommon(password_validation.CommonPasswordValidator):
    def validate(self, password: str, user: User | None = None) -> None:
        try:
            super().validate(password, user)
        except ValidationError as error:
            raise ValidationError(error.message, code=EASY) from error

    def get_error_message(self) -> str:
        return _("Choose something less easy to guess: this is among those that are tried first")


class NotOurNames:
    """Without the name of the firm, and without our own words, enough must remain to be guessed."""

    def validate(self, password: str, user: User | None = None) -> None:
        rest = password.casefold()
        found = False
        for word in sorted({*OURS, *_words_of(Firm.get().name)}, key=len, reverse=True):
            found = found or word in rest
            rest = rest.replace(word, "")
        if found and len("".join(sign for sign in rest if sign.isalnum())) < MUST_REMAIN:
            raise ValidationError(
                _("Choose something less easy to guess: this is little more than a name that everybody here knows"),
                code=EASY,
            )

    def get_help_text(self) -> str:
        return _("A password may not be little more than the name of the firm.")


def one_for_each_cause(error: ValidationError) -> ValidationError:
    return ValidationError(list({found.code: found for found in reversed(error.error_list)}.values())[::-1])


def _words_of(name: str) -> list[str]:
    together = "".join(re.findall(r"\w+", name.casefold()))
    return [word for word in [*re.findall(r"\w+", name.casefold()), together] if len(word) >= 4]
