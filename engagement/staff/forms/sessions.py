from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.staff.forms.own_password import OwnPassword
from engagement.staff.models import User
from engagement.staff.plain_words import PlainWords
from engagement.staff.sessions import ToldSession


class EndSessionsForm(PlainWords, OwnPassword, forms.Form):
    devices = forms.MultipleChoiceField(
        label=_("Sign out on"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Tick at least one"),
            "invalid_choice": _("That one has ended meanwhile: look at the list as it is now"),
        },
    )
    field_order = ["devices", "password"]

    def __init__(self, *args: Any, user: User, rows: Sequence[ToldSession], **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        devices: forms.MultipleChoiceField = self.fields["devices"]  # type: ignore[assignment]
        devices.choices = [(row.key, row.words) for row in rows]
        devices.initial = [row.key for row in rows]
