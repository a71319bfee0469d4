"""Signing an addendum while others act on the promises that it moves: nobody waits in a ring, and each date is one."""

import os

import pytest

from clients import record
from clients.actions import Changed
from clients.models import Agreement, Client
from clients.tests import agreements as papers
from conftest import DAY, NOW
from promises import actions
from promises.actions.addenda import choose_dates
from promises.due import due_for
from promises.models import DateMove, Promise
from promises.tests.test_races import at_once, errors

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

ROUNDS = int(os.environ.get("RACES", "10"))


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


@pytest.fixture
def addendum(karoo, lena, thandi, firm):
    scope = papers.signed(karoo, lena, thandi, NOW - 9 * DAY)

    def sent(promises, days):
        addendum = papers.addendum_to(scope, thandi, [], NOW)
        new = {promise.pk: due_for(karoo, firm, promise.due_on + days * DAY, None) for promise in promises}
        choose_dates(addendum, new, by=thandi, now=NOW)
        version = papers.send(addendum.agreement, lena, thandi, NOW)
        code = papers.code_for(addendum.agreement, NOW)
        return lambda: papers.sign(Agreement.objects.get(pk=addendum.agreement_id), version, NOW, code=code)

    return sent


def test_signing_and_acting_do_not_wait_for_each_other(addendum, make_promise, karoo, firm, thandi):
    for number in range(ROUNDS):
        promises = [make_promise(f"Drawing {number}.{place}") for place in range(3)]
        last = promises[2]
        later = due_for(karoo, firm, last.due_on + 3 * DAY, None)
        said = {"reason": "more_work", "reason_text": "A wall.", "asked_by": "us", "by": thandi}
        asked = actions.extend(last, later, now=NOW, **said)

        answers = at_once(
            addendum(promises, 10),
            addendum(promises[::-1], 20),
            lambda ended=promises[1]: actions.deliver(ended, delivered_at=NOW, by=thandi, now=NOW),
            lambda asked=asked: actions.answer(asked, agreed=True, answered_at=NOW, by=thandi, now=NOW),
        )

        # Whoever came second would have signed an old date that does not hold any more.
        refused = [answer for answer in answers[:2] if isinstance(answer, Changed)]
        assert errors(answer for answer in answers if answer not in refused) == []
        assert not isinstance(answers[2], Exception)
        for promise in Promise.objects.filter(pk__in=[each.pk for each in promises]):
            moves = list(DateMove.objects.filter(promise=promise).order_by("pk"))
            assert len(moves) == promise.moves
            assert [move.new_due_at for move in moves][-1:] in ([promise.due_at], [])
            assert [move.old_due_at for move in moves[1:]] == [move.new_due_at for move in moves[:-1]]
        assert DateMove.objects.filter(promise=promises[0]).count() == 2 - len(refused)
        assert refused
    assert list(record.verify(Client.objects.get(pk=karoo.pk))) == []
