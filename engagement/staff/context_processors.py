from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from engagement.staff.models import Firm


def firm(request: HttpRequest) -> dict[str, Any]:
    # Read when a page shows it; a view that has read it gives it as its own.
    return {"firm": SimpleLazyObject(Firm.get), "now": timezone.now()}
