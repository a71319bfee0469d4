"""Writes the sealed document of a scope or an addendum to a file."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from clients.agreement_rules import State
from clients.models import Addendum, Agreement, Scope, SealedDocument


class Command(BaseCommand):
    help = "Writes the sealed document of a signed scope (2026-014) or addendum (2026-014/1) to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scope", required=True, metavar="NUMBER", help="2026-014, or 2026-014/1 for an addendum")
        parser.add_argument("--out", required=True, metavar="FILE.pdf", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        agreement = _agreement(options["scope"])
        document = SealedDocument.objects.filter(agreement=agreement).first()
        if document is None:
            raise CommandError(_why_none(agreement))
        try:
            _write_whole(options["out"], bytes(document.content))
        except OSError as error:
            raise CommandError(
                _("%(file)s could not be written: %(why)s") % {"file": options["out"], "why": error.strerror}
            ) from error
        values = {"file": options["out"], "size": document.size, "sha256": document.sha256}
        self.stdout.write(_("%(file)s: %(size)d bytes, SHA-256 %(sha256)s") % values)


def _write_whole(path: Path, content: bytes) -> None:
    """The file is there whole, or as it was: a full disk leaves no half of a document."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
        try:
            draft.write(content)
            draft.flush()
            os.replace(draft.name, path)
        except OSError:
            os.unlink(draft.name)
            raise


def _agreement(number: str) -> Agreement:
    of_scope, slash, seq = number.partition("/")
    if slash:
        addenda = Addendum.objects.select_related("agreement", "scope")
        about = addenda.filter(scope__number=of_scope, seq=int(seq) if seq.isdecimal() and len(seq) < 5 else 0).first()
        if about:
            return about.agreement
    else:
        scope = Scope.objects.select_related("agreement").filter(number=number).first()
        if scope:
            return scope.agreement
    raise CommandError(_("There is no scope or addendum %(number)s.") % {"number": number})


def _why_none(agreement: Agreement) -> str:
    values = {"number": agreement.about.number, "state": agreement.get_state_display()}
    if agreement.document_error:
        said = _("The document of %(number)s could not be made yet: %(why)s It is tried again by itself.")
        return said % {**values, "why": f"{agreement.document_error.rstrip('.')}."}
    if agreement.document_due_at:
        return _("The document of %(number)s is being made. Try again in a minute.") % values
    if agreement.state in (State.SIGNED, State.ENDED):
        return _("%(number)s was signed on paper: there is a scan of the paper, and nothing that we sealed.") % values
    return _("%(number)s is not signed by both sides (%(state)s), so there is no sealed document.") % values
