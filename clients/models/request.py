from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clients.models.addendum import Addendum
from clients.models.client import Client, Contact, seen_by
from clients.models.scope import Scope
from clients.models.solution import Solution
from engagement.staff.models import User

# A month of working time. Whatever took longer was not one request.
MOST_MINUTES = 9999


class OutsideRequestQuerySet(models.QuerySet["OutsideRequest"]):
    def visible_to(self, user: User) -> OutsideRequestQuerySet:
        return self.filter(seen_by(user, "client__"))

    def minutes_outside(self, of: Client | Scope) -> OutsideRequestQuerySet:
        """The requests that cost us time outside what was agreed with a client, or in one scope."""
        whose = {"scope": of} if isinstance(of, Scope) else {"client": of}
        return self.filter(**whose, minutes__gt=0)

    def since(self, day: date) -> OutsideRequestQuerySet:
        return self.filter(asked_on__gte=day)

    def minutes(self) -> int:
        total: int | None = self.aggregate(sum=Sum("minutes"))["sum"]
        return total or 0


class OutsideRequest(models.Model):
    """The client asked for something that was not agreed. What was asked never changes; the answer may come later."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="requests")
    scope = models.ForeignKey(Scope, null=True, blank=True, on_delete=models.SET_NULL, related_name="requests")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="requests")
    asked_on = models.DateField(_("asked on"))
    what = models.TextField(_("what they asked for"))
    # Null: nobody has counted yet. Nought: it cost nothing.
    minutes = models.PositiveIntegerField(
        _("minutes it cost"), null=True, blank=True, validators=[MaxValueValidator(MOST_MINUTES)]
    )
    answer = models.TextField(_("our answer"), blank=True)
    solution = models.ForeignKey(Solution, null=True, blank=True, on_delete=models.SET_NULL, related_name="requests")
    addendum = models.OneToOneField(
        Addendum, null=True, blank=True, on_delete=models.SET_NULL, related_name="request", editable=False
    )
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    made_at = models.DateTimeField(editable=False)

    objects: ClassVar[models.Manager[OutsideRequest]] = OutsideRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("outside request")
        verbose_name_plural = _("outside requests")
        ordering = ["-asked_on", "-pk"]
        indexes = [
            # For the list of a client's requests, newest first.
            models.Index(name="clients_requests_of", fields=["client", "-asked_on", "-id"]),
        ]

    def __str__(self) -> str:
        return self.what[:80]

    def get_absolute_url(self) -> str:
        return reverse("clients:request", args=[self.pk])

    @property
    def record_subject(self) -> str:
        return f"request {self.pk}"
