"""Lists to choose from, in the reader's language: time zones, public holidays, currencies."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import holidays
from babel import Locale
from babel.numbers import get_territory_currencies, list_currencies
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

LONGEST_TEXT = 60
# What the firm's column holds; the four parts whose codes are longer are left out.
LONGEST_REGION = 12


class ListedField(forms.ChoiceField):
    """A choice from a long list. What was saved and is listed no more stays to be seen, and has to be changed."""

    default_error_messages = {
        "required": gettext_lazy("Choose one from the list"),
        "invalid_choice": gettext_lazy("“%(value)s” is not in the list: choose another one"),
    }

    def show_also(self, saved: str) -> None:
        if saved and not self.valid_value(saved):
            listed: Any = self.choices
            self.widget.choices = [*listed, (saved, saved)]

    def validate(self, value: Any) -> None:
        forms.Field.validate(self, value)
        if value and not self.valid_value(value):
            shown = value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "…"
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice", params={"value": shown})


def zone_choices() -> list[Any]:
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in canonical_zones():
        region, _slash, place = name.partition("/")
        regions.setdefault(region, []).append((name, place.replace("_", " ").replace("/", ", ")))
    return [("", _("Choose a time zone")), *regions.items(), ("UTC", "UTC")]


@lru_cache(maxsize=1)
def canonical_zones() -> tuple[str, ...]:
    """One name a place, from the time zone database's own table; older spellings of the same are left out."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text()
    lines = (line for line in table.splitlines() if line and not line.startswith("#"))
    return tuple(sorted(line.split("\t")[2] for line in lines))


def holiday_choices() -> list[tuple[str, str]]:
    return [("", _("No public holidays")), *_holiday_regions(_tag())]


@lru_cache(maxsize=8)
def _holiday_regions(tag: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(tag, sep="-").territories
    choices = []
    for code, parts in holidays.list_supported_countries(include_aliases=False).items():
        if len(code) != 2:
            continue
        country = names.get(code, code)
        choices.append((code, country))
        called = _names_of_parts(code) if parts else {}
        choices += [(f"{code}-{part}", f"{country}, {called.get(part, part)}") for part in parts]
    fitting = (choice for choice in choices if len(choice[0]) <= LONGEST_REGION)
    return tuple(sorted(fitting, key=lambda choice: choice[1]))


def _names_of_parts(code: str) -> dict[str, str]:
    aliases = getattr(holidays.country_holidays(code), "subdivisions_aliases", {})
    # Several spellings may mean one part; the first is the plain one.
    return {part: name for name, part in reversed(aliases.items())}


def currency_choices() -> list[tuple[str, str]]:
    return list(_currencies(_tag()))


@lru_cache(maxsize=8)
def _currencies(tag: str) -> tuple[tuple[str, str], ...]:
    locale = Locale.parse(tag, sep="-")
    places = [place for place in map(str, locale.territories) if len(place) == 2 and place.isalpha()]
    used = {code for place in places for code in get_territory_currencies(place)} & list_currencies()
    return tuple((code, f"{code}, {locale.currencies.get(code, code)}") for code in sorted(used))


def _tag() -> str:
    return get_language() or "en"
