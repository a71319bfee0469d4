"""Whether messages leave, and the one act that lets them leave again."""

from __future__ import annotations

import logging
from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from engagement.outbox import resuming
from engagement.outbox.forms import CANCEL, ResumeForm
from engagement.outbox.models import Hold, Message
from engagement.staff.access import administrator_required
from engagement.staff.http import SignedInRequest
from engagement.staff.when import speak_number

logger = logging.getLogger(__name__)

SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def sending(request: SignedInRequest) -> HttpResponse:
    hold, now = resuming.present(), timezone.now()
    clients_wait = hold is not None and _to_decide(hold, now).exists()
    form = ResumeForm(request.POST if request.method == "POST" else None, clients_wait=clients_wait)
    if hold is None or request.method != "POST" or not form.is_valid():
        return _page(request, hold, form, now)
    if wait := resuming.why_not_yet(hold, now):
        form.add_error(None, wait)
        return _page(request, hold, form, now)
    resumed = resuming.resume(
        hold,
        now,
        by=request.user,
        cancel_staff=form.cleaned_data["staff"] == CANCEL,
        cancel_clients=form.cleaned_data.get("clients") == CANCEL,
    )
    if resumed:
        logger.warning("Sending is resumed by %s: %s", request.user.email, resumed)
    messages.success(request, said(resumed))
    return redirect("outbox:sending")


def said(resumed: resuming.Resumed | None) -> str:
    if resumed is None:
        return _("Sending was resumed by somebody else a moment ago.")
    left = ngettext(
        "%(n)s message to a client waits on Sent mail for a person to decide.",
        "%(n)s messages to clients wait on Sent mail for a person to decide.",
        resumed.to_decide,
    )
    words = left % {"n": speak_number(resumed.to_decide)}
    return _("Messages leave again. %(left)s") % {"left": words} if resumed.to_decide else _("Messages leave again.")


def _to_decide(hold: Hold, now: datetime) -> QuerySet[Message]:
    return resuming.uncertain(hold, now).filter(is_secret=False)


def _page(request: SignedInRequest, hold: Hold | None, form: ResumeForm, now: datetime) -> HttpResponse:
    uncertain = _to_decide(hold, now) if hold else Message.objects.none()
    context = {
        "hold": hold,
        "form": form,
        "wait": resuming.why_not_yet(hold, now) if hold and not form.non_field_errors() else "",
        "uncertain": uncertain.defer("body")[:SHOWN],
        "more": max(0, uncertain.count() - SHOWN),
        "earlier": Hold.objects.exclude(lifted_at=None).select_related("lifted_by")[:SHOWN],
    }
    return render(request, "outbox/sending.html", context)
