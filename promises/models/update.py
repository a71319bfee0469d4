from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.staff.models import User
from promises.models.promise import Announcement, Promise


class Standing(models.TextChoices):
    ON_TRACK = "on_track", _("On track")
    MAY_BE_LATE = "may_be_late", _("May be late")
    DONE = "done", _("Done")


class ProgressUpdate(models.Model):
    """How it stands, said once. A correction is a new update. Clients may read every field of it."""

    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="updates")
    standing = models.CharField(max_length=12, choices=Standing.choices)
    per_cent = models.PositiveSmallIntegerField(
        _("per cent done"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    hours_left = models.DecimalField(
        _("hours left"), max_digits=7, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    text = models.TextField(_("for the client"), blank=True)
    # What they are to expect by which day, as this text or one before it said.
    announced_for = models.DateField(null=True, blank=True)
    announced_ready = models.BooleanField(null=True, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("progress update")
        verbose_name_plural = _("progress updates")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_standing_display()}, {self.at.isoformat()}"

    @property
    def announcement(self) -> Announcement:
        return Announcement(self.announced_for, self.announced_ready)


class InternalNote(models.Model):
    """What only we read. Code that speaks to clients may not import it, and a test sees to that."""

    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="notes")
    text = models.TextField(_("internal note"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("internal note")
        verbose_name_plural = _("internal notes")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.text[:60]


class Step(models.Model):
    """A stage of the work that the client sees, instead of a per cent."""

    promise = models.ForeignKey(Promise, on_delete=models.CASCADE, related_name="steps")
    place = models.PositiveSmallIntegerField()
    text = models.CharField(_("step"), max_length=200)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["promise", "place"]
        constraints = [models.UniqueConstraint(name="promises_one_step_a_place", fields=["promise", "place"])]

    def __str__(self) -> str:
        return self.text
