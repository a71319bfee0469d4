from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PromisesConfig(AppConfig):
    name = "promises"
    verbose_name = _("Promises")

    def ready(self) -> None:
        from promises import archiving, evidence, receivers  # noqa: F401  connects what the rooms below tell
