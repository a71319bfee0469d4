from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clients.choices import ClientField
from clients.models import Client, Scope
from engagement.staff.models import User
from promises.board import CARDS
from promises.forms.choices import PersonField
from promises.forms.find import day_of_address
from promises.forms.log import short_text
from promises.house import Person


class BoardFilter(forms.Form):
    """What the address of the board says. Nonsense in it is left out, and the page says so."""

    owner = PersonField(_("anyone"), required=False, label=_("Owner"))
    client = ClientField(_("Client"), empty_label=_("all"), required=False)
    scope = forms.ModelChoiceField(
        Scope.objects.none(),
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": _("There is no such scope")},
    )
    words = short_text(_("Words"), 200, required=False)
    card = forms.ChoiceField(
        required=False,
        choices=[("", "")] + [(card, card) for card in CARDS],
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": _("The address names no card of the board: choose one of those shown")},
    )
    due_from = day_of_address(_("Due from"))
    due_to = day_of_address(_("Due until"))

    def __init__(self, *args: Any, user: User, people: Sequence[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner, client, scope = (self.fields[name] for name in ("owner", "client", "scope"))
        assert isinstance(owner, PersonField)
        assert isinstance(client, ClientField)
        owner.list([(person.pk, person.name) for person in people])
        client.offer(Client.objects.visible_to(user))
        scope.queryset = Scope.objects.visible_to(user)  # type: ignore[attr-defined]
        self.people = {person.pk: person for person in people}

    def understood(self) -> dict[str, Any]:
        self.is_valid()
        found = {name: value for name, value in self.cleaned_data.items() if value}
        if owner := found.get("owner"):
            found["owner"] = User(pk=owner, name=self.people[owner].name)
        return found
