"""What people type about clients, their contacts, scopes and links."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.models import Client, Contact, Scope
from engagement.outbox.models import Channel
from engagement.staff.fields import TimeTextField, ZoneField
from engagement.staff.hours import WeekHoursField
from engagement.staff.models import User
from engagement.staff.plain_words import PlainWords

if TYPE_CHECKING:
    ClientModelForm = forms.ModelForm[Client]
    ContactModelForm = forms.ModelForm[Contact]
else:
    # Django's own forms take no type in brackets.
    ClientModelForm = ContactModelForm = forms.ModelForm

MOST_BYTES = 10 * 1024 * 1024
CALLED = (Channel.CALL, Channel.SMS, Channel.WHATSAPP)
# Ids and moments beyond these are nobody's row, and the databases would not take them.
MOST_ID = 2**63 - 1
DAYS = _("Enter a number of days from 1 to 365")


class ClientFilter(forms.Form):
    """The list of clients, as its address says. What cannot be read is left out."""

    words = forms.CharField(required=False, max_length=100)
    show = forms.ChoiceField(
        required=False, choices=[("", _("All clients")), ("mine", _("My clients")), ("archived", _("Archived"))]
    )
    after = forms.CharField(required=False, max_length=300, strip=False)


class ClientForm(PlainWords, ClientModelForm):
    enter: ClassVar[dict[str, Any]] = {"name": _("Enter the client's name")}
    zone = ZoneField(
        label=_("Time zone"), help_text=_("Dates promised to them are days in this zone, for example Europe/London.")
    )
    hours = WeekHoursField(
        label=_("Their working hours"),
        required=False,
        help_text=_("Empty: the firm's. A date without a time ends with their working day."),
    )
    word_every_days = forms.IntegerField(
        label=_("Or every so many days"),
        required=False,
        min_value=1,
        max_value=365,
        widget=forms.NumberInput(attrs={"class": "input-5"}),
    )
    members = forms.ModelMultipleChoiceField(
        label=_("Members"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("They work for this client. Of a restricted client they see everything."),
    )

    class Meta:
        model = Client
        fields = [
            "name",
            "lead",
            "members",
            "restricted",
            "zone",
            "language",
            "word_on",
            "word_every_days",
            "hours",
            "about",
        ]
        labels = {
            "name": _("Name"),
            "lead": _("Lead"),
            "restricted": _("Restricted: only the lead, the members and managers see this client"),
            "language": _("Language"),
            "word_on": _("Update them every week on"),
            "about": _("About them"),
        }
        help_texts = {
            "restricted": "",
            "word_on": _("When they hear from us by agreement, whatever happens."),
            "lead": _("Answers for this client and is reminded of the agreed updates."),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        before = self.instance
        members = before.members.values("pk") if before.pk else []
        here = User.objects.filter(Q(is_active=True) | Q(pk__in=members) | Q(pk=before.lead_id)).order_by("name", "pk")
        self.fields["lead"].queryset = self.fields["members"].queryset = here  # type: ignore[attr-defined]
        self.fields["word_every_days"].error_messages |= dict.fromkeys(("invalid", "min_value", "max_value"), DAYS)
        self.fields["members"].error_messages["invalid_pk_value"] = _("Choose one from the list")
        self.fields["lead"].empty_label = _("Nobody yet")  # type: ignore[attr-defined]
        self.fields["word_on"].choices = [("", _("No weekday")), *self.fields["word_on"].choices[1:]]  # type: ignore[attr-defined]
        if before.pk and not may_open_to(before, user):
            for name in ("lead", "members", "restricted"):
                self.fields[name].disabled = True
            self.fields["lead"].help_text = _("The lead or a manager changes who works for this client.")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Client.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is a client of this name already: enter another name"))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("word_on") is not None and cleaned.get("word_every_days"):
            self.add_error("word_every_days", _("Choose a weekday or a number of days, not both"))
        if cleaned.get("restricted") and not self._still_sees(cleaned):
            self.add_error("members", _("Tick yourself, or be the lead: you would not see this client any more"))
        return cleaned

    def _still_sees(self, cleaned: dict[str, Any]) -> bool:
        return self.user.is_manager or self.user == cleaned.get("lead") or self.user in cleaned.get("members", ())


def may_open_to(client: Client, user: User) -> bool:
    """Whether this person says who sees the client: its lead, a manager, or anybody while nobody leads it."""
    return user.is_manager or client.lead_id in (None, user.pk)


class ContactForm(PlainWords, ContactModelForm):
    enter: ClassVar[dict[str, Any]] = {"name": _("Enter the contact's name")}
    good_from = TimeTextField(label=_("Good hours from"), required=False)
    good_until = TimeTextField(label=_("Good hours until"), required=False)
    zone = ZoneField(label=_("Time zone"), required=False)

    class Meta:
        model = Contact
        fields = [
            "name",
            "role",
            "email",
            "phone",
            "channel",
            "good_from",
            "good_until",
            "zone",
            "language",
            "manner",
            "is_main",
        ]
        labels = {
            "name": _("Name"),
            "role": _("Role"),
            "email": _("E-mail"),
            "phone": _("Phone"),
            "channel": _("Prefers"),
            "language": _("Language"),
            "manner": _("How to bring bad news"),
            "is_main": _("Main contact"),
        }
        help_texts = {"is_main": _("Messages go to the main contact unless you choose another.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        client = self.instance.client
        self.fields["zone"].help_text = _("Empty: the client's, %(zone)s.") % {"zone": client.zone}
        self.fields["language"].choices = [  # type: ignore[attr-defined]
            ("", _("The client's, %(language)s") % {"language": client.get_language_display()}),
            *self.fields["language"].choices[1:],  # type: ignore[attr-defined]
        ]
        if self.instance.pk and self.instance.is_main:
            self.fields["is_main"].disabled = True
            self.fields["is_main"].help_text = _("To change this, make somebody else the main contact.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("channel") == Channel.EMAIL and "email" in cleaned and not cleaned["email"]:
            self.add_error("email", _("Enter an e-mail address, or choose another way to reach them"))
        if cleaned.get("channel") in CALLED and not cleaned.get("phone"):
            self.add_error("phone", _("Enter a phone number, or choose another way to reach them"))
        self._check_good_hours(cleaned)
        return cleaned

    def _check_good_hours(self, cleaned: dict[str, Any]) -> None:
        if "good_from" not in cleaned or "good_until" not in cleaned:
            return
        begins, ends = cleaned["good_from"], cleaned["good_until"]
        if (begins is None) != (ends is None):
            self.add_error("good_until", _("Enter both good hours, or neither"))
        elif begins is not None and begins >= ends:
            self.add_error("good_until", _("Good hours must end after they begin"))


class PaperField(forms.FileField):
    """A PDF, by what is in it: what a file calls itself proves nothing."""

    default_error_messages = {
        "big": _("Choose a file of 10 MB or less"),
        "kind": _("Choose a PDF: this file is something else"),
        "empty": _("Choose another file: this one is empty"),
    }
    widget = forms.FileInput(attrs={"accept": "application/pdf"})

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if not isinstance(file, UploadedFile):
            return file
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(self.error_messages["big"], code="big")
        start = file.read(5)
        file.seek(0)
        if start != b"%PDF-":
            raise forms.ValidationError(self.error_messages["kind"], code="kind")
        return file


def file_name(given: str) -> str:
    """A name that is safe to store and to offer: no path, nothing that cannot be seen, and what it is at the end."""
    name = PurePosixPath(given.replace("\\", "/")).name
    name = re.sub(r"[^\w .,()+@&'-]", "_", name).strip(" .")[:190] or "scope"
    return name if name.lower().endswith(".pdf") else f"{name}.pdf"


class LinkForm(PlainWords, forms.Form):
    """A new private link: for whom, and for which part of the client's page."""

    enter: ClassVar[dict[str, Any]] = {"contact": _("Choose who the link is for")}

    contact = forms.ModelChoiceField(
        label=_("For"),
        queryset=Contact.objects.none(),
        empty_label=_("Choose a contact"),
    )
    scope = forms.ModelChoiceField(
        label=_("Shows"), queryset=Scope.objects.none(), required=False, empty_label=_("Everything we do for them")
    )

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        contacts = Contact.objects.filter(client=client, left_at=None)
        self.fields["contact"].queryset = contacts  # type: ignore[attr-defined]
        self.fields["scope"].queryset = Scope.objects.filter(client=client)  # type: ignore[attr-defined]
        if not self.is_bound and (main := contacts.filter(is_main=True).first()):
            self.initial["contact"] = main.pk


class SentFilter(forms.Form):
    """The list of sent mail, as its address says. What cannot be read is left out."""

    show = forms.ChoiceField(
        required=False,
        choices=[("", _("Everything")), ("clients", _("To clients")), ("person", _("Needs a person"))],
    )
    before = forms.IntegerField(required=False, min_value=1, max_value=MOST_ID)


class BouncedForm(PlainWords, forms.Form):
    enter: ClassVar[dict[str, Any]] = {"why": _("Enter why it came back, for example: no such address")}
    why = forms.CharField(
        label=_("What the returned mail says"),
        max_length=200,
        help_text=_("For example: no such address."),
    )
