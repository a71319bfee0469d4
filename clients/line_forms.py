"""What people type into the lines of a scope: a service or a tax each."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.forms.formsets import DELETION_FIELD_NAME
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.fields import SHORT_TEXT, AmountField, words_field
from clients.models import LineValues
from engagement.staff.plain_words import PlainWords

if TYPE_CHECKING:
    LineFormSet = forms.BaseFormSet["LineForm"]
else:
    # Django's own forms take no type in brackets.
    LineFormSet = forms.BaseFormSet

MOST_LINES = 200
MOST_TAXES = 20
MOST_DAYS = 400
# Rows offered beside those that are there; without a script they are all there are until the next save.
SPARE_LINES = 3


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
