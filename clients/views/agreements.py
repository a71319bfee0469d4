"""What happens to a scope or an addendum once it is written: sent, withdrawn, changed, signed for the firm, ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clients import actions
from clients.agreement_forms import SendForm, SignForFirmForm, WhyForm
from clients.agreement_rules import State, Step
from clients.content import fingerprint, language_of
from clients.document.values import Content
from clients.models import Agreement, SealedDocument, SentVersion, Side
from clients.rights import may_decide, may_take
from clients.signing_page import Text
from clients.terms import as_html
from clients.views.private import kept_private
from clients.views.shared import as_file, is_confirmed, pdf_name, posted
from clients.views.visit import seen_of
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm
from engagement.staff.slices import keys_of

PAGE = 50
DAYS_TO_SIGN = timedelta(days=14)
# Declined or lapsed so long ago is over; before that somebody should call.
LATELY = timedelta(days=30)
OF_AN_AGREEMENT = ("client__lead", "contact__client", "sent_by", "closed_by", "scope", "addendum__scope")

AgreementView = Callable[[SignedInRequest, Agreement], HttpResponse]
PageView = Callable[[SignedInRequest, int], HttpResponse]


@require_safe
def waiting(request: SignedInRequest) -> HttpResponse:
    """What waits for a signature, theirs or ours, and what was declined or lapsed lately."""
    now = timezone.now()
    before = request.GET.get("before", "")
    visible = Agreement.objects.visible_to(request.user)
    there = visible.filter(client__archived_at=None).order_by("-pk")
    if before.isdecimal() and len(before) < 19:
        there = there.filter(pk__lt=int(before))
    waits = there.filter(state__in=[State.SENT, State.ACCEPTED])
    lately = there.filter(state__in=[State.DECLINED, State.LAPSED], closed_at__gt=now - LATELY)
    listed = visible.filter(pk__in=keys_of([waits, lately], PAGE + 1)).order_by("-pk")
    rows = list(listed.select_related("client", "contact", "scope", "addendum__scope")[: PAGE + 1])
    more = f"?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else ""
    shown = [(agreement, agreement.has_lapsed(now)) for agreement in rows[:PAGE]]
    return render(request, "clients/agreements.html", {"rows": shown, "next": more, "now": now})


def decided(step: Step) -> Callable[[AgreementView], PageView]:
    """A page of the client's lead and of managers, for an agreement that can take this step."""

    def of(view: AgreementView) -> PageView:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def guarded(request: SignedInRequest, pk: int) -> HttpResponse:
            agreement = _agreement(request, pk)
            if not may_decide(request.user, agreement.client):
                raise PermissionDenied(_("The client's lead or a manager does this."))
            if not may_take(request.user, agreement, step):
                messages.info(request, _("This has moved on meanwhile: see below how it stands."))
                return redirect(agreement.about)
            return view(request, agreement)

        return guarded

    return of


@decided(Step.SEND)
def send(request: SignedInRequest, agreement: Agreement) -> HttpResponse:
    """First who signs and until when; then exactly what they will see; then it is sent."""
    now = timezone.now()
    today = timezone.localdate(now, agreement.client.zoneinfo)
    form = SendForm(posted(request), client=agreement.client, today=today, initial=_suggested(agreement, today))
    if not form.is_valid() or "change" in request.POST:
        return _send_page(request, agreement, form)
    try:
        content = _as_it_would_be(agreement, form, now)
        shown = fingerprint(content)
        if not is_confirmed(request) or form.cleaned_data["shown"] != shown:
            return _check_page(request, agreement, form, content, shown)
        _send(request, agreement, form, now)
    except actions.Refused as refused:
        form.add_error(None, str(refused))
        return _send_page(request, agreement, form)
    _say_sent(request, agreement, form)
    return redirect(agreement.about)


@decided(Step.WITHDRAW)
def withdraw(request: SignedInRequest, agreement: Agreement) -> HttpResponse:
    was_sent = agreement.state != State.DRAFT
    form = WhyForm(posted(request))
    if form.is_valid():
        try:
            actions.withdraw(agreement, why=form.cleaned_data["why"], by=request.user, now=timezone.now())
        except actions.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("It is withdrawn."))
            return redirect(agreement.about)
    told = _("It cannot be signed any more. They are told that it was withdrawn, not why.")
    consequence = told if was_sent else _("The draft is put aside. It can be taken up again.")
    return _asked(request, agreement, form, _("Withdraw it?"), consequence, _("Withdraw it"))


@decided(Step.END)
def end(request: SignedInRequest, agreement: Agreement) -> HttpResponse:
    form = WhyForm(posted(request))
    if form.is_valid():
        try:
            actions.end(agreement, why=form.cleaned_data["why"], by=request.user, now=timezone.now())
        except actions.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("It has ended. What was signed stays on file."))
            return redirect(agreement.about)
    consequence = _(
        "It ends for good, and can only end when no promise under it is open. An addendum that waits for a "
        "signature is withdrawn with it. What was signed stays, and can still be read."
    )
    return _asked(request, agreement, form, _("End this agreement?"), consequence, _("End it"))


@decided(Step.REVISE)
def revise(request: SignedInRequest, agreement: Agreement) -> HttpResponse:
    if request.method == "POST" and is_confirmed(request):
        try:
            actions.revise(agreement, by=request.user, now=timezone.now())
        except actions.Refused as refused:
            messages.error(request, str(refused))
            return redirect(agreement.about)
        messages.success(request, _("It is a draft again. What was sent before is kept."))
        return redirect(f"clients:{agreement.kind}_edit", agreement.about.pk)
    consequence = _("What was sent cannot be signed from now on. The same link shows the new version once it is sent.")
    return _asked(request, agreement, None, _("Change it and send a new version?"), consequence, _("Take it back"))


@decided(Step.COUNTERSIGN)
def countersign(request: SignedInRequest, agreement: Agreement) -> HttpResponse:
    """Our signature under exactly what was sent, before the client's or after it."""
    form = SignForFirmForm(posted(request))
    version = agreement.versions.defer("pdf").get(version=agreement.version)
    if form.is_valid():
        name, seen = form.cleaned_data["name"], seen_of(request, request.user.zone)
        shown = request.POST.get("shown", "")
        try:
            actions.countersign(agreement, name=name, shown=shown, by=request.user, seen=seen, now=timezone.now())
        except actions.Refused as refused:
            form.add_error(None, str(refused))
            # What was sent meanwhile is what there is to sign now, and is shown in place of the old one.
            version = (refused.version if isinstance(refused, actions.Changed) else None) or version
        else:
            agreement.refresh_from_db()
            in_force = agreement.state == State.SIGNED
            said = _("Signed by both sides. It is in force.") if in_force else _("Signed for the firm.")
            messages.success(request, said)
            return redirect(agreement.about)
    context = {
        "agreement": agreement,
        "client": agreement.client,
        "form": form,
        "content": version.content,
        "shown": version.sha256,
        "theirs": version.signatures.filter(side=Side.CLIENT).first(),
    }
    return render(request, "clients/agreement_countersign.html", context)


@kept_private
@require_safe
def preview(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the client would see if it were sent as it stands; once it was sent, what they do see."""
    agreement, now = _agreement(request, pk), timezone.now()
    sent = agreement.versions.defer("pdf").filter(version=agreement.version).first()
    if sent is None:
        # As it would be sent today, while nobody has said otherwise.
        asked = _suggested(agreement, timezone.localdate(now, agreement.client.zoneinfo))
        agreement.contact, agreement.valid_until = asked["signer"], asked["valid_until"]
    try:
        content = sent.content if sent else actions.preview(agreement, now)
    except actions.Refused as refused:
        messages.error(request, str(refused))
        return redirect(agreement.about)
    if "pdf" in request.GET:
        return as_file(actions.preview_pdf(content, now), pdf_name(agreement.about.number))
    return _as_seen(request, agreement, content, {"is_sent": sent is not None})


@require_safe
def document(request: SignedInRequest, pk: int) -> HttpResponse:
    """The sealed document."""
    agreement = _agreement(request, pk)
    sealed: SealedDocument = get_object_or_404(SealedDocument, agreement=agreement)
    return as_file(bytes(sealed.content), pdf_name(agreement.about.number))


@require_safe
def proposal(request: SignedInRequest, pk: int) -> HttpResponse:
    """The PDF as it was sent: the last one, or the version that the address asks for."""
    agreement = _agreement(request, pk)
    versions = agreement.versions.order_by("-version")
    asked = request.GET.get("version", "")
    if asked:
        versions = versions.filter(version=int(asked) if asked.isdecimal() and len(asked) < 5 else 0)
    sent: SentVersion | None = versions.first()
    if sent is None:
        raise Http404
    return as_file(bytes(sent.pdf), pdf_name(agreement.about.number, f", {_('version')} {sent.version}"))


def _agreement(request: SignedInRequest, pk: int) -> Agreement:
    found = get_object_or_404(Agreement.objects.visible_to(request.user).select_related(*OF_AN_AGREEMENT), pk=pk)
    # One client and one agreement, however they are reached.
    found.about.agreement = found
    return found


def _suggested(agreement: Agreement, today: date) -> dict[str, Any]:
    signer = agreement.contact
    if signer is None or signer.left_at or not signer.email:
        signer = agreement.client.contacts.filter(left_at=None, is_main=True).exclude(email="").first()
    return {"signer": signer, "contact": signer and signer.pk, "valid_until": today + DAYS_TO_SIGN}


def _as_it_would_be(agreement: Agreement, form: SendForm, now: datetime) -> Content:
    """The text with who signs and until when as they were typed; nothing is saved."""
    agreement.contact, agreement.valid_until = form.cleaned_data["contact"], form.cleaned_data["valid_until"]
    return actions.preview(agreement, now)


def _send(request: SignedInRequest, agreement: Agreement, form: SendForm, now: datetime) -> None:
    asked = form.cleaned_data
    actions.send(
        agreement,
        contact=asked["contact"],
        valid_until=asked["valid_until"],
        by=request.user,
        now=now,
        by_mail=asked["way"] == SendForm.MAIL,
        name=asked["name"] if asked["ours"] == SendForm.NOW else "",
        shown=asked["shown"],
        seen=seen_of(request, request.user.zone),
    )


def _say_sent(request: SignedInRequest, agreement: Agreement, form: SendForm) -> None:
    who = form.cleaned_data["contact"].name
    if form.cleaned_data["way"] == SendForm.MAIL:
        messages.success(request, _("It is on its way to %(name)s.") % {"name": who})
    else:
        messages.success(
            request, _("It can be signed now. Copy the link below and send it to %(name)s.") % {"name": who}
        )


def _send_page(request: SignedInRequest, agreement: Agreement, form: SendForm) -> HttpResponse:
    context = {"agreement": agreement, "client": agreement.client, "form": form}
    return render(request, "clients/agreement_send.html", context)


def _check_page(
    request: SignedInRequest, agreement: Agreement, form: SendForm, content: Content, shown: str
) -> HttpResponse:
    again = "shown" in request.POST and request.POST["shown"] != "" and is_confirmed(request)
    kept = [(name, value) for name, value in request.POST.items() if name in form.fields and name != "shown"]
    return _as_seen(request, agreement, content, {"form": form, "kept": kept, "shown": shown, "again": again})


def _as_seen(request: SignedInRequest, agreement: Agreement, content: Content, more: dict[str, Any]) -> HttpResponse:
    """The client's own page, in their language, with a line of ours above it in ours."""
    text = Text(content, as_html(content["terms"]), "")
    line = {"agreement": agreement, "contact": agreement.contact, "back": agreement.about.get_absolute_url(), **more}
    above = render_to_string("clients/_agreement_seen.html", line, request)
    with translation.override(language_of(agreement)):
        page = {
            "firm": Firm.get(),
            "text": text,
            "client": agreement.client,
            "above": above,
            # Nothing can be done from here but look.
            "to": {"ask": "#above", "decline": "#above"},
            "pdf": f"{reverse('clients:agreement_preview', args=[agreement.pk])}?pdf=yes",
            "consent": actions.CONSENT,
        }
        return HttpResponse(render_to_string("clients/agreement_preview.html", page))


def _asked(
    request: SignedInRequest, agreement: Agreement, form: WhyForm | None, title: str, consequence: str, act: str
) -> HttpResponse:
    context = {
        "agreement": agreement,
        "client": agreement.client,
        "form": form,
        "title": title,
        "consequence": consequence,
        "act": act,
        "cancel": agreement.about.get_absolute_url(),
    }
    return render(request, "clients/agreement_ask.html", context)
