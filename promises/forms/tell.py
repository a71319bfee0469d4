"""What is asked for before a client is written to, or a conversation with them is recorded."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clients.models import Client, Contact
from engagement.outbox.models import Channel
from engagement.staff.fields import DateTextField, TimeTextField
from promises import drafts
from promises.forms.act import TextArea
from promises.models import Promise, Standing, Telling

EMAIL, SPOKEN = "email", "spoken"
READ_AGAIN = "read_again"
NEEDED = {EMAIL: ("contact", "subject", "body"), SPOKEN: ("channel", "text")}
HOW = [(EMAIL, _("By e-mail, from here")), (SPOKEN, _("I called, met or wrote"))]


class EarlierField(forms.CharField):
    """What somebody had typed before the text was drafted anew: to copy from, never sent."""

    def __init__(self) -> None:
        super().__init__(label=_("The text before"), required=False, widget=TextArea(6))
        self.widget.attrs["readonly"] = True


class WordsForm(forms.Form):
    """Words to a client: an e-mail that leaves from here, or a conversation that somebody had."""

    how = forms.ChoiceField(choices=HOW, widget=forms.HiddenInput)
    contact = forms.ModelChoiceField(
        label=_("To"),
        queryset=Contact.objects.none(),
        required=False,
        empty_label=_("Somebody else there"),
        error_messages={
            "required": _("Choose whom you write to"),
            "invalid_choice": _("Choose a contact of this client"),
        },
    )
    subject = forms.CharField(
        label=_("Subject"),
        max_length=300,
        required=False,
        error_messages={
            "required": _("Enter a subject"),
            "max_length": _("Subject must be %(limit_value)d characters or fewer"),
        },
    )
    body = forms.CharField(
        label=_("Text"),
        max_length=10_000,
        required=False,
        widget=TextArea(14),
        help_text=_("Facts, what happens next, and by when."),
        error_messages={
            "required": _("Enter the text"),
            "max_length": _("Text must be %(limit_value)d characters or fewer"),
        },
    )
    channel = forms.ChoiceField(
        label=_("How"),
        choices=Channel.choices,
        required=False,
        error_messages={"required": _("Choose how you spoke"), "invalid_choice": _("Choose how you spoke")},
    )
    spoken_on = DateTextField(
        label=_("When"), required=False, past_ok=True, help_text=_("Leave empty for today. Or: yesterday.")
    )
    spoken_time = TimeTextField(
        label=_("Time"), required=False, help_text=_("For example 16:05. Leave empty for just now.")
    )
    text = forms.CharField(
        label=_("What was said"),
        required=False,
        max_length=4000,
        widget=TextArea(4),
        error_messages={
            "required": _("Enter what was said, in a line"),
            "max_length": _("What was said must be %(limit_value)d characters or fewer"),
        },
    )
    # A second press of the button carries the same one, and writes nothing.
    once = forms.UUIDField(widget=forms.HiddenInput, required=False)
    earlier = EarlierField()
    # What the text was drafted for. Whoever changes that afterwards is asked to read the text again.
    drafted_for = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, client: Client, now: datetime, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.client, self.now = client, now
        self.fields["contact"].queryset = client.contacts.filter(left_at=None)  # type: ignore[attr-defined]
        self.fields["spoken_on"].today = self.today  # type: ignore[attr-defined]
        for name in NEEDED[self.how_chosen]:
            self.fields[name].required = True

    @property
    def today(self) -> date:
        return self.now.astimezone(self.client.zoneinfo).date()

    @property
    def how_chosen(self) -> str:
        return SPOKEN if self["how"].value() == SPOKEN else EMAIL

    def signature(self) -> str:
        """What the text was drafted for."""
        chosen = self["contact"].value()
        return str(chosen.pk if isinstance(chosen, Contact) else chosen or "")

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.how_chosen == EMAIL:
            self._clean_email()
        else:
            self._clean_spoken()
        return self.cleaned_data

    def _clean_email(self) -> None:
        contact = self.cleaned_data.get("contact")
        if contact and not contact.email:
            words = {"name": contact.name}
            self.add_error("contact", _("%(name)s has no e-mail address: call, and record the call") % words)
        if self.cleaned_data.get("once") is None:
            self.cleaned_data["once"] = uuid.uuid4()
        if not self.errors and self.cleaned_data.get("drafted_for") != self.signature():
            self.add_error("body", read_again())

    def _clean_spoken(self) -> None:
        if not self.errors.keys() & {"spoken_on", "spoken_time"}:
            self.cleaned_data["spoken_at"] = spoken_moment(self, "spoken_on", "spoken_time", self.client, self.now)


class TellForm(WordsForm):
    """Several promises of one client, each with what is said of it: `about_12` ticked, `kind_12` chosen."""

    def __init__(
        self, data: Any = None, *, client: Client, promises: Sequence[Promise], now: datetime, **kwargs: Any
    ) -> None:
        super().__init__(data, client=client, now=now, **kwargs)
        self.promises = promises
        for promise in promises:
            self.fields[f"about_{promise.pk}"] = forms.BooleanField(label=promise.what, required=False)
            self.fields[f"kind_{promise.pk}"] = forms.ChoiceField(
                label=_("What you say of it"),
                choices=kinds_for(promise, self.how_chosen, now),
                required=False,
                widget=forms.Select(attrs={"class": "form-select"}),
                error_messages={"invalid_choice": _("Choose what you say of it")},
            )

    def rows(self) -> list[dict[str, Any]]:
        return [
            {"promise": promise, "tick": self[f"about_{promise.pk}"], "kind": self[f"kind_{promise.pk}"]}
            for promise in self.promises
        ]

    def said(self) -> list[tuple[Promise, str]]:
        """What is ticked, whether or not the rest of the form holds."""
        ticked = [p for p in self.promises if self[f"about_{p.pk}"].value() in (True, "on", "true", "True")]
        return [(promise, self._kind(promise)) for promise in ticked]

    def signature(self) -> str:
        return ",".join([super().signature(), *(f"{promise.pk}:{kind}" for promise, kind in self.said())])

    def _kind(self, promise: Promise) -> str:
        value = str(self[f"kind_{promise.pk}"].value() or "")
        offered = dict(kinds_for(promise, self.how_chosen, self.now))
        if value in offered:
            return value
        return Telling.Kind.PROGRESS if Telling.Kind.PROGRESS in offered else drafts.default_kind(promise, self.now)

    def clean(self) -> dict[str, Any]:
        if not self.said():
            raise ValidationError(_("Tick at least one promise that you speak of"), code="nothing")
        return super().clean()


def spoken_moment(form: forms.Form, on: str, at: str, client: Client, now: datetime) -> datetime | None:
    """When a conversation took place, in the client's zone. Before or after the date counts to the minute."""
    day, clock = form.cleaned_data.get(on), form.cleaned_data.get(at)
    today = now.astimezone(client.zoneinfo).date()
    if clock is None and (day is None or day == today):
        return now
    if clock is None:
        form.add_error(at, _("Enter the time too: before or after the date counts to the minute"))
        return None
    moment = datetime.combine(day or today, clock or time(0), tzinfo=client.zoneinfo)
    if moment > now:
        form.add_error(at if day in (None, today) else on, _("Enter a time that has passed"))
        return None
    return moment


def text_before(form: forms.Form, draft: str) -> str:
    """What a new draft takes the place of, and what the drafts before it did: nothing typed is lost."""
    texts = ["\n".join(str(form[name].value() or "").split("\r\n")).strip() for name in ("body", "earlier")]
    return "\n\n".join(dict.fromkeys(text for text in texts if text and text != draft.strip()))


def read_again() -> ValidationError:
    return ValidationError(_("You changed what it speaks of: read the text again, then send it"), code=READ_AGAIN)


def kinds_for(promise: Promise, how: str, now: datetime) -> list[tuple[str, Any]]:
    """What can be said of it truthfully: a new date only where one is asked for, done only when it is.

    Nobody writes of progress alone when it is overdue, or when we think it late and the client has not heard;
    a conversation of the day before may have spoken of it.

    A date that has moved already is what we promise now: calling it new again would count as telling that it slips.
    """
    kinds = Telling.Kind
    if promise.withdrawn_at:
        return [(kinds.PROGRESS.value, _("Taken back"))]
    if promise.delivered_at:
        return [(kinds.DONE.value, kinds.DONE.label), (kinds.LATE.value, kinds.LATE.label)]
    offered = [kinds.MADE, kinds.PROGRESS, kinds.MAY_BE_LATE, kinds.LATE]
    unheard = promise.standing == Standing.MAY_BE_LATE and promise.told_at is None
    if how != SPOKEN and (unheard or promise.is_overdue(now)):
        offered.remove(kinds.PROGRESS)
    if any(extension.is_open for extension in promise.extensions.all()):
        offered.append(kinds.MOVED)
    return [(kind.value, kind.label) for kind in offered]
