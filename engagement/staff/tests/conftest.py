import pytest

from engagement.outbox.models import Message
from engagement.staff.signals import diary_changed


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
