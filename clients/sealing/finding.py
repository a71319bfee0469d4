"""What reading a seal came to, and how it is said to people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from django.utils.translation import gettext as _

from engagement.staff.when import speak_moment


class Verdict(StrEnum):
    """From the one that says most about a file to those that say least."""

    SEALED = "sealed"
    APPENDED = "appended"
    RETIRED_KEY = "retired_key"
    CHANGED = "changed"
    OTHER_KEY = "other_key"
    NO_SEAL = "no_seal"
    NOT_A_PDF = "not_a_pdf"
    TOO_LARGE = "too_large"


@dataclass(frozen=True)
class Finding:
    """`sealed_at` is what the firm's clock said; `stamped_at` is what the named time service vouches for."""

    verdict: Verdict
    # As in the certificate: the name that the firm bore when the key was made.
    firm: str = ""
    fingerprint: str = ""
    sealed_at: datetime | None = None
    stamped_at: datetime | None = None
    stamped_by: str = ""

    @property
    def is_sealed(self) -> bool:
        return self.verdict == Verdict.SEALED

    def words(self, now: datetime, zone: tzinfo | str | None = None) -> str:
        """One sentence: what it is, or what is wrong."""
        when = speak_moment(self.sealed_at, zone, now=now) if self.sealed_at else ""
        said = {
            Verdict.SEALED: _("Sealed by %(firm)s, unchanged, on %(when)s."),
            Verdict.CHANGED: _("This file bears a seal of %(firm)s, but it was changed after it was sealed."),
            Verdict.APPENDED: _("%(firm)s sealed this document on %(when)s, but something was added to it afterwards."),
            Verdict.RETIRED_KEY: _("This file was sealed on %(when)s with a key that %(firm)s no longer used by then."),
            Verdict.OTHER_KEY: _("This file bears a seal, but it is not one of ours."),
            Verdict.NO_SEAL: _("This PDF bears no seal that can be read."),
            Verdict.NOT_A_PDF: _("This file is not a PDF."),
            Verdict.TOO_LARGE: _("This file is larger than 10 MB, and what we seal never is."),
        }
        return said[self.verdict] % {"firm": self.firm, "when": when}

    def advice(self) -> str:
        """What it means for whoever holds the file."""
        said = {
            Verdict.SEALED: _("Every byte is as it was when the seal was set."),
            Verdict.CHANGED: _("Do not rely on it. Ask for the document again, and check that one."),
            Verdict.APPENDED: _(
                "Programs that mark, sign or save a PDF anew do this. Check the file as you first received it."
            ),
            Verdict.RETIRED_KEY: _("Do not rely on it before you have asked us."),
            Verdict.OTHER_KEY: _(
                "Another firm may have sealed it, or somebody wants it to look like ours. Ask us if it bears our name."
            ),
            Verdict.NO_SEAL: _(
                "It was never sealed, or the seal was lost when the file was printed, saved anew or cut short. "
                "Check the file as you first received it."
            ),
            Verdict.NOT_A_PDF: _("Choose the PDF file itself, as you received it."),
            Verdict.TOO_LARGE: _("Choose the PDF file itself, as you received it."),
        }
        return said[self.verdict]
