"""The house's own words on a document, in the language of its reader."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import override


def labels(language: str) -> dict[str, str]:
    """Words in braces are filled in where the document is set: {page} and {pages} are not known before."""
    with override(language):
        return _of_the_agreement() | _of_an_addendum() | _of_signing()


def _of_the_agreement() -> dict[str, str]:
    return {
        "scope": _("Scope"),
        "addendum": _("Addendum"),
        "version": _("Version {version}"),
        "sent_on": _("Sent on"),
        "valid_until": _("Can be signed until"),
        "period": _("Period"),
        "firm": _("Who does the work"),
        "client": _("For whom"),
        "summary": _("In short"),
        "lines": _("What we will do"),
        "line": _("No."),
        "service": _("Service"),
        "quantity": _("Quantity"),
        "price": _("Price"),
        "amount": _("Amount"),
        "turnaround": _("Turnaround: {turnaround}"),
        "subtotal": _("Subtotal"),
        "total": _("Total"),
        "not_included": _("Not included"),
        "timeline": _("Timeline"),
        "terms": _("Terms"),
        "page": _("Page {page} of {pages}"),
        "fingerprint": _("Fingerprint {fingerprint}"),
    }


def _of_an_addendum() -> dict[str, str]:
    return {
        "to": _("This addendum changes scope {number}, {title}, signed on {signed_on}. All else in it stays as it is."),
        "reason": _("Why"),
        "changes": _("What changes"),
        "before": _("Before"),
        "after": _("After"),
        "effect": _("Effect on the price"),
        "add": _("Added"),
        "change": _("Changed"),
        "remove": _("Removed"),
        "none": _("Nothing"),
        "dates": _("Dates that move"),
        "what": _("What was promised"),
        "old": _("Date until now"),
        "new": _("New date"),
        "total_before": _("Total before"),
        "total_effect": _("This addendum"),
        "total_after": _("Total after"),
        "holds": _("What holds once both have signed"),
    }


def _of_signing() -> dict[str, str]:
    return {
        "signatures": _("Signatures"),
        "agreed": _(
            "The signatures stand for all of this document: {what} {number}, {version}, fingerprint {fingerprint}."
        ),
        "signed_for": _("For {party}"),
        "signed_at": _("Signed electronically, {at}"),
        "not_signed": _("Not yet signed"),
        "drawn_by": _("Drawn signature of {name}"),
        "logo": _("Logo of {firm}"),
        "evidence": _("Evidence of signing"),
        "statement": _("This is a simple electronic signature, sealed with the firm's key."),
        "check": _("Check this document"),
        "how_to_check": _(
            "Open {address} and choose this file. The page says whether the firm sealed it and whether it is unchanged."
        ),
        "reference": _("Reference"),
        "text_sha256": _("Fingerprint of the text (SHA-256)"),
        "pdf_sha256": _("Fingerprint of the PDF that was shown (SHA-256)"),
        "chain": _("Place in the record"),
        "consent": _("What the signer agreed to"),
        "events": _("What happened"),
        "event": _("Event"),
        "at": _("When"),
        "detail": _("Detail"),
    }
