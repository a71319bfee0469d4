"""One look at the page that shows the picture: the same secret again after an error, a new one otherwise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpRequest

from engagement.staff import second_step
from engagement.staff.models import Firm, User


class SettingUp:
    def __init__(self, request: HttpRequest, user: User, now: datetime) -> None:
        self.user = user
        sent = second_step.read_draft(request.POST.get("draft", ""), user)
        self.secret = sent or second_step.new_secret()
        # None when the page was open too long: the picture that was scanned is no more.
        self.shows: Callable[[str], bool] | None = partial(second_step.shows, sent, now=now) if sent else None

    def context(self, firm: Firm) -> dict[str, Any]:
        address = second_step.app_address(self.secret, self.user, firm)
        return {
            "picture": second_step.picture(address),
            "secret": second_step.spaced(self.secret),
            "app_address": address,
            "draft": second_step.drafted(self.secret, self.user),
        }
