"""A restored copy does not speak until a person says so. What left is counted at the mail server."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError

from conftest import DAY, HOUR, NOW
from engagement.outbox import actions, health, resuming
from engagement.outbox.hold import ASLEEP_AFTER, notice_sleep
from engagement.outbox.models import Audience, Heartbeat, Hold, Message, State
from engagement.outbox.tasks import beat, send_waiting

SECOND = timedelta(seconds=1)
KEEP = {"clients": "keep", "staff": "keep"}


@pytest.fixture
def beating(db):
    return Heartbeat.objects.create(pk=1, beat_at=NOW, mail_checked_at=NOW)


@pytest.fixture
def held(beating):
    hold = Hold.objects.create(why=Hold.Why.RESTORED, held_at=NOW, as_of=NOW - 2 * DAY)
    Heartbeat.objects.update(hold=hold)
    return hold


def resume(hold, now=NOW + HOUR, **choices):
    return resuming.resume(hold, now, by=None, **({"cancel_staff": False, "cancel_clients": False} | choices))


def states():
    return dict(Message.objects.values_list("occasion", "state"))


def test_nothing_leaves_while_it_is_held(sink, held, to_client, to_staff):
    client, staff = to_client(), to_staff()

    actions.send_waiting(NOW + DAY)

    assert [actions.deliver(message.pk, NOW + DAY) for message in (client, staff)] == [False, False]
    assert sink.accepted() == []
    assert set(states().values()) == {State.WAITING}


@pytest.mark.parametrize(
    ("silent", "is_held"), [(2 * HOUR, False), (ASLEEP_AFTER, False), (ASLEEP_AFTER + SECOND, True)]
)
def test_the_first_tick_after_a_day_of_silence_sends_nothing(sink, beating, to_client, to_staff, silent, is_held):
    to_client(), to_staff()

    with time_machine.travel(NOW + silent, tick=False):
        send_waiting()

    assert len(sink.accepted()) == (0 if is_held else 2)
    assert Hold.objects.filter(why=Hold.Why.ASLEEP, as_of=NOW, held_at=NOW + silent).exists() == is_held


def test_whichever_tick_comes_first_the_sleep_is_noticed(sink, beating, to_client):
    to_client()

    with time_machine.travel(NOW + 2 * DAY, tick=False):
        beat()
        send_waiting()

    assert sink.accepted() == []
    assert Heartbeat.objects.get().hold == Hold.objects.get()
    assert Heartbeat.objects.get().beat_at == NOW + 2 * DAY


def test_a_beat_lifts_no_hold(held):
    health.beat(NOW + HOUR)

    assert Heartbeat.objects.get().hold == held


def test_the_slower_of_two_that_notice_it_holds_nothing_more(beating):
    assert (notice_sleep(NOW + 2 * DAY), notice_sleep(NOW + 2 * DAY)) == (True, False)
    assert Hold.objects.count() == 1


def test_an_installation_that_never_ran_is_not_held(sink, to_client):
    to_client()

    with time_machine.travel(NOW + 2 * DAY, tick=False):
        send_waiting()

    assert len(sink.accepted()) == 1


def test_reminders_leave_once_when_sending_is_resumed_and_clients_are_left_to_a_person(sink, held, to_client, to_staff):
    to_client(), to_staff()

    resumed = resume(held)
    actions.send_waiting(NOW + HOUR)
    actions.send_waiting(NOW + 2 * HOUR)

    assert sink.recipients() == ["thandi@word.example"]
    assert states() == {"word to Lena": State.IN_DOUBT, "nudge to Thandi": State.SENT}
    assert (resumed.to_decide, resumed.cancelled) == (1, 0)
    assert list(Message.objects.needing_a_person()) == [Message.objects.get(audience=Audience.CLIENT)]


def test_a_person_sends_a_clients_message_again_once(sink, held, to_client):
    message = to_client()
    resume(held)

    sent = [actions.resend(message, NOW + HOUR), actions.resend(message, NOW + HOUR)]
    actions.send_waiting(NOW + HOUR)
    actions.send_waiting(NOW + 2 * HOUR)

    assert sent == [True, False]
    assert list(sink.times().values()) == [1]


def test_what_was_due_can_be_cancelled(sink, held, to_client, to_staff):
    to_client()
    to_staff()
    to_staff("later", not_before=NOW + HOUR)

    resumed = resume(held, cancel_staff=True, cancel_clients=True)
    actions.send_waiting(NOW + 2 * HOUR)

    assert states() == {
        "word to Lena": State.DROPPED,
        "nudge to Thandi": State.DROPPED,
        "later": State.SENT,
    }
    assert resumed.cancelled == 2


def test_a_clients_message_of_before_the_copy_that_falls_due_later_leaves_by_itself(sink, held, to_client):
    to_client(not_before=NOW + DAY)
    Message.objects.update(written_at=held.as_of - HOUR)

    resume(held)
    actions.send_waiting(NOW + DAY)

    assert len(sink.accepted()) == 1


def test_a_clients_message_written_since_is_decided_though_it_is_due_later(sink, held, to_client):
    to_client(not_before=NOW + DAY)

    resume(held)
    actions.send_waiting(NOW + DAY)

    assert states() == {"word to Lena": State.IN_DOUBT}
    assert sink.accepted() == []


def test_a_code_that_waited_is_wiped(sink, held, to_client):
    to_client(is_secret=True, body="482 913")

    resume(held)
    actions.send_waiting(NOW + HOUR)

    assert Message.objects.values_list("state", "body").get() == (State.FAILED, "")
    assert sink.accepted() == []


def test_the_rooms_above_learn_what_became_of_it(held, to_client):
    from engagement.outbox.signals import message_settled

    heard = []
    message_settled.connect(
        lambda sender, message, now, **kwargs: heard.append(message.state), weak=False, dispatch_uid="x"
    )
    to_client()

    resume(held)
    message_settled.disconnect(dispatch_uid="x")

    assert heard == [State.IN_DOUBT]


def test_the_second_of_two_who_resume_changes_nothing(held):
    assert resume(held) is not None
    assert resume(held) is None


def test_a_copy_whose_clock_has_not_run_cannot_be_resumed(held):
    Heartbeat.objects.update(beat_at=NOW - DAY)

    assert resuming.why_not_yet(held, NOW) == (
        "Background work is not running yet. Ask whoever runs the server to start it."
    )
    assert resuming.why_not_yet(held, NOW, although_undone=True)


def test_what_was_due_must_be_worked_out_first(held, make_promise):
    make_promise(made_at=NOW - DAY)

    assert resuming.why_not_yet(held, NOW) == (
        "What was due meanwhile is still being worked out: promises to look at since Tuesday 17 November,"
        " 11:00 (Johannesburg time). Try again in a minute. If it stays so, whoever runs the server can resume with"
        " “manage.py resume_sending --anyway”."
    )
    assert resuming.why_not_yet(held, NOW, although_undone=True) == ""


def test_every_page_of_ours_says_what_is_held_and_how_much_waits(client, held, mara, ada, to_client, to_staff):
    to_client(), to_staff(), to_staff("second")

    pages = {}
    with time_machine.travel(NOW, tick=False):
        for person in (mara, ada):
            client.force_login(person)
            pages[person.name] = client.get("/sent/").content.decode()

    said = "This is a restored copy of Monday 16 November, 11:00. Nothing is sent until an administrator says so."
    assert all(said in page and "Waiting: 1 message to clients, 2 to colleagues." in page for page in pages.values())
    assert {name: 'href="/sending/"' in page for name, page in pages.items()} == {
        "Mara Botha": False,
        "Ada Admin": True,
    }


def test_machines_are_told_that_it_is_held(client, held):
    with time_machine.travel(NOW, tick=False):
        response = client.get("/healthz/deep")

    assert (response.status_code, response.json()["held"], response.json()["running"]) == (503, True, False)


def test_an_administrator_resumes(client, sink, held, ada, to_client, to_staff):
    to_client(), to_staff()
    client.force_login(ada)

    with time_machine.travel(NOW, tick=False):
        page = client.get("/sending/").content.decode()
        response = client.post("/sending/", KEEP, follow=True)

    assert "How it stands" in page
    assert (
        "Messages leave again. 1 message to a client waits on Sent mail for a person to decide."
        in response.content.decode()
    )
    hold = Hold.objects.get()
    assert (hold.lifted_at, hold.lifted_by, hold.to_decide) == (NOW, ada, 1)
    assert Heartbeat.objects.get().hold is None


@pytest.mark.parametrize("choices", [{}, {"clients": "keep"}, {"clients": "send", "staff": "keep"}])
def test_nothing_is_resumed_by_half_a_form(client, held, ada, to_client, choices):
    to_client()
    client.force_login(ada)

    response = client.post("/sending/", choices)

    assert "There is a problem" in response.content.decode()
    assert Heartbeat.objects.get().hold == held


def test_a_page_that_must_wait_says_why(client, held, ada):
    Heartbeat.objects.update(beat_at=NOW - DAY)
    client.force_login(ada)

    page = client.post("/sending/", KEEP).content.decode()

    assert "Background work is not running yet. Ask whoever runs the server to start it." in page
    assert Heartbeat.objects.get().hold == held


def test_what_cannot_be_done_or_need_not_be_chosen_is_said_before(client, held, ada):
    Heartbeat.objects.update(beat_at=NOW - DAY)
    client.force_login(ada)

    page = client.get("/sending/").content.decode()

    assert page.index("Background work is not running yet.") < page.index("Send reminders that still apply")
    assert "No message to a client waits." in page
    assert "Messages to clients that were due meanwhile" not in page


@pytest.mark.parametrize(("who", "status"), [("thandi", 403), ("mara", 403), ("ada", 200)])
def test_sending_is_the_administrators(client, request, held, who, status):
    client.force_login(request.getfixturevalue(who))

    assert client.get("/sending/").status_code == status
    assert (client.post("/sending/", KEEP).status_code == 403) == (status == 403)


def test_nothing_held_is_said_too(client, beating, ada):
    client.force_login(ada)

    assert "Nothing is held." in client.get("/sending/").content.decode()


def test_the_command_resumes(held, to_client, capsys):
    to_client()

    with time_machine.travel(NOW, tick=False):
        call_command("resume_sending")
        call_command("resume_sending")

    first, second = capsys.readouterr().out.splitlines()
    assert first == "Messages leave again. 1 message to a client waits on Sent mail for a person to decide."
    assert second == "Nothing is held: messages leave as they fall due."


def test_the_command_waits_for_the_clock(held):
    Heartbeat.objects.update(beat_at=NOW - DAY)

    with time_machine.travel(NOW, tick=False), pytest.raises(CommandError, match="Background work is not running yet"):
        call_command("resume_sending", "--anyway")
