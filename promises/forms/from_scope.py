"""One line of a signed scope on its way to become a promise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from engagement.staff.fields import DateTextField, HoursField
from engagement.staff.models import Firm, User
from promises.due import Due, due_for
from promises.forms.act import may_own
from promises.forms.log import WHAT_LENGTH, ChoiceField, reason_field, short_text


class LineForm(forms.Form):
    what = short_text(
        _("What we promise"),
        WHAT_LENGTH,
        help_text=_("The client sees this."),
        error_messages={"required": _("Enter what you promise")},
    )
    due_on = DateTextField(
        label=_("Due date"), widget=forms.TextInput(attrs={"class": "input-20", "autocomplete": "off"})
    )
    owner = ChoiceField(
        User.objects.none(), _("Owner"), _("Choose somebody who works here and sees this client"), empty_label=None
    )
    estimate_hours = HoursField(
        label=_("Estimate"), required=False, most=9999, widget=forms.TextInput(attrs={"class": "input-10"})
    )
    over_reason = reason_field()

    def __init__(
        self, data: Any = None, *, client: Client, owners: Sequence[User], firm: Firm, now: datetime, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.client, self.owners, self.firm, self.now = client, owners, firm, now
        self.due: Due | None = None
        self.fields["owner"].queryset = may_own(client)  # type: ignore[attr-defined]
        # Read once for all the forms of a page.
        self.fields["owner"].choices = [(owner.pk, str(owner)) for owner in owners]  # type: ignore[attr-defined]
        self.fields["due_on"].today = now.astimezone(client.zoneinfo).date()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("due_on"):
            self.due = due_for(self.client, self.firm, cleaned["due_on"], None)
            if self.due.at <= self.now:
                self.add_error("due_on", _("Their working day has ended: enter a later day"))
        return cleaned

    @property
    def can_be_weighed(self) -> bool:
        return self.is_bound and not self.errors.keys() & {"owner", "due_on", "estimate_hours"} and self.due is not None
