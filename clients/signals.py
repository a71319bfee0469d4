"""What clients tells the room above, in the transaction of what happened."""

from django.dispatch import Signal

# Sent with `client` and `now` when a client's zone or hours changed: moments computed from them may be stale.
client_hours_changed = Signal()

# Sent with `client` before a client is put away. A receiver that has a reason against it answers the words.
client_archiving = Signal()
