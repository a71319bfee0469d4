"""How the chance of one promise was worked out: asked for by few, and reckoned anew when it is."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm
from promises.views.common import promise_or_404
from promises.worked_out import worked_out


@require_safe
def chance(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    lies_ahead = promise.is_open and promise.due_at > now
    context = {
        "promise": promise,
        "now": now,
        "why": worked_out(promise, Firm.get(), request.user, now) if lies_ahead else None,
        "here": "promises",
    }
    return render(request, "promises/chance.html", context)
