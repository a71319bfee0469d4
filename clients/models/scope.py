from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.agreement_rules import State
from clients.models.agreement import Agreement, Kind
from clients.models.client import Client, seen_by
from engagement.staff.models import User


class ScopeQuerySet(models.QuerySet["Scope"]):
    def visible_to(self, user: User) -> ScopeQuerySet:
        return self.filter(seen_by(user, "client__"))

    def in_force(self) -> ScopeQuerySet:
        return self.filter(agreement__state=State.SIGNED)


class Scope(models.Model):
    """What was agreed, or is about to be: services as lines, what is not included, timeline, terms.

    Changed while its agreement is a draft, and never after: the database refuses it. What holds after addenda is
    computed (`clients.holding`), not written over it.
    """

    agreement = models.OneToOneField(Agreement, on_delete=models.PROTECT, related_name="scope", editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="scopes")
    number = models.CharField(_("number"), max_length=40, unique=True, help_text=_("For example 2026-014."))
    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("in short"), blank=True)
    not_included = models.TextField(_("not included"), blank=True)
    timeline = models.TextField(_("timeline"), blank=True)
    terms = models.TextField(_("terms"), blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    # Signed on paper: who says that the file is the paper.
    vouched_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    made_at = models.DateTimeField(editable=False)

    objects: ClassVar[models.Manager[Scope]] = ScopeQuerySet.as_manager()

    class Meta:
        verbose_name = _("scope")
        verbose_name_plural = _("scopes")
        # Newest first; numbers are texts, and 2026-1000 would stand before 2026-999.
        ordering = ["-pk"]
        indexes = [
            # For scopes near their end, asked by My day and the board.
            models.Index(name="clients_scope_ends", fields=["ends_on"], condition=Q(ends_on__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="clients_scope_ends_after_it_starts",
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")),
                violation_error_message=_("The last day must not be before the first."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}, {self.title}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Every scope has its agreement. One that comes with its day of signing was signed on paper."""
        if self.agreement_id is None:
            self.made_at = self.made_at or timezone.now()
            state = State.SIGNED if self.signed_on else State.DRAFT
            self.agreement = Agreement.objects.create(
                client=self.client, kind=Kind.SCOPE, state=state, made_at=self.made_at
            )
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("clients:scope", args=[self.pk])

    @property
    def record_subject(self) -> str:
        return f"scope {self.pk}"


class LineValues(models.Model):
    """What a line says, in a scope and in an addendum that adds or changes one."""

    class LineKind(models.TextChoices):
        SERVICE = "service", _("Service")
        TAX = "tax", _("Tax")

    # Of the scope's line; addenda speak of it by this.
    number = models.PositiveSmallIntegerField(_("line"))
    kind = models.CharField(max_length=10, choices=LineKind.choices, default=LineKind.SERVICE)
    service = models.CharField(_("service"), max_length=200, blank=True)
    description = models.TextField(_("description"), blank=True)
    quantity = models.DecimalField(
        _("quantity"), max_digits=10, decimal_places=2, default=Decimal(1), validators=[MinValueValidator(Decimal(0))]
    )
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    # Below zero: a discount.
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=4, default=Decimal(0))
    # Of tax lines: per cent of the services together.
    rate = models.DecimalField(
        _("per cent"),
        max_digits=6,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    turnaround_days = models.PositiveSmallIntegerField(_("turnaround, working days"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.number}. {self.service}"


class ScopeLine(LineValues):
    scope = models.ForeignKey(Scope, on_delete=models.CASCADE, related_name="lines")

    class Meta:
        verbose_name = _("line of a scope")
        verbose_name_plural = _("lines of scopes")
        ordering = ["scope", "number"]
        constraints = [models.UniqueConstraint(name="clients_one_line_a_number", fields=["scope", "number"])]


class ScopeFile(models.Model):
    """The signed paper, in the database beside its hash: web nodes hold nothing."""

    scope = models.OneToOneField(Scope, on_delete=models.CASCADE, related_name="file")
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("signed paper")
        verbose_name_plural = _("signed papers")

    def __str__(self) -> str:
        return self.name


class ScopeTemplate(models.Model):
    """A text the firm keeps to begin new scopes with."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    # As `clients.actions.drafting` takes it out of a scope and puts it into one.
    content = models.JSONField()
    changed_at = models.DateTimeField(editable=False)
    changed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)

    class Meta:
        verbose_name = _("template of a scope")
        verbose_name_plural = _("templates of scopes")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Renewal(models.Model):
    """What was decided about a scope near its end, and what the client heard of it."""

    class Decision(models.TextChoices):
        RENEW = "renew", _("Renew")
        RENEGOTIATE = "renegotiate", _("Renegotiate")
        PART = "part", _("Part kindly")

    scope = models.OneToOneField(Scope, on_delete=models.PROTECT, related_name="renewal")
    decision = models.CharField(_("decision"), max_length=12, choices=Decision.choices)
    why = models.TextField(_("why, for us only"), blank=True)
    words = models.TextField(_("words to the client"))
    # The client's figures as they stood when it was decided.
    figures = models.JSONField(default=dict)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    message = models.OneToOneField(
        "outbox.Message", null=True, on_delete=models.SET_NULL, related_name="renewal", editable=False
    )

    class Meta:
        verbose_name = _("renewal decision")
        verbose_name_plural = _("renewal decisions")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.scope.number}: {self.get_decision_display()}"
