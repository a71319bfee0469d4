from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clients.models.agreement import Agreement
from clients.models.client import Client, seen_by
from clients.models.scope import LineValues, Scope
from engagement.staff.models import User


class AddendumQuerySet(models.QuerySet["Addendum"]):
    def visible_to(self, user: User) -> AddendumQuerySet:
        return self.filter(seen_by(user, "scope__client__"))


class Addendum(models.Model):
    """What changes in a signed scope: lines, price, dates. It holds when it is signed, and not before.

    The dates it moves are promises, so they are drafted and moved in the room above (`promises.AddendumMove`).
    """

    agreement = models.OneToOneField(Agreement, on_delete=models.PROTECT, related_name="addendum", editable=False)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="addenda")
    # 1, 2, 3 within its scope.
    seq = models.PositiveSmallIntegerField(editable=False)
    title = models.CharField(_("title"), max_length=200)
    reason = models.TextField(_("why"), blank=True)
    terms = models.TextField(_("terms that change"), blank=True)
    made_at = models.DateTimeField(editable=False)

    objects: ClassVar[models.Manager[Addendum]] = AddendumQuerySet.as_manager()

    class Meta:
        verbose_name = _("addendum")
        verbose_name_plural = _("addenda")
        ordering = ["scope", "seq"]
        constraints = [models.UniqueConstraint(name="clients_one_addendum_a_number", fields=["scope", "seq"])]

    def __str__(self) -> str:
        return f"{self.number}, {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("clients:addendum", args=[self.pk])

    @property
    def number(self) -> str:
        return f"{self.scope.number}/{self.seq}"

    @property
    def client(self) -> Client:
        return self.scope.client

    @property
    def record_subject(self) -> str:
        return f"addendum {self.pk}"


class AddendumLine(LineValues):
    """One change. Of a line that is removed, only the number counts."""

    class Act(models.TextChoices):
        ADD = "add", _("Add")
        CHANGE = "change", _("Change")
        REMOVE = "remove", _("Remove")

    addendum = models.ForeignKey(Addendum, on_delete=models.CASCADE, related_name="changes")
    act = models.CharField(_("what happens"), max_length=10, choices=Act.choices)

    class Meta:
        verbose_name = _("line of an addendum")
        verbose_name_plural = _("lines of addenda")
        ordering = ["addendum", "number"]
        constraints = [
            models.UniqueConstraint(name="clients_one_change_a_line", fields=["addendum", "number"]),
        ]
