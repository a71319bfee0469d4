"""The word that was agreed with a client, on the day of whoever owes it."""

import pytest
import time_machine

from clients.actions import make_client
from clients.models import Client
from conftest import DAY, HOUR, NOW, ZONE


@pytest.mark.parametrize(("owed_at", "is_late"), [(NOW - DAY, True), (NOW + HOUR, False)])
def test_word_that_is_owed_too_long_is_called_overdue(client, thandi, karoo, owed_at, is_late):
    Client.objects.filter(pk=karoo.pk).update(word_on=4, next_word_at=owed_at)
    client.force_login(thandi)

    with time_machine.travel(NOW, tick=False):
        page = client.get("/my-day/").content.decode()

    assert "Word owed, as agreed" in page
    assert ("overdue since" in page) == is_late


@pytest.mark.parametrize(("how_many", "says_more"), [(2, False), (3, True)])
def test_words_owed_beyond_those_shown_are_not_passed_over(client, thandi, monkeypatch, how_many, says_more):
    monkeypatch.setattr("promises.views.my_day.MOST_ROWS", 2)
    for number in range(how_many):
        made = make_client(Client(name=f"Client {number}", zone=ZONE, lead=thandi), thandi, NOW - DAY)
        Client.objects.filter(pk=made.pk).update(word_on=4, next_word_at=NOW - DAY)
    client.force_login(thandi)

    with time_machine.travel(NOW, tick=False):
        page = client.get("/my-day/")

    assert len(page.context["words_owed"]) == 2
    assert ("More than these: the next stand here once these have heard." in page.content.decode()) == says_more
