from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.staff.fields import DateTextField
from engagement.staff.hours import WeekHoursField
from engagement.staff.models import Absence, User, WorkingWeek
from engagement.staff.plain_words import PlainWords

HOURS_HELP = gettext_lazy("For example 08:30-12:30, 13:00-17:00. The gap is lunch; an empty line is a free day.")
DAY_WIDGET = forms.TextInput(attrs={"class": "input-20"})
SHARE_HELP = gettext_lazy("The rest goes to calls, meetings and the unforeseen. 0.70 means seven hours in ten.")


class WeekForm(PlainWords, forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    enter: ClassVar[dict[str, Any]] = {
        "valid_from": gettext_lazy("Enter the first day of this week, for example 1 March or Monday"),
        "share": gettext_lazy("Enter the share as a number between 0.05 and 1, for example 0.70"),
    }
    valid_from = DateTextField(
        label=gettext_lazy("From"),
        past_ok=True,
        widget=DAY_WIDGET,
        help_text=gettext_lazy("The first day on which it holds. What was before it stays as it was."),
    )
    hours = WeekHoursField(label=gettext_lazy("Working hours"), help_text=HOURS_HELP)

    class Meta:
        model = WorkingWeek
        fields = ["valid_from", "hours", "share"]
        help_texts = {"share": SHARE_HELP}

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_from"].today = today  # type: ignore[attr-defined]

    def clean_valid_from(self) -> date:
        day: date = self.cleaned_data["valid_from"]
        others = WorkingWeek.objects.filter(user_id=self.instance.user_id, valid_from=day).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError(_("There is a week from this day already: change that one, or enter another day"))
        return day


class AbsenceForm(PlainWords, forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    enter: ClassVar[dict[str, Any]] = {
        "first_day": gettext_lazy("Enter the first day away, for example 14 December or Monday"),
        "last_day": gettext_lazy("Enter the last day away, for example 18 December or Friday"),
    }
    first_day = DateTextField(label=gettext_lazy("First day away"), past_ok=True, widget=DAY_WIDGET)
    last_day = DateTextField(
        label=gettext_lazy("Last day away"),
        past_ok=True,
        widget=DAY_WIDGET,
        help_text=gettext_lazy("That day included."),
    )

    class Meta:
        model = Absence
        fields = ["first_day", "last_day", "cover", "note"]
        help_texts = {
            "cover": gettext_lazy("Receives the reminders meanwhile. With nobody here, they wait."),
            "note": gettext_lazy("For colleagues; clients never see it."),
        }

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first_day", "last_day"):
            self.fields[name].today = today  # type: ignore[attr-defined]
        cover: forms.ModelChoiceField[User] = self.fields["cover"]  # type: ignore[assignment]
        cover.queryset = User.objects.active().exclude(pk=self.instance.user_id)
        cover.empty_label = _("Nobody")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        first, last = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("Last day away must not be before the first"))
        return cleaned
