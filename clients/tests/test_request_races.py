"""Two who log, answer or turn one request at once."""

import pytest

from clients import actions, record
from clients.models import Addendum, Client, Entry, OutsideRequest, Scope
from clients.tests.test_signing_races import at_once
from conftest import DAY, NOW

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

TODAY = NOW.date()


def asked(client):
    return OutsideRequest(client=client, what="Look at the gutters", asked_on=TODAY)


def of_kind(kind):
    return list(Entry.objects.filter(kind=kind).order_by("seq"))


def chain_holds():
    return not [fault for client in Client.objects.all() for fault in record.verify(client)]


def test_a_button_pressed_four_times_at_once_logs_once(karoo, thandi):
    answers = at_once(*[lambda: actions.log_request(asked(karoo), thandi, NOW) for _press in range(4)])

    assert {answer.pk for answer in answers} == {OutsideRequest.objects.get().pk}
    assert len(of_kind("request_logged")) == 1
    assert chain_holds()


def test_of_four_who_draft_an_addendum_one_does(karoo, thandi, mara):
    scope = Scope.objects.create(client=karoo, number="2026-016", title="Gutters", signed_on=TODAY - DAY, made_at=NOW)
    request = actions.log_request(asked(karoo), thandi, NOW)

    answers = at_once(
        *[lambda by=by: actions.turn_into_addendum(request, scope, by=by, now=NOW) for by in (thandi, mara) * 2]
    )

    request.refresh_from_db()
    assert Addendum.objects.get() == request.addendum
    assert sorted(type(answer).__name__ for answer in answers) == ["Addendum", "Refused", "Refused", "Refused"]
    assert len(of_kind("request_turned")) == 1
    assert chain_holds()


def test_of_two_answers_each_is_in_the_record_after_the_one_before_it(karoo, thandi, mara):
    request = actions.log_request(asked(karoo), thandi, NOW)

    def answer(words, by):
        return lambda: actions.answer_request(request, answer=words, minutes=5, solution=None, by=by, now=NOW)

    assert at_once(answer("Yes.", thandi), answer("No.", mara)) == [True, True]

    first, second = of_kind("request_answered")
    request.refresh_from_db()
    assert first.data["answer"][0] == ""
    assert second.data["answer"] == [first.data["answer"][1], request.answer]
    assert chain_holds()
