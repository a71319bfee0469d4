from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.staff.actions import NOWHERE
from engagement.staff.choices import ListedField, zone_choices
from engagement.staff.fields import PasswordField
from engagement.staff.forms.clock import MorningField
from engagement.staff.forms.own_password import check_own_password
from engagement.staff.models import Role, User
from engagement.staff.plain_words import PlainWords

ENTER_NAME = _("Enter a name")
ENTER_EMAIL = _("Enter an e-mail address")
CHOOSE_ZONE = _("Choose a time zone")


def clean_address(form: forms.ModelForm[User]) -> str:
    """Capitals make no second person; an address at which nobody can be reached is for imports alone."""
    address = str(form.cleaned_data["email"]).strip()
    if address.endswith(NOWHERE) and address != form.instance.email:
        raise ValidationError(_("Enter an address at which this person can be reached"))
    if User.objects.filter(email__iexact=address).exclude(pk=form.instance.pk).exists():
        raise ValidationError(_("Somebody with this e-mail is here already."))
    return address


class ProfileForm(PlainWords, forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    enter: ClassVar[dict[str, Any]] = {
        "name": _("Enter your name"),
        "zone": CHOOSE_ZONE,
        "language": _("Choose a language"),
        "digest_time": _("Enter a time, for example 8am or 08:00"),
    }
    zone = ListedField(
        label=_("Time zone"),
        choices=zone_choices,
        help_text=_("You see dates in it, and your working week is read in it."),
    )
    digest_time = MorningField(
        label=_("Morning message at"),
        help_text=_("One message a working morning, and never an empty one."),
        widget=forms.TextInput(attrs={"class": "input-10"}),
    )

    class Meta:
        model = User
        fields = ["name", "title", "phone", "zone", "language", "digest_time", "single_keys"]
        help_texts = {"language": _("Of the dates that you see and type. Our own pages are in English so far.")}
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "title": forms.TextInput(attrs={"autocomplete": "organization-title"}),
            "phone": forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel", "class": "input-20"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone: ListedField = self.fields["zone"]  # type: ignore[assignment]
        zone.show_also(self.instance.zone)


class InviteForm(PlainWords, forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    enter: ClassVar[dict[str, Any]] = {"name": ENTER_NAME, "email": ENTER_EMAIL}

    class Meta:
        model = User
        fields = ["name", "email", "title", "role", "manager"]
        help_texts = {
            "email": _("The invitation goes there, and they sign in with it."),
            "role": _(
                "Staff log and tell. Managers see everything, and the board. Administrators also let people in and set "
                "up the firm."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        managers = Q(is_active=True, role__in=[Role.MANAGER, Role.ADMINISTRATOR]) | Q(pk=self.instance.manager_id)
        field: forms.ModelChoiceField[User] = self.fields["manager"]  # type: ignore[assignment]
        field.queryset = User.objects.filter(managers).exclude(pk=self.instance.pk)
        field.empty_label = _("Every manager")

    def clean_email(self) -> str:
        return clean_address(self)


class PersonForm(InviteForm):
    own_password = PasswordField(
        label=_("Your own password"),
        required=False,
        autocomplete="current-password",
        help_text=_("Only to change the e-mail: whoever reads mail there can choose a new password."),
    )

    class Meta(InviteForm.Meta):
        help_texts = {
            "email": _("They sign in with it, and reminders go there."),
            "role": _("A changed role signs them out everywhere."),
        }

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        self.by = by
        super().__init__(*args, **kwargs)
        self.email_before = self.instance.email
        self.opens_something = self.instance.can_sign_in

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        changed = self.cleaned_data.get("email", self.email_before) != self.email_before
        if changed and self.opens_something and not self.errors:
            try:
                check_own_password(self.by, self.cleaned_data.get("own_password", ""))
            except ValidationError as error:
                self.add_error("own_password", error)
        return cleaned


class PeopleFilter(forms.Form):
    """What the list shows. Whatever does not fit is left aside."""

    q = forms.CharField(required=False, max_length=100)
    left = forms.BooleanField(required=False)
    after = forms.IntegerField(required=False, min_value=1, max_value=2**62)
