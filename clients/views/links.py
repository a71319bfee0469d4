"""Private links: made, copied, renewed and revoked by whoever may see the client."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clients import actions
from clients.forms import LinkForm
from clients.models import Client, PrivateLink
from clients.views.shared import ask, is_confirmed, posted, the_client
from engagement.staff.http import SignedInRequest

# Closed links are history: the last few are enough to see what became of one.
CLOSED_SHOWN = 10


@require_http_methods(["GET", "POST"])
def links(request: SignedInRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    client = the_client(request, pk)
    form = LinkForm(posted(request), client=client)
    if form.is_valid():
        if client.archived_at:
            form.add_error(None, _("This client is archived, so no link would open. Bring the client back first."))
        else:
            actions.make_link(client, request.user, now, **form.cleaned_data)
            messages.success(request, _("The link is made. Copy it below."))
            return redirect("clients:links", client.pk)
    every = PrivateLink.objects.filter(client=client).select_related("contact", "scope", "made_by", "revoked_by")
    is_open = every.filter(revoked_at=None, expires_at__gt=now)
    context = {
        "client": client,
        "form": form,
        "open": [(link, actions.link_address(link)) for link in is_open],
        "closed": every.exclude(pk__in=is_open.values("pk"))[:CLOSED_SHOWN],
        "now": now,
    }
    return render(request, "clients/links.html", context)


@require_POST
def renew(request: SignedInRequest, pk: int) -> HttpResponse:
    link, here = _link(request, pk)
    if not is_confirmed(request):
        return ask(
            request,
            link.client,
            title=_("Make a new link in place of this one?"),
            consequence=_("The address used so far stops opening at once, for good. Send them the new one."),
            act=_("Make a new link"),
            cancel=here,
        )
    if not _can_be_renewed(link):
        messages.error(request, _("This link cannot be renewed any more. Make a new one."))
        return redirect(here)
    actions.renew_link(link, request.user, timezone.now())
    messages.success(request, _("The old address is closed. Copy the new one below."))
    return redirect(here)


@require_POST
def revoke(request: SignedInRequest, pk: int) -> HttpResponse:
    link, here = _link(request, pk)
    if not is_confirmed(request):
        return ask(
            request,
            link.client,
            title=_("Revoke this link?"),
            consequence=_("Whoever holds it cannot open the progress page any more, from now on and for good."),
            act=_("Revoke the link"),
            cancel=here,
        )
    if actions.revoke_link(link, request.user, timezone.now()):
        messages.success(request, _("The link is revoked."))
    else:
        messages.info(request, _("The link was revoked already."))
    return redirect(here)


def _can_be_renewed(link: PrivateLink) -> bool:
    """A second press of the button finds the link revoked; a contact who has left gets no new one."""
    gone = link.contact is not None and link.contact.left_at is not None
    return link.revoked_at is None and link.client.archived_at is None and not gone


def _link(request: SignedInRequest, pk: int) -> tuple[PrivateLink, str]:
    visible = PrivateLink.objects.visible_to(request.user).select_related("client__lead", "contact", "scope")
    link: PrivateLink = get_object_or_404(visible, pk=pk)
    client: Client = link.client
    return link, reverse("clients:links", args=[client.pk])
