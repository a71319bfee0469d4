from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.db.models import Q
from django.template import Context
from django.utils import timezone

from clients.models import PrivateLink
from promises.models import Promise

register = template.Library()


@register.inclusion_tag("promises/_saved_bar.html", takes_context=True)
def saved_bar(context: Context) -> dict[str, Any]:
    """Saved is not told: after a promise was logged, any page says so until the client has heard of it."""
    request: Any = context.get("request")
    pk = request.GET.get("saved", "") if request else ""
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19 and request.user.is_authenticated):
        return {}
    mine = Promise.objects.visible_to(request.user).open().filter(pk=pk, made_by=request.user, tellings=None)
    query = request.GET.copy()
    del query["saved"]
    promise = mine.select_related("client").first()
    return {
        "promise": promise,
        "is_on_their_page": promise is not None and _is_on_their_page(promise, timezone.now()),
        "not_now": f"{request.path}?{query.urlencode()}" if query else request.path,
    }


def _is_on_their_page(promise: Promise, now: datetime) -> bool:
    links = PrivateLink.objects.open(now).filter(client=promise.client_id)
    return links.filter(Q(scope=None) | Q(scope=promise.scope_id)).exists()
