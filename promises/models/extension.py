from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.models import Addendum
from engagement.staff.models import User
from promises.models.promise import Promise
from promises.models.telling import Telling


class Extension(models.Model):
    """A later date was asked for. The promise moves only when the client has agreed to it."""

    class Reason(models.TextChoices):
        MORE_WORK = "more_work", _("There was more to it than we saw")
        WAITING_CLIENT = "waiting_client", _("We waited for something from you")
        WAITING_OTHERS = "waiting_others", _("We waited for somebody else")
        OUR_PLANNING = "our_planning", _("We planned it wrongly")
        CLIENT_WISH = "client_wish", _("You asked for another date")

    # The labels are read by the client; we say the same of them to each other.
    OUR_REASONS = {
        Reason.WAITING_CLIENT.value: _("We waited for the client"),
        Reason.CLIENT_WISH.value: _("The client asked for another date"),
    }

    class AskedBy(models.TextChoices):
        US = "us", _("We did")
        CLIENT = "client", _("The client did")

    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="extensions")
    old_due_on = models.DateField()
    old_due_time = models.TimeField(null=True)
    old_due_at = models.DateTimeField()
    new_due_on = models.DateField(_("new date"))
    new_due_time = models.TimeField(_("time"), null=True, blank=True)
    new_due_at = models.DateTimeField()
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices)
    reason_text = models.CharField(_("in your words; the client reads them"), max_length=300)
    asked_by = models.CharField(_("who asked"), max_length=10, choices=AskedBy.choices)
    # How the client was told of it; none when nobody has yet.
    telling = models.OneToOneField(Telling, null=True, blank=True, on_delete=models.PROTECT, related_name="extension")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.old_due_on.isoformat()} → {self.new_due_on.isoformat()}"

    @classmethod
    def our_reason(cls, reason: str) -> str:
        return str(cls.OUR_REASONS.get(reason) or cls.Reason(reason).label)

    @property
    def reason_for_us(self) -> str:
        return self.our_reason(self.reason)

    @property
    def is_open(self) -> bool:
        return not hasattr(self, "answer") and self.promise.is_open and self.promise.due_at == self.old_due_at


class ExtensionAnswer(models.Model):
    """What the client said to it, once."""

    extension = models.OneToOneField(Extension, on_delete=models.PROTECT, related_name="answer")
    agreed = models.BooleanField()
    words = models.CharField(_("their words"), max_length=300, blank=True)
    answered_at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("answer to an extension")
        verbose_name_plural = _("answers to extensions")

    def __str__(self) -> str:
        return str(_("Agreed") if self.agreed else _("Refused"))


class DateMove(models.Model):
    """The date in force changed, and why: the only way it can. The database refuses a moved date without one."""

    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="date_moves")
    old_due_on = models.DateField()
    old_due_at = models.DateTimeField()
    new_due_on = models.DateField()
    new_due_time = models.TimeField(null=True)
    new_due_at = models.DateTimeField()
    extension = models.OneToOneField(
        Extension, null=True, blank=True, on_delete=models.PROTECT, related_name="date_move"
    )
    # The other way a date moves: both sides signed it.
    addendum = models.ForeignKey(Addendum, null=True, blank=True, on_delete=models.PROTECT, related_name="date_moves")
    # When the client was told of it; null when nobody had told them by the time it moved.
    told_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("moved date")
        verbose_name_plural = _("moved dates")
        ordering = ["promise", "moved_at", "pk"]

    def __str__(self) -> str:
        return f"{self.old_due_on.isoformat()} → {self.new_due_on.isoformat()}"


class AddendumMove(models.Model):
    """A promise whose date an addendum is to move, while it is drafted and until both sides have signed."""

    addendum = models.ForeignKey(Addendum, on_delete=models.CASCADE, related_name="moves")
    promise = models.ForeignKey(Promise, on_delete=models.CASCADE, related_name="addendum_moves")
    # The date in force when it was drafted: what the client reads as the old one.
    old_due_on = models.DateField()
    old_due_time = models.TimeField(null=True)
    old_due_at = models.DateTimeField()
    new_due_on = models.DateField()
    new_due_time = models.TimeField(null=True)
    new_due_at = models.DateTimeField()

    class Meta:
        verbose_name = _("date in an addendum")
        verbose_name_plural = _("dates in addenda")
        ordering = ["addendum", "old_due_at", "pk"]
        constraints = [models.UniqueConstraint(name="promises_one_move_an_addendum", fields=["addendum", "promise"])]

    def __str__(self) -> str:
        return f"{self.old_due_on.isoformat()} → {self.new_due_on.isoformat()}"
