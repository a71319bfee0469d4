from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.models.client import Client, Contact, seen_by
from clients.models.scope import Scope
from clients.tokens import hashed, new_nonce, new_token, token_of
from engagement.staff.models import User

PURPOSE = "private link"


class PrivateLinkQuerySet(models.QuerySet["PrivateLink"]):
    def open(self, now: datetime) -> PrivateLinkQuerySet:
        return self.filter(revoked_at=None, expires_at__gt=now, client__archived_at=None)

    def for_token(self, token: str, now: datetime) -> PrivateLinkQuerySet:
        return self.open(now).filter(token_hash=hashed(token))

    def visible_to(self, user: User) -> PrivateLinkQuerySet:
        return self.filter(seen_by(user, "client__"))


class PrivateLink(models.Model):
    """Opens one client's progress page, or one scope's part of it, to whoever holds it."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="links")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="links")
    scope = models.ForeignKey(Scope, null=True, blank=True, on_delete=models.CASCADE, related_name="links")
    nonce = models.CharField(max_length=64, default=new_nonce, editable=False)
    # text, not char: compared with text, a char(64) column would not use its index.
    token_hash = models.TextField(unique=True, editable=False)
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects: ClassVar[models.Manager[PrivateLink]] = PrivateLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("private link")
        verbose_name_plural = _("private links")
        ordering = ["-made_at", "-pk"]
        indexes = [
            models.Index(name="clients_links_not_revoked", fields=["client"], condition=Q(revoked_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.client}, {self.made_at.isoformat()}"

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.token_hash:
            self.token_hash = hashed(new_token(PURPOSE, self.nonce))
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def token(self) -> str | None:
        """What stands in the address; None when the installation's key has changed and the old one is gone."""
        return token_of(PURPOSE, self.nonce, self.token_hash)

    def is_open(self, now: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > now
