from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Model, Q
from django.forms.models import ModelChoiceIterator
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from clients.choices import ClientField, QuickSelect
from clients.models import Client, Contact, Scope
from engagement.staff.fields import DateTextField, HoursField, TimeTextField
from engagement.staff.models import Firm, Role, User
from engagement.staff.when import speak_time, speak_zone
from promises.due import Due, due_for
from promises.models import Promise

WHAT_LENGTH = 300
MOST_STEPS = 20
STEP_LENGTH = 200
LONG_TEXT = 5000
# Why somebody takes on more than the diary holds: every form that takes a date has it under this name.
REASON = "over_reason"


def short_text(label: Any, most: int, **kwargs: Any) -> forms.CharField:
    too_long = format_lazy(_("{label} must be {most} characters or fewer"), label=label, most=most)
    messages = {"max_length": too_long, **kwargs.pop("error_messages", {})}
    # The box itself does not stop the typing: a pasted text would lose its end without a word.
    field = forms.CharField(label=label, max_length=most, error_messages=messages, **kwargs)
    field.widget.attrs.pop("maxlength", None)
    return field


def long_text(label: Any, rows: int = 3, **kwargs: Any) -> forms.CharField:
    return short_text(label, LONG_TEXT, required=False, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)


def reason_field() -> forms.CharField:
    """Asked for only where the date does not fit."""
    field = short_text(
        _("Why you take it on all the same"),
        300,
        required=False,
        help_text=_("Never shown to the client."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    # Where it stands it is needed, so it does not call itself optional.
    field.is_one_of_two = True  # type: ignore[attr-defined]
    return field


class _Listed(QuickSelect):
    """The choices of a field, asked for once: Django's own asks for all of them to look at the first, and again."""

    def use_required_attribute(self, initial: Any) -> bool:
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        self.named = self.choices  # type: ignore[assignment]  # Django's may be grouped; a model's are not
        return super().render(name, value, attrs, renderer)


class ChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django's own takes no brackets
    """What is not there and what this person may not see are answered in the same words."""

    def __init__(self, queryset: Any, label: Any, unknown: Any, **kwargs: Any) -> None:
        messages = {"required": unknown, "invalid_choice": unknown}
        super().__init__(queryset, label=label, error_messages=messages, widget=_Listed(), **kwargs)
        # One that has been looked up, and looked at, already.
        self.known: Model | None = None

    def to_python(self, value: Any) -> Any:
        if self.known and str(value) == str(self.known.pk):
            return self.known
        return super().to_python(value)


class _Names(ModelChoiceIterator):  # type: ignore[type-arg]  # Django's own takes no brackets
    """To read all that is known of everybody would take as long as the rest of the page."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        for pk, name, email in self.queryset.values_list("pk", "name", "email"):
            yield pk, name or email


class OwnerField(ChoiceField):
    """One of the people here."""

    iterator = _Names


class WordsFields(forms.Form):
    """What may be said of a promise and put in other words later."""

    what = short_text(
        _("What we promised"),
        WHAT_LENGTH,
        help_text=_("The client sees this."),
        error_messages={"required": _("Enter what you promised")},
    )
    contact = ChoiceField(
        Contact.objects.none(),
        _("Contact"),
        _("Choose a contact of this client"),
        required=False,
        empty_label=_("None"),
    )
    scope = ChoiceField(
        Scope.objects.none(), _("Scope"), _("Choose a scope of this client"), required=False, empty_label=_("None")
    )
    estimate_hours = HoursField(
        label=_("Estimate"),
        required=False,
        most=9999,
        help_text=_(
            "Working hours it will take, for example 3h or 90 min. Without one it is hard to see a slip coming."
        ),
        widget=forms.TextInput(attrs={"class": "input-10"}),
    )
    client_words = long_text(
        _("The client's own words"),
        help_text=_("What was asked and what was said, word for word. The client sees this."),
    )
    may_stand_in_the_way = long_text(_("What may stand in the way"), rows=2, help_text=_("The client sees this."))
    next_step = short_text(_("What happens next"), 300, required=False, help_text=_("The client sees this."))
    our_understanding = long_text(_("How we understood them"), help_text=_("Never shown to the client."))

    def offer(self, client: Client, contact: Contact | None = None) -> None:
        """Offer what belongs to this client; the present contact too when they have left meanwhile."""
        here = Q(left_at=None) | Q(pk=contact.pk) if contact else Q(left_at=None)
        self._choices("contact").queryset = client.contacts.filter(here)
        self._choices("scope").queryset = client.scopes.all()

    def words(self) -> dict[str, str]:
        names = ("client_words", "our_understanding", "may_stand_in_the_way", "next_step")
        return {name: self.cleaned_data[name] for name in names}

    def _choices(self, name: str) -> ChoiceField:
        field = self.fields[name]
        assert isinstance(field, ChoiceField)
        return field


class PromiseForm(WordsFields):
    """A new promise: three things are needed, the rest may follow."""

    client = ClientField(
        _("Client"),
        empty_label=_("Choose a client"),
        in_full=True,
        error_messages={"required": _("Choose a client")},
    )
    due_on = DateTextField(
        label=_("Due date"),
        widget=forms.TextInput(attrs={"class": "input-20", "autocomplete": "off"}),
        help_text=_("For example 27 November, Friday or in two weeks."),
    )
    due_time = TimeTextField(
        label=_("Time"),
        required=False,
        widget=forms.TextInput(attrs={"class": "input-10", "autocomplete": "off"}),
        help_text=_("For example 5pm. Empty: the end of their working day."),
    )
    owner = OwnerField(
        User.objects.none(), _("Owner"), _("Choose somebody who works here and sees this client"), empty_label=None
    )
    # Beside the date, whose fit says what an estimate is good for.
    estimate_hours = HoursField(
        label=_("Estimate"),
        required=False,
        most=9999,
        widget=forms.TextInput(attrs={"class": "input-10", "autocomplete": "off"}),
        help_text=_("Working hours, for example 3h or 90 min."),
    )
    steps = long_text(_("Steps"), help_text=_("One on a line, in the order of the work. The client sees them."))
    note = long_text(_("Internal note"), help_text=_("Never shown to the client."))
    over_reason = reason_field()

    field_order = ("what", "client", "due_on", "due_time")

    def __init__(self, *args: Any, user: User, firm: Firm, now: datetime, client: Client | None = None, **kw: Any):
        super().__init__(*args, **kw)
        self.user, self.firm, self.now = user, firm, now
        self.for_client: Client | None = client
        self.due: Due | None = None
        # The line spoke of a date that cannot be; the words of it still stand where they were typed.
        self.has_no_date = False
        self._client().offer(Client.objects.visible_to(user).current())
        self._choices("owner").queryset = User.objects.active()
        self._client().known, self._choices("owner").known = client, user
        self.initial.setdefault("owner", user.pk)
        self._date().today = now.astimezone(user.zoneinfo).date()
        if client:
            self.initial.setdefault("client", client.pk)
            self.serve(client)

    def serve(self, client: Client) -> None:
        """From here on it is this client's promise: their zone, their contacts, the people who may see them."""
        self.for_client = client
        self._date().today = self.now.astimezone(client.zoneinfo).date()
        self.offer(client)
        if client.restricted:
            sees = Q(role__in=[Role.MANAGER, Role.ADMINISTRATOR]) | Q(clients_led=client) | Q(clients_served=client)
            self._choices("owner").queryset = User.objects.active().filter(sees).distinct()

    def say_of_date(self, problem: str) -> None:
        """Why the line had no date to take over."""
        words = {
            "past": _("Due date must be today or in the future"),
            "no_such_day": _("There is no such day: check the day and the month"),
            "no_clock": _("Enter the day and the time, for example today and 4pm"),
        }
        self.has_no_date = problem in words
        self._date().error_messages["required"] = words.get(problem, self._date().error_messages["required"])

    def say_of_time(self) -> None:
        """The line spoke of a time that no clock shows."""
        self.fields["due_time"].error_messages["none"] = _("There is no such time: enter one such as 5pm or 17:00")

    def refuse_client(self) -> None:
        self._client().error_messages["required"] = _("Choose a client, or add it under another name")

    def clean_client(self) -> Client:
        # The fields after this one are read as this client's.
        client: Client = self.cleaned_data["client"]
        self.serve(client)
        return client

    def clean_steps(self) -> list[str]:
        steps = [" ".join(line.split()) for line in self.cleaned_data["steps"].splitlines() if line.strip()]
        if len(steps) > MOST_STEPS:
            raise forms.ValidationError(_("Enter %(most)s steps or fewer") % {"most": MOST_STEPS})
        if any(len(step) > STEP_LENGTH for step in steps):
            raise forms.ValidationError(_("Each step must be %(most)s characters or fewer") % {"most": STEP_LENGTH})
        return steps

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "client" in self.errors:
            # Whose they would have to be is not known yet, and one question is enough.
            for name in ("contact", "scope"):
                self.errors.pop(name, None)
        elif "due_on" in cleaned and "due_time" in cleaned:
            assert self.for_client
            self.due = due_for(self.for_client, self.firm, cleaned["due_on"], cleaned["due_time"])
            if self.due.at <= self.now:
                self._has_passed(self.due)
        return cleaned

    def _has_passed(self, due: Due) -> None:
        zone = {"zone": speak_zone(due_zone) if (due_zone := self.for_client and self.for_client.zoneinfo) else ""}
        if due.time:
            at = {"time": speak_time(due.time), **zone}
            self.add_error("due_time", _("It is past %(time)s already (%(zone)s): enter a later time or day") % at)
        else:
            self.add_error(
                "due_time", _("Their working day has ended (%(zone)s): enter a time today, or a later day") % zone
            )

    def promise(self) -> dict[str, Any]:
        """What actions.make() asks for, but by whom and when."""
        taken = ("client", "what", "owner", "contact", "scope", "estimate_hours", "note", "steps")
        return {name: self.cleaned_data[name] for name in taken} | self.words() | {"due": self.due}

    @property
    def can_be_weighed(self) -> bool:
        """Whether what is said of client, owner, date and hours holds together, whatever else is still open."""
        weighed = {"client", "owner", "due_on", "due_time", "estimate_hours"}
        return self.is_bound and not self.errors.keys() & weighed and self.due is not None

    @property
    def opens_fold(self) -> bool:
        """Something was typed, or has to be mended, below what is always in sight."""
        below = self.fields.keys() - {"what", "client", "due_on", "due_time", "estimate_hours", REASON}
        said = {name for name in below if self[name].value()}
        if self["owner"].value() in (self.user.pk, str(self.user.pk)):
            said.discard("owner")
        return bool(said or below & self.errors.keys())

    def _client(self) -> ClientField:
        field = self.fields["client"]
        assert isinstance(field, ClientField)
        return field

    def _date(self) -> DateTextField:
        field = self.fields["due_on"]
        assert isinstance(field, DateTextField)
        return field


class WordsForm(WordsFields):
    """The words of a promise that was made. Its date is not among them."""

    def __init__(self, data: Any = None, *, promise: Promise) -> None:
        names = [name for name in WordsFields.base_fields if name not in ("contact", "scope")]
        initial = {name: getattr(promise, name) for name in names}
        super().__init__(data, initial={**initial, "contact": promise.contact_id, "scope": promise.scope_id})
        self.offer(promise.client, promise.contact)

    def changes(self) -> dict[str, Any]:
        """What actions.change_words() asks for."""
        changes = dict(self.cleaned_data)
        for name in ("contact", "scope"):
            chosen = changes.pop(name)
            changes[f"{name}_id"] = chosen.pk if chosen else None
        return changes
