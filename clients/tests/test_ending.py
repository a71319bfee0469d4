"""A scope ends when nothing is owed under it, and what it still had out to be signed is withdrawn with it."""

import pytest

from clients import actions
from clients.agreement_rules import State
from clients.models import Agreement, Entry
from clients.tests.agreements import addendum_to, code_for, send, sign, signed
from clients.tests.test_signing_races import at_once
from conftest import DAY, NOW
from engagement.outbox.models import Message
from engagement.outbox.models import State as MessageState

NEW = {"act": "add", "service": "A shelf", "quantity": 1, "price": 100}


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


@pytest.fixture
def scope(karoo, lena, thandi):
    return signed(karoo, lena, thandi)


@pytest.fixture
def addendum_in(scope, lena, thandi):
    """An addendum to the scope, in a state."""

    def make(state):
        agreement = addendum_to(scope, thandi, [NEW]).agreement
        if state != State.DRAFT:
            version = send(agreement, lena, thandi, name="Thandi" if state == State.SIGNED else "")
        if state in (State.ACCEPTED, State.SIGNED):
            sign(agreement, version)
        return Agreement.objects.get(pk=agreement.pk)

    return make


def end(scope, by):
    actions.end(Agreement.objects.get(pk=scope.agreement_id), why="They moved.", by=by, now=NOW)


def state_of(agreement):
    return Agreement.objects.get(pk=agreement.pk).state


@pytest.mark.parametrize("state", [State.SENT, State.ACCEPTED])
def test_what_it_has_out_to_be_signed_is_withdrawn_with_it(scope, addendum_in, thandi, lena, client, state):
    addendum = addendum_in(state)

    end(scope, thandi)

    ended = Agreement.objects.get(pk=addendum.pk)
    told = Message.objects.get(occasion=f"withdrawn:{addendum.pk}:1")
    asked = Message.objects.get(occasion=f"to sign:{addendum.pk}:1")
    page = client.get(f"/s/{ended.token()}/").content.decode()
    assert (ended.state, ended.closed_by, ended.closed_why) == (State.WITHDRAWN, thandi, "They moved.")
    assert ended.next_nudge_at is None
    assert (told.address, asked.state) == (lena.email, MessageState.DROPPED)
    assert Entry.objects.filter(kind="agreement_withdrawn", subject=addendum.record_subject).count() == 1
    assert "has withdrawn this" in page


@pytest.mark.parametrize("state", [State.DRAFT, State.SIGNED])
def test_what_is_not_out_stays_as_it_is(scope, addendum_in, thandi, state):
    addendum = addendum_in(state)

    end(scope, thandi)

    assert (state_of(scope.agreement), state_of(addendum)) == (State.ENDED, state)
    assert not Message.objects.filter(occasion__startswith="withdrawn:").exists()


def test_addenda_to_other_scopes_are_let_be(scope, addendum_in, karoo, lena, thandi):
    addendum = addendum_in(State.SENT)
    other = signed(karoo, lena, thandi)

    end(other, thandi)

    assert state_of(addendum) == State.SENT


@pytest.mark.parametrize(
    ("how_many", "words"),
    [
        (1, "1 promise under 2026-001 is still open: deliver it, withdraw it or move it to another scope first."),
        (
            3,
            "3 promises under 2026-001 are still open: "
            "deliver them, withdraw them or move them to another scope first.",
        ),
    ],
)
def test_it_does_not_end_while_something_is_owed_under_it(
    scope, addendum_in, make_promise, thandi, lena, how_many, words
):
    addendum = addendum_in(State.SENT)
    for _each in range(how_many):
        make_promise(scope=scope)

    with pytest.raises(actions.Refused) as refused:
        end(scope, thandi)

    assert str(refused.value) == words
    assert (state_of(scope.agreement), state_of(addendum)) == (State.SIGNED, State.SENT)
    assert not Message.objects.filter(occasion__startswith="withdrawn:").exists()


def test_what_is_owed_elsewhere_does_not_keep_it(scope, make_promise, karoo, lena, thandi):
    make_promise()
    make_promise(scope=signed(karoo, lena, thandi))

    end(scope, thandi)

    assert state_of(scope.agreement) == State.ENDED


class TestOnServers:
    pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

    def test_ending_and_signing_at_once_wait_for_each_other_and_not_in_a_ring(self, karoo, lena, thandi):
        for round_ in range(10):
            scope = signed(karoo, lena, thandi, NOW + round_ * DAY)
            agreement = addendum_to(scope, thandi, [NEW]).agreement
            version = send(agreement, lena, thandi, NOW + round_ * DAY)
            code = code_for(agreement, NOW + round_ * DAY)

            answers = at_once(
                lambda scope=scope: end(scope, thandi),
                lambda version=version, agreement=agreement, code=code, now=NOW + round_ * DAY: sign(
                    agreement, version, now, code=code
                ),
            )

            assert [answer for answer in answers if not isinstance(answer, actions.Refused)] != []
            assert not [a for a in answers if isinstance(a, Exception) and not isinstance(a, actions.Refused)]
            assert (state_of(scope.agreement), state_of(agreement)) in [
                (State.ENDED, State.SIGNED),
                (State.ENDED, State.WITHDRAWN),
            ]
