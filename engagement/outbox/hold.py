"""A restored copy does not speak until a person says so.

What was due since the copy was made may have left before it was restored, and the copy cannot know. So nothing leaves
while a hold stands; the ticks go on weighing and writing down.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from engagement.outbox.models import Heartbeat, Hold

# Two hours without a beat are caught up with; after a day it may be a copy that somebody restored by hand.
ASLEEP_AFTER = timedelta(hours=24)

logger = logging.getLogger(__name__)


def notice_sleep(now: datetime) -> bool:
    """Hold everything where the newest beat is a day old. Asked before a beat is renewed and before anything leaves."""
    asleep = Heartbeat.objects.filter(pk=1, hold=None, beat_at__lt=now - ASLEEP_AFTER)
    heart = asleep.first()
    if heart is None:
        return False
    with transaction.atomic():
        hold = Hold.objects.create(why=Hold.Why.ASLEEP, held_at=now, as_of=heart.beat_at)
        if not asleep.update(hold=hold):
            # Another worker noticed it first.
            hold.delete()
            return False
    logger.warning("Nothing ran since %s: nothing is sent until an administrator resumes it.", heart.beat_at)
    return True
