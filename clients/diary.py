from clients.models import Client
from engagement.staff.calendars import Calendar
from engagement.staff.diary import firm_calendar
from engagement.staff.models import Firm


def client_calendar(client: Client, firm: Firm) -> Calendar:
    """A working day as the client knows it: the firm's hours unless theirs say otherwise, in their zone."""
    return firm_calendar(firm, zone=client.zoneinfo, hours=client.hours or None)
