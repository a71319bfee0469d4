"""What a signer reads: plain values in their language. What is agreed stands in the frozen text alone.

Whatever is here may be read by the client, so nothing internal is read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clients.agreement_rules import State
from clients.document.values import Content, Stroke
from clients.models import Agreement, OneTimeCode, SentVersion, Side, Signature
from clients.terms import as_html
from clients.who import Who
from engagement.outbox.models import State as MessageState
from engagement.staff.models import Firm, User
from engagement.staff.when import speak_moment, speak_time, speak_zone

# What is not included is said at once; of a longer list than this the first ones, and the rest further down.
SHORT_LIST = 4
# A drawing is shown in units of a thousandth of the width of the box that it was drawn in.
ACROSS, MARGIN = 1000, 20
NOT_DELIVERED = (MessageState.FAILED, MessageState.IN_DOUBT, MessageState.DROPPED, MessageState.UNDONE)


@dataclass(frozen=True, slots=True)
class Text:
    """The text as it was sent, with its fingerprint."""

    content: Content
    terms: SafeString
    sha256: str

    @property
    def short(self) -> list[str]:
        items = self.content["not_included"]
        return items if len(items) <= SHORT_LIST else items[: SHORT_LIST - 1]

    @property
    def more(self) -> int:
        return len(self.content["not_included"]) - len(self.short)


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands where there is nothing to sign. `state` is the class of the title's sign."""

    title: str
    state: str
    lines: tuple[str, ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn signature: what part of the paper is shown, and the path of the pen."""

    box: str
    path: str


@dataclass(frozen=True, slots=True)
class Signed:
    """One side's signature."""

    name: str
    side: str
    when: str
    drawing: Drawing | None


@dataclass(frozen=True, slots=True)
class CodeMail:
    """What became of the mail with the code. Settled: waiting at the page will not change it."""

    words: str
    is_sent: bool
    failed: bool = False
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure as it was and as it is. Nothing where there was, or is, no such line."""

    what: str
    old: str
    new: str


def text_of(version: SentVersion) -> Text:
    return Text(version.content, as_html(version.content["terms"]), version.sha256)


def who_answers(agreement: Agreement, firm: Firm) -> Who:
    """Somebody who works here and reads their mail, else the firm."""
    people = (agreement.sent_by, agreement.client.lead)
    person: User | None = next((person for person in people if person and person.can_sign_in), None)
    if person is None:
        return Who(firm.name, "", firm.phone, firm.email)
    return Who(person.name, person.title, person.phone or firm.phone, person.email)


def zone_of(agreement: Agreement) -> tzinfo:
    return agreement.contact.zoneinfo if agreement.contact else agreement.client.zoneinfo


def is_to_sign(agreement: Agreement, now: datetime) -> bool:
    return agreement.state == State.SENT and not agreement.has_lapsed(now)


def standing_of(agreement: Agreement, version: SentVersion | None, firm: Firm, now: datetime) -> Standing:
    """For every state but the one in which it is there to be signed."""
    closed = speak_moment(agreement.closed_at, zone_of(agreement), now=now) if agreement.closed_at else ""
    values = {"firm": firm.name, "when": closed}
    match agreement.state:
        case State.DRAFT:
            return Standing(
                _("This is being changed."),
                "waiting",
                (_("A new version will be sent to you. There is nothing that you need to do until then."),),
            )
        case State.DECLINED:
            return Standing(
                _("You declined this."),
                "plain",
                (
                    _("That was on %(when)s. Nothing was signed.") % values,
                    _("If you change your mind, tell us, and we send it to you again."),
                ),
                agreement.closed_why,
            )
        case State.WITHDRAWN:
            return Standing(
                _("%(firm)s has withdrawn this.") % values,
                "plain",
                (
                    _("That was on %(when)s. It cannot be signed any more, and nothing was agreed.") % values,
                    _("There is nothing that you need to do. Ask us if you want to know more."),
                ),
            )
        case State.ACCEPTED:
            return Standing(_("You have signed."), "good", ())
        case State.SIGNED:
            return Standing(_("Signed by you and by %(firm)s.") % values, "good", ())
        case State.ENDED:
            return Standing(
                _("This agreement has ended."),
                "plain",
                (_("It ended on %(when)s. What you signed stays on file.") % values,),
            )
        case _lapsed:
            until = version.content["valid_until"] if version else ""
            return Standing(
                _("The time to sign this has ended."),
                "plain",
                (
                    _("It could be signed until %(until)s.") % {"until": until},
                    _("If you still want it, tell us, and we send it to you again."),
                ),
            )


def signed_by(signatures: list[Signature], agreement: Agreement) -> list[Signed]:
    """The client's first. On this page every moment is in the signer's own zone."""
    return [
        Signed(
            name=signature.name,
            side=str(signature.side),
            when=speak_moment(signature.signed_at, zone_of(agreement), now=None),
            drawing=drawing_of(signature.drawn),
        )
        for signature in sorted(signatures, key=lambda signature: signature.side != Side.CLIENT)
    ]


def changed_at(version: SentVersion, zone: tzinfo, now: datetime) -> str:
    """This was changed at 2:05pm; with the day when that is not today."""
    sent = version.sent_at.astimezone(zone)
    if sent.date() == now.astimezone(zone).date():
        words = {"time": speak_time(sent.time()), "zone": speak_zone(zone)}
        return _("This was changed at %(time)s (%(zone)s).") % words
    return _("This was changed on %(when)s.") % {"when": speak_moment(version.sent_at, zone, now=now)}


def code_mail(code: OneTimeCode | None, to: str, zone: tzinfo, now: datetime) -> CodeMail:
    """Where the mail with the latest code is. Said as it is: who waits for a mail that never comes gives up."""
    if code is None:
        return CodeMail(_("Ask for a code: it is sent to %(address)s.") % {"address": to}, is_sent=False)
    state = code.message.state if code.message else MessageState.FAILED
    if state in NOT_DELIVERED:
        words = _("The mail with the code could not be delivered to %(address)s. Nothing that you typed is lost.")
        return CodeMail(words % {"address": to}, is_sent=False, failed=True)
    if code.used_at or code.expires_at <= now:
        return CodeMail(_("The last code does not work any more. Ask for a new one."), is_sent=False)
    until = {"address": to, "time": speak_time(code.expires_at.astimezone(zone).time()), "zone": speak_zone(zone)}
    if state == MessageState.SENT:
        return CodeMail(_("We sent a code to %(address)s. It works until %(time)s (%(zone)s).") % until, is_sent=True)
    words = _("A code is on its way to %(address)s. It works until %(time)s (%(zone)s).")
    return CodeMail(words % until, is_sent=True, settled=False)


def masked(email: str) -> str:
    """l•••@karoo.example: known to whoever owns it, and of no use to anybody else."""
    name, _at, domain = email.rpartition("@")
    return f"{name[:1]}•••@{domain}" if name and domain else "•••"


def drawing_of(drawn: list[Stroke] | None) -> Drawing | None:
    """The strokes as a picture, smooth between their points, with no more paper around them than they need."""
    if not drawn:
        return None
    strokes = [[(round(x * ACROSS), round(y * ACROSS)) for x, y in stroke] for stroke in drawn]
    across, down = zip(*(point for stroke in strokes for point in stroke), strict=True)
    left, top = min(across) - MARGIN, min(down) - MARGIN
    box = f"{left} {top} {max(across) + MARGIN - left} {max(down) + MARGIN - top}"
    return Drawing(box, " ".join(_path(stroke) for stroke in strokes))


def _path(points: list[tuple[int, int]]) -> str:
    middles = [((x + to_x) / 2, (y + to_y) / 2) for (x, y), (to_x, to_y) in pairwise(points)]
    curves = [f"Q{x} {y} {to_x:g} {to_y:g}" for (x, y), (to_x, to_y) in zip(points, middles, strict=False)]
    (first_x, first_y), (last_x, last_y) = points[0], points[-1]
    # A dot is a line to where it began.
    return f"M{first_x} {first_y}{''.join(curves)}L{last_x} {last_y}"


def differences(before: Content, after: Content) -> list[Difference]:
    """The figures that are not what they were: line by line, then the total."""
    old, new = _lines(before), _lines(after)
    numbers = sorted(number for number in {*old, *new} if old.get(number) != new.get(number))
    found = [Difference(_("Line %(number)d") % {"number": n}, old.get(n, ""), new.get(n, "")) for n in numbers]
    if before["total"] != after["total"]:
        found.append(Difference(_("Total"), before["total"], after["total"]))
    return found


def _lines(content: Content) -> dict[int, str]:
    services = {
        line["number"]: f"{line['service']}: {line['quantity']} {line['unit']} × {line['price']}, {line['amount']}"
        for line in content["lines"]
    }
    return services | {tax["number"]: f"{tax['service']} {tax['rate']}: {tax['amount']}" for tax in content["taxes"]}
