from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from promises.models.promise import Outcome


class OutcomeTally(models.Model):
    """How many promises ended on a day (of the firm) with an outcome: trends without reading history."""

    day = models.DateField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    count = models.PositiveIntegerField(default=0)
    early = models.PositiveIntegerField(default=0)
    days_early = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("tally of outcomes")
        verbose_name_plural = _("tallies of outcomes")
        ordering = ["day", "outcome"]
        constraints = [models.UniqueConstraint(name="promises_one_tally", fields=["day", "outcome"])]

    def __str__(self) -> str:
        return f"{self.day.isoformat()}, {self.get_outcome_display()}: {self.count}"
