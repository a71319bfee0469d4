"""Whom to tell of a hole (RFC 9116)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from engagement.staff.when import iso

# Whoever finds an old copy of it asks anew.
HOLDS = timedelta(days=180)


@login_not_required
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    if not settings.SECURITY_CONTACT:
        raise Http404
    return HttpResponse(written(settings.SECURITY_CONTACT, timezone.now()), content_type="text/plain; charset=utf-8")


def written(contact: str, now: datetime) -> str:
    until = datetime.combine(now.astimezone(UTC).date() + HOLDS, time(), tzinfo=UTC)
    fields = {
        "Contact": contact if ":" in contact else f"mailto:{contact}",
        "Expires": iso(until),
        "Preferred-Languages": "en",
        "Canonical": f"{settings.SITE_URL}/.well-known/security.txt",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())
