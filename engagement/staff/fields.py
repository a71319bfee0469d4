"""Fields for what people type: a date in their own words, a time, an effort, a zone."""

from datetime import date, time
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from engagement.staff.read_date import Reading, read_day, read_time
from engagement.staff.read_hours import read_hours
from engagement.staff.when import speak_date

LONGEST_TEXT = 60
LONGEST_PASSWORD = 500


class PasswordField(forms.CharField):
    """Taken as it is typed, spaces and all. A longer one would cost us time to look at, and is nobody's."""

    def __init__(self, *, autocomplete: str, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        super().__init__(strip=False, max_length=LONGEST_PASSWORD, widget=widget, **kwargs)


class DateTextField(forms.Field):
    """A date as people write it. The form sets `today`: the day it is where the date counts.

    With `past_ok` days gone by are taken too.
    """

    default_error_messages = {
        "required": _("Enter a date, for example 27 November or Friday"),
        "none": _("Enter a date, for example 27 November or Friday"),
        "past": _("%(label)s must be today or in the future"),
        "no_such_day": _("There is no such day as “%(typed)s”: check the day and the month"),
        "time": _("Enter the date alone, for example 27 November or Friday"),
        "next_year": _("“%(typed)s” has passed this year: write %(first)s if you mean that day"),
        "one": _("“%(typed)s” may be another day: write %(first)s"),
        "two": _("“%(typed)s” can be read in two ways: write %(first)s or %(second)s"),
        "more": _("“%(typed)s” can be read in several ways: write the date, for example %(first)s"),
    }
    widget = forms.TextInput
    today: date

    def __init__(self, *, today: date | None = None, past_ok: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if today:
            self.today = today
        self.past_ok = past_ok

    def prepare_value(self, value: Any) -> Any:
        # ISO is read in every language, so what was saved can be sent back as it stands.
        return value.isoformat() if isinstance(value, date) else value

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values:
            return None
        if isinstance(value, date):
            return value
        typed = " ".join(str(value).split())
        if not typed:
            return None
        language = get_language() or "en"
        reading = read_day(typed, today=self.today, language=language, past_ok=self.past_ok)
        found = (reading.chosen,) if reading.chosen else reading.choices
        if any(read.time for read in found) or reading.problem in ("time_only", "no_clock"):
            raise self.error("time", typed)
        if not reading.chosen:
            raise self.unclear(reading, typed, language)
        return reading.chosen.day

    def unclear(self, reading: Reading, typed: str, language: str) -> ValidationError:
        days = dict.fromkeys(read.day for read in reading.choices)
        spoken = [speak_date(day, today=self.today, language=language) for day in days]
        if not spoken:
            return self.error(reading.problem, typed)
        names = dict(zip(("first", "second"), spoken, strict=False))
        gone = read_day(typed, today=self.today, language=language, past_ok=True).chosen
        if len(spoken) == 1 and gone and gone.day < self.today:
            return self.error("next_year", typed, **names)
        return self.error({1: "one", 2: "two"}.get(len(spoken), "more"), typed, **names)

    def error(self, code: str, typed: str, **words: str) -> ValidationError:
        shown = typed if len(typed) <= LONGEST_TEXT else typed[:LONGEST_TEXT] + "…"
        label = self.label or _("Date")
        return ValidationError(self.error_messages[code], code=code, params={"typed": shown, "label": label, **words})

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except ValidationError:
            return True


class TimeTextField(forms.Field):
    """A time of day as people write it: "5pm", "17:00", "half past four"."""

    default_error_messages = {
        "required": _("Enter a time, for example 5pm or 17:00"),
        "none": _("Enter a time, for example 5pm or 17:00"),
    }
    widget = forms.TextInput

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat(timespec="minutes") if isinstance(value, time) else value

    def to_python(self, value: Any) -> time | None:
        if isinstance(value, time):
            return value
        if value in self.empty_values or not str(value).strip():
            return None
        found = read_time(str(value))
        if found is None:
            raise ValidationError(self.error_messages["none"], code="none")
        return found


class HoursField(forms.Field):
    """How much work: "3h", "90 min", "1,5"."""

    default_error_messages = {
        "required": _("Enter hours, for example 3h, 90 min or 1.5"),
        "none": _("Enter hours, for example 3h, 90 min or 1.5"),
        "most": _("Enter at most %(most)s hours"),
        "least": _("Enter more than no time, for example 15 min"),
    }
    widget = forms.TextInput

    def __init__(self, *, most: int = 9999, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values or not str(value).strip():
            return None
        hours = value if isinstance(value, Decimal) else read_hours(str(value))
        if hours is None:
            raise ValidationError(self.error_messages["none"], code="none")
        if hours <= 0:
            raise ValidationError(self.error_messages["least"], code="least")
        if hours > self.most:
            raise ValidationError(self.error_messages["most"], code="most", params={"most": self.most})
        return hours


@cache
def zone_names() -> tuple[str, ...]:
    """Places, not the old abbreviations ("EST", "Etc/GMT+5") that mean another hour than people think."""
    return tuple(sorted(name for name in available_timezones() if name == "UTC" or _is_a_place(name)))


def _is_a_place(name: str) -> bool:
    region = name.partition("/")[0]
    return "/" in name and region not in ("Etc", "SystemV", "US", "Canada", "Mexico", "Brazil", "Chile")


class ZoneField(forms.Field):
    """A zone by its name in the time zone database; capitals and spaces are forgiven."""

    default_error_messages = {
        "required": _("Enter a time zone, for example Africa/Johannesburg"),
        "unknown": _("“%(typed)s” is not a known time zone: enter a place, for example Africa/Johannesburg"),
    }
    widget = forms.TextInput

    def to_python(self, value: Any) -> str:
        typed = str(value or "").strip()
        if not typed:
            return ""
        known = {name.casefold(): name for name in zone_names()}
        asked = "_".join(typed.casefold().split())
        found = known.get(asked) or _only_city(asked, known)
        if found is None:
            shown = typed if len(typed) <= LONGEST_TEXT else typed[:LONGEST_TEXT] + "…"
            raise ValidationError(self.error_messages["unknown"], code="unknown", params={"typed": shown})
        return found


def _only_city(asked: str, known: dict[str, str]) -> str | None:
    """ "johannesburg" is enough where one place is called so."""
    found = [name for folded, name in known.items() if folded.rpartition("/")[2] == asked]
    return found[0] if len(found) == 1 else None
