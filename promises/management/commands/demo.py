"""Fills an empty database with a firm to look at."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from clients.models import Client
from promises.demo import data, play


class Command(BaseCommand):
    help = "Fills an empty database with a demonstration firm and prints its sign-ins. Nothing is sent to anybody."

    def handle(self, *args: Any, **options: Any) -> None:
        if Client.objects.exists():
            raise CommandError(
                _("This database has clients in it, so no demonstration was added. Use an empty database for that.")
            )
        self.stdout.write(_("Making a demonstration firm…"))
        with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}", disable=None) as bar:
            played = play(timezone.now(), lambda done, of: _move(bar, 100 * done // max(of, 1)))
            _move(bar, 100)
        self._say(played.firm, played.clients, played.promises)

    def _say(self, firm: str, clients: int, promises: int) -> None:
        self.stdout.write(
            _("%(firm)s is a demonstration: %(clients)s clients, %(promises)s promises, all of them made up.")
            % {"firm": firm, "clients": clients, "promises": promises}
        )
        self.stdout.write(sign_ins())


def sign_ins() -> str:
    """What a newcomer needs to get in, said at each start and not only at the first."""
    heading = _("Sign in with one of these; the password is %(password)s") % {"password": data.PASSWORD}
    people = [f"  {person.email:<32} {person.name}, {person.title.lower()} ({person.role})" for person in data.PEOPLE]
    return "\n".join([heading, *people])


def _move(bar: Any, to: int) -> None:
    bar.update(to - bar.n)
