"""The sealed document is opened by a code to the address on file, and by nothing less."""

from __future__ import annotations

from datetime import datetime

from clients.actions.base import Seen, holding_agreement, write
from clients.actions.codes import MOST_TRIES, Purpose, is_for, latest_code, receiver_of, spend, try_code
from clients.models import Agreement, OneTimeCode


def usable_code(agreement: Agreement, purpose: Purpose, now: datetime) -> OneTimeCode | None:
    """The code in their mailbox, while typing it would still do."""
    code = latest_code(agreement, purpose)
    if code is None or not is_for(code, receiver_of(agreement, purpose)):
        return None
    is_spent = code.used_at is not None or code.tries >= MOST_TRIES or code.expires_at <= now
    return None if is_spent else code


def open_document(agreement: Agreement, *, code: str, seen: Seen, now: datetime) -> None:
    """Spend the code. Raises WrongCode."""
    passed = try_code(agreement, Purpose.DOCUMENT, code, now)
    with holding_agreement(agreement) as held:
        spend(passed, now)
        write(held, "code_passed", now, None, **seen.data, code=passed.pk, purpose=str(Purpose.DOCUMENT))
