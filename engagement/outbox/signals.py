"""What the outbox tells the rooms above. Receivers run in the transaction that settles the message."""

from django.dispatch import Signal

# Sent with `message` and `now` just before it leaves. A receiver that answers a text stops it: the text says why.
message_leaving = Signal(use_caching=True)

# Sent with `message` and `now` when its state has become sent, failed, undone or dropped, or when it bounced.
message_settled = Signal(use_caching=True)
