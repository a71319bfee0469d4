from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from engagement.staff import actions
from engagement.staff.access import manager_required
from engagement.staff.forms.firm import FirmForm, Thresholds
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def firm(request: SignedInRequest) -> HttpResponse:
    """Managers set the thresholds; the rest of the firm is the administrators'."""
    settings = Firm.get()
    form_class = FirmForm if request.user.is_administrator else Thresholds
    form = form_class(request.POST or None, instance=settings)
    if request.method == "POST" and form.is_valid():
        actions.change_firm(settings, fields=list(form.cleaned_data), now=timezone.now())
        messages.success(request, _("The settings are saved. Every open promise is looked at again."))
        return redirect("staff:firm")
    return render(request, "staff/firm.html", {"form": form})
