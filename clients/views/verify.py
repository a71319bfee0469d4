"""Anybody may ask whether a PDF bears our seal and is unchanged. Nothing is kept of what they ask about."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients import sealing
from clients.agreement_rules import State
from clients.models import Agreement, Kind, SealedDocument
from clients.sealing import Finding, Verdict
from clients.sealing.reading import MOST_BYTES
from clients.verify_form import VerifyForm
from clients.views.private import for_strangers
from engagement.staff.http import visitor_address
from engagement.staff.models import Firm
from engagement.staff.throttle import Limit

CHECKS = Limit("files checked", 30, timedelta(minutes=10))


@login_not_required
@for_strangers
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    asked = request.method == "POST"
    if asked and CHECKS.is_reached(visitor_address(request)):
        return _too_often(request)
    form = VerifyForm(request.POST, request.FILES) if asked else VerifyForm()
    firm = Firm.get()
    context: dict[str, Any] = {"form": form, "firm": firm, "now": now}
    if asked and form.is_valid():
        CHECKS.count(visitor_address(request))
        # A form of its own, so that the next file is asked for as the first one was.
        context |= {"form": VerifyForm(), **_answer(form.cleaned_data["file"], firm.zoneinfo, now)}
    return render(request, "clients/verify.html", context)


def _answer(file: UploadedFile[Any], zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    if (file.size or 0) > MOST_BYTES:
        finding, digest = Finding(Verdict.TOO_LARGE), ""
    else:
        pdf = file.read()
        finding, digest = sealing.read(pdf), hashlib.sha256(pdf).hexdigest()
    on_file = _on_file(digest, now) if finding.is_sealed else ""
    return {"finding": finding, "said": finding.words(now, zone), "on_file": on_file, "digest": digest, "zone": zone}


def _on_file(digest: str, now: datetime) -> str:
    """Whoever holds the very document may know which one it is, and whether it still holds."""
    document = SealedDocument.objects.filter(sha256=digest).select_related("agreement").only("agreement").first()
    if document is None:
        return _("This very file is not among those on file here. Ask us which one holds.")
    agreement = document.agreement
    told = {"number": agreement.about.number}
    if agreement.state != State.SIGNED or _is_over(agreement, now):
        return _("It is agreement %(number)s, which has ended.") % told
    if agreement.kind == Kind.SCOPE and agreement.scope.addenda.filter(agreement__state=State.SIGNED).exists():
        return _("It is agreement %(number)s, which is in force, with addenda that were signed after it.") % told
    return _("It is agreement %(number)s, which is in force.") % told


def _is_over(agreement: Agreement, now: datetime) -> bool:
    scope = agreement.scope if agreement.kind == Kind.SCOPE else agreement.addendum.scope
    last = scope.ends_on
    ended = scope.agreement.state != State.SIGNED
    return ended or (last is not None and last < now.astimezone(agreement.client.zoneinfo).date())


def _too_often(request: HttpRequest) -> HttpResponse:
    page = render(request, "clients/verify_too_often.html", {"firm": Firm.get()}, status=429)
    page["Retry-After"] = str(int(CHECKS.within.total_seconds()))
    return page
