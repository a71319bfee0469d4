"""Which promises an addendum moves, and to which dates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from clients.models import Addendum
from engagement.staff.fields import DateTextField, TimeTextField
from engagement.staff.models import Firm
from promises import addenda
from promises.due import Due, due_for
from promises.forms.act import OfPromise
from promises.models import AddendumMove, Promise


class NewDateForm(OfPromise):
    """One promise; without a date it stays where it is."""

    new_date = DateTextField(label=_("New date"), required=False)
    new_time = TimeTextField(label=_("Time"), required=False)

    def __init__(self, *args: Any, firm: Firm, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.firm = firm
        for name in ("new_date", "new_time"):
            # Most stay empty, and the page says so once.
            self.fields[name].is_one_of_two = True  # type: ignore[attr-defined]
        self.fields["new_time"].widget.attrs["class"] = "input-10"

    def clean(self) -> dict[str, Any]:
        super().clean()
        day, clock = self.cleaned_data.get("new_date"), self.cleaned_data.get("new_time")
        if day is None and clock is not None and "new_date" not in self.errors:
            self.add_error("new_date", _("Enter the new date too, for example 27 November"))
        elif day is not None and not self.errors:
            self.cleaned_data["due"] = self._due(due_for(self.promise.client, self.firm, day, clock))
        return self.cleaned_data

    def _due(self, due: Due) -> Due:
        if due.at <= self.now:
            self.add_error("new_date", _("New date must be today or in the future"))
        elif due.at == self.promise.due_at:
            self.add_error("new_date", _("Enter another date: this is the date in force"))
        return due


class DatesForm:
    """All of them at once: those of the scope, and the client's others. Looks like a formset to the page."""

    def __init__(self, data: Any, *, addendum: Addendum, now: datetime) -> None:
        self.firm, self.now = Firm.get(), now
        self.drafted = {one.promise_id: one for one in addendum.moves.select_related("promise")}
        own, others = addenda.movable(addendum)
        self.own, self.others = [[self._form(data, promise) for promise in some] for some in (own, others)]
        self.non_form_errors: list[str] = []
        self.is_bound = data is not None

    def _form(self, data: Any, promise: Promise) -> NewDateForm:
        initial = _initial(self.drafted.get(promise.pk))
        known: dict[str, Any] = {"promise": promise, "firm": self.firm, "now": self.now}
        return NewDateForm(data, prefix=f"promise-{promise.pk}", initial=initial, **known)

    @property
    def forms(self) -> list[NewDateForm]:
        return [*self.own, *self.others]

    @property
    def ended(self) -> list[AddendumMove]:
        """Chosen before, and over since."""
        return [one for one in self.drafted.values() if not one.promise.is_open]

    @property
    def errors(self) -> list[str]:
        """For the title and the summary of the page."""
        found = [str(error) for form in self.forms for errors in form.errors.values() for error in errors]
        return [*self.non_form_errors, *found]

    @property
    def total_error_count(self) -> int:
        return len(self.errors)

    @property
    def others_are_open(self) -> bool:
        return any(form["new_date"].value() or form["new_time"].value() for form in self.others) or not self.own

    def is_valid(self) -> bool:
        return self.is_bound and all([form.is_valid() for form in self.forms])

    @property
    def dates(self) -> dict[int, Due]:
        return {form.promise.pk: form.cleaned_data["due"] for form in self.forms if "due" in form.cleaned_data}


def _initial(drafted: AddendumMove | None) -> dict[str, Any]:
    return {"new_date": drafted.new_due_on, "new_time": drafted.new_due_time} if drafted else {}
