from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from engagement.outbox.models import Channel
from engagement.staff.addresses import numbered
from engagement.staff.models import User
from engagement.staff.search import MOST_WORDS, holds
from engagement.staff.zones import zone_or_utc


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


def seen_by(user: User, client: str = "") -> Q:
    """Everybody sees every client, but a restricted one only its lead, its members and managers.

    `client` is the way to it from the rows that are asked for. Each row's own client is looked at: a list of all that
    somebody may see would be made anew for every page, and grow with the firm.
    """
    return Q() if user.is_manager else Q(**{f"{client}restricted": False}) | _served_by(user, client)


def _served_by(user: User, client: str) -> Q:
    member = Client.members.through.objects.filter(user_id=user.pk).values("client_id")
    return Q(**{f"{client}lead": user}) | Q(**{f"{client}pk__in": member})


class ClientQuerySet(models.QuerySet["Client"]):
    def visible_to(self, user: User) -> ClientQuerySet:
        return self.filter(seen_by(user))

    def served_by(self, user: User) -> ClientQuerySet:
        """Clients whose lead or member somebody is."""
        return self.filter(_served_by(user, ""))

    def current(self) -> ClientQuerySet:
        return self.filter(archived_at=None)

    def matching(self, words: str) -> ClientQuerySet:
        """Clients of whose name, or a present contact's name or e-mail, every word is a part."""
        found = self
        for word in words.split()[:MOST_WORDS]:
            here = Contact.objects.filter(client=OuterRef("pk"), left_at=None)
            known = Exists(here.filter(holds("name", word) | holds("email", word)))
            found = found.filter(holds("name", word) | known)
        return found

    def owed_word(self, now: datetime) -> ClientQuerySet:
        return self.current().filter(next_word_at__lte=now)


class Client(models.Model):
    """Somebody we serve."""

    name = models.CharField(_("name"), max_length=120)
    zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", help_text=_("Dates promised to them are days in this zone.")
    )
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    hours = models.JSONField(
        _("their working hours"), null=True, blank=True, help_text=_("Empty: the firm's working hours.")
    )
    lead = models.ForeignKey(
        User, verbose_name=_("lead"), null=True, blank=True, on_delete=models.SET_NULL, related_name="clients_led"
    )
    members = models.ManyToManyField(User, verbose_name=_("members"), blank=True, related_name="clients_served")
    restricted = models.BooleanField(
        _("restricted"), default=False, help_text=_("Only the lead, the members and managers see this client.")
    )
    about = models.TextField(_("about them"), blank=True, help_text=_("For us only. Clients never see it."))
    # The agreed cadence: a weekday, or every so many days. Neither: word is owed by promises alone.
    word_on = models.PositiveSmallIntegerField(
        _("update every week on"), choices=Weekday.choices, null=True, blank=True
    )
    word_every_days = models.PositiveSmallIntegerField(
        _("or update every so many days"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    last_word_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When the next word is owed by the cadence. May lie too early, never too late.
    next_word_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    made_at = models.DateTimeField(editable=False)
    # The head of this client's chain of record entries.
    entries = models.PositiveIntegerField(default=0, editable=False)
    head = models.CharField(max_length=64, blank=True, editable=False)

    objects: ClassVar[models.Manager[Client]] = ClientQuerySet.as_manager()

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="clients_name_is_one_clients",
                violation_error_message=_("There is a client of this name already."),
            ),
            models.CheckConstraint(
                name="clients_one_cadence",
                condition=Q(word_on=None) | Q(word_every_days=None),
                violation_error_message=_("Choose a weekday or a number of days, not both."),
            ),
        ]
        indexes = [
            # For owed_word(), asked by My day and the morning messages.
            models.Index(name="clients_word_due", fields=["next_word_at"], condition=Q(archived_at=None)),
            models.Index(
                name="clients_word_of_lead",
                fields=["lead", "next_word_at"],
                condition=Q(archived_at=None, next_word_at__isnull=False),
            ),
            # For what the list of messages leaves out.
            models.Index(name="clients_restricted", fields=["id"], condition=Q(restricted=True)),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return numbered("promises:client", self.pk)

    @property
    def zoneinfo(self) -> ZoneInfo:
        return zone_or_utc(self.zone)

    @property
    def has_cadence(self) -> bool:
        return self.word_on is not None or self.word_every_days is not None

    def may_be_seen_by(self, user: User) -> bool:
        """As things stand now, whatever of it is at hand already."""
        return not self.restricted or Client.objects.visible_to(user).filter(pk=self.pk).exists()


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User) -> ContactQuerySet:
        return self.filter(seen_by(user, "client__"))


class Contact(models.Model):
    """A person at the client, and how they like to be spoken to."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=100)
    role = models.CharField(_("role"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    channel = models.CharField(_("prefers"), max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    good_from = models.TimeField(_("good hours from"), null=True, blank=True)
    good_until = models.TimeField(_("good hours until"), null=True, blank=True)
    zone = models.CharField(_("time zone"), max_length=64, blank=True, help_text=_("Empty: the client's."))
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, blank=True, help_text=_("Empty: the client's.")
    )
    manner = models.TextField(
        _("how to bring bad news"), blank=True, help_text=_("For us only, for example: call first, then write.")
    )
    is_main = models.BooleanField(_("main contact"), default=False)
    left_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The last mail to this address came back. Cleared when the address is changed.
    bounced_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager[Contact]] = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["client", "-is_main", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="clients_one_main_contact", fields=["client"], condition=Q(is_main=True, left_at=None)
            ),
            models.CheckConstraint(
                name="clients_good_hours_are_a_span",
                condition=Q(good_from=None, good_until=None) | Q(good_until__gt=models.F("good_from")),
                violation_error_message=_("Good hours must end after they begin; fill in both or neither."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zoneinfo(self) -> ZoneInfo:
        return zone_or_utc(self.zone or self.client.zone)

    @property
    def speaks(self) -> str:
        return self.language or self.client.language
