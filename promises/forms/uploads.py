from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from promises.importing.table import COLUMNS, NEEDED, Table, Unreadable, must_be_one, read

MOST_BYTES = 20 * 1024 * 1024

LABELS = {
    "reference": _("Reference"),
    "client": _("Client"),
    "what": _("Promise"),
    "owner": _("Owner"),
    "made_on": _("Made on"),
    "due_on": _("Due on"),
    "delivered_on": _("Delivered on"),
    "value": _("Value"),
    "currency": _("Currency"),
    "told_on": _("Client told on"),
}
CHOOSE = {
    "reference": _("Choose the column that holds the reference"),
    "client": _("Choose the column that holds the client"),
    "what": _("Choose the column that says what was promised"),
    "owner": _("Choose the column that holds the owner"),
    "due_on": _("Choose the column that holds the day it is due"),
}


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV with a line of headings, or the same compressed by gzip (.csv.gz). At most 20 MB."),
        error_messages={
            "required": _("Choose a file"),
            "empty": _("The file is empty. Choose a file with a line of headings and a line for each promise."),
            "missing": _("Choose a file"),
            "invalid": _("Choose a file"),
            "max_length": _("The name of the file must be 200 characters or fewer"),
        },
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv,.gz,.txt,.tsv,text/csv,application/gzip"}),
    )
    content: bytes
    table: Table

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if file.size and file.size > MOST_BYTES:
            raise ValidationError(_("The file is larger than 20 MB. Compress it by gzip, or split it."))
        self.content = file.read()
        try:
            self.table = read(self.content, file.name or "")
            must_be_one(self.table)
        except Unreadable as why:
            raise ValidationError(str(why)) from why
        return file


class MappingForm(forms.Form):
    """Which heading of the file stands for which column."""

    def __init__(self, table: Table, mapping: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "initial": dict(mapping)})
        headings = [(heading, heading) for heading in dict.fromkeys(table.headings) if heading]
        for column in COLUMNS:
            needed = column in NEEDED
            first = _("Choose one") if needed else _("Not in this file")
            said = {"invalid_choice": _("Choose a column of this file")}
            if needed:
                said["required"] = CHOOSE[column]
            self.fields[column] = forms.ChoiceField(
                label=LABELS[column], choices=[("", first), *headings], required=needed, error_messages=said
            )

    def mapping(self) -> dict[str, str]:
        return {column: heading for column, heading in self.cleaned_data.items() if heading}
