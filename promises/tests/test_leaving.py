"""Whoever leaves, or is somebody else from today on: what they may open, and what becomes of what they owe."""

import pytest
import time_machine
from django.test import Client as Browser

from conftest import DAY, HOUR, NOW
from engagement.outbox.actions import send_waiting
from engagement.outbox.models import Message, State
from engagement.staff import actions
from engagement.staff.models import Role
from promises.actions import reassign


@pytest.fixture(autouse=True)
def _at_now():
    with time_machine.travel(NOW, tick=False):
        yield


def left():
    return Message.objects.filter(kind="left").order_by("pk")


def test_their_manager_hears_the_same_day(thandi, mara, ada, make_promise):
    make_promise("The drawings")
    make_promise("The lamps")

    actions.leave(thandi, by=ada, now=NOW)

    message = left().get()
    assert message.person == mara
    assert message.subject == "Thandi Mokoena has left: 2 open promises need another owner"
    assert "The drawings" in message.body
    assert f"?owner={thandi.pk}&state=open" in message.body
    assert NOW <= message.not_before < NOW + HOUR


def test_every_manager_hears_of_whoever_had_none(sam, mara, ada, make_promise):
    make_promise(owner=sam)

    actions.leave(sam, by=ada, now=NOW)

    assert {message.person for message in left()} == {mara, ada}


def test_nobody_is_woken(thandi, ada, make_promise):
    make_promise()

    actions.leave(thandi, by=ada, now=NOW + 12 * HOUR)

    assert left().get().not_before > NOW + 20 * HOUR


def test_who_owes_nothing_leaves_without_a_word(thandi, ada, make_promise):
    actions.leave(thandi, by=ada, now=NOW)

    assert not left().exists()


def test_a_change_of_their_diary_says_it_no_second_time(thandi, ada, make_promise):
    make_promise()

    actions.leave(thandi, by=ada, now=NOW)
    actions.change_person(thandi, by=ada, now=NOW + HOUR)

    assert left().count() == 1


@pytest.mark.parametrize("seen_to", ["handed over", "back"])
def test_what_was_seen_to_meanwhile_is_not_spoken_of(thandi, mara, ada, make_promise, mailoutbox, settings, seen_to):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    promise = make_promise()
    actions.leave(thandi, by=ada, now=NOW)
    if seen_to == "back":
        actions.come_back(thandi, now=NOW)
    else:
        reassign(promise, mara, mara, NOW)

    send_waiting(NOW + DAY)

    assert left().get().state in (State.DROPPED, State.FAILED)
    assert [mail.subject for mail in mailoutbox if "has left" in mail.subject] == []


def test_where_its_reader_is_no_manager_any_more_another_hears(
    thandi, mara, ada, secret, make_promise, mailoutbox, settings
):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    make_promise("The drawings", client=secret)
    actions.leave(thandi, by=ada, now=NOW)
    mara.role = Role.STAFF
    actions.change_person(mara, by=ada, now=NOW)

    send_waiting(NOW + DAY)
    send_waiting(NOW + 2 * DAY)

    told = [mail for mail in mailoutbox if "has left" in mail.subject]
    assert [mail.to for mail in told] == [[ada.email]]
    assert "The drawings" in told[0].body


@pytest.mark.parametrize("what", ["left", "made staff", "shut out of the client"])
def test_the_next_request_of_every_browser_is_refused(thandi, ada, secret, sam, make_promise, what):
    promise = make_promise(client=secret)
    person = sam if what == "shut out of the client" else thandi
    if what == "made staff":
        type(person).objects.filter(pk=person.pk).update(role=Role.MANAGER)
        person.refresh_from_db()
    secret.members.add(sam)
    browsers = [Browser(), Browser()]
    for browser in browsers:
        browser.force_login(person)
    path = "/board/" if what == "made staff" else promise.get_absolute_url()
    before = [browser.get(path).status_code for browser in browsers]

    match what:
        case "left":
            actions.leave(person, by=ada, now=NOW)
        case "made staff":
            person.role = Role.STAFF
            actions.change_person(person, by=ada, now=NOW)
        case _:
            secret.members.remove(sam)

    after = [browser.get(path).status_code for browser in browsers]
    assert before == [200, 200]
    assert after == ([404, 404] if person == sam else [302, 302])
