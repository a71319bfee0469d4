"""Short messages after an act: in a cookie, in the session when they are too long for one."""

from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class FlashCookie(CookieStorage):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Like the other cookies, so that no other host can write it.
        self.cookie_name = settings.FLASH_COOKIE_NAME


class Storage(FallbackStorage):
    storage_classes = (FlashCookie, SessionStorage)
