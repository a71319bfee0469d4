"""Form errors that say what to do, in place of Django's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _

# Signs nobody sees that turn the direction of what follows: in a name they turn our sentence around it too.
TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def unturned(text: str) -> str:
    return TURNING.sub("", text)


class PlainWords:
    """Mix in before the form class. `enter` says for each field what to do when it is empty."""

    enter: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]
        for name, field in fields.items():
            speak_plainly(field, str(field.label or name), self.enter.get(name))


def read_lines_unturned() -> None:
    """Whatever is typed into one line; longer texts stand by themselves.

    Into Django's own field: whatever form there is, ours, the admin's or a library's, is covered by being one.
    """
    as_typed = forms.CharField.to_python

    def to_python(field: forms.CharField, value: Any) -> Any:
        one_line = isinstance(field.widget, forms.TextInput | forms.EmailInput)
        return as_typed(field, unturned(value) if one_line and isinstance(value, str) else value)

    forms.CharField.to_python = to_python  # type: ignore[assignment, method-assign]


def speak_plainly(field: forms.Field, label: str, enter: Any) -> None:
    # A per cent sign in a label must not be read as a place to fill.
    named = {"label": label.replace("%", "%%")}
    words: dict[str, Any] = {
        "max_length": _("%(label)s must be %%(limit_value)d characters or fewer") % named,
        "min_value": _("%(label)s must be at least %%(limit_value)s") % named,
        "max_value": _("%(label)s must be at most %%(limit_value)s") % named,
        "max_digits": _("%(label)s must have fewer figures") % named,
        "max_whole_digits": _("%(label)s must be a smaller number") % named,
        "max_decimal_places": _("%(label)s must have %%(max)s decimals or fewer") % named,
    }
    if isinstance(field, forms.EmailField):
        words["invalid"] = _("Enter an e-mail address, for example ana@firm.example")
    elif isinstance(field, forms.FloatField | forms.DecimalField):
        words["invalid"] = _("%(label)s must be a number, for example 0.5") % named
    elif isinstance(field, forms.IntegerField):
        words["invalid"] = _("%(label)s must be a whole number") % named
    elif isinstance(field, forms.ModelChoiceField) or type(field) is forms.TypedChoiceField:
        words["invalid_choice"] = _("Choose one from the list")
    if isinstance(field, forms.EmailField):
        # EmailValidator's code is the field's own.
        words["max_length"] = _("%(label)s must be %%(limit_value)d characters or fewer") % named
    field.error_messages |= words
    if enter:
        field.error_messages["required"] = enter
