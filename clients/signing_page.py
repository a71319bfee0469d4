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
from clients.signing_forms import HIGH
from clients.terms import as_html
from engagement.outbox.models import State as MessageState
from engagement.staff.models import Firm, User
from engagement.staff.when import speak_moment, speak_time, speak_zone

# What is not included is said at once; the rest of a long list stands further down.
FIRST_OF_NOT_INCLUDED = 3
# A drawing is shown in units of a thousandth of its width.
ACROSS = 1000
NOT_DELIVERED = (MessageState.FAILED, MessageState.IN_DOUBT, MessageState.DROPPED, MessageState.UNDONE)


@dataclass(frozen=True, slots=True)
class Who:
    """Whom to ask, and how."""

    name: str
    title: str
    phone: str
    email: str

    @property
    def dial(self) -> str:
        return "".join(sign for sign in self.phone if sign.isdigit() or sign == "+")


@dataclass(frozen=True, slots=True)
class Text:
    """The text as it was sent, with its fingerprint."""

    content: Content
    terms: SafeString
    sha256: str

    @property
    def short(self) -> list[str]:
        return self.content["not_included"][:FIRST_OF_NOT_INCLUDED]

    @property
    def more(self) -> int:
        return len(self.content["not_included"][FIRST_OF_NOT_INCLUDED:])


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands where there is nothing to sign. `state` is the class of the title's sign."""

    title: str
    state: str
    lines: tuple[str, ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """One side's signature."""

    name: str
    side: str
    when: str
    drawn: str


@dataclass(frozen=True, slots=True)
class CodeMail:
    """What became of the mail with the code."""

    words: str
    failed: bool
    settled: bool


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
                _("You declined this on %(when)s.") % values,
                "plain",
                (_("Nothing was signed. If you change your mind, tell us, and we send it to you again."),),
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
            drawn=path_of(signature.drawn),
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
        return CodeMail(_("Ask for a code: it is sent to %(address)s.") % {"address": to}, False, True)
    state = code.message.state if code.message else MessageState.FAILED
    if state in NOT_DELIVERED:
        words = _("The mail with the code could not be delivered to %(address)s.") % {"address": to}
        return CodeMail(f"{words} {_('Nothing that you typed is lost.')}", True, True)
    if code.expires_at <= now:
        return CodeMail(_("The last code works no more: ten minutes have passed. Ask for a new one."), False, True)
    until = {"address": to, "time": speak_time(code.expires_at.astimezone(zone).time()), "zone": speak_zone(zone)}
    if state == MessageState.SENT:
        return CodeMail(_("We sent a code to %(address)s. It works until %(time)s (%(zone)s).") % until, False, True)
    said = _("A code is on its way to %(address)s. It works until %(time)s (%(zone)s).") % until
    return CodeMail(said, False, False)


def masked(email: str) -> str:
    """l•••@karoo.example: known to whoever owns it, and of no use to anybody else."""
    name, _at, domain = email.rpartition("@")
    return f"{name[:1]}•••@{domain}" if name and domain else "•••"


def path_of(drawn: list[Stroke] | None) -> str:
    """The strokes as the path of a picture, smooth between their points."""
    return " ".join(_stroke([(x * ACROSS, y * ACROSS) for x, y in stroke]) for stroke in drawn or [])


def _stroke(points: list[tuple[float, float]]) -> str:
    middles = [((x + to_x) / 2, (y + to_y) / 2) for (x, y), (to_x, to_y) in pairwise(points)]
    curves = [f"Q{x:.0f} {y:.0f} {to_x:.0f} {to_y:.0f}" for (x, y), (to_x, to_y) in zip(points, middles, strict=False)]
    (first_x, first_y), (last_x, last_y) = points[0], points[-1]
    # A dot is a line to where it began.
    return f"M{first_x:.0f} {first_y:.0f}{''.join(curves)}L{last_x:.0f} {last_y:.0f}"


def view_box() -> str:
    return f"0 0 {ACROSS} {int(ACROSS * HIGH)}"
