"""Somebody at the private address of an agreement: found once, in their language, kept apart from everybody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clients.actions.base import Seen
from clients.agreement_rules import State
from clients.models import Agreement, PrivateLink
from clients.signing_page import who_answers
from clients.views.private import for_strangers, no_page
from engagement.staff.http import visitor_address
from engagement.staff.models import Firm

METHODS = ["GET", "HEAD", "OPTIONS", "POST"]
SIGNING = ("sign", "sign_check", "sign_accept", "sign_code", "sign_ask", "sign_decline", "sign_pdf", "sign_document")


def seen_of(request: HttpRequest, zone: str) -> Seen:
    """What the evidence says of whoever acts."""
    browser = "".join(sign for sign in request.headers.get("User-Agent", "") if sign.isprintable())
    return Seen(visitor_address(request)[:60], browser[:300], zone)


@dataclass(frozen=True, slots=True)
class Visit:
    request: HttpRequest
    # What stands in the address, for further addresses of the same kind.
    address: dict[str, str]
    agreement: Agreement
    language: str
    firm: Firm
    now: datetime

    @property
    def posts(self) -> bool:
        return self.request.method == "POST"

    def to(self, name: str) -> str:
        return reverse(f"clients:{name}", kwargs=self.address)

    def seen(self, zone: str = "") -> Seen:
        return seen_of(self.request, zone)

    def page(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """Without the request: no session is read, no cookie is set."""
        shared = {"firm": self.firm, "client": self.agreement.client.name, "now": self.now}
        who = {"who": who_answers(self.agreement, self.firm)}
        return HttpResponse(render_to_string(template, {**shared, **who, **context}), status=status)


View = Callable[[Visit], HttpResponse]
# The agreement behind what stands in the address, and the language of whoever holds it.
Find = Callable[..., "tuple[Agreement, str] | None"]


def at_private_address(find: Find) -> Callable[[View], Callable[..., HttpResponse]]:
    """Open to whoever holds the address.

    No CSRF token: the address is the secret, and a page that does not know it can send nothing to it. What comes from
    pages of others is refused all the same.
    """

    def opened(view: View) -> Callable[..., HttpResponse]:
        @login_not_required
        @csrf_exempt
        @for_strangers
        @require_http_methods(METHODS)
        @wraps(view)
        def answer(request: HttpRequest, **address: str) -> HttpResponse:
            if request.method == "OPTIONS":
                return HttpResponse(headers={"Allow": ", ".join(METHODS)})
            now, firm = timezone.now(), Firm.get()
            found = find(now, firm, **address)
            if found is None:
                return no_page(request, firm)
            visit = Visit(request, address, *found, firm, now)
            with translation.override(visit.language):
                if visit.posts and comes_from_elsewhere(request):
                    return visit.page("clients/sign_elsewhere.html", {}, status=403)
                return view(visit)

        return answer

    return opened


def by_signing_token(now: datetime, firm: Firm, token: str) -> tuple[Agreement, str] | None:
    """Closed with the contact who has left, and when the link has lasted as long as links do."""
    found = Agreement.objects.for_token(token).filter(contact__left_at=None)
    agreement = _whole(found).first()
    if agreement is None or not agreement.contact:
        return None
    is_readable = agreement.is_readable(now, timedelta(days=firm.link_days))
    return (agreement, agreement.contact.speaks) if is_readable else None


def by_private_link(now: datetime, firm: Firm, token: str, number: str) -> tuple[Agreement, str] | None:
    """A signed scope or addendum, by its number, of the client whose progress page the token opens."""
    link = PrivateLink.objects.for_token(token, now).select_related("client", "contact").first()
    if link is None:
        return None
    signed = _whole(Agreement.objects.filter(client=link.client, state__in=[State.SIGNED, State.ENDED]))
    if link.scope_id:
        signed = signed.filter(scope=link.scope_id) | signed.filter(addendum__scope=link.scope_id)
    agreement = next((one for one in signed.filter(document__isnull=False) if one.about.number == number), None)
    if agreement is None:
        return None
    return agreement, (link.contact.language if link.contact else "") or link.client.language


def _whole(agreements: Any) -> Any:
    return agreements.select_related("client__lead", "contact__client", "sent_by", "scope", "addendum__scope")


def comes_from_elsewhere(request: HttpRequest) -> bool:
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return True
    origin = request.headers.get("Origin")
    # Browsers inside some mail programs hide where they are, and say null.
    if not origin or origin == "null":
        return False
    return origin not in (f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS)
