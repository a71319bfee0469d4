from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class NewLinkForm(forms.Form):
    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("The one we write to."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Enter your e-mail address"),
            "invalid": _("Enter an e-mail address like name@example.com"),
            "max_length": _("Enter an e-mail address of 254 characters or fewer"),
        },
    )
