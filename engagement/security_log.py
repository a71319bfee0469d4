"""Who came in, who left and who was not let in, as lines of the log: when, who, from where, and nothing that opens."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from engagement.staff.http import visitor_address
from engagement.staff.models import User

logger = logging.getLogger(__name__)


@receiver(user_logged_in)
def came_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    logger.info("Person %s signed in from %s.", user.pk, visitor_address(request))


@receiver(user_logged_out)
def left(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user:
        logger.info("Person %s signed out from %s.", user.pk, visitor_address(request))


@receiver(user_login_failed)
def was_not_let_in(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    # Not what was typed: people put their password into the wrong field.
    email = str(credentials.get("username") or credentials.get("email") or "")
    person = User.objects.filter(email__iexact=email).values_list("pk", flat=True).first()
    whose = f"of person {person}" if person else "of nobody here"
    logger.warning("A wrong password %s, from %s.", whose, visitor_address(request) if request else "a command")
