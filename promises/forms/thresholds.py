from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.staff.models import Firm
from engagement.staff.plain_words import PlainWords
from engagement.staff.when import speak_per_cent


class ThresholdsForm(PlainWords, forms.Form):
    """From which chance on a promise is watched, and from which it is at risk: two rows of one table."""

    enter = {
        "watch_from": gettext_lazy("Choose from which chance a promise is watched"),
        "at_risk_from": gettext_lazy("Choose from which chance a promise is at risk"),
    }
    watch_from = forms.TypedChoiceField(label=gettext_lazy("Watch from"), coerce=float, widget=forms.RadioSelect)
    at_risk_from = forms.TypedChoiceField(label=gettext_lazy("At risk from"), coerce=float, widget=forms.RadioSelect)

    def __init__(self, *args: Any, firm: Firm, thresholds: Iterable[float], **kwargs: Any) -> None:
        names = ("watch_from", "at_risk_from")
        kwargs["initial"] = {name: _written(getattr(firm, name)) for name in names}
        super().__init__(*args, **kwargs)
        choices = [(_written(threshold), speak_per_cent(threshold)) for threshold in thresholds]
        for name in names:
            field: forms.TypedChoiceField = self.fields[name]  # type: ignore[assignment]
            field.choices = choices

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        watch, risk = self.cleaned_data.get("watch_from"), self.cleaned_data.get("at_risk_from")
        if watch is not None and risk is not None and watch >= risk:
            self.add_error("at_risk_from", _("“At risk from” must be above “watch from”"))
        return cleaned


def _written(threshold: float) -> str:
    # As short as it can be said and read back: 0.3, 0.333.
    return f"{threshold:.6g}"
