from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.template import engines

from conftest import HOUR, NOW
from engagement.outbox import health
from engagement.outbox.context_processors import read, truth
from engagement.outbox.models import Audience, Heartbeat, Message, State
from engagement.outbox.urls import urlpatterns

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def beating(db):
    return Heartbeat.objects.create(pk=1, beat_at=NOW, mail_checked_at=NOW)


def unsent(not_before):
    return Message.objects.create(
        audience=Audience.STAFF,
        address="thandi@word.example",
        subject="Tell Karoo",
        body="",
        occasion="one",
        written_at=not_before,
        not_before=not_before,
    )


def deep(client, now=NOW):
    with time_machine.travel(now, tick=False):
        return client.get("/healthz/deep")


def test_every_address_is_open_to_machines(client, beating):
    with time_machine.travel(NOW, tick=False):
        answers = {url.name: client.get(f"/{url.pattern}").status_code for url in urlpatterns if "healthz" in url.name}

    assert answers == {"healthz": 200, "healthz_deep": 200}


def test_alive_asks_nothing_of_the_database(client):
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]


def test_all_is_well(client, beating):
    response = deep(client)

    assert response.status_code == 200
    assert response.json() == {
        "running": True,
        "held": False,
        "database": "ok",
        "beat_age_seconds": 0,
        "oldest_waiting_seconds": None,
        "mail": "ok",
    }


@pytest.mark.parametrize(("after", "status"), [(-SECOND, 200), (timedelta(0), 200), (SECOND, 503)])
def test_a_silent_beat_is_trouble_after_three_minutes(client, beating, after, status):
    assert deep(client, NOW + health.SILENT_AFTER + after).status_code == status


def test_a_clock_that_never_ran_is_trouble(client, db):
    response = deep(client)

    assert response.status_code == 503
    assert response.json()["beat_age_seconds"] is None


@pytest.mark.parametrize(("after", "status"), [(-SECOND, 200), (timedelta(0), 200), (SECOND, 503)])
def test_an_unsent_message_is_trouble_after_five_minutes(client, beating, after, status):
    unsent(NOW - health.LATE_AFTER - after)

    assert deep(client).status_code == status


def test_a_message_kept_for_tomorrow_is_no_trouble_tonight(client, beating):
    unsent(NOW + 12 * HOUR)

    assert deep(client).status_code == 200


@pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.UNDONE, State.DROPPED])
def test_a_settled_message_is_not_unsent(client, beating, state):
    unsent(NOW - HOUR)
    Message.objects.update(state=state)

    assert deep(client).status_code == 200


def test_mail_out_of_reach_is_trouble_and_names_no_server(client, beating):
    Heartbeat.objects.update(mail_error="ConnectionRefusedError: smtp.word.example:587 as office, hunter2")

    response = deep(client)

    assert response.status_code == 503
    assert response.json()["mail"] == "no answer"
    assert "word.example" not in response.content.decode()


def test_a_database_that_does_not_answer_is_said_in_plain_figures(client, monkeypatch):
    def no_answer(now):
        raise DatabaseError("password authentication failed for user office")

    monkeypatch.setattr(health, "read", no_answer)

    response = client.get("/healthz/deep")

    assert (response.status_code, response.json()) == (503, {"running": False, "database": "no answer"})


@pytest.mark.parametrize("path", ["/healthz", "/healthz/deep"])
def test_machines_only_ask(client, beating, path):
    assert client.post(path).status_code == 405


def test_the_line_of_truth_says_that_reminders_run(beating):
    line = read(NOW + MINUTE)

    assert line.running
    assert line.sentence == "As of Wednesday 18 November, 09:01. Reminders are running."


def test_the_line_of_truth_says_since_when_they_may_be_late(beating):
    line = read(NOW + HOUR)

    assert not line.running
    assert line.sentence == "Reminders may be delayed since Wednesday 18 November, 09:00."


def test_every_page_of_ours_carries_it(client, mara, beating):
    client.force_login(mara)

    with time_machine.travel(NOW, tick=False):
        page = client.get("/sent/").content.decode()

    assert "As of Wednesday 18 November, 11:00. Reminders are running." in page


def test_a_visitor_is_told_nothing(rf):
    request = rf.get("/")
    request.user = AnonymousUser()

    assert truth(request) == {}


def test_it_is_read_once_a_request_and_only_when_shown(rf, mara, beating, django_assert_num_queries):
    request = rf.get("/")
    request.user = mara
    page = engines["django"].from_string("{{ truth.sentence }}{{ truth.running }}")

    with django_assert_num_queries(0):
        truth(request)
    # heartbeat, and the oldest that waits
    with django_assert_num_queries(1):
        for _time in range(2):
            page.render(truth(request))
