from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

CHOOSE = _("Choose the PDF to check")


class VerifyForm(forms.Form):
    """Which file. What is in it is for the seal to say, so anything may be chosen."""

    file = forms.FileField(
        label=_("The PDF"),
        help_text=_("As you received it, at most 10 MB. We look at it and keep nothing."),
        allow_empty_file=True,
        error_messages={"required": CHOOSE, "missing": CHOOSE, "invalid": CHOOSE},
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
    )
