"""What changes the way somebody signs in is written down, and they are told by mail."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from engagement.staff.models import AccountEvent, Firm, User

logger = logging.getLogger(__name__)

Kind = AccountEvent.Kind

# Subject, and what the mail says.
WORDS: dict[str, tuple[Any, Any]] = {
    Kind.STEP_ON: (
        _("Your second step is on"),
        _("From now on you sign in with your password and a code from your app."),
    ),
    Kind.STEP_MOVED: (
        _("Your second step has moved"),
        _("Codes come from the app you set up now. The app and the recovery codes before open nothing any more."),
    ),
    Kind.STEP_OFF: (_("Your second step is off"), _("From now on you sign in with your password alone.")),
    Kind.STEP_TAKEN: (
        _("Your second step was taken away"),
        _("An administrator did it, for an app that was lost. You can set up another one after signing in."),
    ),
    Kind.NEW_CODES: (
        _("You have new recovery codes"),
        _("New recovery codes were made for your account. Those before open nothing any more."),
    ),
    Kind.CODE_USED: (
        _("A recovery code was used"),
        _("Somebody, we think you, used one of your recovery codes. It opens nothing any more."),
    ),
    Kind.PASSWORD: (
        _("Your password was changed"),
        _("You are signed out wherever you were signed in with the one before."),
    ),
    Kind.EMAIL: (_("Your e-mail was changed"), _("From now on you sign in with another address than this one.")),
    Kind.SIGNED_OUT: (_("You were signed out elsewhere"), _("Sign-ins on devices were ended from your account.")),
    Kind.SIGNED_OUT_BY: (
        _("You were signed out"),
        _("An administrator has signed you out on every device."),
    ),
}


def note(person: User, kind: AccountEvent.Kind, *, by: User, now: datetime, address: str = "") -> None:
    """In the transaction of what happened. `address` is where the mail goes, if not to where they sign in."""
    AccountEvent.objects.create(person=person, kind=kind, by=by, at=now)
    logger.info("Account of person %s: %s, by person %s.", person.pk, kind.value, by.pk)
    if not person.is_reachable:
        return
    with translation.override(person.language):
        subject, said = WORDS[kind]
        context = {
            "person": person,
            "by": by if by != person else None,
            "firm": Firm.get(),
            "said": said,
            "at": now,
            "zone": person.zone,
            "now": now,
            "url": settings.SITE_URL + reverse("staff:password_reset"),
        }
        send_mail(str(subject), render_to_string("mail/account.txt", context), None, [address or person.email])
