from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

KEEP, CANCEL = "keep", "cancel"


class ResumeForm(forms.Form):
    """How to go on with what waits. The careful way is chosen already; clients are never written to in bulk."""

    clients = forms.ChoiceField(
        label=_("Messages to clients that were due meanwhile"),
        choices=[
            (KEEP, _("Keep each of them for a person to decide")),
            (CANCEL, _("Cancel them all")),
        ],
        initial=KEEP,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what becomes of the messages to clients"),
            "invalid_choice": _("Choose what becomes of the messages to clients"),
        },
    )
    staff = forms.ChoiceField(
        label=_("Reminders and other messages to people here"),
        choices=[
            (KEEP, _("Send reminders that still apply")),
            (CANCEL, _("Cancel what was due before sending was held")),
        ],
        initial=KEEP,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what becomes of the messages to people here"),
            "invalid_choice": _("Choose what becomes of the messages to people here"),
        },
    )

    def __init__(self, *args: Any, clients_wait: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not clients_wait:
            del self.fields["clients"]
