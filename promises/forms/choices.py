"""A choice out of the people here: as `clients.choices` for clients, in one go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clients.choices import Named, QuickSelect


class PersonField(forms.Field):
    """One of the people that `people` lists; its value is the number. Nobody else is known to it."""

    def __init__(self, empty_label: Any, **kwargs: Any) -> None:
        super().__init__(widget=QuickSelect(empty_label=empty_label), **kwargs)
        self.people: Sequence[Named] = ()

    def list(self, people: Sequence[Named]) -> None:
        self.people = people
        assert isinstance(self.widget, QuickSelect)
        self.widget.named = people

    def to_python(self, value: Any) -> int | None:
        if not value:
            return None
        found = next((pk for pk, _name in self.people if str(pk) == str(value)), None)
        if found is None:
            raise ValidationError(_("Choose an owner from the list"), code="invalid_choice")
        return found
