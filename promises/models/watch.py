from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.outbox.models import Message
from engagement.staff.models import User
from promises.models.promise import Band, Promise


class RiskReading(models.Model):
    """The band changed, and this was the sentence of that moment."""

    promise = models.ForeignKey(Promise, on_delete=models.CASCADE, related_name="readings")
    at = models.DateTimeField()
    band = models.CharField(max_length=10, choices=Band.choices)
    chance = models.FloatField(null=True)
    sentence = models.CharField(max_length=400)
    # The date it speaks of, and how many working days of the owner lay before it. Null: before these were kept.
    due_at = models.DateTimeField(null=True)
    days_left = models.PositiveSmallIntegerField(null=True)

    class Meta:
        verbose_name = _("risk reading")
        verbose_name_plural = _("risk readings")
        ordering = ["-at", "-pk"]
        indexes = [
            # For the calibration of the last months.
            models.Index(name="risk_reading_due", fields=["due_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_band_display()}, {self.at.isoformat()}"


class LoadChange(models.Model):
    """What somebody has promised changed: their promises due from `since` on are to be looked at again.

    One row, whatever it touches; the watch turns it into hints that are due, and takes it away.
    """

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="load_changes")
    since = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("load change")
        verbose_name_plural = _("load changes")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.owner}, {self.since.isoformat()}"


class CapacityOverride(models.Model):
    """Somebody took on more than the diary holds: what was shown to them, and why they went on. Never changed."""

    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="overrides")
    # The date that was taken on.
    due_at = models.DateTimeField()
    free_hours = models.FloatField(_("free hours"))
    # Null: nobody had estimated it.
    hours = models.FloatField(_("hours needed"), null=True)
    chance = models.FloatField(_("chance of slipping"))
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("override of the diary")
        verbose_name_plural = _("overrides of the diary")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.reason


class Reminder(models.Model):
    """Somebody here was asked to tell the client."""

    class Kind(models.TextChoices):
        AT_RISK = "at_risk", _("At risk and not told")
        HALF_WAY = "half_way", _("Half of the time to tell them is gone")
        TELL_BY = "tell_by", _("The client has to hear it now")
        SLIPPED = "slipped", _("The date passed and the client was not told")

    # What makes an occasion unique begins with it: an index of its own would say the same.
    promise = models.ForeignKey(Promise, on_delete=models.CASCADE, related_name="reminders", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # The date it is about, and from when it was at risk: a moved date, or a second fright, is a new occasion.
    about_due_at = models.DateTimeField()
    alarm_at = models.DateTimeField()
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    # One alarm may speak of several promises.
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="reminders")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                name="promises_one_reminder_an_occasion",
                fields=["promise", "kind", "about_due_at", "alarm_at", "person"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at.isoformat()}"
