"""Which dates an addendum moves: chosen on one page while it is a draft."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clients.actions.base import Refused as AgreementRefused
from clients.models import Addendum
from engagement.staff.http import SignedInRequest
from promises import actions
from promises.actions.addenda import choose_dates
from promises.forms.addendum_dates import DatesForm
from promises.views.act import page, posted


@page
def dates(request: SignedInRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    visible = Addendum.objects.visible_to(request.user).select_related("agreement", "scope__client")
    addendum = get_object_or_404(visible, pk=pk)
    if not addendum.agreement.is_draft and request.method != "POST":
        messages.info(request, _("This addendum is not a draft any more: its dates stay as they are."))
        return redirect(addendum)
    form = DatesForm(posted(request), addendum=addendum, now=now)
    if form.is_valid():
        try:
            choose_dates(addendum, form.dates, by=request.user, now=now)
        except (actions.Refused, AgreementRefused) as refusal:
            form.non_form_errors.append(str(refusal))
        else:
            messages.success(request, _("The dates are saved. They move when both sides have signed."))
            return redirect(addendum)
    context = {"addendum": addendum, "client": addendum.client, "form": form, "now": now, "here": "clients"}
    return render(request, "promises/addendum_dates.html", context)
