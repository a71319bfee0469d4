"""Agreements put into a state by the steps that lead there: the database takes no others."""

from clients.models import Agreement

BEFORE = {"accepted": "sent", "declined": "sent", "lapsed": "sent", "ended": "signed"}


def put(agreement, state, **fields):
    row = Agreement.objects.filter(pk=agreement.pk)
    if state in BEFORE:
        row.update(state=BEFORE[state])
    row.update(state=state, **fields)
