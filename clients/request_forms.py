"""What people type about requests outside what was agreed, and about the solutions they answer them with."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.models import Client, Contact, OutsideRequest, Scope, Solution
from clients.models.request import MOST_MINUTES
from engagement.staff.fields import DateTextField
from engagement.staff.models import User
from engagement.staff.plain_words import PlainWords
from engagement.staff.when import speak_date

if TYPE_CHECKING:
    SolutionModelForm = forms.ModelForm[Solution]
else:
    # Django's own forms take no type in brackets.
    SolutionModelForm = forms.ModelForm

LONG_TEXT = 5000
# Ids beyond this are nobody's row, and the databases would not take them.
MOST_ID = 2**63 - 1


def text_box(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def without_cutting(form: forms.BaseForm) -> None:
    """A box does not stop the typing: a pasted text would lose its end without a word."""
    for field in form.fields.values():
        if isinstance(field.widget, forms.Textarea):
            field.widget.attrs.pop("maxlength", None)


class SpokenDateField(DateTextField):
    """Shows a date in words, as people here speak of it, where those words are read back as the same day."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, date):
            return value
        words = speak_date(value, today=self.today)
        try:
            return words if self.to_python(words) == value else value.isoformat()
        except forms.ValidationError:
            return value.isoformat()


class ReviewField(SpokenDateField):
    """A date that has passed may stand while other words are changed: it is no reason to hold them back."""

    kept: date | None = None

    def __init__(self) -> None:
        super().__init__(
            label=_("Review by"),
            widget=forms.TextInput(attrs={"class": "input-20", "autocomplete": "off"}),
            help_text=_("The day on which its owner reads it again, for example in 6 months."),
        )

    def to_python(self, value: Any) -> date | None:
        if self.kept and str(value).strip() == self.kept.isoformat():
            return self.kept
        return super().to_python(value)


class AnswerForm(PlainWords, forms.Form):
    """What we answered, what it cost, and which solution helped."""

    answer = forms.CharField(
        label=_("Our answer"),
        required=False,
        max_length=LONG_TEXT,
        widget=text_box(4),
        help_text=_("What the client was told. Empty: nobody has answered yet."),
    )
    minutes = forms.IntegerField(
        label=_("Minutes it cost"),
        required=False,
        min_value=0,
        max_value=MOST_MINUTES,
        widget=forms.NumberInput(attrs={"class": "input-5", "inputmode": "numeric"}),
        help_text=_("All of them so far: reading, thinking, answering. Empty: not counted yet."),
    )
    solution = forms.ModelChoiceField(queryset=Solution.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, used: Solution | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        without_cutting(self)
        # One that was used keeps its place when it is archived afterwards.
        usable = Q(archived_at=None) | Q(pk=used.pk) if used else Q(archived_at=None)
        self.fields["solution"].queryset = Solution.objects.filter(usable)  # type: ignore[attr-defined]
        self.fields["solution"].error_messages["invalid_choice"] = _("Choose another solution: this one is gone")


class RequestForm(AnswerForm):
    """A request, with as much of the answer as there is already."""

    enter: ClassVar[dict[str, Any]] = {"what": _("Enter what they asked for")}

    what = forms.CharField(
        label=_("What they asked for"),
        max_length=LONG_TEXT,
        widget=text_box(3),
        help_text=_("In their words, as far as you can. This stays as you write it."),
    )
    contact = forms.ModelChoiceField(
        label=_("Who asked"), queryset=Contact.objects.none(), required=False, empty_label=_("Nobody named")
    )
    asked_on = SpokenDateField(
        label=_("Asked on"),
        past_ok=True,
        widget=forms.TextInput(attrs={"class": "input-20", "autocomplete": "off"}),
        help_text=_("For example today, Tuesday or 3 November."),
    )
    scope = forms.ModelChoiceField(
        label=_("Beyond which scope"),
        queryset=Scope.objects.none(),
        required=False,
        empty_label=_("None in particular"),
    )

    def __init__(self, *args: Any, client: Client, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.client, self.today = client, today
        self.fields["contact"].queryset = client.contacts.filter(left_at=None)  # type: ignore[attr-defined]
        self.fields["scope"].queryset = client.scopes.all()  # type: ignore[attr-defined]
        self.fields["asked_on"].today = today  # type: ignore[attr-defined]
        self.initial.setdefault("asked_on", today)

    def clean_asked_on(self) -> date:
        asked_on: date = self.cleaned_data["asked_on"]
        if asked_on > self.today:
            raise forms.ValidationError(_("The day they asked must be today or in the past"))
        return asked_on

    def request(self) -> OutsideRequest:
        return OutsideRequest(client=self.client, **self.cleaned_data)


class AddendumForm(PlainWords, forms.Form):
    """Which signed scope the addendum is to change."""

    enter: ClassVar[dict[str, Any]] = {"scope": _("Choose the scope that the addendum changes")}

    scope = forms.ModelChoiceField(
        label=_("Changes the scope"), queryset=Scope.objects.none(), empty_label=_("Choose a scope")
    )

    def __init__(self, *args: Any, request: OutsideRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        signed = Scope.objects.in_force().filter(client=request.client_id)
        self.fields["scope"].queryset = signed  # type: ignore[attr-defined]
        self.initial.setdefault("scope", request.scope_id)


class RequestFilter(forms.Form):
    """A client's requests, as the address says. What cannot be read is left out."""

    scope = forms.IntegerField(required=False, min_value=1, max_value=MOST_ID)
    before = forms.IntegerField(required=False, min_value=1, max_value=MOST_ID)


class SolutionFilter(forms.Form):
    """The library, as the address says. What cannot be read is left out."""

    words = forms.CharField(required=False, max_length=200)
    show = forms.ChoiceField(
        required=False,
        choices=[
            ("", _("All solutions")),
            ("mine", _("My solutions")),
            ("my_review", _("Mine to review")),
            ("review", _("Review overdue")),
            ("archived", _("Archived")),
        ],
    )
    after = forms.IntegerField(required=False, min_value=1, max_value=MOST_ID)


class ReviewForm(PlainWords, forms.Form):
    """Read again, and still right: until when."""

    review_by = ReviewField()

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["review_by"].today = today  # type: ignore[attr-defined]


class SolutionForm(PlainWords, SolutionModelForm):
    enter: ClassVar[dict[str, Any]] = {
        "title": _("Enter what the solution is called"),
        "helps_when": _("Enter when it helps"),
        "say": _("Enter what to say"),
        "owner": _("Choose who keeps it right"),
    }
    helps_when = forms.CharField(
        label=_("When it helps"),
        max_length=LONG_TEXT,
        widget=text_box(3),
        help_text=_("The problem, in the words in which clients bring it: it is found by them."),
    )
    say = forms.CharField(
        label=_("What to say"),
        max_length=LONG_TEXT,
        widget=text_box(5),
        help_text=_("As you would write it to a client. Everybody here reads this: name no client."),
    )
    review_by = ReviewField()

    class Meta:
        model = Solution
        fields = ["title", "helps_when", "say", "language", "owner", "review_by"]
        labels = {"title": _("Title"), "language": _("Language"), "owner": _("Owner")}
        help_texts = {"owner": _("Keeps it right, and is reminded when it is to be reviewed.")}

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        without_cutting(self)
        here = Q(is_active=True) | Q(pk=self.instance.owner_id)
        owner: Any = self.fields["owner"]
        owner.queryset, owner.empty_label = User.objects.filter(here).order_by("name", "pk"), None
        review_by: Any = self.fields["review_by"]
        review_by.today = today
        review_by.kept = self.instance.review_by if self.instance.pk else None
