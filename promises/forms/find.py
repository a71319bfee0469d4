from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clients.choices import ClientField
from clients.models import Client, Scope
from engagement.staff.models import User
from engagement.staff.when import speak_short
from promises.forms.log import ChoiceField, OwnerField, short_text
from promises.models import Outcome

OPEN = [
    ("open", _("Open")),
    ("not_told", _("Client not told")),
    ("overdue", _("Overdue")),
    ("at_risk", _("At risk")),
    ("waiting", _("Waiting for the client")),
    ("due_7_days", _("Due in 7 days")),
]
ENDED = [*Outcome.choices, ("withdrawn", _("Withdrawn")), ("voided", _("Logged by mistake"))]


def day_of_address(label: Any) -> forms.DateField:
    told = _("The address must say the day like 2026-11-27")
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": told},
        widget=forms.HiddenInput,
    )


class FindForm(forms.Form):
    """What the address of the list says."""

    words = short_text(_("Words"), 200, required=False, widget=forms.TextInput(attrs={"type": "search"}))
    client = ClientField(
        _("Client"),
        empty_label=_("all"),
        required=False,
        error_messages={"required": _("Choose a client from the list")},
    )
    owner = OwnerField(
        User.objects.none(), _("Owner"), _("Choose an owner from the list"), required=False, empty_label=_("anyone")
    )
    # No list to choose from: the page of a scope leads here.
    scope = ChoiceField(Scope.objects.none(), _("Scope"), _("There is no such scope"), required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("any")), (_("Open"), OPEN), (_("Ended"), ENDED)],
        error_messages={"invalid_choice": _("Choose a state from the list")},
    )
    # No boxes to fill in: the weeks of the team and of My day lead here.
    due_from = day_of_address(_("Due from"))
    due_to = day_of_address(_("Due until"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        client = self.fields["client"]
        assert isinstance(client, ClientField)
        client.offer(Client.objects.visible_to(user))
        for name, those in {"owner": User.objects.all(), "scope": Scope.objects.visible_to(user)}.items():
            field = self.fields[name]
            assert isinstance(field, ChoiceField)
            field.queryset = those

    def said(self, name: str, now: datetime) -> str:
        """A filter as the page says it."""
        if name.startswith("due"):
            return speak_short(self.cleaned_data[name], now=now)
        value = str(self.cleaned_data[name])
        return str(dict([*OPEN, *ENDED])[value]) if name == "state" else value
