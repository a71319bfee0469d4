"""What people type into the pages that send, sign and end what is agreed."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.fields import words_field
from clients.forms import PaperField
from clients.models import Client, Contact
from engagement.staff.fields import DateTextField
from engagement.staff.plain_words import PlainWords


class SendForm(PlainWords, forms.Form):
    """Who signs it, until when, and what happens on our side."""

    MAIL, COPY = "mail", "copy"
    NOW, AFTER = "now", "after"
    enter: ClassVar[dict[str, Any]] = {
        "contact": gettext_lazy("Choose who signs for the client"),
        "valid_until": gettext_lazy("Enter the last day on which it can be signed"),
    }
    contact = forms.ModelChoiceField(
        label=gettext_lazy("Who signs for the client"),
        queryset=Contact.objects.none(),
        empty_label=gettext_lazy("Choose a contact"),
        help_text=gettext_lazy("The code to sign with goes to the e-mail address that is on file for them."),
    )
    valid_until = DateTextField(
        label=gettext_lazy("Can be signed until"),
        help_text=gettext_lazy("The end of that day, on the client's clock."),
        widget=forms.TextInput(attrs={"class": "input-20"}),
    )
    way = forms.ChoiceField(
        label=gettext_lazy("How they get the link"),
        choices=[
            (MAIL, gettext_lazy("Our e-mail brings it, and reminders follow every three days")),
            (
                COPY,
                gettext_lazy("I copy the link and send it myself; the evidence says so, and nobody is reminded"),
            ),
        ],
        initial=MAIL,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how they get the link")},
    )
    ours = forms.ChoiceField(
        label=gettext_lazy("Our own signature"),
        choices=[
            (AFTER, gettext_lazy("After the client has signed")),
            (NOW, gettext_lazy("Now: I sign for the firm, and it is signed as soon as the client has")),
        ],
        initial=AFTER,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose when we sign")},
    )
    name = words_field(
        gettext_lazy("My name, as my signature"),
        100,
        required=False,
        help_text=gettext_lazy("Only when you sign now."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    # Of what was shown on the page before: what is sent must be what was looked at.
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, client: Client, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["valid_until"].today = today  # type: ignore[attr-defined]
        here = Contact.objects.filter(client=client, left_at=None).exclude(email="").select_related("client")
        self.fields["contact"].queryset = here  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("ours") == self.NOW and "name" in cleaned and not cleaned["name"]:
            self.add_error("name", _("Type your name to sign for the firm, or sign after the client"))
        return cleaned


class SignForFirmForm(PlainWords, forms.Form):
    enter: ClassVar[dict[str, Any]] = {"name": gettext_lazy("Type your name to sign for the firm")}
    name = words_field(
        gettext_lazy("My name, as my signature"), 100, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )


class WhyForm(PlainWords, forms.Form):
    enter: ClassVar[dict[str, Any]] = {"why": gettext_lazy("Enter why, in a few words")}
    why = words_field(gettext_lazy("Why"), 500, rows=2)


class PaperForm(PlainWords, forms.Form):
    """A scope that both sides signed on paper."""

    enter: ClassVar[dict[str, Any]] = {
        "signed_on": gettext_lazy("Enter the day of the last signature, for example 3 November"),
        "paper": gettext_lazy("Choose the PDF of the signed paper"),
        "vouched": gettext_lazy("Tick that you vouch for it, once you have compared it with the paper"),
    }
    signed_on = DateTextField(
        label=gettext_lazy("Signed on"),
        past_ok=True,
        help_text=gettext_lazy("For example 3 November."),
        widget=forms.TextInput(attrs={"class": "input-20"}),
    )
    paper = PaperField(label=gettext_lazy("The signed paper"), help_text=gettext_lazy("A PDF of 10 MB or less."))
    vouched = forms.BooleanField(label=gettext_lazy("I vouch that this is what both sides signed"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["signed_on"].today = today  # type: ignore[attr-defined]

    def clean_signed_on(self) -> date:
        signed_on: date = self.cleaned_data["signed_on"]
        if signed_on > self.today:
            raise forms.ValidationError(_("The day of signing must be today or in the past"))
        return signed_on
