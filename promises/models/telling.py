from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.models import Contact
from engagement.outbox.models import Channel, Message, State
from engagement.staff.models import User
from promises.models.promise import Promise


class TellingQuerySet(models.QuerySet["Telling"]):
    def heard(self) -> TellingQuerySet:
        """Spoken, or accepted by the channel and not come back."""
        return self.filter(Q(message=None) | Q(message__state=State.SENT, message__bounced_at=None))

    def of_a_slip(self) -> TellingQuerySet:
        return self.filter(kind__in=Telling.OF_A_SLIP)


class Telling(models.Model):
    """The client was told, about this promise and the date then in force: by a message, or in a conversation.

    Never changed. Whether a written one was heard follows from its message.
    """

    class Kind(models.TextChoices):
        MADE = "made", _("What we promised")
        PROGRESS = "progress", _("Progress")
        MAY_BE_LATE = "may_be_late", _("May be late")
        LATE = "late", _("Late")
        MOVED = "moved", _("New date")
        DONE = "done", _("Done")

    # Only these, about the date in force and before its instant, make a slip a told slip.
    OF_A_SLIP = (Kind.MAY_BE_LATE, Kind.LATE, Kind.MOVED)

    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="tellings")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    about_due_at = models.DateTimeField()
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="tellings")
    contact_name = models.CharField(max_length=100, blank=True)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.PROTECT, related_name="tellings")
    # The conversation took place then; for a message, when it was written.
    spoken_at = models.DateTimeField()
    text = models.TextField(_("what was said"), blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects: ClassVar[models.Manager[Telling]] = TellingQuerySet.as_manager()

    class Meta:
        verbose_name = _("telling")
        verbose_name_plural = _("tellings")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at.isoformat()}"

    @property
    def heard_at(self) -> datetime | None:
        """The moment the client heard, or None while, or because, they did not."""
        if self.message is None:
            return self.spoken_at
        if self.message.state == State.SENT and self.message.bounced_at is None:
            return self.message.sent_at
        return None
