import base64
from dataclasses import dataclass, field

import pytest
from django_otp.oath import TOTP

from conftest import DAY, NOW
from engagement.outbox.models import Message
from engagement.staff import second_step
from engagement.staff.signals import diary_changed


@dataclass
class App:
    """What somebody has on their phone."""

    secret: str = field(default_factory=second_step.new_secret)

    def code(self, at=NOW):
        totp = TOTP(base64.b32decode(self.secret))
        totp.time = at.timestamp()
        return f"{totp.token():06}"


@pytest.fixture
def with_app(db):
    """Somebody's second step, turned on yesterday; and their recovery codes."""

    def turn_on(user, app=None):
        app = app or App()
        codes = second_step.turn_on(user, app.secret, app.code(NOW - DAY), now=NOW - DAY)
        return app, codes

    return turn_on


@pytest.fixture
def mails(db, settings):
    """Account mails as they lie in the outbox; the test runner would put them elsewhere."""
    settings.EMAIL_BACKEND = "engagement.outbox.backend.OutboxBackend"
    return lambda: list(Message.objects.filter(is_secret=True).order_by("pk"))


@pytest.fixture
def told():
    """Whose diary was said to be another; None for the whole firm's."""
    heard = []

    def listen(sender, user, now, **kwargs):
        heard.append(user)

    diary_changed.connect(listen)
    yield heard
    diary_changed.disconnect(listen)
