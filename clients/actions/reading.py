"""The sealed document is opened by a code to the address on file, and by nothing less."""

from __future__ import annotations

from datetime import datetime

from clients.actions.base import Seen, holding_agreement, write
from clients.actions.codes import Purpose, spend, try_code
from clients.models import Agreement


def open_document(agreement: Agreement, *, code: str, seen: Seen, now: datetime) -> None:
    """Spend the code. Raises WrongCode."""
    passed = try_code(agreement, Purpose.DOCUMENT, code, now)
    with holding_agreement(agreement) as held:
        spend(passed, now)
        write(held, "code_passed", now, None, **seen.data, code=passed.pk, purpose=str(Purpose.DOCUMENT))
