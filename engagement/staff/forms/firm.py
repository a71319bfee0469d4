from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.staff.actions import NOWHERE
from engagement.staff.choices import ListedField, currency_choices, holiday_choices, zone_choices
from engagement.staff.fields import TimeTextField
from engagement.staff.forms.clock import MorningField
from engagement.staff.forms.diary import HOURS_HELP, SHARE_HELP
from engagement.staff.forms.passwords import NewPassword
from engagement.staff.hours import WeekHoursField
from engagement.staff.models import Firm, SecondStep, User
from engagement.staff.models.firm import office_hours
from engagement.staff.pictures import NoPicture, Picture, read_picture
from engagement.staff.plain_words import PlainWords

WHO = ["name", "email", "phone", "currency"]
WHEN = ["zone", "holiday_region", "hours", "share"]
THRESHOLDS = ["tell_by_days", "tell_by_share", "watch_from", "at_risk_from"]
TO_CLIENTS = ["link_days", "quiet_from", "quiet_until"]
AGREEMENTS = ["renewal_days", "hour_cost"]
SIGNING_IN = ["second_step_for"]
MOST_LOGO_BYTES = 500 * 1000
HOLIDAYS_HELP = gettext_lazy("Nobody is expected to work on them: they count as no working time.")


class Thresholds(PlainWords, forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """What managers decide: when a client must hear, and from when a promise is watched."""

    enter: ClassVar[dict[str, Any]] = {
        "tell_by_days": gettext_lazy("Enter working days as a number, for example 1"),
        "tell_by_share": gettext_lazy("Enter the share as a number, for example 0.20"),
        "watch_from": gettext_lazy("Enter the chance as a number between 0 and 1, for example 0.3"),
        "at_risk_from": gettext_lazy("Enter the chance as a number between 0 and 1, for example 0.5"),
        "link_days": gettext_lazy("Enter a number of days, for example 180"),
        "renewal_days": gettext_lazy("Enter a number of days, for example 60"),
        "hour_cost": gettext_lazy("Enter an amount, for example 50"),
        "quiet_from": gettext_lazy("Enter a time, for example 6pm or 18:00"),
        "quiet_until": gettext_lazy("Enter a time, for example 8am or 08:00"),
    }
    quiet_from = TimeTextField(
        label=gettext_lazy("Warn before writing to clients after"),
        help_text=gettext_lazy("On the client's own clock. Whoever writes then is told so, and decides."),
        widget=forms.TextInput(attrs={"class": "input-10"}),
    )
    quiet_until = MorningField(
        label=gettext_lazy("Or before"),
        help_text=gettext_lazy("On the client's own clock."),
        widget=forms.TextInput(attrs={"class": "input-10"}),
    )

    class Meta:
        model = Firm
        fields = [*THRESHOLDS, *TO_CLIENTS, *AGREEMENTS]
        help_texts = {
            "tell_by_days": gettext_lazy(
                "A client hears of a slip at least so long before the date. Holds for dates set from now on."
            ),
            "at_risk_from": gettext_lazy(
                "Chance of slipping from which the client should be told. Must be above the one before."
            ),
            "link_days": gettext_lazy("After so many days a client asks for a new link to the progress page."),
        }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        watch, risk = self.cleaned_data.get("watch_from"), self.cleaned_data.get("at_risk_from")
        if watch is not None and risk is not None and watch >= risk:
            self.add_error("at_risk_from", _("“At risk from” must be above “watch from”"))
        if self.cleaned_data.get("quiet_from") == self.cleaned_data.get("quiet_until") is not None:
            self.add_error("quiet_until", _("“Or before” must differ from “after”"))
        return cleaned


class FirmForm(Thresholds):
    enter: ClassVar[dict[str, Any]] = {
        **Thresholds.enter,
        "name": gettext_lazy("Enter the name of the firm"),
        "zone": gettext_lazy("Choose a time zone"),
        "share": gettext_lazy("Enter the share as a number between 0.05 and 1, for example 0.70"),
    }
    zone = ListedField(
        label=gettext_lazy("Time zone"),
        choices=zone_choices,
        help_text=gettext_lazy("Working hours are read in it, and new clients and colleagues begin with it."),
    )
    holiday_region = ListedField(
        label=gettext_lazy("Public holidays of"), choices=holiday_choices, required=False, help_text=HOLIDAYS_HELP
    )
    currency = ListedField(label=gettext_lazy("Currency"), choices=currency_choices)
    hours = WeekHoursField(label=gettext_lazy("Working hours"), help_text=HOURS_HELP)

    class Meta(Thresholds.Meta):
        fields = [*WHO, *WHEN, *THRESHOLDS, *TO_CLIENTS, *AGREEMENTS, *SIGNING_IN]
        help_texts = {**Thresholds.Meta.help_texts, "share": SHARE_HELP, "phone": gettext_lazy("Clients read it.")}

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        for name in ("zone", "holiday_region", "currency"):
            field: ListedField = self.fields[name]  # type: ignore[assignment]
            field.show_also(getattr(self.instance, name))

    def clean_second_step_for(self) -> str:
        chosen = str(self.cleaned_data["second_step_for"])
        is_new = "second_step_for" in self.changed_data and chosen != Firm.SecondStepFor.NOBODY
        if is_new and not SecondStep.objects.filter(user=self.user).exists():
            raise forms.ValidationError(_("Turn on your own second step first, under “My profile”, “Second step”"))
        return chosen


class LogoForm(PlainWords, forms.Form):
    enter: ClassVar[dict[str, Any]] = {"logo": gettext_lazy("Choose a picture, PNG or JPEG")}
    refused: ClassVar[dict[str, Any]] = {
        "kind": gettext_lazy("Choose a PNG or a JPEG in grey or colour: this file is something else"),
        "broken": gettext_lazy("Choose another file: this picture is damaged"),
        "large": gettext_lazy("Choose a picture of fewer pixels, for example 600 across"),
    }
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        help_text=gettext_lazy("A PNG or JPEG of 500 kB or less. It is printed at the head of scopes and addenda."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        error_messages={"empty": gettext_lazy("Choose another file: this one is empty")},
    )

    def clean_logo(self) -> Picture:
        file: UploadedFile[bytes] = self.cleaned_data["logo"]
        if (file.size or 0) > MOST_LOGO_BYTES:
            raise forms.ValidationError(_("Choose a picture of 500 kB or less"))
        try:
            return read_picture(file.read())
        except NoPicture as error:
            raise forms.ValidationError(self.refused[error.reason]) from error


class FirstRunForm(NewPassword):
    enter: ClassVar[dict[str, Any]] = {
        "firm_name": gettext_lazy("Enter the name of the firm"),
        "zone": gettext_lazy("Choose a time zone"),
        "name": gettext_lazy("Enter your name"),
        "email": gettext_lazy("Enter your e-mail"),
    }
    firm_name = forms.CharField(
        label=gettext_lazy("Name of the firm"),
        max_length=100,
        help_text=gettext_lazy("Clients read it on every page and mail."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    zone = ListedField(
        label=gettext_lazy("Time zone"), choices=zone_choices, help_text=gettext_lazy("Working hours are read in it.")
    )
    holiday_region = ListedField(
        label=gettext_lazy("Public holidays of"), choices=holiday_choices, required=False, help_text=HOLIDAYS_HELP
    )
    name = forms.CharField(
        label=gettext_lazy("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail"),
        max_length=254,
        help_text=gettext_lazy("You sign in with it. Clients reach the firm there until you enter another address."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    hours = WeekHoursField(label=gettext_lazy("Working hours"), help_text=HOURS_HELP, initial=office_hours)
    field_order = ["firm_name", "zone", "holiday_region", "hours", "name", "email"]

    def clean_email(self) -> str:
        address = str(self.cleaned_data["email"])
        if address.endswith(NOWHERE) or User.objects.filter(email__iexact=address).exists():
            self.add_error("email", _("Enter an address of your own that nobody here has yet"))
        return address

    def password_user(self) -> User:
        return self.administrator()

    def administrator(self) -> User:
        return User(email=self.cleaned_data.get("email", ""), name=self.cleaned_data.get("name", ""))

    def firm(self) -> Firm:
        kept = self.cleaned_data
        return Firm(
            name=kept["firm_name"],
            zone=kept["zone"],
            holiday_region=kept["holiday_region"],
            hours=kept["hours"],
            email=kept["email"],
        )
