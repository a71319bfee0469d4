"""Signs nobody sees that turn the direction of a text get into no line that is typed, into whatever form."""

from django import forms
from django.contrib import admin
from django.test import RequestFactory
from django.urls import get_resolver

from engagement.staff.models import Role, User
from engagement.staff.plain_words import TURNING

SIGNS = "".join(map(chr, [0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
# Of several lines, of none, or kept as a hash alone.
NO_LINES = (forms.Textarea, forms.HiddenInput, forms.PasswordInput)


def below(kind):
    return {kind, *(each for one in kind.__subclasses__() for each in below(one))}


def forms_of_the_product():
    get_resolver().url_patterns  # noqa: B018  loads every view, and with it every form
    ours = ("engagement.", "clients.", "promises.")
    yield from (form for form in below(forms.BaseForm) if form.__module__.startswith(ours))
    request = RequestFactory().get("/")
    request.user = User(role=Role.ADMINISTRATOR, is_active=True)
    for model_admin in admin.site._registry.values():
        if model_admin.has_change_permission(request):
            yield model_admin.get_form(request, change=True)


def lines_typed():
    for form in forms_of_the_product():
        for name, field in getattr(form, "base_fields", {}).items():
            if isinstance(field, forms.CharField) and not isinstance(field.widget, NO_LINES):
                yield f"{form.__qualname__}.{name}", field


def test_no_line_that_is_typed_turns_the_sentence_around_it():
    fields = dict(lines_typed())
    turned = [name for name, field in fields.items() if TURNING.search(str(field.to_python(f"Karoo{SIGNS} Linen")))]

    assert turned == []
    assert {"WithdrawForm.agreed_by", "WordsForm.subject", "SignForm.name", "UserForm.name"} <= fields.keys()


def test_longer_texts_and_passwords_stay_as_they_were_typed():
    for widget in (forms.Textarea, forms.PasswordInput):
        assert forms.CharField(widget=widget).clean(f"a{SIGNS}b") == f"a{SIGNS}b"
