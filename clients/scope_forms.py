"""What people type into a scope, where one begins, and the templates of scopes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.choices import ClientField
from clients.fields import LONG_TEXT, SHORT_TEXT, words_field
from clients.models import Client, Contact, Scope, ScopeTemplate
from engagement.staff.choices import ListedField, currency_choices
from engagement.staff.fields import DateTextField
from engagement.staff.models import User
from engagement.staff.plain_words import PlainWords

if TYPE_CHECKING:
    ScopeModelForm = forms.ModelForm[Scope]
    TemplateModelForm = forms.ModelForm[ScopeTemplate]
else:
    # Django's own forms take no type in brackets.
    ScopeModelForm = TemplateModelForm = forms.ModelForm


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
