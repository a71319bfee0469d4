"""What an agreement's entries in the record say, in words: for the evidence page and for the page of the staff."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Agreement, Entry, Side, Signature

WORDS = {
    "agreement_sent": gettext_lazy("Sent to %(contact)s"),
    "agreement_opened": gettext_lazy("Opened by a person"),
    "code_sent": gettext_lazy("One-time code sent"),
    "code_failed": gettext_lazy("The code could not be delivered"),
    "code_passed": gettext_lazy("One-time code passed"),
    "agreement_question": gettext_lazy("Question asked"),
    "agreement_declined": gettext_lazy("Declined"),
    "agreement_withdrawn": gettext_lazy("Withdrawn"),
    "agreement_revised": gettext_lazy("Taken back to be changed"),
    "agreement_lapsed": gettext_lazy("Not signed in time"),
    "agreement_nudged": gettext_lazy("Reminded to sign"),
    "agreement_bounced": gettext_lazy("The e-mail came back"),
    "agreement_ended": gettext_lazy("Ended"),
    "document_sealed": gettext_lazy("Document sealed"),
    "document_read": gettext_lazy("Signed document fetched"),
    "scope_made": gettext_lazy("Draft begun"),
    "scope_changed": gettext_lazy("Draft changed"),
    "addendum_made": gettext_lazy("Draft begun"),
    "addendum_changed": gettext_lazy("Draft changed"),
    "addendum_dates_chosen": gettext_lazy("Dates that it moves chosen"),
    "scope_signed_on_paper": gettext_lazy("Signed on paper"),
    "scope_file_kept": gettext_lazy("Signed paper kept"),
    "greeted": gettext_lazy("Greeted"),
    "welcome_written": gettext_lazy("Welcome written"),
    "line_not_needed": gettext_lazy("A line needs no promise"),
    "line_needed": gettext_lazy("A line needs its promise after all"),
    "renewal_decided": gettext_lazy("How to go on was decided"),
    "renewal_words": gettext_lazy("Words to the client about it"),
}
# What proves a signature: how the text reached them and what they did.
PROOF = (
    "agreement_sent",
    "agreement_opened",
    "code_sent",
    "code_passed",
    "agreement_signed",
    "agreement_question",
    "agreement_nudged",
)


HASHES = ("text_sha256", "pdf_sha256")


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    what: str
    at: datetime
    by: str
    # Their words, or ours: a question, a reason.
    words: str
    # Facts as they were recorded, each in words.
    facts: tuple[str, ...]


def entries_of(agreement: Agreement, kinds: Iterable[str] | None = None) -> list[Entry]:
    found = Entry.objects.filter(client=agreement.client_id, subject=agreement.record_subject).order_by("seq")
    return list(found.filter(kind__in=kinds) if kinds is not None else found)


def event(entry: Entry, *, letters: int = 64) -> Event:
    """In words. `letters`: of each hash, where the whole of it stands elsewhere."""
    data = {name: value[:letters] if name in HASHES else value for name, value in entry.data.items()}
    return Event(
        kind=entry.kind,
        what=_what(entry),
        at=entry.at,
        by=entry.by_name,
        words=str(data.get("text") or data.get("why") or ""),
        facts=tuple(_facts(entry.kind, data)),
    )


def _what(entry: Entry) -> str:
    if entry.kind == "agreement_signed":
        side = _("for the firm") if entry.data.get("side") == Side.FIRM else _("for the client")
        return _("Signed %(side)s by %(name)s") % {"side": side, "name": entry.data.get("name", "")}
    words = WORDS.get(entry.kind)
    return str(words) % {"contact": entry.data.get("contact", "")} if words else entry.kind.replace("_", " ")


def _facts(kind: str, data: dict[str, Any]) -> Iterable[str]:
    if data.get("version"):
        yield _("version %(version)s") % data
    if kind == "agreement_sent":
        if data.get("by_mail"):
            yield _("by our e-mail to %(address)s") % data
        else:
            yield _("the link was not sent by us: somebody here copied it")
        yield _("text %(text_sha256)s") % data
        yield _("PDF %(pdf_sha256)s") % data
        return
    if data.get("service"):
        yield str(data["service"])
    if data.get("to"):
        yield _("to %(to)s") % data
    if kind == "agreement_signed":
        yield str(Signature.Channel(data["channel"]).label)
        yield _("text %(text_sha256)s") % data
        if data.get("drawn"):
            yield _("drawn by hand")
    if kind == "document_sealed":
        yield _("fingerprint %(sha256)s") % data
        yield _("key %(fingerprint)s") % data
    if data.get("address"):
        yield _("from %(address)s") % data
    if data.get("browser"):
        yield str(data["browser"])
    if data.get("zone"):
        yield _("zone %(zone)s") % data
    if data.get("error"):
        yield str(data["error"])
