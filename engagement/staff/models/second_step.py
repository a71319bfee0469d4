from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SecondStep(models.Model):
    """The app of one person that shows a code of six figures every half minute."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="second_step"
    )
    # Locked with a key that is not in the database: see staff/locked.py.
    secret = models.CharField(max_length=300)
    since = models.DateTimeField(_("since"))
    # The half minute whose code was taken last. That one, and those before, are taken no more.
    last_taken = models.BigIntegerField(default=-1, editable=False)

    class Meta:
        verbose_name = _("second step")
        verbose_name_plural = _("second steps")

    def __str__(self) -> str:
        return str(self.user)


class RecoveryCode(models.Model):
    """Opens once what the app would open. Kept as a hash, and long enough that a plain one will do."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(_("made"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")

    def __str__(self) -> str:
        return str(self.user)


class AccountEvent(models.Model):
    """What happened to the way somebody signs in. Append-only: it may be asked for after a break-in."""

    class Kind(models.TextChoices):
        STEP_ON = "step_on", _("The second step was turned on")
        STEP_MOVED = "step_moved", _("The second step was moved to another app")
        STEP_OFF = "step_off", _("The second step was turned off")
        STEP_TAKEN = "step_taken", _("An administrator took the second step away")
        NEW_CODES = "new_codes", _("New recovery codes were made")
        CODE_USED = "code_used", _("A recovery code was used")
        PASSWORD = "password", _("The password was changed")
        EMAIL = "email", _("The e-mail to sign in with was changed")
        SIGNED_OUT = "signed_out", _("Sign-ins were ended on other devices")
        SIGNED_OUT_BY = "signed_out_by", _("An administrator signed them out everywhere")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.PROTECT, related_name="account_events"
    )
    kind = models.CharField(_("what happened"), max_length=20, choices=Kind.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("event of an account")
        verbose_name_plural = _("events of accounts")
        ordering = ["-at", "-pk"]
        indexes = [
            # For the latest of one person, on their own page and an administrator's.
            models.Index(name="staff_account_latest", fields=["person", "-at", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_kind_display()}"
