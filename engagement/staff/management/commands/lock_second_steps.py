"""After SECRET_KEY has changed: locks the keys of second steps with the new one, so that the old one can go."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.staff import second_step


class Command(BaseCommand):
    help = "Locks the second steps with the SECRET_KEY of now; afterwards earlier keys may leave SECRET_KEY_FALLBACKS."

    def handle(self, *args: Any, **options: Any) -> None:
        done, closed = second_step.lock_anew()
        words = ngettext(
            "%(count)d second step is locked with the key of now.",
            "%(count)d second steps are locked with the key of now.",
            done,
        )
        self.stdout.write(words % {"count": done})
        for person in closed:
            self.stdout.write(_("No key opens the one of %(email)s: take it away from them.") % {"email": person.email})
