from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from engagement.staff import second_step
from engagement.staff.forms.own_password import COME_BACK, WAIT, OwnPassword
from engagement.staff.models import User
from engagement.staff.plain_words import PlainWords
from engagement.staff.sign_in_tries import Tries
from engagement.staff.throttle import CannotCount

NOT_THE_CODE = _(
    "That code is not right, or was used already. Wait for the next one and enter it. "
    "If that fails too, set the clock of your phone to the right time"
)
NOT_A_RECOVERY_CODE = _("This is none of your recovery codes, or it was used already. Enter another one")


def code_field(label: Any, enter: Any, **attrs: Any) -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "class": "input-10", **attrs}
    return forms.CharField(
        label=label, max_length=60, widget=forms.TextInput(attrs=attrs), error_messages={"required": enter}
    )


class StepForm(PlainWords, forms.Form):
    """One try at the second step, counted before it is looked at."""

    tried = "code"
    wrong = NOT_THE_CODE

    def __init__(self, *args: Any, user: User, tries: Tries, now: datetime, **kwargs: Any) -> None:
        self.user, self.tries, self.now = user, tries, now
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        # Only when all the rest is right: a code that was looked at is taken.
        if not self.errors:
            self._look_at(self.cleaned_data[self.tried])
        return cleaned

    def is_right(self, code: str) -> bool:
        return second_step.takes_code(self.user, code, now=self.now)

    def _look_at(self, code: str) -> None:
        try:
            if not self.tries.take():
                raise ValidationError(WAIT, code="wait")
        except CannotCount as error:
            raise ValidationError(COME_BACK, code="cannot_count") from error
        if self.is_right(code):
            self.tries.was_right()
        else:
            self.add_error(self.tried, self.wrong)


class SignInCodeForm(StepForm):
    code = code_field(_("Code from your app"), _("Enter the code that your app shows"), autofocus=True)


class SignInRecoveryForm(StepForm):
    wrong = NOT_A_RECOVERY_CODE
    code = code_field(
        _("Recovery code"),
        _("Enter one of your recovery codes"),
        autocomplete="off",
        inputmode="text",
        autocapitalize="none",
        spellcheck="false",
        autofocus=True,
        **{"class": "input"},
    )

    def is_right(self, code: str) -> bool:
        return second_step.takes_recovery_code(self.user, code, now=self.now)


class ProofForm(OwnPassword, StepForm):
    """Password and code together, before the second step itself is changed."""

    tried = "proof"
    wrong = _(
        "That code is not right, or was used already. Wait for the next one and enter it, or enter a recovery code. "
        "If codes keep failing, set the clock of your phone to the right time"
    )
    proof = code_field(
        _("Code from your app, or a recovery code"), _("Enter the code that your app shows, or a recovery code")
    )
    field_order = ["password", "proof"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Recovery codes have letters, and are longer.
        attrs = self.fields["proof"].widget.attrs
        del attrs["inputmode"]
        attrs["class"] = "input-20"

    def is_right(self, code: str) -> bool:
        return second_step.takes_either(self.user, code, now=self.now)


class NewAppForm(PlainWords, forms.Form):
    """The code that the app shows once it has scanned the picture. `shows` says whether it is that."""

    code = code_field(_("Code that the app shows now"), _("Enter the code that the app shows now"))

    def __init__(self, *args: Any, shows: Callable[[str], bool] | None, **kwargs: Any) -> None:
        self.shows = shows
        super().__init__(*args, **kwargs)

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if self.shows is None:
            raise ValidationError(_("This page was open for more than half an hour: scan the new picture above"))
        if not self.shows(code):
            raise ValidationError(NOT_THE_CODE)
        return code


class FirstAppForm(OwnPassword, NewAppForm):
    field_order = ["code", "password"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)


class OtherAppForm(ProofForm, NewAppForm):
    """In place of the app there is: that one must still open, or a recovery code."""

    field_order = ["code", "password", "proof"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code that the new app shows now")
        self.fields["proof"].label = _("Code from your old app, or a recovery code")
