"""The people at a client."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clients import actions
from clients.forms import ContactForm
from clients.models import Contact
from clients.views.shared import ask, is_confirmed, posted, the_client
from engagement.staff.http import SignedInRequest


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest, pk: int) -> HttpResponse:
    client = the_client(request, pk)
    return _form(request, Contact(client=client))


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    return _form(request, _contact(request, pk))


def _form(request: SignedInRequest, contact: Contact) -> HttpResponse:
    called = contact.name
    form = ContactForm(posted(request), instance=contact)
    if form.is_valid():
        actions.save_contact(contact, request.user, timezone.now())
        messages.success(request, _("%(contact)s is saved.") % {"contact": contact})
        return redirect(contact.client)
    context = {"form": form, "client": contact.client, "contact": contact, "called": called}
    return render(request, "clients/contact.html", context)


@require_POST
def left(request: SignedInRequest, pk: int) -> HttpResponse:
    contact = _contact(request, pk)
    if not is_confirmed(request):
        return ask(
            request,
            contact.client,
            title=_("Has %(contact)s left?") % {"contact": contact},
            consequence=_("We write to them no more, and their private links stop opening at once, for good."),
            act=_("%(contact)s has left") % {"contact": contact},
            cancel=reverse("clients:contact_edit", args=[contact.pk]),
        )
    if actions.mark_left(contact, request.user, timezone.now()):
        messages.success(request, _("%(contact)s has left. Their private links are closed.") % {"contact": contact})
    return redirect(contact.client)


@require_POST
def back(request: SignedInRequest, pk: int) -> HttpResponse:
    contact = _contact(request, pk)
    if actions.mark_back(contact, request.user, timezone.now()):
        messages.success(request, _("%(contact)s works there again.") % {"contact": contact})
    return redirect(contact.client)


def _contact(request: SignedInRequest, pk: int) -> Contact:
    return get_object_or_404(Contact.objects.visible_to(request.user).select_related("client__lead"), pk=pk)
