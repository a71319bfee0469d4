"""Before it is sent: who is to sign, and the proposal as it would be."""

from __future__ import annotations

from datetime import datetime

from clients.actions.base import logo_of_firm
from clients.agreement_rules import State
from clients.document import render
from clients.document.values import Content
from clients.models import Agreement, Contact


def name_signer(agreement: Agreement, contact: Contact | None) -> None:
    """Who is to sign a draft, so that it can be looked at in their language. Whoever sends it has the last word."""
    Agreement.objects.filter(pk=agreement.pk, state=State.DRAFT).update(contact=contact)
    agreement.contact = contact


def preview_pdf(content: Content, now: datetime) -> bytes:
    return render(content, logo=logo_of_firm(), proposal=True, made_at=now)
