from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.models import Scope


class LineNotNeeded(models.Model):
    """A line in force that becomes no promise, as somebody said. Who and when stands in the client's record."""

    scope = models.ForeignKey(Scope, on_delete=models.CASCADE, related_name="lines_not_needed")
    number = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("line without a promise")
        verbose_name_plural = _("lines without a promise")
        ordering = ["scope", "number"]
        constraints = [models.UniqueConstraint(name="promises_a_line_once_not_needed", fields=["scope", "number"])]

    def __str__(self) -> str:
        return f"{self.scope_id}, {self.number}"


class NextScope(models.Model):
    """Which scope was drafted to follow one that is renewed: one, however often it is asked for."""

    scope = models.OneToOneField(Scope, on_delete=models.CASCADE, related_name="followed_by")
    made = models.OneToOneField(Scope, on_delete=models.CASCADE, related_name="follows")

    class Meta:
        verbose_name = _("scope that follows")
        verbose_name_plural = _("scopes that follow")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.scope_id} → {self.made_id}"
