from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clients.models import Client, Contact, Scope, seen_by
from engagement.staff.addresses import numbered
from engagement.staff.models import User
from engagement.staff.zones import zone_or_utc

NOT_MOVING_DUE_WITHIN = timedelta(days=14)
NOT_MOVING_SILENT_FOR = timedelta(days=7)
DAY = timedelta(days=1)
DUE_SOON = timedelta(days=7)
SLIPS_COUNT_FOR = timedelta(days=90)
# Of more to one client, a row of a list does not say how many.
MOST_SLIPS = 100


class Band(models.TextChoices):
    ON_TRACK = "on_track", _("On track")
    WATCH = "watch", _("Watch")
    AT_RISK = "at_risk", _("At risk")
    OVERDUE = "overdue", _("Overdue")


class Outcome(models.TextChoices):
    KEPT = "kept", _("Kept")
    KEPT_LATER = "kept_later", _("Kept on an agreed later date")
    LATE_TOLD = "late_told", _("Late, client told before")
    LATE_SILENT = "late_silent", _("Late, silent")
    LATE_UNKNOWN = "late_unknown", _("Late, not recorded")


LATE = [Outcome.LATE_TOLD, Outcome.LATE_SILENT, Outcome.LATE_UNKNOWN]
IS_OPEN = Q(ended_at=None)


# What there is to ask of an open promise at a moment, said once: lists, board and morning messages all ask this.
def past_due(now: datetime) -> Q:
    return Q(due_at__lte=now)


def at_risk(now: datetime) -> Q:
    return Q(due_at__gt=now, band=Band.AT_RISK)


def slipping(now: datetime) -> Q:
    """What a client has to hear of."""
    return Q(due_at__lte=now) | Q(band=Band.AT_RISK)


def not_moving(now: datetime) -> Q:
    return Q(due_at__gt=now, due_at__lte=now + NOT_MOVING_DUE_WITHIN, last_update_at__lte=now - NOT_MOVING_SILENT_FOR)


def due_soon(now: datetime) -> Q:
    return Q(due_at__gt=now, due_at__lte=now + DUE_SOON)


class Announcement(NamedTuple):
    """By which day, in the promise's zone, the client is to expect it; or a new date, where it will not be ready."""

    day: date | None
    is_ready: bool | None


NOTHING_ANNOUNCED = Announcement(None, None)


class PromiseQuerySet(models.QuerySet["Promise"]):
    def visible_to(self, user: User) -> PromiseQuerySet:
        return self.filter(seen_by(user, "client__"))

    def open(self) -> PromiseQuerySet:
        return self.filter(IS_OPEN)

    def ended(self) -> PromiseQuerySet:
        return self.exclude(IS_OPEN)

    def overdue(self, now: datetime) -> PromiseQuerySet:
        return self.open().filter(past_due(now))

    def at_risk(self, now: datetime) -> PromiseQuerySet:
        return self.open().filter(at_risk(now))

    def not_told(self, now: datetime) -> PromiseQuerySet:
        """Overdue, or at risk, and the client has not heard: the reddest thing on any screen."""
        return self.open().filter(slipping(now), told_at=None)

    def not_moving(self, now: datetime) -> PromiseQuerySet:
        return self.open().filter(not_moving(now))

    def due_soon(self, now: datetime) -> PromiseQuerySet:
        return self.open().filter(due_soon(now))

    def announced_by(self, day: date) -> PromiseQuerySet:
        """Their clients were told to expect it, or a new date, by that day or before, and have heard of none."""
        return self.open().filter(announced_for__lte=day)

    def waiting_for_client(self) -> PromiseQuerySet:
        return self.open().exclude(waiting_for="")

    def to_look_at(self, now: datetime) -> PromiseQuerySet:
        return self.open().filter(next_look_at__lte=now)

    def slips(self, now: datetime) -> PromiseQuerySet:
        """Recent promises to look back on before the next one is made: ended late."""
        return self.filter(outcome__in=LATE, ended_at__gt=now - SLIPS_COUNT_FOR, ended_at__lte=now)


class Promise(models.Model):
    """Something we owe a client by a date. The first date never changes; `due_at` moves by a DateMove alone."""

    reference = models.CharField(_("reference"), max_length=60, null=True, blank=True, unique=True)
    # Found by promise_client_made.
    client = models.ForeignKey(
        Client, verbose_name=_("client"), on_delete=models.PROTECT, related_name="promises", db_index=False
    )
    contact = models.ForeignKey(
        Contact, verbose_name=_("contact"), null=True, blank=True, on_delete=models.SET_NULL, related_name="promises"
    )
    scope = models.ForeignKey(
        Scope, verbose_name=_("scope"), null=True, blank=True, on_delete=models.PROTECT, related_name="promises"
    )
    # The number of the scope's line that this delivers, where it was made from one.
    scope_line = models.PositiveSmallIntegerField(null=True, editable=False)
    owner = models.ForeignKey(User, verbose_name=_("owner"), on_delete=models.PROTECT, related_name="promises")
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    # Null only for imported history whose day of making nobody knows.
    made_at = models.DateTimeField(null=True, editable=False)

    what = models.CharField(_("what we promised"), max_length=300)
    client_words = models.TextField(_("the client's own words"), blank=True)
    our_understanding = models.TextField(_("how we understood them"), blank=True)
    may_stand_in_the_way = models.TextField(_("what may stand in the way"), blank=True)
    next_step = models.CharField(_("what happens next"), max_length=300, blank=True)

    # As given: a day, perhaps a time, and the zone they are meant in; and the instant computed from them.
    zone = models.CharField(max_length=64)
    first_due_on = models.DateField(editable=False)
    first_due_time = models.TimeField(null=True, editable=False)
    first_due_at = models.DateTimeField(editable=False)
    due_on = models.DateField(editable=False)
    due_time = models.TimeField(null=True, editable=False)
    due_at = models.DateTimeField(editable=False)
    moves = models.PositiveSmallIntegerField(default=0, editable=False)

    estimate_hours = models.DecimalField(_("estimate, hours"), max_digits=7, decimal_places=2, null=True, blank=True)
    # As whoever delivered it said; null: nobody said.
    hours_taken = models.DecimalField(_("hours it took"), max_digits=7, decimal_places=2, null=True, editable=False)
    value = models.DecimalField(_("value"), max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)

    # What the last progress update said; the updates themselves are append-only.
    standing = models.CharField(max_length=12, blank=True, editable=False)
    per_cent = models.PositiveSmallIntegerField(null=True, editable=False)
    hours_left = models.DecimalField(max_digits=7, decimal_places=2, null=True, editable=False)
    last_update_at = models.DateTimeField(null=True, editable=False)

    # What we wait for the client to do. Shown first; moves no date.
    waiting_for = models.CharField(max_length=300, blank=True, editable=False)
    waiting_since = models.DateTimeField(null=True, editable=False)
    waiting_by = models.DateField(null=True, editable=False)

    # By which day the client was last told to expect it, or a new date, where the date in force may not hold; null once
    # they have heard otherwise. And whether that is the work itself.
    announced_for = models.DateField(null=True, editable=False)
    announced_ready = models.BooleanField(null=True, editable=False)

    # When the client first heard that the date in force may not hold, did not hold, or moves. Null: not told.
    told_at = models.DateTimeField(null=True, editable=False)
    told_how = models.CharField(max_length=10, blank=True, editable=False)
    # By when they have to hear it, should it slip.
    tell_by_at = models.DateTimeField(editable=False)

    # What the watch last said, from the moment it became so.
    band = models.CharField(max_length=10, choices=Band.choices, default=Band.ON_TRACK, editable=False)
    chance = models.FloatField(null=True, editable=False)
    sentence = models.CharField(max_length=400, blank=True, editable=False)
    # Since when it has been at risk and not told; null while it is not. The half-way reminder is counted from here.
    alarm_at = models.DateTimeField(null=True, editable=False)
    # Hours of what its owner has promised for earlier, as the watch added them up; null where that may have changed.
    hours_before = models.FloatField(null=True, editable=False)
    # When the watch looks again. It may look too early. It must never look too late.
    next_look_at = models.DateTimeField(null=True, editable=False)
    # The due instant that passed while nobody had told the client.
    slipped_at = models.DateTimeField(null=True, editable=False)

    delivered_at = models.DateTimeField(null=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    voided_at = models.DateTimeField(null=True, editable=False)
    # Whichever of the three it was.
    ended_at = models.DateTimeField(null=True, editable=False)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True, editable=False)
    days_early = models.PositiveSmallIntegerField(null=True, editable=False)
    days_late = models.PositiveSmallIntegerField(null=True, editable=False)
    # The day of the tally that counts this outcome. The firm may move to another zone; the tally does not.
    counted_on = models.DateField(null=True, editable=False)

    objects: ClassVar[models.Manager[Promise]] = PromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        ordering = ["due_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="promise_ends_in_one_way",
                condition=(
                    Q(ended_at=None, delivered_at=None, withdrawn_at=None, voided_at=None)
                    | Q(ended_at=F("delivered_at"), withdrawn_at=None, voided_at=None)
                    | Q(ended_at=F("withdrawn_at"), delivered_at=None, voided_at=None)
                    | Q(ended_at=F("voided_at"), delivered_at=None, withdrawn_at=None)
                ),
            ),
            models.CheckConstraint(
                name="promise_delivered_has_an_outcome", condition=Q(delivered_at=None) | ~Q(outcome="")
            ),
            models.CheckConstraint(name="promise_open_has_no_outcome", condition=Q(outcome="") | ~Q(ended_at=None)),
            models.CheckConstraint(
                name="promise_unmoved_is_due_on_its_first_date",
                condition=Q(moves__gt=0) | Q(due_at=F("first_due_at"), due_on=F("first_due_on")),
            ),
        ]
        indexes = [
            # For to_look_at(), asked every minute.
            models.Index(name="promise_look", fields=["next_look_at"], condition=IS_OPEN),
            # For the board's cards, which count their rows and add up their hours without looking at a row.
            models.Index(
                name="promise_open_counted",
                fields=[
                    "due_at",
                    "id",
                    "due_on",
                    "last_update_at",
                    "standing",
                    "per_cent",
                    "hours_left",
                    "estimate_hours",
                ],
                condition=IS_OPEN,
            ),
            # For the board's segments.
            models.Index(name="promise_untold_due", fields=["due_at", "id"], condition=IS_OPEN & Q(told_at=None)),
            models.Index(
                name="promise_told_due", fields=["due_at", "id"], condition=IS_OPEN & Q(told_at__isnull=False)
            ),
            models.Index(name="promise_risk_due", fields=["due_at", "id"], condition=IS_OPEN & Q(band="at_risk")),
            models.Index(
                name="promise_untold_risk",
                fields=["due_at", "id"],
                condition=IS_OPEN & Q(band="at_risk") & Q(told_at=None),
            ),
            models.Index(
                name="promise_told_risk",
                fields=["due_at", "id"],
                condition=IS_OPEN & Q(band="at_risk") & Q(told_at__isnull=False),
            ),
            # For My day and one owner's board; and what they have promised is added up without looking at a row.
            models.Index(
                name="promise_owner_counted",
                fields=[
                    "owner",
                    "due_at",
                    "id",
                    "client",
                    "due_on",
                    "standing",
                    "per_cent",
                    "hours_left",
                    "estimate_hours",
                ],
                condition=IS_OPEN,
            ),
            # For the lists of My day, each through one of its own.
            models.Index(
                name="promise_owner_untold", fields=["owner", "due_at", "id"], condition=IS_OPEN & Q(told_at=None)
            ),
            models.Index(
                name="promise_owner_told",
                fields=["owner", "due_at", "id"],
                condition=IS_OPEN & Q(told_at__isnull=False),
            ),
            models.Index(
                name="promise_owner_risk",
                fields=["owner", "due_at", "id"],
                condition=IS_OPEN & Q(band="at_risk") & Q(told_at=None),
            ),
            models.Index(
                name="promise_owner_waits", fields=["owner", "due_at", "id"], condition=IS_OPEN & ~Q(waiting_for="")
            ),
            models.Index(
                name="promise_announced",
                fields=["owner", "announced_for"],
                condition=IS_OPEN & Q(announced_for__isnull=False),
            ),
            # For whatever is asked of one client, and what was promised to them lately.
            models.Index(name="promise_client_made", fields=["client", "made_at"]),
            # For a client's page and one client's board.
            models.Index(name="promise_client_due", fields=["client", "due_at", "id"], condition=IS_OPEN),
            # For what is worst on a client's progress page.
            models.Index(
                name="promise_client_told",
                fields=["client", "due_at", "id"],
                condition=IS_OPEN & Q(told_at__isnull=False),
            ),
            models.Index(
                name="promise_client_waits", fields=["client", "due_at", "id"], condition=IS_OPEN & ~Q(waiting_for="")
            ),
            models.Index(name="promise_scope_due", fields=["scope", "due_at", "id"], condition=IS_OPEN),
            # For lines of scopes that have their promise.
            models.Index(name="promise_of_line", fields=["scope", "scope_line"], condition=Q(scope_line__isnull=False)),
            models.Index(name="promise_client_ended", fields=["client", "-ended_at"], condition=~IS_OPEN),
            # For the lists of what has ended.
            models.Index(name="promise_ended", fields=["-ended_at", "-id"], condition=~IS_OPEN),
            models.Index(name="promise_owner_ended", fields=["owner", "-ended_at"], condition=~IS_OPEN),
            # For slips(), shown before the next promise to a client is made.
            models.Index(
                name="promise_slips", fields=["client", "ended_at"], condition=Q(outcome__in=[str(o) for o in LATE])
            ),
        ]

    def __str__(self) -> str:
        return self.what

    def get_absolute_url(self) -> str:
        return numbered("promises:detail", self.pk)

    @property
    def zoneinfo(self) -> ZoneInfo:
        return zone_or_utc(self.zone)

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def record_subject(self) -> str:
        return f"promise {self.pk}"

    def is_overdue(self, now: datetime) -> bool:
        return self.is_open and self.due_at <= now

    def is_not_told(self, now: datetime) -> bool:
        return self.is_open and self.told_at is None and (self.due_at <= now or self.band == Band.AT_RISK)

    def band_at(self, now: datetime) -> Band:
        return Band.OVERDUE if self.is_overdue(now) else Band(self.band)

    @property
    def announcement(self) -> Announcement:
        return Announcement(self.announced_for, self.announced_ready)

    def is_expected_soon(self, now: datetime) -> bool:
        """The day that the client was told of is tomorrow, today or past, in the promise's zone."""
        return self.is_open and self.announced_for is not None and self.announced_for <= self._day(now) + DAY

    def is_past_announced(self, now: datetime) -> bool:
        """The day that the client was told of has passed, in the promise's zone."""
        return self.is_open and self.announced_for is not None and self.announced_for < self._day(now)

    def days_past_due(self, now: datetime) -> int:
        """Calendar days since the date in force, in the promise's zone; 0 on the day itself and before."""
        return max(0, (self._day(now) - self.due_on).days)

    def _day(self, now: datetime) -> date:
        return now.astimezone(self.zoneinfo).date()
