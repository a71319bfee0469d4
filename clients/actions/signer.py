from __future__ import annotations

from clients.agreement_rules import State
from clients.models import Agreement, Contact


def name_signer(agreement: Agreement, contact: Contact | None) -> None:
    """Who is to sign a draft, so that it can be looked at in their language. Whoever sends it has the last word."""
    Agreement.objects.filter(pk=agreement.pk, state=State.DRAFT).update(contact=contact)
    agreement.contact = contact
