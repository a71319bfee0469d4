"""The sealed document, for whoever proves with a code that the mail of the address on file is theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect

from clients.actions.base import Refused, WrongCode
from clients.actions.codes import Purpose, latest_code, receiver_of, send_code
from clients.actions.reading import open_document, usable_code
from clients.models import Agreement, SealedDocument
from clients.signing_forms import CodeForm, SendCodeForm
from clients.signing_page import code_mail, masked, zone_of
from clients.views.shared import as_file, pdf_name
from clients.views.visit import Visit, at_private_address, by_private_link, by_signing_token

SALT = "signed document"
PASS_LASTS = timedelta(minutes=30)
# After so many tries to make it somebody here has to see to it, and nobody waits at the page.
LONG_TRIED = 3


def new_pass(agreement: Agreement) -> str:
    """Opens this document for half an hour, together with the private address. No number of ours can be read in it."""
    return signing.dumps("", salt=f"{SALT} {agreement.pk}")


def pass_of(agreement: Agreement, given: str) -> bool:
    try:
        signing.loads(given, salt=f"{SALT} {agreement.pk}", max_age=PASS_LASTS)
    except signing.BadSignature:
        return False
    return True


@at_private_address(by_signing_token)
def behind_signing_page(visit: Visit) -> HttpResponse:
    if not SealedDocument.objects.filter(agreement=visit.agreement).exists():
        return redirect(visit.to("sign"))
    return _document(visit, visit.to("sign_document"), visit.to("sign"))


@at_private_address(by_private_link)
def behind_progress_page(visit: Visit) -> HttpResponse:
    return _document(visit, visit.to("signed_document"), "")


def _document(visit: Visit, here: str, back: str) -> HttpResponse:
    given = visit.request.GET.get("pass", "")
    is_open = not visit.posts and pass_of(visit.agreement, given)
    if is_open and "file" in visit.request.GET:
        document = SealedDocument.objects.get(agreement=visit.agreement)
        return as_file(bytes(document.content), pdf_name(visit.agreement.about.number))
    contact = receiver_of(visit.agreement, Purpose.DOCUMENT)
    to = masked(contact.email if contact else "")
    about = visit.agreement.about
    context: dict[str, Any] = {"here": here, "back": back, "title": about.title, "number": about.number}
    if is_open:
        return visit.page("clients/document_open.html", {**context, "pass": given})
    sending = SendCodeForm(visit.request.POST if "wanted" in visit.request.POST else None, to=to)
    if visit.posts and "code" in visit.request.POST and not sending.is_bound:
        return _try_code(visit, here, to, context)
    if visit.posts and not sending.is_bound:
        sending = SendCodeForm(visit.request.POST, to=to)
    if sending.is_valid():
        try:
            send_code(visit.agreement, Purpose.DOCUMENT, visit.seen(sending.cleaned_data["zone"]), visit.now)
        except Refused as refused:
            sending.add_error(None, str(refused))
        else:
            return _code_page(visit, to, CodeForm(), context)
    has_code = usable_code(visit.agreement, Purpose.DOCUMENT, visit.now) is not None
    if has_code and "have" in visit.request.GET and not visit.posts:
        return _code_page(visit, to, CodeForm(), context)
    return visit.page("clients/document_send_code.html", {**context, "form": sending, "has_code": has_code})


def _try_code(visit: Visit, here: str, to: str, context: dict[str, Any]) -> HttpResponse:
    form = CodeForm(visit.request.POST)
    if form.is_valid():
        try:
            open_document(visit.agreement, code=form.cleaned_data["code"], seen=visit.seen(), now=visit.now)
        except WrongCode as wrong:
            form.add_error("code", str(wrong))
        else:
            return redirect(f"{here}?{urlencode({'pass': new_pass(visit.agreement)})}")
    return _code_page(visit, to, form, context)


def _code_page(visit: Visit, to: str, form: CodeForm, context: dict[str, Any]) -> HttpResponse:
    mail = code_mail(latest_code(visit.agreement, Purpose.DOCUMENT), to, zone_of(visit.agreement), visit.now)
    return visit.page("clients/document_code.html", {**context, "form": form, "mail": mail})
