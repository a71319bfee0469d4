"""What holds now: the scope as it was signed, and over it what both sides signed since."""

from decimal import Decimal
from itertools import permutations

import pytest

from clients import actions
from clients.holding import LineGone, after, holding, next_line, original, signed_addenda
from clients.models import Addendum, Agreement, Scope
from clients.tests.agreements import SEEN, addendum_to, code_for, countersign, draft, send, sign, signed
from clients.tests.test_signing_races import at_once, surprises
from conftest import DAY, NOW


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


@pytest.fixture
def scope(karoo, lena, thandi):
    """Drawings 2 × 120.50, fittings 900, and 15 per cent."""
    return signed(karoo, lena, thandi)


def add(service="Shelves", price=300, **fields):
    return {"act": "add", "service": service, "price": Decimal(price), **fields}


def change(number, **fields):
    return {"act": "change", "number": number, **fields}


def remove(number):
    return {"act": "remove", "number": number}


def take_into_force(addendum, lena, thandi, now=NOW):
    agreement = addendum.agreement
    sign(agreement, send(agreement, lena, thandi, now), now)


def said(held):
    return [(line.number, line.service, line.source) for line in held.lines]


def test_what_was_signed_holds(scope):
    held = holding(scope)

    assert said(held) == [(1, "Drawings", "2026-001"), (2, "Fittings", "2026-001"), (3, "VAT", "2026-001")]
    assert held.totals.total == Decimal("1312.15")
    assert held == original(scope)
    assert ([line.number for line in held.services], [line.number for line in held.taxes]) == ([1, 2], [3])
    assert (held.line(2).price, held.line(9)) == (Decimal(900), None)


def test_a_signed_addendum_adds_changes_and_removes(scope, lena, thandi):
    changes = [add(quantity=Decimal(2)), change(1, service="Drawings, in colour", price=Decimal(200)), remove(2)]
    addendum = addendum_to(scope, thandi, changes)

    take_into_force(addendum, lena, thandi)

    assert said(holding(scope)) == [
        (1, "Drawings, in colour", "2026-001/1"),
        (3, "VAT", "2026-001"),
        (4, "Shelves", "2026-001/1"),
    ]
    # 1 × 200 and 2 × 300, and 15 per cent.
    assert holding(scope).totals.total == Decimal("920.00")


def test_the_original_is_never_written_over(scope, lena, thandi):
    before = list(scope.lines.values())

    take_into_force(addendum_to(scope, thandi, [remove(1), change(2, service="Other")]), lena, thandi)

    assert list(scope.lines.values()) == before
    assert original(Scope.objects.get(pk=scope.pk)).totals.total == Decimal("1312.15")


def test_a_tax_can_be_added_and_changed(scope, lena, thandi):
    changes = [change(3, kind="tax", service="VAT", rate=Decimal(16)), add("Levy", 0, kind="tax", rate=Decimal(1))]

    take_into_force(addendum_to(scope, thandi, changes), lena, thandi)

    assert holding(scope).totals.taxes == {3: Decimal("182.56"), 4: Decimal("11.41")}


def test_what_would_hold_is_told_before_it_does(scope, thandi):
    addendum = addendum_to(scope, thandi, [add()])

    assert after(addendum).totals.subtotal == Decimal(1441)
    assert holding(scope).totals.subtotal == Decimal(1141)


@pytest.mark.parametrize("order", list(permutations([0, 1])))
def test_addenda_hold_in_the_order_in_which_they_were_signed(scope, lena, thandi, order):
    both = [
        addendum_to(scope, thandi, [change(1, service="First drafted", price=Decimal(10))]),
        addendum_to(scope, thandi, [change(1, service="Second drafted", price=Decimal(20))]),
    ]
    for day, which in enumerate(order, 1):
        take_into_force(both[which], lena, thandi, NOW + day * DAY)

    held = holding(scope).line(1)

    last = both[order[-1]]
    assert (held.service, held.source) == (last.changes.get().service, last.number)
    assert [each.pk for each in signed_addenda(scope)] == [both[which].pk for which in order]


def test_of_two_signed_in_one_instant_the_later_number_counts(scope, lena, thandi):
    first = addendum_to(scope, thandi, [change(1, service="First")])
    second = addendum_to(scope, thandi, [change(1, service="Second")])

    take_into_force(second, lena, thandi)
    take_into_force(first, lena, thandi)

    assert holding(scope).line(1).service == "Second"


def draft_only(addendum, lena, thandi):
    """It is written, and nobody has seen it."""


def sent_only(addendum, lena, thandi):
    send(addendum.agreement, lena, thandi)


def accepted_only(addendum, lena, thandi):
    sign(addendum.agreement, send(addendum.agreement, lena, thandi, name=""))


def declined(addendum, lena, thandi):
    shown = send(addendum.agreement, lena, thandi).sha256
    actions.decline(addendum.agreement, why="No.", shown=shown, seen=SEEN, now=NOW)


def lapsed(addendum, lena, thandi):
    send(addendum.agreement, lena, thandi)
    actions.lapse_due(NOW + 30 * DAY)


def withdrawn(addendum, lena, thandi):
    send(addendum.agreement, lena, thandi)
    actions.withdraw(addendum.agreement, why="So.", by=thandi, now=NOW)


@pytest.mark.parametrize("become", [draft_only, sent_only, accepted_only, declined, lapsed, withdrawn])
def test_what_both_sides_have_not_signed_changes_nothing(scope, lena, thandi, become):
    addendum = addendum_to(scope, thandi, [add(), remove(1)])

    become(addendum, lena, thandi)

    assert holding(scope) == original(scope)
    assert signed_addenda(scope) == []


def test_what_was_added_is_there_to_be_read_after_the_scope_has_ended(scope, lena, thandi):
    take_into_force(addendum_to(scope, thandi, [add()]), lena, thandi)

    actions.end(scope.agreement, why="Delivered.", by=thandi, now=NOW)

    assert holding(scope).line(4).service == "Shelves"


@pytest.mark.parametrize("act", [change(9, service="What?"), remove(9)])
def test_a_line_that_is_not_there_is_named(scope, thandi, act):
    with pytest.raises(actions.Refused, match="Line 9 is not in the scope as it holds now"):
        addendum_to(scope, thandi, [add(), act])

    assert Addendum.objects.get().changes.count() == 0


def test_a_line_that_another_addendum_took_away_is_gone(scope, lena, thandi):
    second = addendum_to(scope, thandi, [change(1, service="Still there?")])
    take_into_force(addendum_to(scope, thandi, [remove(1)]), lena, thandi)

    with pytest.raises(LineGone) as gone:
        after(Addendum.objects.get(pk=second.pk))

    assert gone.value.number == 1
    with pytest.raises(actions.Refused, match="Line 1 is not in the scope"):
        send(second.agreement, lena, thandi)
    assert not second.agreement.versions.exists()


def test_what_was_checked_before_is_not_what_is_checked_now(scope, thandi):
    """A page may have read the changes of the addendum before it saves others."""
    addendum = addendum_to(scope, thandi, [add()])
    read = Addendum.objects.prefetch_related("changes").get(pk=addendum.pk)

    with pytest.raises(actions.Refused, match="Line 7"):
        actions.save_addendum(read, {}, [remove(7)], by=thandi, now=NOW)


def test_signing_what_no_longer_comes_to_what_it_says_is_refused(scope, lena, thandi):
    later = addendum_to(scope, thandi, [change(1, price=Decimal(50), service="Drawings")])
    version = send(later.agreement, lena, thandi)
    take_into_force(addendum_to(scope, thandi, [add()]), lena, thandi)

    with pytest.raises(actions.Changed, match="another addendum was signed"):
        sign(later.agreement, version)

    assert not later.agreement.signatures.filter(side="client").exists()


def test_the_firm_cannot_put_in_force_what_no_longer_comes_to_what_it_says(scope, lena, thandi):
    later = addendum_to(scope, thandi, [remove(1)])
    sign(later.agreement, send(later.agreement, lena, thandi, name=""))
    take_into_force(addendum_to(scope, thandi, [remove(1)]), lena, thandi)

    with pytest.raises(actions.Changed):
        countersign(later.agreement, thandi)

    assert Agreement.objects.get(pk=later.agreement_id).state == "accepted"
    assert holding(scope).line(1) is None


def test_nothing_is_signed_about_a_scope_that_has_ended(scope, lena, thandi):
    sent = addendum_to(scope, thandi, [add()])
    drafted = addendum_to(scope, thandi, [add()])
    version = send(sent.agreement, lena, thandi)
    actions.end(scope.agreement, why="They moved away.", by=thandi, now=NOW)

    with pytest.raises(actions.Refused, match="This was withdrawn"):
        sign(sent.agreement, version, code="000000")
    with pytest.raises(actions.Refused, match="not in force"):
        send(drafted.agreement, lena, thandi)

    assert [one.agreement.signatures.filter(side="client").count() for one in (sent, drafted)] == [0, 0]


def test_an_addendum_is_to_a_signed_scope_alone(karoo, thandi):
    with pytest.raises(actions.Refused, match="An addendum changes a signed scope"):
        addendum_to(draft(karoo, thandi), thandi, [add()])


def test_a_number_is_never_given_twice(scope, lena, thandi):
    """Not that of a line that was taken away, and not one that a draft speaks of."""
    first = addendum_to(scope, thandi, [add("Shelves"), add("Lamps")])
    second = addendum_to(scope, thandi, [add("Chairs")])

    assert [line.number for line in first.changes.all()] == [4, 5]
    assert [line.number for line in second.changes.all()] == [6]
    assert next_line(scope) == 7

    take_into_force(first, lena, thandi)
    take_into_force(addendum_to(scope, thandi, [remove(5)]), lena, thandi)
    assert next_line(scope) == 7


def test_saving_a_draft_again_uses_up_no_numbers(scope, thandi):
    addendum = addendum_to(scope, thandi, [add("Shelves"), add("Lamps")])

    actions.save_addendum(addendum, {}, [add("Lamps")], by=thandi, now=NOW)

    assert [line.number for line in addendum.changes.all()] == [4]


class TestOnServers:
    pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

    def test_of_two_addenda_that_take_away_one_line_at_once_one_is_signed(self, scope, lena, thandi):
        """Each may be signed as things stand, and both together would leave a scope that nobody can read."""
        for _round in range(10):
            scope = signed(scope.client, lena, thandi)
            both = [addendum_to(scope, thandi, [remove(2)]).agreement for _each in range(2)]
            ready = [(one, send(one, lena, thandi), code_for(one)) for one in both]

            said = at_once(
                *[lambda one=one, text=text, code=code: sign(one, text, code=code) for one, text, code in ready]
            )

            assert surprises(said) == []
            assert sorted(type(answer).__name__ for answer in said) == ["Changed", "Signature"]
            assert holding(scope).line(2) is None
