"""One message in twenty cannot be made ready. The others leave with the first turn; each of these is shown."""

from datetime import timedelta

import pytest
from django.dispatch import receiver

from conftest import NOW
from engagement.outbox import actions
from engagement.outbox.models import Audience, Message, State
from engagement.outbox.sending import MOST_WORDINGS
from engagement.outbox.signals import message_leaving

MINUTE = timedelta(minutes=1)
HOW_MANY = 200


@pytest.fixture
def _poison():
    @receiver(message_leaving)
    def stumble(sender, message, now, **kwargs):
        if int(message.occasion) % 20 == 0:
            raise ZeroDivisionError("no words for this")

    yield
    message_leaving.disconnect(stumble)


@pytest.mark.usefixtures("_poison")
@pytest.mark.parametrize("audience", Audience.values)
def test_poison_stops_nobody_and_is_shown(db, settings, audience):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    rows = [
        {
            "occasion": f"{number}",
            "audience": audience,
            "address": f"n{number}@word.example",
            "subject": "S",
            "body": "B",
        }
        for number in range(HOW_MANY)
    ]
    actions.write_all(rows, NOW)

    actions.send_waiting(NOW)

    sound = Message.objects.exclude(error__contains="no words")
    assert sound.count() == HOW_MANY * 19 // 20
    assert set(sound.values_list("state", "attempts")) == {(State.SENT, 1)}
    # Its error is on it from the first try, and it stands with what needs a person after the last.
    assert Message.objects.filter(state=State.WAITING, error__contains="no words for this").count() == HOW_MANY // 20

    for minute in range(40):
        actions.send_waiting(NOW + minute * MINUTE)

    shown = Message.objects.needing_a_person()
    assert set(shown.values_list("state", "attempts")) == {(State.FAILED, MOST_WORDINGS)}
    assert shown.count() == HOW_MANY // 20
    assert MOST_WORDINGS <= 5
