from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from clients.models import Client, Scope
from engagement.staff.models import User
from promises.board import CARDS


class BoardFilter(forms.Form):
    """What the address of the board says. Nonsense in it is as if it were not there."""

    owner = forms.ModelChoiceField(User.objects.none(), required=False, label=_("Owner"), empty_label=_("anyone"))
    client = forms.ModelChoiceField(Client.objects.none(), required=False, label=_("Client"), empty_label=_("all"))
    scope = forms.ModelChoiceField(Scope.objects.none(), required=False, widget=forms.HiddenInput)
    words = forms.CharField(required=False, max_length=200, label=_("Words"))
    card = forms.ChoiceField(required=False, choices=[("", "")] + [(card, card) for card in CARDS])
    due_from = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    due_to = forms.DateField(required=False, input_formats=["%Y-%m-%d"])

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["client"].queryset = Client.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["scope"].queryset = Scope.objects.visible_to(user)  # type: ignore[attr-defined]

    @property
    def owners(self) -> QuerySet[User]:
        """Whom there is to choose from. Whoever reads them with more at hand says so here."""
        people: QuerySet[User] = self.fields["owner"].queryset  # type: ignore[attr-defined]
        return people

    @owners.setter
    def owners(self, people: QuerySet[User]) -> None:
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]

    def understood(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
