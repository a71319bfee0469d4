from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients import record
from clients.agreement_rules import Actor, Rule, State, Step, rule
from clients.models import Agreement, SentVersion
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message
from engagement.staff.models import FirmLogo, User

# Said to whoever is too late, or too early.
WHY_NOT = {
    State.DRAFT: gettext_lazy(
        "This is a draft: it has not been sent, or it was taken back to be changed. Nothing was done."
    ),
    State.SENT: gettext_lazy("This is with the client now. Nothing was done."),
    State.ACCEPTED: gettext_lazy("The client has signed this. Nothing was done."),
    State.SIGNED: gettext_lazy("This is signed already, and stays as it was signed."),
    State.DECLINED: gettext_lazy("This was declined. Nothing was done."),
    State.LAPSED: gettext_lazy("The time to sign this has ended. Nothing was done."),
    State.WITHDRAWN: gettext_lazy("This was withdrawn. Nothing was done."),
    State.ENDED: gettext_lazy("This agreement has ended. Nothing was done."),
}


class Refused(Exception):
    """It cannot be done as things stand. The text says why, and what can be done, to a person."""


class Changed(Refused):
    """What they were about to sign is not what would be signed. `version` is what is in force now, if anything is."""

    def __init__(self, words: str, version: SentVersion | None) -> None:
        super().__init__(words)
        self.version = version


class WrongCode(Refused):
    def __init__(self, words: str, tries_left: int) -> None:
        super().__init__(words)
        self.tries_left = tries_left


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a visitor: where from, with what, and in which zone as their browser says."""

    address: str = ""
    browser: str = ""
    zone: str = ""

    @property
    def data(self) -> dict[str, str]:
        return {"address": self.address, "browser": self.browser[:300], "zone": self.zone}


@contextmanager
def holding_agreement(agreement: Agreement) -> Iterator[Agreement]:
    """The agreement as it is now, its row locked until the caller's change is whole or undone."""
    with transaction.atomic():
        yield (
            Agreement.objects.select_for_update(of=("self",), no_key=True)
            .select_related("client__lead", "contact__client", "sent_by", "scope", "addendum__scope")
            .get(pk=agreement.pk)
        )


def must_be_allowed(agreement: Agreement, step: Step, actor: Actor) -> Rule:
    """The rule for this step as things stand. Raises Refused in words of the state they stand in."""
    found = rule(agreement.state, step)
    if found is None:
        raise Refused(str(WHY_NOT[State(agreement.state)]))
    if actor not in found.actors:
        raise Refused(_("The client's lead or a manager does this."))
    return found


def write(agreement: Agreement, kind: str, now: datetime, by: User | None, **data: Any) -> None:
    """Into the client's record, in the transaction of what happened."""
    record.write(agreement.client_id, record.Event(agreement.record_subject, kind, now, by, data))


def logo_of_firm() -> bytes | None:
    content = FirmLogo.objects.values_list("content", flat=True).first()
    return bytes(content) if content else None


def forget_requests_to_sign(held: Agreement, now: datetime) -> None:
    """There is nothing to sign any more: what would ask for it and has not left stays here."""
    held.next_nudge_at = None
    asks = Q(occasion__startswith=f"to sign:{held.pk}:") | Q(occasion__startswith=f"sign nudge:{held.pk}:")
    outbox.drop(Message.objects.filter(asks), now)
