from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.staff.statement import Part, put_together_once
from engagement.staff.zones import zone_or_utc


def office_hours() -> list[list[list[str]]]:
    """Seven days, Monday first; each a list of spans. The gap between two spans is lunch."""
    day = [["08:30", "12:30"], ["13:00", "17:00"]]
    return [day, day, day, day, day, [], []]


class Firm(models.Model):
    """The one firm of this installation and what it decided about its promises."""

    class SecondStepFor(models.TextChoices):
        NOBODY = "nobody", _("Nobody")
        MANAGERS = "managers", _("Managers and administrators")
        EVERYBODY = "everybody", _("Everybody")

    name = models.CharField(
        _("name of the firm"), max_length=100, help_text=_("Clients read it on every page and mail.")
    )
    email = models.EmailField(
        _("e-mail"), blank=True, help_text=_("Where clients reach the firm when nobody else is named.")
    )
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    zone = models.CharField(_("time zone"), max_length=64, default="UTC", help_text=_("Working hours are read in it."))
    holiday_region = models.CharField(
        _("public holidays of"),
        max_length=12,
        blank=True,
        help_text=_("Country, or country and part, for example ZA or GB-ENG. Nobody is expected to work on them."),
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    hours = models.JSONField(_("working hours"), default=office_hours)
    share = models.DecimalField(
        _("share of the week for promised work"),
        max_digits=3,
        decimal_places=2,
        default=Decimal("0.70"),
        validators=[MinValueValidator(Decimal("0.05")), MaxValueValidator(Decimal("1"))],
        help_text=_("The rest goes to calls, meetings and the unforeseen. 0.70 means seven hours in ten."),
    )
    tell_by_days = models.DecimalField(
        _("tell the client, working days before"),
        max_digits=4,
        decimal_places=1,
        default=Decimal("1"),
        validators=[MinValueValidator(Decimal("0"))],
        help_text=_("A client hears of a slip at least so long before the date."),
    )
    tell_by_share = models.DecimalField(
        _("or this share of the time promised"),
        max_digits=3,
        decimal_places=2,
        default=Decimal("0.20"),
        validators=[MinValueValidator(Decimal("0")), MaxValueValidator(Decimal("0.9"))],
        help_text=_("Whichever is longer. 0.20 is a fifth: one day for a week's work, four for a month's."),
    )
    watch_from = models.FloatField(
        _("watch from"),
        default=0.3,
        validators=[MinValueValidator(0.01), MaxValueValidator(0.99)],
        help_text=_("Chance of slipping from which a promise is watched. 0.3 means three in ten."),
    )
    at_risk_from = models.FloatField(
        _("at risk from"),
        default=0.5,
        validators=[MinValueValidator(0.01), MaxValueValidator(0.99)],
        help_text=_("Chance of slipping from which the client should be told."),
    )
    link_days = models.PositiveSmallIntegerField(
        _("private links last, in days"), default=180, validators=[MinValueValidator(1), MaxValueValidator(1825)]
    )
    renewal_days = models.PositiveSmallIntegerField(
        _("decide about a scope, days before it ends"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
        help_text=_("From then on its lead is asked whether to renew, renegotiate or part."),
    )
    # In the firm's currency. Null: what work costs is not reckoned.
    hour_cost = models.DecimalField(
        _("what an hour of ours costs"),
        max_digits=9,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_("Only managers see it, beside what a scope took. Leave empty to reckon in hours alone."),
    )
    second_step_for = models.CharField(
        _("a second step is asked of"),
        max_length=10,
        choices=SecondStepFor.choices,
        default=SecondStepFor.NOBODY,
        help_text=_("Whoever has none yet sets it up at the next sign-in, and can do nothing else before."),
    )
    quiet_from = models.TimeField(_("no messages to clients after"), default=time(18))
    quiet_until = models.TimeField(_("nor before"), default=time(8))

    class Meta:
        verbose_name = _("firm")
        verbose_name_plural = _("firm")
        constraints = [models.CheckConstraint(name="staff_there_is_one_firm", condition=models.Q(pk=1))]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def get(cls) -> Firm:
        """The firm, or an unsaved one with the defaults before anybody has set it up."""
        kept = _kept().ask()
        return (_WHOLE.made(kept[0]) if kept else None) or cls(pk=1, name="")

    @property
    def zoneinfo(self) -> ZoneInfo:
        return zone_or_utc(self.zone)


_WHOLE = Part(Firm, *(field.attname for field in Firm._meta.concrete_fields))


@put_together_once
def _kept() -> models.QuerySet[Firm, Any]:
    """Nearly every page asks for the firm."""
    return Firm.objects.filter(pk=1).values_list(*_WHOLE.columns)


class FirmLogo(models.Model):
    """The firm's logo, as documents print it: a picture that `staff.pictures` has read from end to end."""

    class Kind(models.TextChoices):
        PNG = "png", "PNG"
        JPEG = "jpeg", "JPEG"

    firm = models.OneToOneField(Firm, on_delete=models.CASCADE, related_name="logo")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    changed_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("logo of the firm")
        verbose_name_plural = _("logo of the firm")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.width} × {self.height}"
