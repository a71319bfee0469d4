"""What people type into an addendum: why, which of the lines in force stay, change or go, and which are new."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.forms.utils import ErrorDict
from django.utils.translation import gettext_lazy

from clients.fields import LONG_TEXT, SHORT_TEXT, words_field
from clients.holding import Holding, Line
from clients.line_forms import ServiceForm, ServiceLines, TaxForm, TaxLines
from clients.line_forms import line_values as values_of_lines
from clients.models import Addendum, AddendumLine, LineValues
from engagement.staff.plain_words import PlainWords

KEEP = "keep"
CHANGE, REMOVE = AddendumLine.Act.CHANGE.value, AddendumLine.Act.REMOVE.value
ACTS = [(KEEP, gettext_lazy("Keep")), (CHANGE, gettext_lazy("Change")), (REMOVE, gettext_lazy("Remove"))]
SERVICE = ("service", "description", "quantity", "unit", "price", "turnaround_days")
TAX = ("service", "rate")


class BeginAddendumForm(PlainWords, forms.Form):
    enter: ClassVar[dict[str, Any]] = {
        "title": gettext_lazy("Enter what the addendum is called, for example A second counter"),
        "reason": gettext_lazy("Enter why it changes, as the client will read it"),
    }
    title = words_field(gettext_lazy("Title"), 200)
    reason = words_field(
        gettext_lazy("Why"),
        SHORT_TEXT,
        rows=3,
        help_text=gettext_lazy("The client reads it: facts, no excuses."),
    )


class AddendumForm(BeginAddendumForm):
    terms = words_field(
        gettext_lazy("Terms that change"),
        LONG_TEXT,
        rows=6,
        required=False,
        help_text=gettext_lazy("Markdown: ## heading, **bold**, - a list. Leave empty when all terms stay."),
    )


class OfALine(forms.Form):
    """A line in force. What is typed into its fields counts only when it is to change."""

    act = forms.ChoiceField(
        label=gettext_lazy("What happens to it"),
        choices=ACTS,
        widget=forms.RadioSelect,
        initial=KEEP,
        error_messages={
            "required": gettext_lazy("Choose what happens to this line: keep, change or remove"),
            "invalid_choice": gettext_lazy("Choose what happens to this line: keep, change or remove"),
        },
    )
    line: Line

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["act"].widget.attrs["class"] = "form-check-input"

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and self.cleaned_data.get("act") != CHANGE:
            self._errors = ErrorDict({name: errors for name, errors in self.errors.items() if name == "act"})

    @property
    def typed(self) -> dict[str, Any]:
        names = TAX if self.line.kind == LineValues.LineKind.TAX else SERVICE
        return {name: self.cleaned_data[name] for name in names}

    @property
    def change(self) -> dict[str, Any] | None:
        """Nothing where it stays, or is to be changed into what it is."""
        act = self.cleaned_data["act"]
        if act == KEEP or (act == CHANGE and self.typed == _values(self.line)):
            return None
        values = {"kind": self.line.kind, **self.typed} if act == CHANGE else {"kind": self.line.kind}
        return {"act": act, "number": self.line.number, **values}


class OfAService(OfALine, ServiceForm):
    pass


class OfATax(OfALine, TaxForm):
    pass


class ChangesForm:
    """The whole editor: words, lines in force, new lines. Looks like a formset to the page's list of errors."""

    def __init__(self, data: Any, *, addendum: Addendum, held: Holding) -> None:
        self.is_bound, self.currency = data is not None, held.currency
        self.drafted = {change.number: change for change in addendum.changes.all()}
        initial = {name: getattr(addendum, name) for name in ("title", "reason", "terms")}
        self.words = AddendumForm(data, initial=initial)
        self.lines = [self._of(data, line) for line in held.lines]
        self.gone = sorted(self._numbers(changed=True) - {line.number for line in held.lines})
        added = [self.drafted[number] for number in sorted(self._numbers(changed=False))]
        services, taxes = (values_of_lines(added, kind) for kind in LineValues.LineKind.values)
        self.services = ServiceLines(data, prefix="line", initial=services)
        self.taxes = TaxLines(data, prefix="tax", initial=taxes)
        self.refused: list[str] = []

    def _numbers(self, *, changed: bool) -> set[int]:
        return {number for number, line in self.drafted.items() if (line.act != AddendumLine.Act.ADD) == changed}

    def _of(self, data: Any, line: Line) -> OfALine:
        drafted = self.drafted.get(line.number)
        act = drafted.act if drafted else KEEP
        shown = _values(drafted if drafted and act == CHANGE else line)
        form_class = OfATax if line.kind == LineValues.LineKind.TAX else OfAService
        form = form_class(data, prefix=f"held-{line.number}", initial={"act": act, **shown})
        form.line = line
        return form

    @property
    def has_new_tax(self) -> bool:
        return any(form["service"].value() or form.errors for form in self.taxes.forms)

    @property
    def forms(self) -> list[forms.BaseForm]:
        return [self.words, *self.lines, *self.services.forms, *self.taxes.forms]

    @property
    def non_form_errors(self) -> list[str]:
        return [*self.refused, *self.services.non_form_errors(), *self.taxes.non_form_errors()]

    @property
    def errors(self) -> list[str]:
        found = [str(error) for form in self.forms for errors in form.errors.values() for error in errors]
        return [*self.non_form_errors, *found]

    @property
    def total_error_count(self) -> int:
        return len(self.errors) if self.is_bound else 0

    def is_valid(self) -> bool:
        parts: list[Any] = [self.words, *self.lines, self.services, self.taxes]
        return self.is_bound and all([part.is_valid() for part in parts])

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.words.cleaned_data[name] for name in ("title", "reason", "terms")}

    @property
    def changes(self) -> list[dict[str, Any]]:
        changed = [form.change for form in self.lines]
        added = [{"act": AddendumLine.Act.ADD, **line} for line in (*self.services.values, *self.taxes.values)]
        return [change for change in changed if change] + added


def _values(line: Line | LineValues) -> dict[str, Any]:
    names = TAX if line.kind == LineValues.LineKind.TAX else SERVICE
    return {name: getattr(line, name) for name in names}
