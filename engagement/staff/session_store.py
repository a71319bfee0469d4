"""Sessions in the database, under a hash of the cookie, with whose they are: so they can be shown and ended."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

if TYPE_CHECKING:
    from engagement.staff.models import Session

# What a session knows of itself: begun, seen (seconds since 1970), address, browser.
ABOUT = "about"
# Nobody is signed in yet: the second step, or a link to choose a password.
NOBODY_YET = timedelta(hours=1)


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[Session]:
        # Django names this engine before the models are there.
        from engagement.staff.models import Session

        return Session

    def _get_session_from_db(self) -> Session | None:
        kept = self._rows(self.session_key).filter(expire_date__gt=timezone.now()).first() if self.session_key else None
        if kept is None:
            self._session_key = None
        return kept

    def exists(self, session_key: str | None) -> bool:
        return bool(session_key) and self._rows(session_key).exists()

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            self._rows(key).delete()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        about = data.get(ABOUT) or {}
        return self.get_model_class()(
            session_key=hashed(self._get_or_create_session_key()),  # type: ignore[attr-defined]  # Django's own
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=data.get(SESSION_KEY),
            begun_at=_moment(about.get("begun")),
            seen_at=_moment(about.get("seen")),
            address=about.get("address", ""),
            browser=about.get("browser", ""),
        )

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """Not seen for so long, or signed in for so long: whichever comes first."""
        now = timezone.now()
        begun = _moment((self.get(ABOUT) or {}).get("begun"))
        if begun is None:
            return now + NOBODY_YET
        return min(now + settings.SESSION_IDLE, begun + settings.SESSION_LONGEST)

    def get_expiry_age(self, **kwargs: Any) -> int:
        return int((self.get_expiry_date() - timezone.now()).total_seconds())

    def _rows(self, key: str | None) -> Any:
        return self.get_model_class().objects.filter(session_key=hashed(key or ""))


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
