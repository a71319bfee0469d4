"""Where a client reads, signs, asks and declines: behind a private address, without an account, without a cookie."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt

from clients.actions import signing
from clients.actions.base import Changed, Refused, WrongCode
from clients.actions.codes import Purpose, latest_code, send_code
from clients.actions.reading import usable_code
from clients.agreement_rules import State
from clients.content import what_changed
from clients.models import SealedDocument, SentVersion, Side
from clients.signing_forms import LONGEST_DRAWING, CodeForm, DeclineForm, QuestionForm, SignForm
from clients.signing_page import (
    changed_at,
    code_mail,
    differences,
    drawing_of,
    is_to_sign,
    masked,
    signed_by,
    standing_of,
    text_of,
    zone_of,
)
from clients.views.private import for_strangers, no_page
from clients.views.shared import as_file, pdf_name
from clients.views.signed_document import LONG_TRIED, new_pass, pass_of
from clients.views.visit import SIGNING, Visit, at_private_address, by_signing_token

# For so long after the signatures it is worth saying what happens next.
FRESH = timedelta(days=7)

Next = Callable[[Visit, SentVersion, SignForm], HttpResponse]


@at_private_address(by_signing_token)
def page(visit: Visit) -> HttpResponse:
    """Opening it writes nothing. What is sent here was typed before, and comes back to be changed."""
    version = _to_be_signed(visit)
    if version is None:
        return _standing(visit)
    if visit.posts and visit.request.POST.get("shown", version.sha256) != version.sha256:
        return _changed(visit, version)
    agreed = {"consent": "consent" in visit.request.POST}
    return _sign_page(visit, version, SignForm(initial={**_typed(visit), **agreed}))


@at_private_address(by_signing_token)
def check(visit: Visit) -> HttpResponse:
    """What was typed is read back, and a code is on its way; nothing is signed yet."""
    return _go_on(visit, _send_a_code)


@at_private_address(by_signing_token)
def accept(visit: Visit) -> HttpResponse:
    return _go_on(visit, _sign)


@at_private_address(by_signing_token)
def code(visit: Visit) -> HttpResponse:
    """What became of the mail with the code. The page's script asks."""
    return visit.page("clients/_sign_code_mail.html", _mail(visit))


@at_private_address(by_signing_token)
def ask(visit: Visit) -> HttpResponse:
    if _to_be_signed(visit) is None:
        return redirect(visit.to("sign"))
    form = QuestionForm(visit.request.POST if visit.posts else None)
    if form.is_valid():
        seen = visit.seen(form.cleaned_data["zone"])
        try:
            signing.ask_question(visit.agreement, text=form.cleaned_data["text"], seen=seen, now=visit.now)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect(f"{visit.to('sign_ask')}?sent=yes")
    asked = "sent" in visit.request.GET and not form.is_bound
    return visit.page("clients/sign_ask.html", {"form": form, "asked": asked, "to": _addresses(visit)})


@at_private_address(by_signing_token)
def decline(visit: Visit) -> HttpResponse:
    """Asked twice, because it cannot be called back from here."""
    version = _to_be_signed(visit)
    if version is None:
        return redirect(visit.to("sign"))
    posted = visit.request.POST
    shown = posted.get("shown", version.sha256)
    if visit.posts and "change" not in posted:
        form = DeclineForm(posted)
        if form.is_valid() and posted.get("confirmed") == "yes":
            return _decline(visit, form, shown)
    else:
        form = DeclineForm(initial={"why": posted.get("why", "")})
    is_asked = form.is_bound and form.is_valid()
    context = {"form": form, "text": text_of(version), "shown": shown, "is_asked": is_asked, "to": _addresses(visit)}
    return visit.page("clients/sign_decline.html", context)


@at_private_address(by_signing_token)
def pdf(visit: Visit) -> HttpResponse:
    """The text as it was sent, until there is the sealed document in its place."""
    if _to_be_signed(visit) is None and visit.agreement.state != State.ACCEPTED:
        return redirect(visit.to("sign"))
    version = visit.agreement.versions.get(version=visit.agreement.version)
    return as_file(bytes(version.pdf), pdf_name(version.content["number"]))


@login_not_required
@csrf_exempt
@for_strangers
def nothing(request: HttpRequest, rest: str) -> HttpResponse:
    """Whatever else somebody puts behind these addresses opens what a wrong one opens."""
    return no_page(request)


def _to_be_signed(visit: Visit) -> SentVersion | None:
    """The text that is there to be signed, if it is."""
    if not is_to_sign(visit.agreement, visit.now):
        return None
    return visit.agreement.versions.defer("pdf").filter(version=visit.agreement.version).first()


def _go_on(visit: Visit, do: Next) -> HttpResponse:
    """With what the signer gave, where it is whole and of the text that is there to be signed."""
    version = _to_be_signed(visit)
    if version is None or not visit.posts:
        return redirect(visit.to("sign"))
    form, shown = SignForm(visit.request.POST), visit.request.POST.get("shown")
    if shown != version.sha256 and (shown or form.is_valid()):
        return _changed(visit, version)
    if not form.is_valid():
        return _sign_page(visit, version, form)
    try:
        return do(visit, version, form)
    except Changed as changed:
        if changed.version is not None:
            return _changed(visit, changed.version)
        form.add_error(None, str(changed))
    except Refused as refused:
        form.add_error(None, str(refused))
    visit.agreement.refresh_from_db()
    # Signed or taken back while they typed, the page says how it stands.
    return _sign_page(visit, version, form) if _to_be_signed(visit) else redirect(visit.to("sign"))


def _send_a_code(visit: Visit, version: SentVersion, form: SignForm) -> HttpResponse:
    if "have" in visit.request.POST and usable_code(visit.agreement, Purpose.SIGN, visit.now):
        return _check_page(visit, version, form, CodeForm())
    try:
        send_code(visit.agreement, Purpose.SIGN, visit.seen(form.cleaned_data["zone"]), visit.now)
    except Refused as refused:
        if usable_code(visit.agreement, Purpose.SIGN, visit.now) is None:
            raise
        # That no other code can be had is no reason to lose the page on which to type this one.
        code = CodeForm({"code": ""})
        code.errors.clear()
        code.add_error(None, str(refused))
        return _check_page(visit, version, form, code)
    return _check_page(visit, version, form, CodeForm())


def _sign(visit: Visit, version: SentVersion, form: SignForm) -> HttpResponse:
    code = CodeForm(visit.request.POST)
    if not code.is_valid():
        return _check_page(visit, version, form, code)
    try:
        signing.sign(
            visit.agreement,
            name=form.cleaned_data["name"],
            drawn=form.cleaned_data["drawn"],
            consent=str(signing.CONSENT),
            shown=version.sha256,
            code=code.cleaned_data["code"],
            seen=visit.seen(form.cleaned_data["zone"]),
            now=visit.now,
        )
    except WrongCode as wrong:
        code.add_error("code", str(wrong))
        return _check_page(visit, version, form, code)
    # For a while, whoever has just signed needs no other code to read it.
    return redirect(f"{visit.to('sign')}?{urlencode({'pass': new_pass(visit.agreement)})}")


def _decline(visit: Visit, form: DeclineForm, shown: str) -> HttpResponse:
    seen = visit.seen(form.cleaned_data["zone"])
    try:
        signing.decline(visit.agreement, why=form.cleaned_data["why"], shown=shown, seen=seen, now=visit.now)
    except Changed as changed:
        if changed.version is not None:
            return _changed(visit, changed.version)
    except Refused:
        # Signed, lapsed or taken back meanwhile: the page says which.
        return redirect(visit.to("sign"))
    return redirect(visit.to("sign"))


def _sign_page(visit: Visit, version: SentVersion, form: SignForm, **changed: Any) -> HttpResponse:
    context = {
        "form": form,
        "text": text_of(version),
        "has_code": usable_code(visit.agreement, Purpose.SIGN, visit.now) is not None,
        "to": _addresses(visit),
    }
    return visit.page("clients/sign.html", {**context, **changed})


def _changed(visit: Visit, version: SentVersion) -> HttpResponse:
    """Nothing was signed. What differs, and then the new text with what was typed; the tick is to be set anew."""
    before = visit.agreement.versions.defer("pdf").filter(sha256=visit.request.POST.get("shown", "")).first()
    changed = {
        "changed": changed_at(version, zone_of(visit.agreement), visit.now),
        "parts": what_changed(before.content, version.content) if before else [],
        "figures": differences(before.content, version.content) if before else [],
    }
    return _sign_page(visit, version, SignForm(initial=_typed(visit)), **changed)


def _check_page(visit: Visit, version: SentVersion, form: SignForm, code: CodeForm) -> HttpResponse:
    drawn = form.cleaned_data["drawn"]
    context = {
        "form": code,
        "text": text_of(version),
        "given": {
            **form.cleaned_data,
            "shown": version.sha256,
            "drawn": json.dumps(drawn, separators=(",", ":")) if drawn else "",
        },
        "consent": signing.CONSENT,
        "drawing": drawing_of(drawn),
        "to": _addresses(visit),
    }
    return visit.page("clients/sign_check.html", {**context, **_mail(visit)})


def _standing(visit: Visit) -> HttpResponse:
    agreement = visit.agreement
    signatures = list(agreement.signatures.select_related("version").defer("version__pdf"))
    theirs = next((signature for signature in signatures if signature.side == Side.CLIENT), None)
    # What the client signed; before that, the last text they were sent.
    sent = agreement.versions.defer("pdf").order_by("-version")
    version = theirs.version if theirs else sent.first()
    holds = agreement.state in (State.ACCEPTED, State.SIGNED, State.ENDED)
    signed = [signature for signature in signatures if holds and version and signature.version_id == version.pk]
    is_fresh = agreement.signed_at is None or visit.now < agreement.signed_at + FRESH
    has_document = SealedDocument.objects.filter(agreement=agreement).exists()
    given = visit.request.GET.get("pass", "")
    context = {
        "standing": standing_of(agreement, version, visit.firm, visit.now),
        "agreement": {"state": agreement.state, "kind": agreement.kind, "is_fresh": is_fresh},
        "text": text_of(version) if version else None,
        "signed": signed_by(signed, agreement),
        "has_document": has_document,
        "is_made": agreement.document_due_at is not None and agreement.document_tries < LONG_TRIED,
        "pass": given if pass_of(agreement, given) else "",
        "here": visit.request.get_full_path(),
        "to": _addresses(visit),
    }
    return visit.page("clients/sign_standing.html", context)


def _mail(visit: Visit) -> dict[str, Any]:
    contact = visit.agreement.contact
    code = latest_code(visit.agreement, Purpose.SIGN)
    to = masked(contact.email if contact else "")
    return {"mail": code_mail(code, to, zone_of(visit.agreement), visit.now), "ask_at": visit.to("sign_code")}


def _typed(visit: Visit) -> dict[str, Any]:
    return {name: visit.request.POST.get(name, "")[:LONGEST_DRAWING] for name in ("name", "drawn", "zone")}


def _addresses(visit: Visit) -> dict[str, str]:
    return {name.removeprefix("sign_"): visit.to(name) for name in SIGNING}
