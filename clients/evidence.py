"""Proof that what was signed is what was signed: every row against its entry in the chain, every hash, every seal.

It reads and changes nothing. A fault is a sentence that names what does not hold; none means that nothing was touched.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from clients import record
from clients.actions.drafting import said_of_addendum, said_of_scope
from clients.actions.signatures import said_of
from clients.agreement_rules import State
from clients.content import fingerprint
from clients.models import (
    Addendum,
    Agreement,
    Client,
    Entry,
    Renewal,
    Scope,
    ScopeFile,
    SealedDocument,
    SentVersion,
    Side,
    Signature,
)
from clients.sealing import read
from clients.signals import evidence_asked

BOTH_SIGNED = (State.SIGNED, State.ENDED)
# Of the whole agreement, not of its draft nor of one signature: `_state` looks at it.
SIGNED_LATER = ("signed_on",)
# What follows from the entries, and how it is named.
FOLLOWS = {
    "version": "the number of its version",
    "sent_at": "the moment of sending",
    "valid_until": "the last day to sign",
    "signed_at": "the moment of signing",
    "closed_at": "the moment at which it was closed",
    "closed_why": "the reason why it was closed",
}
CLOSES = {
    "agreement_declined": State.DECLINED,
    "agreement_withdrawn": State.WITHDRAWN,
    "agreement_lapsed": State.LAPSED,
    "agreement_ended": State.ENDED,
}

Said = dict[str, list[Entry]]


def verify(client: Client) -> Iterator[str]:
    yield from record.verify(client)
    said: dict[str, Said] = defaultdict(lambda: defaultdict(list))
    for entry in Entry.objects.filter(client=client, subject__regex=r"^(scope|addendum) ").order_by("seq").iterator():
        said[entry.subject][entry.kind].append(entry)
    agreements = Agreement.objects.filter(client=client).select_related(
        "client", "scope__client", "addendum__scope__client"
    )
    there = set()
    for agreement in agreements.order_by("pk"):
        about = _about(agreement)
        if about is None:
            yield f"{client.name}: agreement {agreement.pk} belongs to no scope and no addendum"
            continue
        there.add(about.record_subject)
        for fault in _agreement(agreement, about, said[about.record_subject]):
            yield f"{client.name}: {about.number}: {fault}"
    for subject in sorted(said.keys() - there):
        yield f"{client.name}: {subject} is in the record, and is not there any more"


def _about(agreement: Agreement) -> Scope | Addendum | None:
    return getattr(agreement, agreement.kind, None)


def _agreement(agreement: Agreement, about: Scope | Addendum, said: Said) -> Iterator[str]:
    yield from _text(about, said)
    yield from _versions(agreement, said)
    yield from _signatures(agreement, said)
    chain = sorted((entry for entries in said.values() for entry in entries), key=lambda entry: entry.seq)
    yield from _state(agreement, about, chain)
    yield from _document(agreement, said)
    if isinstance(about, Scope):
        yield from _paper(about, said)
        yield from _renewal(about, said)
    answers: list[tuple[Any, Any]] = evidence_asked.send(sender=Agreement, agreement=agreement, entries=chain)
    for _receiver, faults in answers:
        yield from faults


def _text(about: Scope | Addendum, said: Said) -> Iterator[str]:
    """The draft as it was saved last is the text that was sent."""
    is_scope = isinstance(about, Scope)
    kinds = ("scope_made", "scope_changed") if is_scope else ("addendum_made", "addendum_changed")
    saved = sorted((entry for kind in kinds for entry in said[kind]), key=lambda entry: entry.seq)
    if not saved:
        return
    kept = saved[-1].data
    now = said_of_scope(about) if is_scope else said_of_addendum(about)  # type: ignore[arg-type]  # is_scope says which
    for name, value in kept.items():
        if name in now and name not in SIGNED_LATER and now[name] != value:
            yield f"its {name.replace('_', ' ')} is not what the record says was written"


def _versions(agreement: Agreement, said: Said) -> Iterator[str]:
    sent = {entry.data.get("version"): entry.data for entry in said["agreement_sent"]}
    there = set()
    for version in SentVersion.objects.filter(agreement=agreement).order_by("version").iterator():
        there.add(version.version)
        kept = sent.get(version.version)
        name = f"version {version.version}"
        if kept is None:
            yield f"{name} was never sent by the record"
            continue
        if fingerprint(version.content) != kept["text_sha256"] or version.sha256 != kept["text_sha256"]:
            yield f"the text of {name} was changed"
        pdf = hashlib.sha256(bytes(version.pdf)).hexdigest()
        if pdf != kept["pdf_sha256"] or version.pdf_sha256 != kept["pdf_sha256"]:
            yield f"the PDF of {name} was changed"
    for number in sorted(sent.keys() - there):
        yield f"version {number} was sent, and is not there any more"


def _signatures(agreement: Agreement, said: Said) -> Iterator[str]:
    kept = {entry.data.get("signature"): entry for entry in said["agreement_signed"]}
    there = set()
    found = Signature.objects.filter(agreement=agreement).select_related("contact", "version").order_by("pk")
    for signature in found:
        there.add(signature.pk)
        entry = kept.get(signature.pk)
        if entry is None:
            yield f"the signature of {signature.name} is not in the record"
            continue
        now, then = said_of(signature), entry.data
        differ = [name.replace("_", " ") for name in then if name not in SIGNED_LATER and now.get(name) != then[name]]
        if signature.signed_at != entry.at:
            differ.append("moment")
        if signature.side == Side.FIRM and signature.user_id != entry.by_id:
            differ.append("by whom")
        if differ:
            yield f"the signature of {then.get('name')} was changed: {', '.join(differ)}"
        if signature.text_sha256 != signature.version.sha256 or signature.version.agreement_id != agreement.pk:
            yield f"the signature of {then.get('name')} is under another text"
    for pk in kept.keys() - there:
        yield f"the signature of {kept[pk].data.get('name')} is not there any more"


def _state(agreement: Agreement, about: Scope | Addendum, chain: list[Entry]) -> Iterator[str]:
    """Where it stands follows from what happened to it."""
    told = _told(chain)
    if agreement.state != told.state:
        if agreement.state in BOTH_SIGNED and told.state not in BOTH_SIGNED:
            yield "it is taken for signed, and the record does not say that both sides signed"
        else:
            yield f"it is taken for {agreement.state}, and the record says {told.state}"
    for name, words in FOLLOWS.items():
        if _as_written(getattr(agreement, name)) != getattr(told, name):
            yield f"{words} was changed"
    if isinstance(about, Scope) and _as_written(about.signed_on) != told.signed_on:
        yield "the day of signing was changed"


@dataclass(slots=True)
class _Told:
    """An agreement as its entries leave it, the last one having the last word."""

    state: str = State.DRAFT
    version: Any = 1
    sent_at: datetime | None = None
    # Days as they are written, be it by whoever forged them.
    valid_until: Any = None
    signed_at: datetime | None = None
    signed_on: Any = None
    closed_at: datetime | None = None
    closed_why: str = ""
    signed_by: set[str] = field(default_factory=set)


def _told(chain: list[Entry]) -> _Told:
    told = _Told()
    for entry in chain:
        _follow(told, entry)
    return told


def _follow(told: _Told, entry: Entry) -> None:
    data = entry.data
    match entry.kind:
        case "scope_made" | "scope_changed" if data.get("signed_on") and "lines" not in data:
            # Before scopes were signed here, somebody wrote down that they were signed. Drafts name their lines.
            told.state, told.signed_on = State.SIGNED, data["signed_on"]
        case "scope_signed_on_paper":
            told.state, told.signed_on = State.SIGNED, data.get("signed_on")
        case "agreement_sent":
            told.state, told.version, told.sent_at = State.SENT, data.get("version"), entry.at
            told.valid_until = data.get("valid_until")
            told.closed_at, told.closed_why, told.signed_by = None, "", set()
        case "agreement_signed" if data.get("version") == told.version:
            told.signed_by.add(str(data.get("side")))
            if {Side.CLIENT, Side.FIRM} <= told.signed_by:
                told.state, told.signed_at, told.signed_on = State.SIGNED, entry.at, data.get("signed_on")
            elif Side.CLIENT in told.signed_by:
                told.state = State.ACCEPTED
        case "agreement_revised":
            told.state, told.version, told.closed_at, told.closed_why = State.DRAFT, data.get("version"), None, ""
        case kind if kind in CLOSES:
            told.state, told.closed_at, told.closed_why = CLOSES[kind], entry.at, str(data.get("why", ""))[:500]


def _as_written(value: Any) -> Any:
    """As the record writes it: moments have a column of their own there, days are texts."""
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


def _renewal(scope: Scope, said: Said) -> Iterator[str]:
    """How to go on is decided once, and the words to the client are those that were kept."""
    kept = said["renewal_decided"]
    renewal = Renewal.objects.filter(scope=scope).first()
    if renewal is None:
        if kept:
            yield "the decision how to go on is not there any more"
        return
    if not kept:
        yield "the decision how to go on is not in the record"
        return
    row = {
        "decision": renewal.decision,
        "why": renewal.why,
        "text": renewal.words,
        "figures": renewal.figures,
    }
    differ = [name for name, value in row.items() if kept[0].data.get(name) != value]
    if renewal.at != kept[0].at:
        differ.append("moment")
    if differ:
        yield f"the decision how to go on was changed: {', '.join(differ)}"


def _document(agreement: Agreement, said: Said) -> Iterator[str]:
    sealed = said["document_sealed"]
    document = SealedDocument.objects.filter(agreement=agreement).first()
    if document is None:
        if sealed:
            yield "the sealed document is not there any more"
        return
    if not sealed:
        yield "the sealed document is not in the record"
        return
    kept = sealed[-1].data
    content = bytes(document.content)
    row = {
        "sha256": document.sha256,
        "fingerprint": document.fingerprint,
        "timestamped": document.is_timestamped,
        "size": document.size,
        "head_seq": document.head_seq,
        "head_hash": document.head_hash,
    }
    if hashlib.sha256(content).hexdigest() != kept.get("sha256"):
        yield "the sealed document was changed"
    differ = [name.replace("_", " ") for name, value in row.items() if kept.get(name) != value]
    if differ or document.made_at != sealed[-1].at:
        yield f"the row of the sealed document was changed: {', '.join(differ) or 'moment'}"
    finding = read(content)
    if not finding.is_sealed or finding.fingerprint != kept.get("fingerprint"):
        yield f"the seal does not hold: {finding.verdict.value.replace('_', ' ')}"
    printed = Entry.objects.filter(client=agreement.client_id, seq=kept.get("head_seq")).values_list("hash", flat=True)
    if kept.get("head_hash") not in printed:
        yield "the record is not the one whose head is printed in the sealed document"


def _paper(scope: Scope, said: Said) -> Iterator[str]:
    entries = sorted([*said["scope_file_kept"], *said["scope_signed_on_paper"]], key=lambda entry: entry.seq)
    file = ScopeFile.objects.filter(scope=scope).first()
    if file is None:
        if entries:
            yield "the signed paper is not there any more"
        return
    if not entries:
        yield "the signed paper is not in the record"
        return
    kept = entries[-1].data
    content = bytes(file.content)
    row = {"name": file.name, "size": file.size, "sha256": file.sha256}
    if hashlib.sha256(content).hexdigest() != kept.get("sha256") or any(kept.get(n) != v for n, v in row.items()):
        yield "the signed paper was changed"
