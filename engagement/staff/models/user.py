from __future__ import annotations

from datetime import datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from engagement.staff.zones import zone_or_utc

# How an address ends at which nobody can be reached (RFC 2606): the person was named by a file that was brought in.
NOWHERE = ".invalid"


class Role(models.TextChoices):
    STAFF = "staff", _("Staff")
    MANAGER = "manager", _("Manager")
    ADMINISTRATOR = "administrator", _("Administrator")


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def managers(self) -> UserQuerySet:
        return self.active().filter(role__in=[Role.MANAGER, Role.ADMINISTRATOR])

    def reachable(self) -> UserQuerySet:
        """Who may be written to: somebody a file named is a stranger until they have signed in."""
        unusable = models.Q(password__startswith=UNUSABLE_PASSWORD_PREFIX) | models.Q(email__endswith=NOWHERE)
        return self.active().exclude(unusable)

    def owed_a_digest(self, now: datetime) -> UserQuerySet:
        return self.reachable().filter(next_digest_at__lte=now)


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> User:
        user: User = self.get(email__iexact=username)
        return user

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user: User = self.model(email=self.normalize_email(email).strip(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, role=Role.ADMINISTRATOR, **fields)


class User(AbstractBaseUser):
    """Somebody who works here. Without a password they own promises but cannot sign in."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    title = models.CharField(
        _("title"), max_length=100, blank=True, help_text=_("Clients read it beside the name, for example Architect.")
    )
    phone = models.CharField(
        _("work phone"), max_length=40, blank=True, help_text=_("Clients read it. Leave empty to show the firm's.")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.STAFF)
    manager = models.ForeignKey(
        "self",
        verbose_name=_("manager"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="team",
        help_text=_("Hears when a client has not been told in time. Empty: every manager does."),
    )
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    digest_time = models.TimeField(
        _("morning message at"), default=time(8), help_text=_("One message a working morning, and never an empty one.")
    )
    # When the next morning message is owed. May lie too early, never too late.
    next_digest_at = models.DateTimeField(null=True, blank=True, editable=False)
    single_keys = models.BooleanField(
        _("single-letter keys"), default=True, help_text=_("N for a new promise, U for an update, and so on.")
    )
    is_active = models.BooleanField(_("works here"), default=True)
    invited_at = models.DateTimeField(null=True, blank=True, editable=False)
    joined_at = models.DateTimeField(auto_now_add=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="staff_email_is_one_persons",
                violation_error_message=_("Somebody with this e-mail is here already."),
            ),
        ]
        indexes = [
            # For owed_a_digest(), asked every minute.
            models.Index(name="staff_digest_due", fields=["next_digest_at"], condition=models.Q(is_active=True)),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        super().clean()
        if self.manager_id and self.manager_id == self.pk:
            raise ValidationError({"manager": _("Choose somebody else: nobody is their own manager.")})

    @property
    def is_manager(self) -> bool:
        return self.role in (Role.MANAGER, Role.ADMINISTRATOR)

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR

    @property
    def can_sign_in(self) -> bool:
        return self.is_active and self.has_usable_password()

    @property
    def is_reachable(self) -> bool:
        return self.can_sign_in and not self.email.endswith(NOWHERE)

    @property
    def zoneinfo(self) -> ZoneInfo:
        return zone_or_utc(self.zone)

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email

    # What Django admin asks of whoever opens it.
    @property
    def is_staff(self) -> bool:
        return self.is_active and self.is_administrator

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_administrator

    def has_perms(self, perm_list: Any, obj: object = None) -> bool:
        return self.is_active and self.is_administrator

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_administrator

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # A changed role ends every session, as a changed password does.
        return super()._get_session_auth_hash(secret=secret) + self.role  # type: ignore[misc, no-any-return]
