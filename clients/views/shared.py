from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header

from clients.models import Client
from engagement.staff.http import SignedInRequest


def the_client(request: SignedInRequest, pk: int) -> Client:
    return get_object_or_404(Client.objects.visible_to(request.user).select_related("lead"), pk=pk)


def posted(request: SignedInRequest) -> QueryDict | None:
    """What a form is bound to; an empty one that was sent is still one that was sent."""
    return request.POST if request.method == "POST" else None


def is_confirmed(request: SignedInRequest) -> bool:
    return request.POST.get("confirmed") == "yes"


def ask(
    request: SignedInRequest, client: Client, *, title: str, consequence: str, act: str, cancel: str
) -> HttpResponse:
    """What cannot be called back is asked once, saying what follows."""
    context = {"client": client, "title": title, "consequence": consequence, "act": act, "cancel": cancel}
    return render(request, "clients/confirm.html", context)


def pdf_name(number: str, more: str = "") -> str:
    """The number of an addendum has a stroke in it, which would be a folder."""
    return f"{number.replace('/', '-')}{more}.pdf"


def as_file(content: bytes, name: str) -> HttpResponse:
    """A PDF to be kept. Whatever is in it, no browser may run it as a page of ours."""
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={
            "Content-Disposition": content_disposition_header(True, name) or "attachment",
            "Content-Security-Policy": "sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


def text_read(request: SignedInRequest) -> int | None:
    """Which text of a draft somebody had before them as they wrote over it: `clients.actions.last_saved`."""
    read = request.POST.get("read", "")
    return int(read) if read.isascii() and read.isdigit() and len(read) < 10 else None
