from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from engagement.staff.plain_words import read_lines_unturned


class StaffConfig(AppConfig):
    name = "engagement.staff"
    verbose_name = _("People")

    def ready(self) -> None:
        read_lines_unturned()
        # These hear of every sign-in, and of every new connection to the database.
        from engagement.staff import sessions, statement  # noqa: F401
