from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.models.client import Client
from engagement.staff.models import User


class ScopeQuerySet(models.QuerySet["Scope"]):
    def visible_to(self, user: User) -> ScopeQuerySet:
        return self.filter(client__in=Client.objects.visible_to(user))


class Scope(models.Model):
    """The agreement that promises hang on: number, title, the day it was signed, and the paper."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="scopes")
    number = models.CharField(_("number"), max_length=40, unique=True, help_text=_("For example 2026-014."))
    title = models.CharField(_("title"), max_length=200)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    made_at = models.DateTimeField(editable=False)

    objects: ClassVar[models.Manager[Scope]] = ScopeQuerySet.as_manager()

    class Meta:
        verbose_name = _("scope")
        verbose_name_plural = _("scopes")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number}, {self.title}"


class ScopeFile(models.Model):
    """The signed paper, in the database beside its hash: web nodes hold nothing."""

    scope = models.OneToOneField(Scope, on_delete=models.CASCADE, related_name="file")
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("signed paper")
        verbose_name_plural = _("signed papers")

    def __str__(self) -> str:
        return self.name
