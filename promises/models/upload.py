from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.staff.models import User


class UploadQuerySet(models.QuerySet["Upload"]):
    def to_run(self, now: datetime) -> UploadQuerySet:
        """Approved and not finished, unless somebody is at it."""
        idle = Q(lease_until=None) | Q(lease_until__lte=now)
        return self.filter(idle, approved_at__lte=now, finished_at=None)


class Upload(models.Model):
    """A file of promises brought in by the browser: looked at first, then imported by the worker, row after row."""

    name = models.CharField(max_length=200)
    content = models.BinaryField()
    mapping = models.JSONField(default=dict)
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    # Counts and the first faults, as the terminal prints them.
    report = models.JSONField(default=dict)

    objects: ClassVar[models.Manager[Upload]] = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("uploaded file")
        verbose_name_plural = _("uploaded files")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.name
