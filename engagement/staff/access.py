"""Who may open a page at all. What they see on it is decided by `visible_to(user)`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from engagement.staff.http import SignedInRequest

P = ParamSpec("P")
View = Callable[Concatenate[SignedInRequest, P], HttpResponseBase]


def administrator_required(view: View[P]) -> View[P]:
    """403 for everybody else; strangers never come so far."""
    return _kept_for(lambda request: request.user.is_administrator, _("Only administrators open this page."), view)


def manager_required(view: View[P]) -> View[P]:
    """Administrators are managers too."""
    return _kept_for(
        lambda request: request.user.is_manager, _("Only managers and administrators open this page."), view
    )


def _kept_for(may: Callable[[SignedInRequest], bool], why: object, view: View[P]) -> View[P]:
    @wraps(view)
    def guarded(request: SignedInRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not may(request):
            raise PermissionDenied(str(why))
        return view(request, *args, **kwargs)

    return cast("View[P]", guarded)
