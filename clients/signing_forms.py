"""What a signer types, ticks and draws. Everything they gave comes back to them until it is signed."""

from __future__ import annotations

import json
import re
import unicodedata
from contextlib import suppress
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from clients.actions.signing import CONSENT
from clients.document.values import Stroke
from engagement.staff.plain_words import PlainWords

# A drawn signature: strokes of points in a box as wide as 1 and as high as this.
HIGH = 0.4
MOST_STROKES = 200
MOST_POINTS = 5000
LONGEST_DRAWING = 150_000
# Signs that turn the letters around them the other way: a name could be read as another one.
TURNING = {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}


def without_tricks(text: str) -> str:
    """Without what nobody can see and what no database takes."""
    return "".join(
        sign for sign in text if sign in "\n\t" or (sign not in TURNING and unicodedata.category(sign) != "Cc")
    )


def is_seen(text: str) -> bool:
    return any(unicodedata.category(sign)[0] not in "CZ" for sign in text)


class TypedField(forms.CharField):
    """What a person writes; nothing but spaces and what cannot be seen is nothing."""

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value) or ""
        text = without_tricks(typed.replace("\r\n", "\n").replace("\r", "\n")).strip()
        return text if is_seen(text) else ""


class NameField(TypedField):
    def to_python(self, value: Any) -> str:
        return " ".join(super().to_python(value).split())


class DrawnField(forms.Field):
    """A signature drawn with a finger, as the page's script writes it down. Nothing drawn is None."""

    widget = forms.HiddenInput
    default_error_messages = {"invalid": _("Clear the drawing and draw your signature again")}

    def to_python(self, value: Any) -> list[Stroke] | None:
        if not value:
            return None
        drawn: Any = None
        with suppress(ValueError, RecursionError):
            drawn = json.loads(value) if len(value) <= LONGEST_DRAWING else None
        if not is_drawing(drawn):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return [[[round(x, 4), round(y, 4)] for x, y in stroke] for stroke in drawn] or None


def is_drawing(drawn: Any) -> bool:
    if not isinstance(drawn, list) or len(drawn) > MOST_STROKES:
        return False
    if not all(isinstance(stroke, list) and stroke for stroke in drawn) or sum(map(len, drawn)) > MOST_POINTS:
        return False
    return all(is_point(point) for stroke in drawn for point in stroke)


def is_point(point: Any) -> bool:
    if not isinstance(point, list) or len(point) != 2 or not all(type(part) in (int, float) for part in point):
        return False
    # Not a number is neither above nor below.
    return bool(0 <= point[0] <= 1 and 0 <= point[1] <= HIGH)


class BrowserZoneField(forms.CharField):
    """The zone a browser says it is in. A zone that is none is nothing."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> str:
        zone = str(value or "")
        return zone if zone in available_timezones() else ""


class SignForm(PlainWords, forms.Form):
    enter: ClassVar[dict[str, Any]] = {
        "consent": _("Tick that you agree"),
        "name": _("Type your name"),
    }

    consent = forms.BooleanField(label=CONSENT)
    name = NameField(
        label=_("Your name"),
        help_text=_("Typed by you, it is your signature."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autocapitalize": "words", "spellcheck": "false"}),
    )
    drawn = DrawnField(required=False)
    zone = BrowserZoneField(required=False)


class CodeForm(PlainWords, forms.Form):
    enter: ClassVar[dict[str, Any]] = {"code": _("Enter the code from the mail")}

    code = forms.CharField(
        label=_("The code from the mail"),
        help_text=_("Six figures."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "code", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        # As people type and paste it: 123 456, 123-456.
        code = re.sub(r"[\s\-\u00a0\u2010-\u2015]", "", self.cleaned_data["code"])
        if not re.fullmatch(r"[0-9]{6}", code):
            raise forms.ValidationError(_("Enter the six figures of the code from the mail"))
        return code


class QuestionForm(PlainWords, forms.Form):
    enter: ClassVar[dict[str, Any]] = {"text": _("Write your question")}

    text = TypedField(label=_("Your question"), max_length=3000, widget=forms.Textarea(attrs={"rows": 6}))
    zone = BrowserZoneField(required=False)


class DeclineForm(PlainWords, forms.Form):
    enter: ClassVar[dict[str, Any]] = {"why": _("Say in a few words why you decline")}

    why = TypedField(
        label=_("Why"),
        help_text=_("In a few words. We read it, and it is kept with this."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    zone = BrowserZoneField(required=False)


class SendCodeForm(PlainWords, forms.Form):
    """A tick that no machine sets: without it, whatever presses every button would have codes sent."""

    enter: ClassVar[dict[str, Any]] = {"wanted": _("Tick that you want the code sent")}

    wanted = forms.BooleanField()
    zone = BrowserZoneField(required=False)

    def __init__(self, *args: Any, to: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wanted"].label = _("Send a code to %(address)s") % {"address": to}
