"""What is asked for before a date moves: the new one, a real reason, how the client was told, what they said."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clients.models import Contact
from engagement.outbox.models import Channel
from engagement.staff.fields import DateTextField, TimeTextField
from engagement.staff.models import Firm
from promises.actions.agreeing import answered_too_soon
from promises.due import due_for
from promises.forms.act import NoteField, OfPromise, TextArea
from promises.forms.log import reason_field
from promises.forms.tell import EMAIL, SPOKEN, EarlierField, read_again
from promises.models import Extension

NOT_YET = "not_yet"
NO_ANSWER, AGREED, REFUSED = "none", "agreed", "refused"
ANSWERS = [(NO_ANSWER, _("No answer yet")), (AGREED, _("They agreed")), (REFUSED, _("They refused"))]
TOLD = [
    (SPOKEN, _("I called, met or wrote")),
    (EMAIL, _("By e-mail now, from here")),
    (NOT_YET, _("They have not been told yet")),
]

# In our words: the client reads the label itself.
REASONS = [("", _("Choose a reason"))] + [
    (reason.value, Extension.OUR_REASONS.get(reason.value, reason.label)) for reason in Extension.Reason
]


class ExtendForm(OfPromise):
    new_date = DateTextField(label=_("New date"), help_text=_("For example 27 November or Friday."), error_messages={})
    new_time = TimeTextField(
        label=_("Time"), required=False, help_text=_("Leave empty for the end of their working day.")
    )
    asked_by = forms.ChoiceField(
        label=_("Who asked"),
        choices=Extension.AskedBy.choices,
        widget=forms.RadioSelect,
        initial=Extension.AskedBy.US,
        error_messages={"required": _("Choose who asked"), "invalid_choice": _("Choose who asked")},
    )
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=REASONS,
        required=False,
        error_messages={"required": _("Choose a reason"), "invalid_choice": _("Choose a reason")},
    )
    reason_text = forms.CharField(
        label=_("The reason in your words"),
        required=False,
        max_length=300,
        widget=TextArea(2),
        help_text=_("The client reads it: facts, no excuses."),
        error_messages={
            "required": _("Enter the reason in your words, as the client will read it"),
            "max_length": _("Reason must be %(limit_value)d characters or fewer"),
        },
    )
    note = NoteField(label=_("Internal reason"))
    told = forms.ChoiceField(
        label=_("How the client was told"),
        choices=TOLD,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how the client was told"),
            "invalid_choice": _("Choose how the client was told"),
        },
    )
    contact = forms.ModelChoiceField(
        label=_("With whom"),
        queryset=Contact.objects.none(),
        required=False,
        empty_label=_("Somebody else there"),
        error_messages={
            "required": _("Choose whom you write to"),
            "invalid_choice": _("Choose a contact of this client"),
        },
    )
    channel = forms.ChoiceField(
        label=_("How you spoke"),
        choices=Channel.choices,
        required=False,
        initial=Channel.CALL,
        error_messages={"invalid_choice": _("Choose how you spoke")},
    )
    spoken_on = DateTextField(label=_("When"), required=False, past_ok=True, help_text=_("Leave empty for today."))
    spoken_time = TimeTextField(label=_("At"), required=False, help_text=_("Leave empty for just now."))
    text = forms.CharField(
        label=_("What was said"),
        required=False,
        max_length=4000,
        widget=TextArea(2),
        error_messages={
            "required": _("Enter what was said, in a line"),
            "max_length": _("What was said must be %(limit_value)d characters or fewer"),
        },
    )
    subject = forms.CharField(
        label=_("Subject"),
        required=False,
        max_length=300,
        error_messages={
            "required": _("Enter a subject"),
            "max_length": _("Subject must be %(limit_value)d characters or fewer"),
        },
    )
    body = forms.CharField(label=_("Text"), required=False, max_length=10_000, widget=TextArea(12))
    answer = forms.ChoiceField(
        label=_("The client's answer"),
        choices=ANSWERS,
        widget=forms.RadioSelect,
        initial=NO_ANSWER,
        error_messages={
            "required": _("Choose the client's answer"),
            "invalid_choice": _("Choose the client's answer"),
        },
    )
    answered_on = DateTextField(
        label=_("Answered on"), required=False, past_ok=True, help_text=_("Leave empty for when you spoke.")
    )
    answered_time = TimeTextField(label=_("Answered at"), required=False)
    words = forms.CharField(
        label=_("Their words"),
        required=False,
        max_length=300,
        error_messages={"max_length": _("Their words must be %(limit_value)d characters or fewer")},
    )
    over_reason = reason_field()
    once = forms.UUIDField(widget=forms.HiddenInput, required=False)
    earlier = EarlierField()
    drafted_for = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A client who asks for another date has given the reason by that.
        theirs = self["asked_by"].value() == Extension.AskedBy.CLIENT
        self.fields["reason"].required = self.fields["reason_text"].required = not theirs
        by_email = self["told"].value() == EMAIL
        self.fields["text"].required = self["told"].value() == SPOKEN
        self.fields["contact"].required = by_email
        self.fields["subject"].required = self.fields["body"].required = by_email and self.is_drafted
        self.fields["new_date"].error_messages["required"] = _("Enter the new date, for example 27 November")
        self.fields["contact"].queryset = self.promise.client.contacts.filter(left_at=None)  # type: ignore[attr-defined]
        for name in ("new_time", "spoken_time", "answered_time"):
            self.fields[name].widget.attrs["class"] = "input-10"

    def clean(self) -> dict[str, Any]:
        super().clean()
        self._clean_date()
        if "reason" not in self.errors and not self.cleaned_data.get("reason"):
            self.cleaned_data["reason"] = Extension.Reason.CLIENT_WISH.value
        told = self.cleaned_data.get("told")
        if told == SPOKEN:
            self._clean_spoken()
        elif told == EMAIL:
            self._clean_email()
        self._clean_answer()
        if self.cleaned_data.get("once") is None:
            self.cleaned_data["once"] = uuid.uuid4()
        return self.cleaned_data

    def signature(self) -> str:
        """What the drafted text says, so that a text is read again when it no longer fits."""
        names = ("new_date", "new_time", "asked_by", "reason_text", "contact", "answer")
        return "|".join(str(self[name].value() or "") for name in names)

    @property
    def can_be_weighed(self) -> bool:
        """Whether the new date holds together, whatever else is still open."""
        if not self.is_bound or self.errors.keys() & {"new_date", "new_time"}:
            return False
        return "due" in self.cleaned_data

    @property
    def is_drafted(self) -> bool:
        return bool(self["body"].value())

    def _clean_date(self) -> None:
        new_date = self.cleaned_data.get("new_date")
        if new_date and "new_time" not in self.errors:
            due = due_for(self.promise.client, Firm.get(), new_date, self.cleaned_data.get("new_time"))
            if due.at <= self.now:
                self.add_error("new_date", _("New date must be today or in the future"))
            elif due.at == self.promise.due_at:
                self.add_error("new_date", _("Enter another date: this is the date in force"))
            self.cleaned_data["due"] = due

    def _clean_spoken(self) -> None:
        if not self.cleaned_data.get("channel") and "channel" not in self.errors:
            self.add_error("channel", _("Choose how you spoke"))
        self.cleaned_data["spoken_at"] = self.past_moment("spoken_on", "spoken_time")

    def _clean_email(self) -> None:
        contact = self.cleaned_data.get("contact")
        if contact and not contact.email:
            words = {"name": contact.name}
            self.add_error("contact", _("%(name)s has no e-mail address: call, and record the call") % words)
        elif not self.errors and self.is_drafted and self.cleaned_data.get("drafted_for") != self.signature():
            self.add_error("body", read_again())

    def _clean_answer(self) -> None:
        if self.cleaned_data.get("answer") not in (AGREED, REFUSED):
            return
        if self.cleaned_data.get("told") == NOT_YET:
            self.add_error("answer", answered_too_soon())
        elif self.cleaned_data.get("told") == EMAIL:
            self.add_error("answer", _("The e-mail has yet to leave: choose no answer yet, or say how you spoke"))
        else:
            day, clock = self.cleaned_data.get("answered_on"), self.cleaned_data.get("answered_time")
            spoken_at = self.cleaned_data.get("spoken_at")
            if day is None and clock is None and spoken_at:
                self.cleaned_data["answered_at"] = spoken_at
            else:
                self.cleaned_data["answered_at"] = self.past_moment("answered_on", "answered_time")


class AnswerForm(OfPromise):
    agreed = forms.ChoiceField(
        label=_("What did they say?"),
        choices=ANSWERS[1:],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what they said"), "invalid_choice": _("Choose what they said")},
    )
    answered_on = DateTextField(
        label=_("When"), required=False, past_ok=True, help_text=_("Leave empty for today. Or: yesterday.")
    )
    answered_time = TimeTextField(label=_("Time"), required=False, help_text=_("Leave empty for just now."))
    words = forms.CharField(
        label=_("Their words"),
        required=False,
        max_length=300,
        error_messages={"max_length": _("Their words must be %(limit_value)d characters or fewer")},
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.cleaned_data["answered_at"] = self.past_moment("answered_on", "answered_time")
        return self.cleaned_data
