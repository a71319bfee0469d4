"""Fields for what people type into what is agreed: an exact number, a long text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from engagement.staff.fields import LONGEST_TEXT
from engagement.staff.read_number import read_number

SHORT_TEXT = 10_000
LONG_TEXT = 50_000


class AmountField(forms.Field):
    """A number as people write it, exact. `places` and `whole` are the figures behind and before the point."""

    default_error_messages = {
        "none": gettext_lazy("%(label)s must be a number, for example %(example)s"),
        "two": gettext_lazy("“%(typed)s” can be read in two ways: write %(first)s or %(second)s"),
        "places": gettext_lazy("%(label)s must have %(places)s decimals or fewer"),
        "large": gettext_lazy("%(label)s must be a smaller number"),
        "least": gettext_lazy("%(label)s must be at least %(least)s"),
        "most": gettext_lazy("%(label)s must be at most %(most)s"),
    }
    widget = forms.TextInput

    def __init__(
        self,
        *,
        places: int,
        whole: int,
        least: Decimal | None = None,
        most: Decimal | None = None,
        example: str = "1200.50",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.places, self.whole, self.least, self.most, self.example = places, whole, least, most, example
        self.widget.attrs.setdefault("inputmode", "decimal")
        self.widget.attrs.setdefault("autocomplete", "off")

    def prepare_value(self, value: Any) -> Any:
        return written(value) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | None:
        if isinstance(value, Decimal):
            return value
        typed = str(value or "").strip()
        if not typed:
            return None
        ways = read_number(typed).ways
        # Beyond the limits nobody means it; too many decimals may well be meant, and are no reason for the other way.
        fitting = [way for way in ways if self._fault(way) in (None, "places")] or list(ways[:1])
        if not fitting:
            raise self._error("none")
        if fault := self._fault(fitting[-1]):
            raise self._error(fault)
        if len(fitting) > 1:
            first, second = map(written, fitting)
            raise self._error("two", typed=typed[:LONGEST_TEXT], first=first, second=second)
        return fitting[0]

    def _fault(self, number: Decimal) -> str | None:
        plain = number.normalize()
        if -int(plain.as_tuple().exponent) > self.places:
            return "places"
        if abs(number) >= Decimal(10) ** self.whole:
            return "large"
        if self.least is not None and number < self.least:
            return "least"
        return "most" if self.most is not None and number > self.most else None

    def _error(self, code: str, **words: Any) -> ValidationError:
        values = {
            "label": self.label,
            "example": self.example,
            "places": self.places,
            "least": written(self.least or Decimal(0)),
            "most": written(self.most or Decimal(0)),
        }
        return ValidationError(self.error_messages[code], code=code, params={**values, **words})


def written(number: Decimal) -> str:
    """As it can be sent back: exactly three decimals behind a point could also be thousands."""
    plain = f"{number.normalize():f}"
    decimals = len(plain.partition(".")[2])
    return f"{plain}0" if decimals in (1, 3) else plain


def words_field(label: Any, most: int, *, rows: int = 0, **kwargs: Any) -> forms.CharField:
    """A text whose box does not stop the typing: a pasted one would lose its end without a word."""
    if rows:
        kwargs["widget"] = forms.Textarea(attrs={"rows": rows})
    field = forms.CharField(label=label, max_length=most, **kwargs)
    field.widget.attrs.pop("maxlength", None)
    return field
