"""When a message that nobody is waiting for may reach a client."""

from __future__ import annotations

from datetime import datetime, timedelta

from clients.models import Contact
from engagement.staff.models import Firm


def after_quiet_hours(contact: Contact, firm: Firm, now: datetime) -> datetime:
    """Now, or the end of the firm's quiet hours where the contact is, in UTC or the zone that `now` came in."""
    there = now.astimezone(contact.zoneinfo)
    clock = there.time()
    begins, ends = firm.quiet_from, firm.quiet_until
    across_midnight = begins > ends
    is_quiet = (clock >= begins or clock < ends) if across_midnight else begins <= clock < ends
    if not is_quiet:
        return now
    day = there.date() + timedelta(days=1) if across_midnight and clock >= begins else there.date()
    return datetime.combine(day, ends, tzinfo=contact.zoneinfo).astimezone(now.tzinfo)
