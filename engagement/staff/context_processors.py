from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from engagement.staff.models import Firm


def firm(request: HttpRequest) -> dict[str, Any]:
    return {"firm": Firm.get(), "now": timezone.now()}
