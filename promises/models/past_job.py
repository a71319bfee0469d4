from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.staff.models import User
from promises.models.promise import Promise

MORE_THAN_NOTHING = MinValueValidator(0)


class PastJob(models.Model):
    """A job that was finished, and what it took: what the forecast learns from.

    Days and hours a day are those of the owner's diary then: a calendar that changes later rewrites no history.
    """

    owner = models.ForeignKey(
        User, verbose_name=_("owner"), null=True, blank=True, on_delete=models.SET_NULL, related_name="past_jobs"
    )
    # As the file called them. Who never had an account here counts for the firm.
    owner_name = models.CharField(_("owner's name"), max_length=150)
    kind = models.CharField(_("kind of work"), max_length=200, blank=True)
    estimate_hours = models.DecimalField(
        _("estimate, hours"), max_digits=7, decimal_places=2, null=True, blank=True, validators=[MORE_THAN_NOTHING]
    )
    # Null: nobody said.
    actual_hours = models.DecimalField(
        _("hours it took"), max_digits=7, decimal_places=2, null=True, blank=True, validators=[MORE_THAN_NOTHING]
    )
    made_on = models.DateField(_("promised on"))
    started_on = models.DateField(_("started on"), null=True, blank=True)
    finished_on = models.DateField(_("finished on"))
    # Working days of the owner after the day it was made, up to and with the day it was finished.
    working_days = models.FloatField(_("working days it took"), validators=[MORE_THAN_NOTHING])
    # Hours of a working day that were free for promised work.
    hours_a_day = models.FloatField(_("hours a day"), validators=[MORE_THAN_NOTHING])
    promise = models.OneToOneField(
        Promise, verbose_name=_("promise"), null=True, blank=True, on_delete=models.CASCADE, related_name="past_job"
    )
    # Of the line that it was imported from, so that the same file brings nothing in twice.
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("past job")
        verbose_name_plural = _("past jobs")
        ordering = ["-finished_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="promises_past_job_ends_after_it_was_made",
                condition=models.Q(finished_on__gte=models.F("made_on")),
            ),
            models.UniqueConstraint(
                name="promises_past_job_once", fields=["fingerprint"], condition=~models.Q(fingerprint="")
            ),
        ]
        indexes = [
            # The latest of the firm, and of one owner: history is never read whole.
            models.Index(name="past_job_latest", fields=["-finished_on", "-id"]),
            models.Index(name="past_job_of_owner", fields=["owner", "-finished_on", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.owner_name}, {self.finished_on.isoformat()}"
