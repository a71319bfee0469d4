"""Proof that what was signed is what was signed: every row against its entry in the chain, every hash, every seal.

It reads and changes nothing. A fault is a sentence that names what does not hold; none means that nothing was touched.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

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
    Kind,
    Scope,
    ScopeFile,
    SealedDocument,
    SentVersion,
    Side,
    Signature,
)
from clients.sealing import read

BOTH_SIGNED = (State.SIGNED, State.ENDED)
# Set when the scope is signed, so after what the record kept of the draft.
SIGNED_LATER = ("signed_on",)

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
    yield from _state(agreement, about, said)
    yield from _document(agreement, said)
    if isinstance(about, Scope):
        yield from _paper(about, said)


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
        differ = [name.replace("_", " ") for name in then if now.get(name) != then[name]]
        if signature.signed_at != entry.at:
            differ.append("moment")
        if signature.side == Side.FIRM and signature.user_id != entry.by_id:
            differ.append("signer")
        if differ:
            yield f"the signature of {then.get('name')} was changed: {', '.join(differ)}"
        if signature.text_sha256 != signature.version.sha256 or signature.version.agreement_id != agreement.pk:
            yield f"the signature of {then.get('name')} is under another text"
    for pk in kept.keys() - there:
        yield f"the signature of {kept[pk].data.get('name')} is not there any more"


def _state(agreement: Agreement, about: Scope | Addendum, said: Said) -> Iterator[str]:
    """What it is taken for follows from who signed."""
    sides = {entry.data.get("side"): entry.at for entry in said["agreement_signed"] if _counts(entry, agreement, said)}
    both = Side.CLIENT in sides and Side.FIRM in sides
    on_paper = bool(said["scope_signed_on_paper"]) or _was_recorded_by_hand(agreement)
    if agreement.state in BOTH_SIGNED and not both and not on_paper:
        yield "it is taken for signed, and the record does not say that both sides signed"
    if agreement.state not in BOTH_SIGNED and both:
        yield "both sides signed it, and it is not taken for signed"
    if both and agreement.signed_at != max(sides.values()):
        yield "the moment of signing was changed"
    if isinstance(about, Scope):
        day = _day_of_signing(about, max(sides.values()) if both else None, said)
        if day is not None and (about.signed_on is None or about.signed_on.isoformat() != day):
            yield "the day of signing was changed"
        if about.signed_on and not both and not on_paper:
            yield "it has a day of signing, and the record does not say that both sides signed"


def _was_recorded_by_hand(agreement: Agreement) -> bool:
    """Before scopes were signed here, somebody wrote down that they were signed."""
    return agreement.kind == Kind.SCOPE and agreement.made_by_id is None


def _counts(entry: Entry, agreement: Agreement, said: Said) -> bool:
    theirs = [each.data.get("version") for each in said["agreement_signed"] if each.data.get("side") == Side.CLIENT]
    return bool(entry.data.get("version") == (theirs[0] if theirs else agreement.version))


def _day_of_signing(scope: Scope, signed_at: datetime | None, said: Said) -> str | None:
    if said["scope_signed_on_paper"]:
        return str(said["scope_signed_on_paper"][0].data.get("signed_on"))
    return signed_at.astimezone(scope.client.zoneinfo).date().isoformat() if signed_at else None


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
