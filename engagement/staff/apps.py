from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "engagement.staff"
    verbose_name = _("People")

    def ready(self) -> None:
        # Hears of every sign-in.
        from engagement.staff import sessions  # noqa: F401
