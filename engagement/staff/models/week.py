from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from engagement.staff.models.firm import office_hours
from engagement.staff.models.user import User


class WorkingWeek(models.Model):
    """When somebody works, from a day on. Earlier weeks stay, so that history keeps its hours."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="weeks")
    valid_from = models.DateField(_("from"))
    hours = models.JSONField(_("working hours"), default=office_hours)
    share = models.DecimalField(
        _("share of the week for promised work"),
        max_digits=3,
        decimal_places=2,
        default=Decimal("0.70"),
        validators=[MinValueValidator(Decimal("0.05")), MaxValueValidator(Decimal("1"))],
    )

    class Meta:
        verbose_name = _("working week")
        verbose_name_plural = _("working weeks")
        ordering = ["user", "valid_from"]
        constraints = [models.UniqueConstraint(name="staff_one_week_from_a_day", fields=["user", "valid_from"])]

    def __str__(self) -> str:
        return f"{self.user}, {self.valid_from.isoformat()}"


class Absence(models.Model):
    """Days somebody is away, both ends included, and who hears what they would have heard."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    first_day = models.DateField(_("first day away"))
    last_day = models.DateField(_("last day away"))
    cover = models.ForeignKey(
        User,
        verbose_name=_("cover"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="covers",
        help_text=_("Receives the reminders meanwhile."),
    )
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["user", "first_day"]
        constraints = [
            models.CheckConstraint(
                name="staff_absence_ends_after_it_begins", condition=Q(last_day__gte=F("first_day"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.first_day.isoformat()}"
