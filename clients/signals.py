"""What clients tells the room above, in the transaction of what happened."""

from django.dispatch import Signal

# Sent with `client` and `now` when a client's zone or hours change, or who may see it: moments worked out from them may
# be stale, and who was asked to tell the client may not be let in any more.
client_changing = Signal()

# Sent with `client` before a client is put away. A receiver that has a reason against it answers the words.
client_archiving = Signal()

# Sent with `scope` before a scope is ended. A receiver that has a reason against it answers the words.
scope_ending = Signal()

# Sent with `scope` and `now` when both sides have signed a scope, inside the transaction of the last signature.
scope_signed = Signal()

# Sent with `addendum` and `now` when both sides have signed an addendum, inside the transaction of the last signature
# and before the client's record is written: who holds promises and the record holds the promises first.
addendum_signed = Signal()

# Sent with `agreement` and `now` while it is made ready to be read and signed. A receiver answers a list of the dates
# that it moves, in words: {"what": ..., "old": ..., "new": ...}.
agreement_sending = Signal()

# Sent with `scope`, `user` and `now` while its page is put together for staff. A receiver answers a part of the page.
scope_shown = Signal()

# Sent with `agreement` and `entries`, what the record says of it in order, while the evidence is proved. A receiver
# answers a list of faults: a sentence for each thing of its own that does not hold.
evidence_asked = Signal()
