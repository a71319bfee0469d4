"""Every (state, step, actor) there could be: the listed ones pass, and nothing else does."""

import itertools

import pytest

from clients import actions
from clients.agreement_rules import RULES, Actor, State, Step, may
from clients.models import Agreement, Scope, Signature
from clients.tests.agreements import SEEN, addendum_to, code_for, countersign, draft, send, sign, signed
from conftest import DAY, NOW

# Written out a second time, on purpose: this is what was agreed, the table in the code is what is done.
LISTED = {
    ("draft", "edit", "staff"): "draft",
    ("draft", "edit", "decider"): "draft",
    ("draft", "send", "decider"): "sent",
    ("draft", "record_paper", "decider"): "signed",
    ("draft", "withdraw", "decider"): "withdrawn",
    ("sent", "sign", "signer"): "signed",
    ("sent", "countersign", "decider"): "sent",
    ("sent", "decline", "signer"): "declined",
    ("sent", "ask", "signer"): "sent",
    ("sent", "lapse", "clock"): "lapsed",
    ("sent", "withdraw", "decider"): "withdrawn",
    ("sent", "revise", "decider"): "draft",
    ("accepted", "countersign", "decider"): "signed",
    ("accepted", "withdraw", "decider"): "withdrawn",
    ("declined", "revise", "decider"): "draft",
    ("lapsed", "revise", "decider"): "draft",
    ("withdrawn", "revise", "decider"): "draft",
    ("signed", "end", "decider"): "ended",
}
PDF = b"%PDF-1.7\nsigned\n%%EOF"
LATER = NOW + 20 * DAY
# Only people here are asked who they are; the signer and the clock have doors of their own, and these steps alone.
BY_PEOPLE = {Step.EDIT, Step.SEND, Step.COUNTERSIGN, Step.WITHDRAW, Step.REVISE, Step.RECORD_PAPER, Step.END}
BY_SIGNER = {Step.SIGN, Step.DECLINE, Step.ASK}
TRIPLES = list(itertools.product(State, Step, Actor))


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    """A thousand documents are not what is asked here; that they are made well is asked of `clients.document`."""
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: PDF)


@pytest.fixture
def in_state(karoo, lena, thandi):
    def make(state):
        scope = draft(karoo, thandi)
        agreement = scope.agreement
        if state == State.DRAFT:
            return agreement
        version = send(agreement, lena, thandi, name="" if state in (State.SENT, State.ACCEPTED) else "Thandi Mokoena")
        if state == State.SENT:
            return agreement
        if state in (State.ACCEPTED, State.SIGNED, State.ENDED):
            actions.sign(
                agreement,
                name="Lena",
                drawn=None,
                consent="Yes",
                shown=version.sha256,
                code=code_for(agreement),
                seen=SEEN,
                now=NOW,
            )
        if state == State.ENDED:
            agreement.refresh_from_db()
            actions.end(agreement, why="Done.", by=thandi, now=NOW)
        elif state == State.DECLINED:
            actions.decline(agreement, why="Too dear.", shown=version.sha256, seen=SEEN, now=NOW)
        elif state == State.WITHDRAWN:
            actions.withdraw(agreement, why="Changed our mind.", by=thandi, now=NOW)
        elif state == State.LAPSED:
            actions.lapse_due(LATER)
        return Agreement.objects.get(pk=agreement.pk)

    return make


def take(agreement, step, by, lena):
    scope = Scope.objects.get(agreement=agreement)
    version = agreement.versions.order_by("version").last()
    shown = version.sha256 if version else "0" * 64
    match step:
        case Step.EDIT:
            actions.save_draft(scope, {"title": "Another title"}, [], by=by, now=NOW)
        case Step.SEND:
            send(agreement, lena, by, name="")
        case Step.RECORD_PAPER:
            actions.record_paper(scope, signed_on=NOW.date(), name="a.pdf", content=PDF, by=by, now=NOW)
        case Step.COUNTERSIGN:
            countersign(agreement, by)
        case Step.WITHDRAW:
            actions.withdraw(agreement, why="So.", by=by, now=NOW)
        case Step.REVISE:
            actions.revise(agreement, by=by, now=NOW)
        case Step.END:
            actions.end(agreement, why="Done.", by=by, now=NOW)
        case Step.SIGN:
            code = code_for(agreement) if agreement.state == State.SENT else "123456"
            actions.sign(agreement, name="Lena", drawn=None, consent="Yes", shown=shown, code=code, seen=SEEN, now=NOW)
        case Step.DECLINE:
            actions.decline(agreement, why="No.", shown=shown, seen=SEEN, now=NOW)
        case Step.ASK:
            actions.ask_question(agreement, text="Why?", seen=SEEN, now=NOW)
        case Step.LAPSE:
            actions.lapse_due(LATER)


def has_a_door(step, actor):
    if actor in (Actor.STAFF, Actor.DECIDER):
        return step in BY_PEOPLE
    return step in BY_SIGNER if actor == Actor.SIGNER else step == Step.LAPSE


def test_the_table_is_the_one_that_was_agreed():
    allowed = {triple for triple in TRIPLES if may(*triple)}

    assert {(str(state), str(step), str(actor)) for state, step, actor in allowed} == set(LISTED)
    assert {key for key in RULES if RULES[key].actors} == {(state, step) for state, step, _actor in allowed}
    assert all(has_a_door(step, actor) for _state, step, actor in allowed)


@pytest.mark.parametrize("state", State)
def test_only_what_is_listed_passes(in_state, thandi, mara, sam, karoo, lena, state):
    """Sam sees the client and neither leads it nor manages anybody."""
    for step, actor in itertools.product(Step, Actor):
        if not has_a_door(step, actor):
            continue
        agreement = in_state(state)
        before = (agreement.state, agreement.signatures.count(), karoo.record.about(agreement.record_subject).count())
        if step == Step.SIGN and state == State.SENT:
            countersign(agreement, thandi)

        refused = None
        try:
            take(agreement, step, sam if actor == Actor.STAFF else mara, lena)
        except actions.Refused as error:
            refused = error

        agreement.refresh_from_db()
        expected = LISTED.get((str(state), str(step), str(actor)))
        named = (str(state), str(step), str(actor))
        if expected is None:
            assert refused is not None or step == Step.LAPSE, named
            assert (
                agreement.state,
                agreement.signatures.count(),
                karoo.record.about(agreement.record_subject).count(),
            ) == before, named
        else:
            assert (refused, agreement.state) == (None, expected), named


def test_what_the_client_signed_is_not_taken_back_to_be_changed(in_state, thandi):
    agreement = in_state(State.ACCEPTED)
    actions.withdraw(agreement, why="We cannot.", by=thandi, now=NOW)

    with pytest.raises(actions.Refused, match="Copy it instead"):
        actions.revise(agreement, by=thandi, now=NOW)


def test_an_addendum_ends_with_its_scope(karoo, lena, thandi):
    addendum = addendum_to(signed(karoo, lena, thandi), thandi, [{"act": "add", "service": "Shelf", "price": 80}])
    sign(addendum.agreement, send(addendum.agreement, lena, thandi))

    with pytest.raises(actions.Refused, match="ends with its scope"):
        actions.end(addendum.agreement, why="Done.", by=thandi, now=NOW)

    addendum.agreement.refresh_from_db()
    assert addendum.agreement.state == State.SIGNED


def test_a_text_that_changed_after_it_was_read_is_never_signed(karoo, lena, thandi):
    """A hundred times between the reading and the signing, each time in another part."""
    scope = draft(karoo, thandi)
    agreement = scope.agreement
    parts = ("title", "summary", "not_included", "timeline", "terms")
    refused = 0
    read = send(agreement, lena, thandi)
    code = code_for(agreement)
    for number in range(100):
        actions.revise(agreement, by=thandi, now=NOW)
        scope = Scope.objects.get(pk=scope.pk)
        lines = [{"service": "Drawings", "price": number + 1}]
        actions.save_draft(scope, {parts[number % len(parts)]: f"Words {number}"}, lines, by=thandi, now=NOW)
        current = send(agreement, lena, thandi)

        with pytest.raises(actions.Changed, match="This was changed") as error:
            actions.sign(
                agreement, name="Lena", drawn=None, consent="Yes", shown=read.sha256, code=code, seen=SEEN, now=NOW
            )

        refused += error.value.version == current
        read = current if number % 2 else read

    assert refused == 100
    assert not Signature.objects.filter(side="client").exists()
