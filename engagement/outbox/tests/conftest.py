import pytest

from conftest import NOW
from engagement.outbox import actions
from engagement.outbox.models import Audience
from engagement.outbox.tests.machinery import Machinery, database_url
from engagement.outbox.tests.sink import Sink


@pytest.fixture
def sink(tmp_path, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Word & Co <office@word.example>"
    with Sink(tmp_path) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 2
        yield server


@pytest.fixture
def machinery(sink, tmp_path):
    made = Machinery(tmp_path, sink.url, database_url())
    yield made
    made.end()


@pytest.fixture
def to_client(db):
    def make(occasion="word to Lena", **changes):
        fields = {"address": "lena@karoo.example", "subject": "How it stands", "body": "It is on its way.\n"}
        return actions.write(occasion=occasion, now=NOW, audience=Audience.CLIENT, **(fields | changes))

    return make


@pytest.fixture
def to_staff(db):
    def make(occasion="nudge to Thandi", **changes):
        fields = {"address": "thandi@word.example", "subject": "Tell Karoo Linen", "body": "By four o'clock.\n"}
        return actions.write(occasion=occasion, now=NOW, audience=Audience.STAFF, **(fields | changes))

    return make
