"""The word that was agreed with a client, on the day of whoever owes it."""

import pytest
import time_machine

from clients.models import Client
from conftest import DAY, HOUR, NOW


@pytest.mark.parametrize(("owed_at", "is_late"), [(NOW - DAY, True), (NOW + HOUR, False)])
def test_word_that_is_owed_too_long_is_called_overdue(client, thandi, karoo, owed_at, is_late):
    Client.objects.filter(pk=karoo.pk).update(word_on=4, next_word_at=owed_at)
    client.force_login(thandi)

    with time_machine.travel(NOW, tick=False):
        page = client.get("/my-day/").content.decode()

    assert "Word owed, as agreed" in page
    assert ("overdue since" in page) == is_late
