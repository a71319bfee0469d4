"""Whether it runs, for machines that ask."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from engagement.outbox import health


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive. Asks nothing of the database, so that its trouble takes no web node away."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def healthz_deep(request: HttpRequest) -> JsonResponse:
    """503 when reminders may be delayed. Says what is wrong, and nothing of servers, names or addresses."""
    now = timezone.now()
    try:
        found = health.read(now)
    except DatabaseError:
        return JsonResponse({"running": False, "database": "no answer"}, status=503)
    answer = {
        "running": found.running,
        "held": found.hold is not None,
        "database": "ok",
        "beat_age_seconds": _age(found.beat_at, found),
        "oldest_waiting_seconds": _age(found.oldest_waiting_at, found),
        "mail": "no answer" if found.mail_error else "ok",
    }
    return JsonResponse(answer, status=200 if found.running else 503)


def _age(moment: datetime | None, found: health.Health) -> int | None:
    return None if moment is None else int((found.now - moment).total_seconds())
