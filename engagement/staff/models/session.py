from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.staff.models.user import User


class Session(AbstractBaseSession):
    """Where somebody is signed in. The row holds a hash of the cookie: whoever reads the table opens nothing."""

    session_key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="sessions",
    )
    begun_at = models.DateTimeField(_("signed in"), null=True)
    seen_at = models.DateTimeField(_("last seen"), null=True)
    address = models.CharField(_("from the address"), max_length=60, blank=True)
    browser = models.CharField(_("browser"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering = ["-seen_at", "pk"]

    def __str__(self) -> str:
        return f"{self.user}, {self.begun_at}" if self.user_id else "—"

    @classmethod
    def of(cls, user: User, now: datetime) -> models.QuerySet[Session]:
        return cls._default_manager.filter(user=user, expire_date__gt=now)

    @classmethod
    def get_session_store_class(cls) -> Any:
        # The engine names this model.
        from engagement.staff.session_store import SessionStore

        return SessionStore
