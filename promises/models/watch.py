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

    class Meta:
        verbose_name = _("risk reading")
        verbose_name_plural = _("risk readings")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_band_display()}, {self.at.isoformat()}"


class Reminder(models.Model):
    """Somebody here was asked to tell the client."""

    class Kind(models.TextChoices):
        AT_RISK = "at_risk", _("At risk and not told")
        HALF_WAY = "half_way", _("Half of the time to tell them is gone")
        TELL_BY = "tell_by", _("The client has to hear it now")
        SLIPPED = "slipped", _("The date passed and the client was not told")

    promise = models.ForeignKey(Promise, on_delete=models.CASCADE, related_name="reminders")
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
