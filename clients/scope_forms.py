"""What people type into a scope, and into the pages that send, sign and end what is agreed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.choices import ClientField
from clients.forms import PaperField
from clients.models import Client, Contact, LineValues, Scope, ScopeTemplate
from engagement.staff.choices import ListedField, currency_choices
from engagement.staff.fields import LONGEST_TEXT, DateTextField
from engagement.staff.models import User
from engagement.staff.plain_words import PlainWords
from engagement.staff.read_number import read_number

if TYPE_CHECKING:
    ScopeModelForm = forms.ModelForm[Scope]
    TemplateModelForm = forms.ModelForm[ScopeTemplate]
    LineFormSet = forms.BaseFormSet["LineForm"]
else:
    # Django's own forms take no type in brackets.
    ScopeModelForm = TemplateModelForm = forms.ModelForm
    LineFormSet = forms.BaseFormSet

MOST_LINES = 200
MOST_TAXES = 20
MOST_DAYS = 400
SHORT_TEXT = 10_000
LONG_TEXT = 50_000
# Rows offered beside those that are there; without a script they are all there are until the next save.
SPARE_LINES = 3


class AmountField(forms.Field):
    """A number as people write it, exact. `places` and `whole` are the figures behind and before the point."""

    default_error_messages = {
        "none": gettext_lazy("%(label)s must be a number, for example %(example)s"),
        "two": gettext_lazy("“%(typed)s” can be read in two ways: write %(first)s or %(second)s"),
        "places": gettext_lazy("%(label)s must have %(places)s decimals or fewer"),
        "large": gettext_lazy("%(label)s must be a smaller number"),
        "least": gettext_lazy("%(label)s must be at least %(least)s"),
        "most": gettext_lazy("%(label)s must be at most %(most)s"),
    }
    widget = forms.TextInput

    def __init__(
        self,
        *,
        places: int,
        whole: int,
        least: Decimal | None = None,
        most: Decimal | None = None,
        example: str = "1200.50",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.places, self.whole, self.least, self.most, self.example = places, whole, least, most, example
        self.widget.attrs.setdefault("inputmode", "decimal")
        self.widget.attrs.setdefault("autocomplete", "off")

    def prepare_value(self, value: Any) -> Any:
        return written(value) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | None:
        if isinstance(value, Decimal):
            return value
        typed = str(value or "").strip()
        if not typed:
            return None
        ways = read_number(typed).ways
        # Beyond the limits nobody means it; too many decimals may well be meant, and are no reason for the other way.
        fitting = [way for way in ways if self._fault(way) in (None, "places")] or list(ways[:1])
        if not fitting:
            raise self._error("none")
        if fault := self._fault(fitting[-1]):
            raise self._error(fault)
        if len(fitting) > 1:
            first, second = map(written, fitting)
            raise self._error("two", typed=typed[:LONGEST_TEXT], first=first, second=second)
        return fitting[0]

    def _fault(self, number: Decimal) -> str | None:
        plain = number.normalize()
        if -int(plain.as_tuple().exponent) > self.places:
            return "places"
        if abs(number) >= Decimal(10) ** self.whole:
            return "large"
        if self.least is not None and number < self.least:
            return "least"
        return "most" if self.most is not None and number > self.most else None

    def _error(self, code: str, **words: Any) -> ValidationError:
        values = {
            "label": self.label,
            "example": self.example,
            "places": self.places,
            "least": written(self.least or Decimal(0)),
            "most": written(self.most or Decimal(0)),
        }
        return ValidationError(self.error_messages[code], code=code, params={**values, **words})


def written(number: Decimal) -> str:
    """As it can be sent back: exactly three decimals behind a point could also be thousands."""
    plain = f"{number.normalize():f}"
    decimals = len(plain.partition(".")[2])
    return f"{plain}0" if decimals in (1, 3) else plain


def words_field(label: Any, most: int, *, rows: int = 0, **kwargs: Any) -> forms.CharField:
    """A text whose box does not stop the typing: a pasted one would lose its end without a word."""
    if rows:
        kwargs["widget"] = forms.Textarea(attrs={"rows": rows})
    field = forms.CharField(label=label, max_length=most, **kwargs)
    field.widget.attrs.pop("maxlength", None)
    return field


class ScopeForm(PlainWords, ScopeModelForm):
    """What a draft says, but for its lines."""

    enter: ClassVar[dict[str, Any]] = {
        "number": gettext_lazy("Enter the number of the scope, for example 2026-014"),
        "title": gettext_lazy("Enter what the scope is called"),
        "currency": gettext_lazy("Choose a currency from the list"),
    }
    number = words_field(
        gettext_lazy("Number"),
        40,
        widget=forms.TextInput(attrs={"class": "input-10"}),
        error_messages={"unique": gettext_lazy("Another scope has this number: enter a different one")},
    )
    title = words_field(gettext_lazy("Title"), 200)
    summary = words_field(
        gettext_lazy("In short"),
        SHORT_TEXT,
        rows=3,
        required=False,
        help_text=gettext_lazy("What they get, in two or three sentences. The client reads it first."),
    )
    not_included = words_field(
        gettext_lazy("Not included"),
        SHORT_TEXT,
        rows=3,
        required=False,
        help_text=gettext_lazy("One thing a line."),
    )
    timeline = words_field(gettext_lazy("Timeline"), SHORT_TEXT, rows=3, required=False)
    terms = words_field(
        gettext_lazy("Terms"),
        LONG_TEXT,
        rows=10,
        required=False,
        help_text=gettext_lazy(
            "Markdown: ## heading, **bold**, - a list, 1. a numbered list, [words](https://…) a link. "
            "HTML is shown as it is typed."
        ),
    )
    currency = ListedField(label=gettext_lazy("Currency"), choices=currency_choices)
    starts_on = DateTextField(
        label=gettext_lazy("From"), required=False, past_ok=True, widget=forms.TextInput(attrs={"class": "input-20"})
    )
    ends_on = DateTextField(
        label=gettext_lazy("Until"), required=False, past_ok=True, widget=forms.TextInput(attrs={"class": "input-20"})
    )
    contact = forms.ModelChoiceField(
        label=gettext_lazy("Who signs"),
        queryset=Contact.objects.none(),
        required=False,
        empty_label=gettext_lazy("Decided when it is sent"),
    )

    class Meta:
        model = Scope
        fields = [
            "number",
            "title",
            "summary",
            "not_included",
            "timeline",
            "terms",
            "currency",
            "starts_on",
            "ends_on",
        ]

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = self.instance
        for name in ("starts_on", "ends_on"):
            self.fields[name].today = today  # type: ignore[attr-defined]
        currency: ListedField = self.fields["currency"]  # type: ignore[assignment]
        currency.show_also(scope.currency)
        self.fields["contact"].queryset = Contact.objects.filter(client=scope.client_id, left_at=None)  # type: ignore[attr-defined]
        if scope.agreement_id:
            self.initial.setdefault("contact", scope.agreement.contact_id)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        begins, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if begins and ends and ends < begins:
            self.add_error("ends_on", _("The last day must not be before the first"))
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class LineForm(PlainWords, forms.Form):
    """One row. Nothing in it: it is not there."""

    kind: ClassVar[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["kind"] = self.kind
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != DELETION_FIELD_NAME}


class ServiceForm(LineForm):
    kind = LineValues.LineKind.SERVICE
    enter: ClassVar[dict[str, Any]] = {
        "service": gettext_lazy("Enter the service"),
        "price": gettext_lazy("Enter the price, 0 if it costs nothing"),
    }
    service = words_field(gettext_lazy("Service"), 200)
    description = words_field(gettext_lazy("Description"), SHORT_TEXT, rows=2, required=False)
    quantity = AmountField(
        label=gettext_lazy("Quantity"), places=2, whole=8, least=Decimal(0), example="2.5", required=False
    )
    unit = words_field(gettext_lazy("Unit"), 40, required=False)
    price = AmountField(label=gettext_lazy("Price"), places=4, whole=10)
    turnaround_days = forms.IntegerField(
        label=gettext_lazy("Working days"),
        min_value=1,
        max_value=MOST_DAYS,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean_quantity(self) -> Decimal:
        quantity: Decimal | None = self.cleaned_data["quantity"]
        return Decimal(1) if quantity is None else quantity


class TaxForm(LineForm):
    kind = LineValues.LineKind.TAX
    enter: ClassVar[dict[str, Any]] = {
        "service": gettext_lazy("Enter the name of the tax, for example VAT"),
        "rate": gettext_lazy("Enter the per cent, for example 20"),
    }
    service = words_field(gettext_lazy("Tax"), 200)
    rate = AmountField(
        label=gettext_lazy("Per cent"), places=3, whole=3, least=Decimal(0), most=Decimal(100), example="20"
    )


class Lines(LineFormSet):
    """Rows by their place. What is sent is all there is, so no row is an old one that must stay."""

    def __init__(self, data: Any = None, *, initial: Any = None, **kwargs: Any) -> None:
        # Beside what stood there before, a row sent back as it was would count as unchanged, and be left out.
        super().__init__(data, initial=None if data is not None else initial, **kwargs)

    def initial_form_count(self) -> int:
        return 0 if self.is_bound else super().initial_form_count()

    def add_fields(self, form: LineForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields[DELETION_FIELD_NAME].label = _("Remove")
        form.fields[DELETION_FIELD_NAME].widget.attrs["class"] = "form-check-input"

    @property
    def values(self) -> list[dict[str, Any]]:
        kept = [form for form in self.forms if form.has_changed() and form not in self.deleted_forms]
        return [form.values for form in kept]

    @property
    def faulty(self) -> list[tuple[int, LineForm]]:
        """The rows with faults, with their places."""
        rows = enumerate(self.forms, 1)
        return [(place, form) for place, form in rows if form.errors and form not in self.deleted_forms]


def _lines(form: type[LineForm], most: int, spare: int, too_many: Any) -> type[Lines]:
    made: Any = forms.formset_factory(
        form, formset=Lines, extra=spare, max_num=most, validate_max=True, absolute_max=most + 50, can_delete=True
    )
    made.default_error_messages = {
        **Lines.default_error_messages,
        "missing_management_form": gettext_lazy("The lines did not arrive whole. Save again."),
        "too_many_forms": too_many,
    }
    return cast("type[Lines]", made)


ServiceLines = _lines(
    ServiceForm, MOST_LINES, SPARE_LINES, gettext_lazy("A scope takes 200 lines at the most: remove some")
)
TaxLines = _lines(TaxForm, MOST_TAXES, 1, gettext_lazy("A scope takes 20 taxes at the most: remove some"))


def line_values(lines: Iterable[LineValues], kind: str) -> list[dict[str, Any]]:
    """Of the lines of one kind, as the rows show them."""
    names = (
        ("service", "rate")
        if kind == LineValues.LineKind.TAX
        else ("service", "description", "quantity", "unit", "price", "turnaround_days")
    )
    return [{name: getattr(line, name) for name in names} for line in lines if line.kind == kind]


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


class BeginForm(PlainWords, forms.Form):
    """Where a new scope begins: with a text the firm keeps, or with an old scope."""

    template = forms.ModelChoiceField(
        label=gettext_lazy("A template"),
        queryset=ScopeTemplate.objects.all(),
        required=False,
        empty_label=gettext_lazy("No template"),
    )
    copy_of = forms.CharField(
        label=gettext_lazy("Or an old scope, by its number"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"class": "input-20", "list": "old-scopes", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_copy_of(self) -> Scope | None:
        number = self.cleaned_data["copy_of"]
        if not number:
            return None
        found = Scope.objects.visible_to(self.user).filter(number__iexact=number).first()
        if found is None:
            raise forms.ValidationError(_("No scope has this number: choose one from the list"))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and bool(cleaned.get("template")) == bool(cleaned.get("copy_of")):
            self.add_error("template", _("Choose a template or enter the number of a scope, one of the two"))
        return cleaned


class CopyForm(PlainWords, forms.Form):
    enter: ClassVar[dict[str, Any]] = {"client": gettext_lazy("Choose the client it is for")}
    client = ClientField(gettext_lazy("For which client"), empty_label=gettext_lazy("Choose a client"), in_full=True)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        client = self.fields["client"]
        assert isinstance(client, ClientField)
        client.offer(Client.objects.visible_to(user).current())


class TemplateForm(PlainWords, TemplateModelForm):
    enter: ClassVar[dict[str, Any]] = {"name": gettext_lazy("Enter a name for the template")}
    name = words_field(
        gettext_lazy("Name of the template"),
        100,
        error_messages={"unique": gettext_lazy("Another template has this name: enter a different one")},
    )

    class Meta:
        model = ScopeTemplate
        fields = ["name"]


class KeepTemplateForm(PlainWords, forms.Form):
    enter: ClassVar[dict[str, Any]] = {"name": gettext_lazy("Enter a name for the template")}
    name = words_field(gettext_lazy("Name of the template"), 100)
    instead = forms.BooleanField(
        label=gettext_lazy("Put it in place of the template of this name, if there is one"), required=False
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("instead") and ScopeTemplate.objects.filter(name=cleaned.get("name")).exists():
            self.add_error(
                "name", _("There is a template of this name: enter another name, or tick that this takes its place")
            )
        return cleaned


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
