"""Who may do what with a client's agreements: `agreement_rules` names the parts that people play."""

from __future__ import annotations

from clients.agreement_rules import Actor, Step, may
from clients.models import Agreement, Client
from engagement.staff.models import User


def may_decide(user: User, client: Client) -> bool:
    """Whether this person sends, signs for the firm and takes back: the client's lead, or a manager."""
    return user.is_manager or client.lead_id == user.pk


def actor(user: User, client: Client) -> Actor:
    return Actor.DECIDER if may_decide(user, client) else Actor.STAFF


def may_take(user: User, agreement: Agreement, step: Step) -> bool:
    return may(agreement.state, step, actor(user, agreement.client))
