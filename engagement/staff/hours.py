"""Working hours as people write them, a line for each weekday: "08:30-12:30, 13:00-17:00".

`WeekHoursField` is for every form that asks for a week: a client's, a person's, the firm's. Its value is what the
models keep (seven lists of spans, Monday first), or None when every day is empty, which a `required` field refuses.
Pages that show it load css/pages/week_hours.css.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.dates import WEEKDAYS
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from engagement.staff.diary import Hours

_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE | re.ASCII)
_BETWEEN = re.compile(r"\s*(?:-|–|—|\bto\b|\btot\b)\s*", re.IGNORECASE)
_NEXT_SPAN = re.compile(r"\s*(?:,|;|\band\b|\ben\b)\s*", re.IGNORECASE)
_FREE = {"", "-", "–", "0", "off", "free", "vry", "vrij"}


class NotHours(ValueError):
    """The text of a day cannot be read as spans, or its spans cross."""


def read_day(text: str) -> list[list[str]]:
    """The spans of one day, in order; an empty day is a free day."""
    text = text.strip().casefold()
    if text in _FREE:
        return []
    spans = [_span(part) for part in _NEXT_SPAN.split(text)]
    if any(start >= end for start, end in spans):
        raise NotHours(text)
    spans.sort()
    if any(ends > begins for (_s, ends), (begins, _e) in pairwise(spans)):
        raise NotHours(text)
    return spans


def write_day(spans: list[list[str]]) -> str:
    return ", ".join(f"{start}-{end}" for start, end in spans)


def _span(text: str) -> list[str]:
    ends = _BETWEEN.split(text)
    if len(ends) != 2:
        raise NotHours(text)
    return [_clock(ends[0]), _clock(ends[1])]


def _clock(text: str) -> str:
    match = _CLOCK.fullmatch(text.strip())
    if not match:
        raise NotHours(text)
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if half:
        if not 1 <= hour <= 12:
            raise NotHours(text)
        hour = hour % 12 + (12 if half == "p" else 0)
    if minute > 59 or hour > 24 or (hour == 24 and minute):
        raise NotHours(text)
    return f"{hour:02}:{minute:02}"


class WeekHoursWidget(forms.MultiWidget):
    template_name = "components/_week_hours.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__([forms.TextInput() for _day in range(7)], attrs)

    def decompress(self, value: Hours | None) -> list[str]:
        return [write_day(day) for day in value] if value else [""] * 7

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        # The hours of a week are lists too, which Django would take for what was typed.
        if isinstance(value, list) and value and isinstance(value[0], list):
            value = self.decompress(value)
        context = super().get_context(name, value, attrs)
        context["days"] = list(zip(WEEKDAYS.values(), context["widget"]["subwidgets"], strict=True))
        return context

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        # The form renderer reads only the folders of apps; ours lie in one place.
        return render_to_string(self.template_name, self.get_context(name, value, attrs))


class WeekHoursField(forms.MultiValueField):
    default_error_messages = {
        "required": _("Enter the working hours of at least one day, for example 08:30-12:30, 13:00-17:00"),
        "day": _("%(day)s: write hours like 08:30-12:30, 13:00-17:00, or leave it empty for a free day"),
    }
    widget = WeekHoursWidget

    def __init__(self, **kwargs: Any) -> None:
        fields = [forms.CharField(required=False, max_length=60) for _day in range(7)]
        super().__init__(fields, require_all_fields=False, **kwargs)

    def compress(self, data_list: list[str]) -> Hours | None:
        days, errors = [], []
        for name, text in zip(WEEKDAYS.values(), data_list or [""] * 7, strict=True):
            try:
                days.append(read_day(text or ""))
            except NotHours:
                errors.append(ValidationError(self.error_messages["day"], code="day", params={"day": name}))
        if errors:
            raise ValidationError(errors)
        if not any(days):
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        return days
