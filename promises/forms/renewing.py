"""What is decided about a scope near its end, and the words to the client."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clients.models import Renewal
from promises.forms.act import TextArea
from promises.forms.tell import WordsForm


class AgainForm(WordsForm):
    """It is decided, and the client has not heard of it yet."""

    decision: str

    def __init__(self, *args: Any, decision: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.decision = decision

    def signature(self) -> str:
        return f"{self.decision},{super().signature()}"


class RenewalForm(AgainForm):
    why = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=4000,
        widget=TextArea(3),
        help_text=_("Never shown to the client. It stays with the decision, and cannot be changed later."),
        error_messages={"max_length": _("Why must be %(limit_value)d characters or fewer")},
    )


def decision_of(typed: str) -> str:
    """One of the three; nothing where the address names none."""
    return typed if typed in Renewal.Decision.values else ""
