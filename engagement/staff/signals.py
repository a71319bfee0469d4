"""What staff tells the rooms above, in the transaction of what happened."""

from django.dispatch import Signal

# Sent with `user` (None for the whole firm) and `now` when hours, absences or holidays changed, or who can
# be reached, or who manages whom.
diary_changed = Signal()
