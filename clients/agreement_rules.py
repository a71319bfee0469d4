"""Which steps an agreement can take, and whose they are. Nothing else changes its state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SENT = "sent", _("Waiting for the client")
    ACCEPTED = "accepted", _("Waiting for our signature")
    SIGNED = "signed", _("Signed")
    DECLINED = "declined", _("Declined")
    LAPSED = "lapsed", _("Lapsed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    ENDED = "ended", _("Ended")


class Step(StrEnum):
    EDIT = "edit"
    SEND = "send"
    SIGN = "sign"
    COUNTERSIGN = "countersign"
    DECLINE = "decline"
    ASK = "ask"
    LAPSE = "lapse"
    WITHDRAW = "withdraw"
    REVISE = "revise"
    RECORD_PAPER = "record_paper"
    END = "end"


class Actor(StrEnum):
    STAFF = "staff"  # whoever sees the client
    DECIDER = "decider"  # the client's lead, or a manager
    SIGNER = "signer"  # the contact, through the private link
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Rule:
    to: State
    actors: frozenset[Actor]


HERE = frozenset({Actor.STAFF, Actor.DECIDER})
DECIDER = frozenset({Actor.DECIDER})
SIGNER = frozenset({Actor.SIGNER})
CLOCK = frozenset({Actor.CLOCK})

RULES: dict[tuple[State, Step], Rule] = {
    (State.DRAFT, Step.EDIT): Rule(State.DRAFT, HERE),
    (State.DRAFT, Step.SEND): Rule(State.SENT, DECIDER),
    (State.DRAFT, Step.RECORD_PAPER): Rule(State.SIGNED, DECIDER),
    (State.DRAFT, Step.WITHDRAW): Rule(State.WITHDRAWN, DECIDER),
    # To ACCEPTED instead where the firm has not signed yet: `clients.actions.sign` says.
    (State.SENT, Step.SIGN): Rule(State.SIGNED, SIGNER),
    (State.SENT, Step.COUNTERSIGN): Rule(State.SENT, DECIDER),
    (State.SENT, Step.DECLINE): Rule(State.DECLINED, SIGNER),
    (State.SENT, Step.ASK): Rule(State.SENT, SIGNER),
    (State.SENT, Step.LAPSE): Rule(State.LAPSED, CLOCK),
    (State.SENT, Step.WITHDRAW): Rule(State.WITHDRAWN, DECIDER),
    (State.SENT, Step.REVISE): Rule(State.DRAFT, DECIDER),
    (State.ACCEPTED, Step.COUNTERSIGN): Rule(State.SIGNED, DECIDER),
    (State.ACCEPTED, Step.WITHDRAW): Rule(State.WITHDRAWN, DECIDER),
    (State.DECLINED, Step.REVISE): Rule(State.DRAFT, DECIDER),
    (State.LAPSED, Step.REVISE): Rule(State.DRAFT, DECIDER),
    (State.WITHDRAWN, Step.REVISE): Rule(State.DRAFT, DECIDER),
    (State.SIGNED, Step.END): Rule(State.ENDED, DECIDER),
}


def rule(state: str, step: Step) -> Rule | None:
    return RULES.get((State(state), step))


def may(state: str, step: Step, actor: Actor) -> bool:
    found = rule(state, step)
    return found is not None and actor in found.actors
