"""The one way in. Whoever has proved who they are comes here, by password or by invitation, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare

from engagement.staff import known_browsers, second_step
from engagement.staff.models import Firm, SecondStep, User

HALF = "half_way"
HALF_LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class HalfWay:
    """Somebody whose password was right. The session holds no user yet, so every other page is closed to them."""

    user: User
    onward: str
    has_step: bool


def come_in(request: HttpRequest, user: User, onward: str, now: datetime) -> HttpResponse:
    has_step = SecondStep.objects.filter(user=user).exists()
    if not has_step and not second_step.is_asked_of(user, Firm.get()):
        return let_in(request, user, redirect(onward))
    request.session.flush()
    # The hash makes it worthless as soon as the password or the role is another.
    kept = {"user": user.pk, "hash": user.get_session_auth_hash(), "at": now.timestamp(), "onward": onward}
    request.session[HALF] = kept
    return redirect("staff:sign_in_code" if has_step else "staff:sign_in_set_up")


def half_way(request: HttpRequest, now: datetime) -> HalfWay | None:
    kept = request.session.get(HALF)
    if not kept or now - datetime.fromtimestamp(kept["at"], UTC) > HALF_LASTS:
        return None
    user = User.objects.active().select_related("second_step").filter(pk=kept["user"]).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), kept["hash"]):
        return None
    return HalfWay(user, kept["onward"], hasattr(user, "second_step"))


def let_in(request: HttpRequest, user: User, response: HttpResponse) -> HttpResponse:
    request.session.pop(HALF, None)
    login(request, user)
    known_browsers.remember(request, response, user.email)
    return response
