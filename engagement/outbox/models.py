from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, Q
from django.utils.translation import gettext_lazy as _

from engagement.staff.models import User

# Longer than the longest attempt: whoever holds a row longer than this is dead.
LEASE_LASTS = timedelta(minutes=5)
MOST_ATTEMPTS = 8


class Audience(models.TextChoices):
    STAFF = "staff", _("Staff")
    CLIENT = "client", _("Client")


class Channel(models.TextChoices):
    """How word reaches somebody. Only e-mail leaves from here; the others a person does, and records."""

    EMAIL = "email", _("E-mail")
    CALL = "call", _("Call")
    SMS = "sms", _("Text message")
    WHATSAPP = "whatsapp", _("WhatsApp")
    LETTER = "letter", _("Letter")
    IN_PERSON = "in_person", _("In person")


class State(models.TextChoices):
    WAITING = "waiting", _("Waiting to be sent")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Accepted by the mail server")
    FAILED = "failed", _("Not delivered")
    IN_DOUBT = "in_doubt", _("We may not have sent this")
    UNDONE = "undone", _("Undone before it left")
    DROPPED = "dropped", _("No longer needed")


def new_message_id() -> str:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ") or "localhost"
    return f"<{uuid.uuid4().hex}@{domain}>"


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, now: datetime) -> MessageQuerySet:
        return self.filter(state=State.WAITING, not_before__lte=now)

    def ready(self, now: datetime) -> MessageQuerySet:
        """What may leave now: due, and nothing is held. Asked in the claim itself, so no worker overlooks a hold."""
        return self.due(now).not_held()

    def not_held(self) -> MessageQuerySet:
        return self.exclude(Exists(Heartbeat.objects.exclude(hold=None)))

    def abandoned(self, now: datetime) -> MessageQuerySet:
        """Claimed by a worker that never came back to say how it went."""
        return self.filter(state=State.SENDING, lease_until__lte=now)

    def visible_to(self, user: User) -> MessageQuerySet:
        """Account mails concern nobody else; a colleague's reminders only them and managers."""
        mine = self.exclude(is_secret=True)
        return mine if user.is_manager else mine.filter(Q(written_by=user) | Q(person=user))

    def needing_a_person(self) -> MessageQuerySet:
        return self.filter(Q(state=State.IN_DOUBT) | Q(state=State.FAILED, seen_to_at=None))


class Message(models.Model):
    """Something that leaves the firm: written down in the transaction of its cause, sent after."""

    audience = models.CharField(_("to"), max_length=10, choices=Audience.choices)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    address = models.CharField(_("address"), max_length=254)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reply_to = models.CharField(_("replies go to"), max_length=254, blank=True)
    language = models.CharField(max_length=10, default="en")
    subject = models.CharField(_("subject"), max_length=300)
    body = models.TextField(_("text"))
    # The text opens an account or a page: it is wiped once sent and shown to nobody here.
    is_secret = models.BooleanField(default=False, editable=False)

    # What it is about, in the words of the room that wrote it, for example "reminder" or "client 12".
    kind = models.CharField(max_length=30, blank=True)
    # The one event this message exists for. A second row for it cannot be written.
    occasion = models.CharField(max_length=200, unique=True)
    message_id = models.CharField(max_length=200, unique=True, default=new_message_id)

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    written_at = models.DateTimeField(_("written"))
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    seen_to_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(_("what went wrong"), max_length=300, blank=True)

    objects: ClassVar[models.Manager[Message]] = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-written_at", "-pk"]
        indexes = [
            # For ready(), asked every few seconds, and for the oldest of what is on its way, asked by every page.
            models.Index(name="outbox_unsent", fields=["not_before"], condition=Q(state__in=["waiting", "sending"])),
            # For what goes by itself: few, among the many that are claimed together.
            models.Index(
                name="outbox_alone",
                fields=["not_before"],
                condition=Q(state="waiting") & (~Q(audience="staff") | Q(attempts__gt=0)),
            ),
            # For abandoned(), asked every few seconds.
            models.Index(name="outbox_sending", fields=["lease_until"], condition=Q(state="sending")),
            models.Index(
                name="outbox_needs_a_person", fields=["written_at"], condition=Q(state__in=["in_doubt", "failed"])
            ),
            models.Index(name="outbox_latest", fields=["-written_at", "-id"]),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What the receiver reads, where it differs from what is kept: private addresses are put in as it leaves.
        self.outgoing_body = ""

    def __str__(self) -> str:
        return self.subject

    def can_be_undone(self, now: datetime) -> bool:
        return self.state == State.WAITING and self.attempts == 0 and now < self.not_before


class Hold(models.Model):
    """From when to when nothing left: what is restored may have been sent already, and a person says how to go on."""

    class Why(models.TextChoices):
        RESTORED = "restored", _("Restored from a back-up")
        ASLEEP = "asleep", _("Nothing ran for a day or longer")

    why = models.CharField(_("why"), max_length=10, choices=Why.choices)
    held_at = models.DateTimeField(_("held since"))
    # What is known ends here: when the back-up was made, or the last beat.
    as_of = models.DateTimeField(_("copy of"))
    lifted_at = models.DateTimeField(_("resumed"), null=True, blank=True)
    # Null: by a command.
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    to_decide = models.PositiveIntegerField(_("left for a person to decide"), default=0)
    cancelled = models.PositiveIntegerField(_("cancelled"), default=0)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["-held_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.why}, {self.held_at.isoformat()}"


class Heartbeat(models.Model):
    """The last time a tick went from beat through the broker and a worker into the database; and whether we speak."""

    beat_at = models.DateTimeField()
    mail_checked_at = models.DateTimeField(null=True)
    mail_error = models.CharField(max_length=300, blank=True)
    # While there is one, nothing leaves.
    hold = models.ForeignKey(Hold, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(name="outbox_one_heartbeat", condition=Q(pk=1))]

    def __str__(self) -> str:
        return self.beat_at.isoformat()
