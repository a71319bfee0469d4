from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.models.client import Client, seen_by
from engagement.staff.models import User


class EntryQuerySet(models.QuerySet["Entry"]):
    def about(self, subject: str) -> EntryQuerySet:
        return self.filter(subject=subject)

    def visible_to(self, user: User) -> EntryQuerySet:
        return self.filter(seen_by(user, "client__"))


class Entry(models.Model):
    """One link in a client's chain: what happened, when, by whom. Never changed, never removed.

    The chain hashes a salted digest of the content, not the content, so that erasing a person's words (and the salt)
    leaves it verifiable. `clients.record` writes and verifies.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="record")
    seq = models.PositiveIntegerField()
    # "promise 12", "scope 3", "client 7": the chain lies below the rooms that speak in it.
    subject = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=100, blank=True)
    # Plain values: texts, numbers, ISO dates. What a person reads in the timeline is made of these.
    data = models.JSONField(default=dict)
    salt = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects: ClassVar[models.Manager[Entry]] = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("record entry")
        verbose_name_plural = _("record entries")
        ordering = ["client", "seq"]
        constraints = [models.UniqueConstraint(name="clients_one_entry_a_place", fields=["client", "seq"])]
        indexes = [models.Index(name="clients_entries_about", fields=["subject", "seq"])]

    def __str__(self) -> str:
        return f"{self.kind}, {self.subject}"
