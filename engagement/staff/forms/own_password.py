"""One's own password once more, before something is done that would help whoever found the desk empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from engagement.staff.fields import PasswordField
from engagement.staff.models import User
from engagement.staff.plain_words import PlainWords
from engagement.staff.sign_in_tries import of_ones_own_password
from engagement.staff.throttle import CannotCount

WAIT = _("There were too many tries. Wait 15 minutes, then try again")
COME_BACK = _(
    "Tries cannot be counted at the moment, so we look at no password and no code. Who is signed in stays so. "
    "Try again in a few minutes"
)
NOT_YOURS = _("This is not your password: enter the one you signed in with")


def check_own_password(user: User, password: str) -> None:
    tries = of_ones_own_password(user)
    try:
        if not tries.take():
            raise ValidationError(WAIT, code="wait")
    except CannotCount as error:
        raise ValidationError(COME_BACK, code="cannot_count") from error
    if not user.check_password(password):
        raise ValidationError(NOT_YOURS)
    tries.was_right()


class OwnPassword(forms.Form):
    """Mix in; the form has `user`."""

    if TYPE_CHECKING:
        user: User

    password = PasswordField(
        label=_("Your password"),
        autocomplete="current-password",
        error_messages={"required": _("Enter the password you have now")},
    )

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        check_own_password(self.user, password)
        return password


class OwnPasswordForm(PlainWords, OwnPassword):
    """Nothing but that."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
