"""What is asked for before a promise is brought on: updated, done, handed over, taken back."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from engagement.staff.fields import DateTextField, HoursField, TimeTextField
from engagement.staff.models import Firm, Role, User
from promises.due import due_for
from promises.models import Promise, Standing

MOST_STEPS = 20


class TextArea(forms.Textarea):
    def __init__(self, rows: int = 3) -> None:
        super().__init__(attrs={"rows": rows})


class NoteField(forms.CharField):
    """What only we read. It has a field, a look and a table of its own."""

    def __init__(self, **kwargs: Any) -> None:
        usual: dict[str, Any] = {"label": _("Internal note"), "help_text": _("Never shown to the client.")}
        kwargs = {**usual, "required": False, **kwargs}
        super().__init__(max_length=4000, widget=TextArea(2), **kwargs)
        self.error_messages["max_length"] = _("Internal note must be %(limit_value)d characters or fewer")


class OfPromise(forms.Form):
    """A form about one promise. Days are meant in the promise's zone."""

    def __init__(self, data: Any = None, *, promise: Promise, now: datetime, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.promise, self.now = promise, now
        for field in self.fields.values():
            if isinstance(field, DateTextField):
                field.today = self.today

    @property
    def today(self) -> date:
        return self.now.astimezone(self.promise.zoneinfo).date()

    def moment(self, day: date | None, at: time | None) -> datetime:
        """The instant meant by a day and a time in the promise's zone; now when neither is given."""
        if day is None and at is None:
            return self.now
        return datetime.combine(day or self.today, at or time(0), tzinfo=self.promise.zoneinfo)

    def past_moment(self, day: str, at: str) -> datetime | None:
        """Asks for the time of an earlier day: told before the date, or after it, counts to the minute."""
        on, clock = self.cleaned_data.get(day), self.cleaned_data.get(at)
        if self.errors.keys() & {day, at}:
            return None
        if on and on != self.today and clock is None:
            self.add_error(at, _("Enter the time too: before or after the date counts to the minute"))
            return None
        moment = self.now if clock is None else self.moment(on, clock)
        if moment > self.now:
            self.add_error(at if on in (None, self.today) else day, _("Enter a time that has passed"))
            return None
        return moment


class UpdateForm(OfPromise):
    text = forms.CharField(
        label=_("For the client"),
        required=False,
        max_length=1000,
        widget=TextArea(2),
        help_text=_("What was achieved, and what comes next. It stands on their progress page."),
        error_messages={"max_length": _("Text for the client must be %(limit_value)d characters or fewer")},
    )
    per_cent = forms.IntegerField(
        label=_("Done, per cent"),
        required=False,
        min_value=0,
        max_value=100,
        help_text=_("From 0 to 100."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "input-5"}),
        error_messages={
            "invalid": _("Enter a whole number from 0 to 100"),
            "min_value": _("Enter a whole number from 0 to 100"),
            "max_value": _("Enter a whole number from 0 to 100"),
        },
    )
    hours_left = HoursField(label=_("Or work left"), required=False, help_text=_("For example 3h or 90 min."))
    new_date = DateTextField(
        label=_("New date you expect"),
        required=False,
        help_text=_("For example 27 November or Friday."),
        error_messages={"past": _("The new date must be today or in the future")},
    )
    word_by = DateTextField(
        label=_("Or: they will have a new date by"),
        required=False,
        help_text=_("When it is too early to say."),
        error_messages={"past": _("The day by which they hear must be today or in the future")},
    )
    note = NoteField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hours_left"].widget.attrs["class"] = "input-10"
        for name in ("new_date", "word_by"):
            # One of the two is needed, so neither calls itself optional.
            self.fields[name].is_one_of_two = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        super().clean()
        given = self.data.get("standing", "")
        if given not in Standing.values:
            raise ValidationError(_("Choose how it stands: on track, may be late, or done"))
        self.cleaned_data["standing"] = given
        if given == Standing.MAY_BE_LATE and not self.errors.keys() & {"new_date", "word_by"}:
            self._must_name_a_day()
        return self.cleaned_data

    def _must_name_a_day(self) -> None:
        new_date, word_by = self.cleaned_data.get("new_date"), self.cleaned_data.get("word_by")
        if new_date and word_by:
            self.add_error("word_by", _("Give a new date, or by when they will have one, not both"))
        elif not new_date and not word_by:
            self.add_error("new_date", _("Enter the new date, or by when they will have one"))


class DoneForm(OfPromise):
    delivered_on = DateTextField(
        label=_("Delivered on"), required=False, past_ok=True, help_text=_("Leave empty for now. Or: yesterday.")
    )
    delivered_time = TimeTextField(label=_("Time"), required=False)
    text = forms.CharField(
        label=_("For the client"),
        required=False,
        max_length=1000,
        widget=TextArea(2),
        help_text=_("What they have now. It stands on their progress page."),
    )
    hours_taken = HoursField(
        label=_("Hours it took"), required=False, help_text=_("In all, for example 6h. For us only, never shown.")
    )
    note = NoteField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hours_taken"].widget.attrs["class"] = "input-10"

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            self.cleaned_data["delivered_at"] = self._delivered_at()
        return self.cleaned_data

    def _delivered_at(self) -> datetime:
        day, at = self.cleaned_data.get("delivered_on"), self.cleaned_data.get("delivered_time")
        if day is not None and day > self.today:
            self.add_error("delivered_on", _("Enter a day that has passed, or today"))
        if at is not None or day is None or day >= self.today:
            moment = self.moment(day, at) if at is not None else self.now
            if moment > self.now:
                self.add_error("delivered_time", _("Enter a time that has passed"))
            return moment
        # Which day it was is what counts; by the end of it, it was there, and not before it was promised.
        ended = due_for(self.promise.client, Firm.get(), day, None).at
        made_at = self.promise.made_at
        return max(ended, made_at) if made_at and self._day_of(made_at) == day else ended

    def _day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.promise.zoneinfo).date()


class WithdrawForm(OfPromise):
    reason = forms.CharField(
        label=_("Why it is taken back"),
        max_length=300,
        widget=TextArea(2),
        error_messages={
            "required": _("Enter why it is taken back"),
            "max_length": _("Reason must be %(limit_value)d characters or fewer"),
        },
    )
    agreed_by = forms.CharField(
        label=_("Agreed by whom at the client"),
        max_length=100,
        error_messages={
            "required": _("Enter who at the client agreed to it"),
            "max_length": _("Name must be %(limit_value)d characters or fewer"),
        },
    )


class ReasonForm(OfPromise):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=TextArea(2),
        error_messages={
            "required": _("Enter the reason"),
            "max_length": _("Reason must be %(limit_value)d characters or fewer"),
        },
    )


class ReassignForm(OfPromise):
    owner = forms.ModelChoiceField(
        label=_("New owner"),
        queryset=User.objects.none(),
        empty_label=_("Choose a person"),
        error_messages={
            "required": _("Choose a person"),
            "invalid_choice": _("Choose somebody who works here and may see this client"),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = may_own(self.promise.client)  # type: ignore[attr-defined]


def may_own(client: Client) -> Any:
    """Whoever works here and can see the client."""
    people = User.objects.active()
    if client.restricted:
        managers = people.filter(role__in=[Role.MANAGER, Role.ADMINISTRATOR])
        people = managers | people.filter(pk=client.lead_id) | people.filter(pk__in=_members(client))
    return people.order_by("name", "pk")


def _members(client: Client) -> Any:
    return client.members.through.objects.filter(client_id=client.pk).values("user_id")


class WaitingForm(OfPromise):
    what = forms.CharField(
        label=_("What we need from them"),
        max_length=300,
        help_text=_("The client reads it first on their page."),
        error_messages={
            "required": _("Enter what you need from the client"),
            "max_length": _("What you need must be %(limit_value)d characters or fewer"),
        },
    )
    by_day = DateTextField(label=_("By when"), required=False)


class StepsForm(OfPromise):
    steps = forms.CharField(
        label=_("Steps, one a line"),
        required=False,
        max_length=5000,
        widget=TextArea(8),
        help_text=_("The client sees them. Steps that keep their words keep their tick."),
    )

    def clean_steps(self) -> list[str]:
        lines = [" ".join(line.split()) for line in self.cleaned_data["steps"].splitlines()]
        steps = list(dict.fromkeys(line for line in lines if line))
        if len(steps) > MOST_STEPS:
            raise ValidationError(_("Enter %(most)s steps or fewer") % {"most": MOST_STEPS})
        if any(len(step) > 200 for step in steps):
            raise ValidationError(_("Each step must be 200 characters or fewer"))
        return steps


class NoteForm(forms.Form):
    note = NoteField(required=True, error_messages={"required": _("Enter the note")})
